"""The edX Enterprise API (Enterprise contract)."""
