"""Every setting says what it means, comes from its variable, and is in the README."""

from pathlib import Path

import pytest

from app.settings import Environment, Settings

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_is_described_and_in_the_table_of_the_readme(name: str) -> None:
    assert Settings.model_fields[name].description
    rows = [line for line in README.splitlines() if line.startswith(f"| `LYCEUM_{name.upper()}` |")]
    assert len(rows) == 1


def test_settings_come_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://host/name",
        "GRAPHIQL": "true",
        "PAGE_SIZE": "7",
        "OPERATION_TIMEOUT": "0.5",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"LYCEUM_{name}", value)
    settings = Settings()
    assert settings.environment is Environment.PRODUCTION
    assert settings.database_url == "postgresql://host/name"
    assert (settings.graphiql, settings.page_size, settings.operation_timeout) == (True, 7, 0.5)


@pytest.mark.parametrize(
    ("environment", "graphiql", "serves"),
    [
        ("development", None, True),
        ("development", False, False),
        ("production", None, False),
        ("production", True, True),
    ],
)
def test_graphiql_is_off_in_production_unless_switched_on(
    environment: Environment, graphiql: bool | None, serves: bool
) -> None:
    assert Settings(environment=environment, graphiql=graphiql).serves_graphiql is serves
