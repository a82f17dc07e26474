"""The exported schema is sound in the eyes of the JavaScript tools that clients use."""

from tests.node import node

SCHEMA = "schema/schema.graphql"


def test_schema_is_valid_for_graphql_js() -> None:
    assert node("validate.js", SCHEMA) == ""


def test_schema_gives_graphql_eslint_nothing_to_complain_of() -> None:
    config = "tests/node/eslint.config.js"
    assert node("node_modules/eslint/bin/eslint.js", "--config", config, "--max-warnings", "0", SCHEMA) == ""
