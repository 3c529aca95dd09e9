"""Settings: one TOML file, checked as a whole before anything starts."""

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from visitor.core.errors import SetupFault

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(value: object) -> object:
    return ipaddress.ip_network(value, strict=False) if isinstance(value, str) else value


NetworkField = Annotated[Network, BeforeValidator(_network)]


class Section(BaseModel):
    """One table of the file; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ServerSettings(Section):
    """Where the product listens and how browsers reach it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8443, ge=1, le=65535)
    public_url: str = "http://localhost:8443"
    """What browsers and e-mails use; `https://` unless the host is this machine."""
    certificate_file: Path | None = None
    private_key_file: Path | None = None
    trusted_proxies: tuple[NetworkField, ...] = ()
    """Only these may say, by X-Forwarded-*, who the client is."""
    metrics_networks: tuple[NetworkField, ...] = ()
    """Whoever may read `/metrics` and the details of `/readyz`, besides this machine itself."""
    threads: int = Field(default=12, ge=4, le=512)
    """So many requests are answered at once, besides the scans of doors; others wait for their turn."""
    live_pages: int = Field(default=256, ge=1, le=2048)
    """So many pages may follow changes at once, each with a thread that waits; further ones look every 15 seconds."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        parts = urlsplit(self.public_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("server.public_url must be a web address such as https://visitors.example.org")
        if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError(
                "server.public_url must begin with https://, because browsers give the camera to secure pages only"
            )
        if (self.certificate_file is None) != (self.private_key_file is None):
            raise ValueError("server.certificate_file and server.private_key_file go together; one is missing")
        return self

    @property
    def secure(self) -> bool:
        """Tell whether browsers reach the server by https."""
        return self.public_url.startswith("https://")


_NO_URL = "is not a database URL such as sqlite:///visitor.db; in a password, write @ as %40, : as %3A, / as %2F"


def _database_url(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):  # the text of a ValueError would hold a part of the password
        raise ValueError(_NO_URL) from None
    if url.drivername != "sqlite" and "@" in (url.database or ""):  # the rest of a password; errors would show it
        raise ValueError(_NO_URL)
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError(f"begins with {url.drivername}; use sqlite:/// or postgresql+psycopg://")
    return value


DatabaseUrl = Annotated[str, BeforeValidator(_database_url)]


class DatabaseSettings(Section):
    """Where rows live. The keyring is a database of its own, so that backups of one lack the other."""

    url: DatabaseUrl
    keyring_url: DatabaseUrl
    replica_url: DatabaseUrl | None = None
    """A standby that searches, reports and exports of the access log read (PostgreSQL)."""
    replica_lag_seconds: float = Field(default=10.0, gt=0)
    """What is older than this is read from the primary instead."""
    replica_timeout_seconds: float = Field(default=10.0, gt=0)
    """A standby that answers later than this is given up, and the primary is asked."""
    pool_size: int = Field(default=20, ge=1, le=200)
    lock_timeout_seconds: float = Field(default=5.0, gt=0)
    """How long a request waits for others; kiosks and doors give up after some ten seconds."""


class KeySettings(Section):
    """The master key wraps all others. Exactly one source."""

    master_key_file: Path | None = None
    master_key_env: str | None = None
    """Name of an environment variable that holds the key."""
    master_key_credential: str | None = None
    """Name of a systemd credential (LoadCredential=)."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = (self.master_key_file, self.master_key_env, self.master_key_credential)
        if sum(source is not None for source in sources) != 1:
            raise ValueError("keys: name exactly one of master_key_file, master_key_env, master_key_credential")
        return self


class DirectorySettings(Section):
    """Files beside the databases."""

    data: Path
    """Checkpoints, certificates, exports; only the server's user may read it."""
    erasure_journal: Path
    """Opaque ids of what was erased; must outlive every backup, so keep it on another disk."""


class MailSettings(Section):
    """Mail to hosts; without it hosts are not told by mail and the desk shows that."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    sender: str
    username: str | None = None
    password_file: Path | None = None
    encryption: Literal["starttls", "tls", "none"] = "starttls"


class CameraCredentials(Section):
    """A sign-in that cameras may name; the password never stands in a camera's address."""

    username: str
    password_file: Path


class CctvSettings(Section):
    """Cameras that stills are taken from."""

    allowed_networks: tuple[NetworkField, ...] = ()
    """Private networks that cameras stand in; other private addresses are refused."""
    still_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    credentials: dict[str, CameraCredentials] = Field(default_factory=dict)


class PrintingSettings(Section):
    """Badge printers."""

    allowed_networks: tuple[NetworkField, ...] = ()
    """Private networks that printers stand in; other private addresses are refused."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=120)


class KioskSettings(Section):
    """What every reception kiosk does."""

    idle_seconds: int = Field(default=60, ge=10, le=600)
    warning_seconds: int = Field(default=20, ge=20, le=120)
    """WCAG 2.2, criterion 2.2.1: at least 20 seconds to answer a warning."""
    pairing_minutes: int = Field(default=10, ge=1, le=60)
    remember_days: int = Field(default=180, ge=0, le=730)
    """So long after the last visit visitors are remembered who ask for it; 0 offers it to nobody."""


class SignInSettings(Section):
    """Staff sessions."""

    idle_minutes: int = Field(default=60, ge=5, le=720)
    absolute_hours: int = Field(default=12, ge=1, le=24)


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as Europe/Amsterdam") from None
    return value


TimeZone = Annotated[str, AfterValidator(_time_zone)]


class PurgeSettings(Section):
    """The nightly erasure."""

    hour: int = Field(default=3, ge=0, le=23)
    """Local hour of the server's `time_zone`."""
    time_zone: TimeZone = "UTC"
    batch_size: int = Field(default=500, ge=1, le=500)


class LogSettings(Section):
    """The server's own log; it never holds names."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(Section):
    """The whole file."""

    server: ServerSettings = Field(default_factory=ServerSettings)
    database: DatabaseSettings
    keys: KeySettings
    directories: DirectorySettings
    mail: MailSettings | None = None
    cctv: CctvSettings = Field(default_factory=CctvSettings)
    printing: PrintingSettings = Field(default_factory=PrintingSettings)
    kiosk: KioskSettings = Field(default_factory=KioskSettings)
    sign_in: SignInSettings = Field(default_factory=SignInSettings)
    purge: PurgeSettings = Field(default_factory=PurgeSettings)
    logs: LogSettings = Field(default_factory=LogSettings)


def load_settings(path: Path) -> Settings:
    """Read and check the settings file.

    Relative paths in it count from the file's own folder.

    Raises:
        SetupFault: one sentence naming the file and the key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SetupFault(f"There is no settings file {path}. `visitor init` makes one.") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise SetupFault(f"The settings file {path} cannot be read: {fault}.") from None
    except tomllib.TOMLDecodeError as fault:
        raise SetupFault(f"The settings file {path} is not valid TOML: {fault}.") from None
    try:
        settings = Settings.model_validate(content)
    except ValidationError as fault:
        raise SetupFault(f"{path}: {_sentence(fault)}") from None
    return _rooted(settings, path.resolve().parent)


def settings_path(given: str | None) -> Path:
    """Return the settings file that was named by option or VISITOR_CONFIG, else `config.toml` here."""
    return Path(given or os.environ.get("VISITOR_CONFIG") or "config.toml")


def read_secret(path: Path, what: str) -> str:
    """Return the text of a secret file, without the newline at its end.

    Raises:
        SetupFault: the file is missing, unreadable or empty.
    """
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not text"
        raise SetupFault(f"The file {path} with {what} cannot be read: {reason}.") from None
    if not secret:
        raise SetupFault(f"The file {path} with {what} is empty.")
    return secret


def _sentence(fault: ValidationError) -> str:
    first = fault.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown setting `{key}`. See config.example.toml for the settings there are."
    if first["type"] == "missing":
        return f"the setting `{key}` is missing."
    message = first["msg"].removeprefix("Value error, ")
    return f"`{key}` {message}." if key else f"{message}."


def _rooted(settings: Settings, folder: Path) -> Settings:
    content = settings.model_dump()
    _root_paths(content, folder)
    for name in ("url", "keyring_url", "replica_url"):
        content["database"][name] = _root_sqlite(content["database"][name], folder)
    return Settings.model_validate(content)


def _root_paths(table: dict[str, object], folder: Path) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _root_paths(value, folder)
        elif isinstance(value, Path):
            table[key] = folder / value.expanduser()


def _root_sqlite(url: str | None, folder: Path) -> str | None:
    if url is None or not url.startswith("sqlite:///"):
        return url
    return f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
