"""Plain operations, which are answered by one statement each."""
