"""The GraphQL endpoint: HTTP rules, limits, one door to execution. Knows no REST."""
