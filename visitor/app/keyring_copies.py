"""Looking into a copy of the keyring before it takes the place of the keyring that is there."""

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from visitor.app.backup import Manifest, is_sqlite, postgres_program, read_manifest
from visitor.core.errors import SetupFault
from visitor.core.keyring import CHECK, fits, load_master_key, named_key
from visitor.core.settings import Settings


def refuse_unfit(settings: Settings, folder: Path) -> None:
    """Refuse a copy that is none of a keyring, is of another kind of database, or does not open with the master key.

    Put back, it would take the place of keys that can be read.

    Raises:
        SetupFault: says which; nothing was changed.
    """
    manifest = read_manifest(folder)
    if manifest.kind != "keyring":
        raise SetupFault(f"{folder} is not a copy of a keyring.")
    here = "sqlite" if is_sqlite(settings.database.keyring_url) else "postgresql"
    if manifest.database != here:
        raise SetupFault(f"The copy of the keyring is of {manifest.database}, but database.keyring_url names {here}.")
    wrapped = _wrapped_check(folder, manifest)
    if wrapped is None or not fits(load_master_key(settings.keys), wrapped):
        raise SetupFault(
            f"The master key does not fit the copy of the keyring in {folder}. Name the key that was in use when the "
            "copy was made; nothing was changed. Afterwards `visitor keys rotate` takes it to the newer key."
        )


def _wrapped_check(folder: Path, manifest: Manifest) -> bytes | None:
    """Return the key that tells whether a master key fits, as the copy holds it."""
    copied = folder / manifest.files[0].name
    if manifest.database == "sqlite":
        with closing(sqlite3.connect(f"{copied.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT wrapped_key FROM named_key WHERE name = ?", (CHECK,)).fetchone()
        return None if row is None else bytes(row[0])
    listing = [postgres_program("pg_restore"), "--data-only", f"--table={named_key.name}", "--file=-", str(copied)]
    done = subprocess.run(listing, capture_output=True, text=True, check=False)  # noqa: S603  our own arguments; no shell
    found = re.search(rf"(?m)^{re.escape(CHECK)}\t\\\\x([0-9a-f]+)$", done.stdout)
    return None if found is None else bytes.fromhex(found[1])
