"""Plain operations, each compiled into SQL that gives the answer as JSON text."""
