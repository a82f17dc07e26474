"""Settings, read from the environment with the prefix `LYCEUM_`."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(StrEnum):
    """Where a server runs; production hides what only developers need."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Everything an operator can set. Each field is `LYCEUM_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="LYCEUM_", frozen=True)

    environment: Environment = Field(
        Environment.DEVELOPMENT, description="`production` hides what only developers need."
    )
    host: str = Field("127.0.0.1", description="Address that `lyceum serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `lyceum serve` listens on.")
    database_url: str = Field(
        f"sqlite:///{Path('var') / 'lyceum.db'}",
        description="`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.",
    )
    database_pool_size: int = Field(10, ge=1, description="Connections a process holds at most.")
    graphiql: bool | None = Field(None, description="Serve GraphiQL; by default only in development.")

    page_size: int = Field(20, ge=1, description="Items on a page when `first` and `last` are absent.")
    max_page_size: int = Field(100, ge=1, description="Greatest `first` or `last`.")
    max_ids: int = Field(100, ge=1, description="Greatest number of ids in one `nodes(ids:)`.")
    max_series_days: int = Field(7320, ge=1, description="Longest range of a daily series.")
    max_depth: int = Field(20, ge=1, description="Deepest nesting of fields in an operation.")
    max_aliases: int = Field(60, ge=0, description="Aliases in an operation, fragments spread out.")
    max_root_fields: int = Field(20, ge=1, description="Fields at the root of an operation.")
    max_directives: int = Field(60, ge=0, description="Directives in an operation, fragments spread out.")
    max_fields: int = Field(
        400, ge=1, description="Fields in an operation, fragments spread out, and in its document."
    )
    max_tokens: int = Field(3000, ge=1, description="Lexical tokens in a document.")
    max_cost: int = Field(50_000, ge=1, description="Objects an operation may ask for.")
    max_values: int = Field(250_000, ge=1, description="Values of fields an operation may ask for.")
    cost_per_minute: int = Field(
        1_000_000, ge=0, description="Cost a viewer may spend in a minute, per process; 0 is no limit."
    )
    max_body_bytes: int = Field(131_072, ge=1, description="Greatest body of a GraphQL request.")
    operation_timeout: float = Field(30, gt=0, description="Seconds an operation may take.")

    @property
    def serves_graphiql(self) -> bool:
        """Whether GraphiQL is on: as set, else everywhere but in production."""
        return self.graphiql if self.graphiql is not None else not self.in_production

    @property
    def in_production(self) -> bool:
        """Whether this is a production server."""
        return self.environment is Environment.PRODUCTION
