"""The enrollment API of Open edX (Enrollment contract 4)."""
