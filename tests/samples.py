"""A settings file for tests."""

from pathlib import Path

from sqlalchemy.engine import make_url

from visitor.core.keyring import new_master_key
from visitor.core.settings import DatabaseSettings

CONFIG = """
[server]
public_url = "http://localhost:{port}"
port = {port}

[database]
url = "{database_url}"
keyring_url = "{keyring_url}"

[keys]
master_key_file = "master.key"

[directories]
data = "files"
erasure_journal = "journal/erased.log"

[cctv]
allowed_networks = ["127.0.0.0/8"]

[printing]
allowed_networks = ["127.0.0.0/8"]
{more}
"""


def keyring_name(database: str) -> str:
    """Return the name of the database on PostgreSQL that holds the keys of another."""
    return f"{database}_keys"


def keyring_beside(database_url: str) -> str:
    """Return the URL of the keyring that belongs to a database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return "sqlite:///keys.db"
    return url.set(database=keyring_name(url.database or "")).render_as_string(hide_password=False)


def write_settings(folder: Path, *, database_url: str, port: int = 8443, more: str = "") -> Path:
    """Write a settings file and a master key into `folder`; return the file's path.

    The keyring is a file in the folder or, on PostgreSQL, the database beside the other.
    """
    (folder / "master.key").write_text(new_master_key())
    (folder / "master.key").chmod(0o600)
    path = folder / "config.toml"
    urls = {"database_url": database_url, "keyring_url": keyring_beside(database_url)}
    path.write_text(CONFIG.format(**urls, port=port, more=more))
    return path


def database_settings(url: str) -> DatabaseSettings:
    """Return database settings with short time-outs."""
    return DatabaseSettings(url=url, keyring_url="sqlite:///keys.db", lock_timeout_seconds=5)
