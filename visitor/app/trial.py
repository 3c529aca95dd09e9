"""An installation for trying out and measuring: settings, master key and databases in a folder of its own."""

from pathlib import Path
from typing import Final

from visitor.core import migrations
from visitor.core.db import open_engine
from visitor.core.keyring import new_master_key
from visitor.core.settings import load_settings

CONFIG_NAME: Final = "config.toml"
MASTER_KEY_NAME: Final = "master.key"

_CONFIG: Final = """\
# An installation for trying out. It listens on this machine only.
[server]
port = {port}
public_url = "http://localhost:{port}"

[database]
url = "{database_url}"
keyring_url = "sqlite:///keys.db"

[keys]
master_key_file = "{master_key}"

[directories]
data = "files"
erasure_journal = "journal/erased.log"

# Cameras and printers of a trial stand on this machine.
[cctv]
allowed_networks = ["127.0.0.0/8", "::1/128"]

[printing]
allowed_networks = ["127.0.0.0/8", "::1/128"]

[logs]
level = "{level}"
"""


def make_installation(
    folder: Path, *, port: int, database_url: str = "sqlite:///visitor.db", level: str = "info"
) -> Path:
    """Write settings and a master key into the folder, and make the databases; return the settings file's path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = folder / MASTER_KEY_NAME
    key.touch(mode=0o600)
    key.write_text(new_master_key() + "\n", encoding="ascii")
    config = folder / CONFIG_NAME
    content = _CONFIG.format(port=port, database_url=database_url, master_key=MASTER_KEY_NAME, level=level)
    config.write_text(content, encoding="utf-8")
    settings = load_settings(config)
    engine = open_engine(settings.database.url, settings.database)
    migrations.upgrade(engine)
    engine.dispose()
    return config
