"""What a client sees: the GraphQL types, inputs and connections. Knows no SQL and no HTTP."""
