"""The database: engine, sessions, and the models by area. Knows nothing of what is above it."""
