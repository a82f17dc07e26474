"""Webhooks: others are told of each event at least once, and of none that did not happen."""
