"""Who is asking: credentials become a viewer. Knows nothing of the schema."""
