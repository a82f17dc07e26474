"""What the demo data is about: plain data to read and to change."""
