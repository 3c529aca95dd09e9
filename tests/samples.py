"""A settings file for tests."""

from pathlib import Path

from visitor.core.keyring import new_master_key
from visitor.core.settings import DatabaseSettings

CONFIG = """
[server]
public_url = "http://localhost:{port}"
port = {port}

[database]
url = "{database_url}"
keyring_url = "sqlite:///keys.db"

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


def write_settings(folder: Path, *, database_url: str, port: int = 8443, more: str = "") -> Path:
    """Write a settings file and a master key into `folder`; return the file's path."""
    (folder / "master.key").write_text(new_master_key())
    (folder / "master.key").chmod(0o600)
    path = folder / "config.toml"
    path.write_text(CONFIG.format(database_url=database_url, port=port, more=more))
    return path


def database_settings(url: str) -> DatabaseSettings:
    """Return database settings with short time-outs."""
    return DatabaseSettings(url=url, keyring_url="sqlite:///keys.db", lock_timeout_seconds=5)
