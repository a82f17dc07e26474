"""Letting new users set a password: mails with a link that works once, and the page behind it."""
