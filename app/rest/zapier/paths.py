"""Addresses of the Zapier API; what it tells of them is relative to the host (Zapier contract 1.1)."""

from urllib.parse import quote

ROOT = "/dataserver2"
HOOKS = f"{ROOT}/zapier"
SITE = f"{ROOT}/++etc++hostsites/{{site}}/++etc++site/default"
AUTHENTICATION = f"{SITE}/authentication"
SUBSCRIPTION = f"{SITE}/WebhookSubscriptionManager/{{subscription}}"
ENROLLMENTS = f"{HOOKS}/enrollments"
ENROLLMENT = f"{ENROLLMENTS}/{{enrollment}}"
ATTEMPT = f"{SUBSCRIPTION}/{{attempt}}"


def user_path(username: str) -> str:
    """The path of a user."""
    return f"{ROOT}/users/{quote(username, safe='@')}"
