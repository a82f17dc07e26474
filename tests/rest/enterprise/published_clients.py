"""Asks a server what the clients of enterprise reports can ask; a program that prints what they got.

Its argument is a JSON object with the server's `url`, a `customer`, a `catalog`, the
`page_size`, and `client_id` and `client_secret`. It runs where edx-enterprise-data is installed.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

given = json.loads(sys.argv[1])
for name in ("LMS_ROOT_URL", "ENTERPRISE_CATALOG_ROOT_URL", "LMS_OAUTH_HOST", "ANALYTICS_API_URL"):
    os.environ[name] = given["url"]
if given["page_size"] != "1000":
    os.environ["PAGE_SIZE"] = given["page_size"]

import django  # type: ignore[import-untyped] # noqa: E402
from django.conf import settings  # type: ignore[import-untyped] # noqa: E402
from edx_rest_api_client.client import OAuthAPIClient  # type: ignore[import-untyped] # noqa: E402
from enterprise_reporting.clients.enterprise import (  # type: ignore[import-not-found] # noqa: E402
    EnterpriseCatalogAPIClient,
    EnterpriseDataApiClient,
    EnterpriseDataV1ApiClient,
)

CREDENTIALS = (given["client_id"], given["client_secret"])


def reports() -> dict[str, Any]:
    """What the clients of enterprise reports get."""
    catalogs = EnterpriseCatalogAPIClient(*CREDENTIALS)
    found = catalogs.get_customer_catalogs(given["customer"])
    return {
        "catalogs": found,
        "content": catalogs.get_content_metadata(found),
        "enrollments": EnterpriseDataApiClient(*CREDENTIALS).get_enterprise_enrollments(given["customer"]),
        "enrollments v1": EnterpriseDataV1ApiClient(*CREDENTIALS).get_enterprise_enrollments(
            given["customer"]
        ),
    }


def rest_client() -> dict[str, Any]:
    """What edx-rest-api-client gets from the documented paths."""
    settings.configure()
    django.setup()
    client = OAuthAPIClient(given["url"], *CREDENTIALS)
    address = f"{given['url']}/enterprise/v2/enterprise-catalogs/{given['catalog']}"

    def pages() -> Iterator[Any]:
        following: str | None = f"{address}?limit={given['page_size']}"
        while following:
            response = client.get(following, headers={"Accept": "application/json"}, timeout=60)
            response.raise_for_status()
            yield response.json()
            following = response.json()["next"]

    plain = client.get(f"{address}?limit=2", timeout=60)
    return {
        "keys": [item["key"] for page in pages() for item in page["results"]],
        "type": plain.headers["content-type"],
        "in XML": [key.text for key in ElementTree.fromstring(plain.text).findall("results/list-item/key")],
    }


if __name__ == "__main__":
    json.dump({"reports": reports(), "rest": rest_client()}, sys.stdout)
