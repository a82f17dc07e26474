"""Settings, read from the environment with the prefix `LYCEUM_`."""

import re
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, field_validator
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
    compiled_executor: bool = Field(
        True, description="Execute GraphQL by code that is compiled for each document, not by graphql-core."
    )
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
    json_text: bool = Field(
        True,
        description="Whether the database writes the JSON of plain operations, which takes it more CPU and"
        " Lyceum much less.",
    )
    max_streams: int = Field(
        50,
        ge=1,
        description="Subscriptions a viewer may follow at a time, per process, and operations a socket.",
    )
    max_sockets: int = Field(50, ge=1, description="WebSockets a viewer may hold at a time, per process.")

    issuer: str = Field(
        "http://127.0.0.1:8000", description="Address of the server in the OAuth metadata, without a path."
    )
    public_url: str | None = Field(
        None,
        description="Address of the server in the links of REST answers, without a path; by default that of"
        " the request.",
    )
    require_https: bool = Field(False, description="Refuse OAuth requests that come by plain HTTP.")
    trusted_proxies: str | None = Field(
        None, description="Proxies whose `X-Forwarded-*` count: addresses and networks, with commas."
    )
    password_grant: bool = Field(True, description="Give tokens for passwords (OAuth grant `password`).")
    access_token_days: int = Field(30, ge=1, le=365, description="Days that an access token is valid.")
    refresh_token_days: int = Field(90, ge=1, description="Days that a refresh token is valid.")
    session_hours: int = Field(12, ge=1, description="Hours that a browser stays logged in.")
    token_requests_per_minute: int = Field(
        60, ge=0, description="Token requests an address may make in a minute; 0 is no limit."
    )
    password_failures: int = Field(
        10, ge=0, description="Wrong passwords for a user from one address in 5 minutes; 0 is no limit."
    )
    password_failures_per_hour: int = Field(
        100, ge=0, description="Wrong passwords for a user from anywhere in an hour; 0 is no limit."
    )
    client_failures: int = Field(
        10,
        ge=0,
        description="Failures of an OAuth client from one address in 5 minutes; 0 is no limit.",
    )

    enrollment_requests_per_minute: int = Field(
        0, ge=0, description="Requests to the enrollment API a user may make in a minute; 0 is no limit."
    )
    enrollment_requests_per_minute_staff: int = Field(
        0, ge=0, description="The same for staff; 0 is no limit."
    )

    analytics_requests_per_minute: int = Field(
        0, ge=0, description="Requests to the Data Analytics API a user may make in a minute; 0 is no limit."
    )
    enterprise_requests_per_minute: int = Field(
        0, ge=0, description="Requests to the Enterprise API a user may make in a minute; 0 is no limit."
    )
    enterprise_dates_with_zone: bool = Field(
        False, description="End the four dates of course runs in the Enterprise API in `Z`."
    )

    lms_url: str = Field(
        "http://localhost:18000", description="Address of the learning platform, where learners enroll."
    )
    marketing_url: str | None = Field(
        None, description="Address of the marketing site; without it the pages of content are relative."
    )

    country_database: Path | None = Field(
        None,
        description="File in MaxMind's format that tells the countries of IP addresses; without it learners"
        " are where their profiles say.",
    )
    max_events_bytes: int = Field(1_048_576, ge=1, description="Greatest body of `POST /events`.")

    webhook_worker: bool = Field(
        True, description="Deliver webhooks in `lyceum serve`; where `lyceum worker` runs it need not."
    )
    webhook_retries: bool = Field(
        True, description="Try again when a delivery fails, ten times within about three days."
    )
    webhook_keys: SecretStr | None = Field(
        None,
        description="Keys that the signing keys of webhooks are encrypted with, each 32 bytes in base64, with"
        " commas; the first encrypts. Without any, production makes no webhooks, and development uses a key"
        " that everybody knows.",
    )
    webhook_lease: float = Field(
        30, ge=1, description="Seconds until the deliveries of a worker that died are another's."
    )
    webhook_max_cost: int = Field(
        1000, ge=1, description="Objects that the document of a webhook may ask for, of each event."
    )
    webhook_history_days: int = Field(30, ge=1, description="Days that past deliveries are kept at most.")
    webhook_allow_private_targets: bool = Field(
        False,
        description="For development: send webhooks by plain HTTP and to private addresses.",
    )

    site: str = Field(
        "lyceum", pattern=r"^[\w.-]+$", description="Name of the site in the paths of the Zapier API."
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Where mail is sent: `smtp://USER:PASSWORD@HOST:PORT`, with TLS if the server has it, or"
        " `smtps://`. Without it mails are written into a folder.",
    )
    mail_from: str = Field("lyceum@localhost", description="Who mails are from.")
    mail_directory: Path = Field(
        Path("var") / "outbox", description="Folder for mails that no server sends, a file for each."
    )

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse what is no address of a mail server."""
        if value is not None and not re.fullmatch(r"smtps?://[^/?#\s]+/?", value.get_secret_value()):
            raise ValueError("it is to be an address such as smtp://user:password@mail.example.org:587")
        return value

    @field_validator("webhook_keys")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse what no key is."""
        for name in value.get_secret_value().split(",") if value else ():
            Fernet(name.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str | None) -> str | None:
        """Refuse what is no network, such as `*`: with it every client could name its own address."""
        for network in value.split(",") if value else ():
            ip_network(network.strip())
        return value

    @field_validator("lms_url", "marketing_url")
    @classmethod
    def _site(cls, value: str | None) -> str | None:
        """Refuse what is no address of a site, and take the slash from the end."""
        if value is not None and not re.fullmatch(r"https?://[^/?#\s]+[^?#\s]*", value):
            raise ValueError("it is to be an address such as https://courses.example.org")
        return value and value.rstrip("/")

    @property
    def serves_graphiql(self) -> bool:
        """Whether GraphiQL is on: as set, else everywhere but in production."""
        return self.graphiql if self.graphiql is not None else not self.in_production

    @property
    def in_production(self) -> bool:
        """Whether this is a production server."""
        return self.environment is Environment.PRODUCTION
