"""The Zapier API of NextThought: hooks for events, and what administrators do to users and enrollments."""
