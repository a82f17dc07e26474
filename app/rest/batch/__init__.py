"""The batches of the jitterbit API (Enrollment contract 5)."""
