"""Lyceum: one GraphQL API over the data of learning platforms."""
