"""The administration pages at `/admin`: sqladmin over accounts, clients, tokens and the audit log."""
