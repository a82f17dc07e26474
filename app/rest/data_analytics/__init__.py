"""The Data Analytics API, version 0, of Open edX."""
