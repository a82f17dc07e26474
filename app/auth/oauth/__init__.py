"""The OAuth 2.0 server (Enrollment contract 2, RFC 6749) on Authlib's core, which knows no framework."""
