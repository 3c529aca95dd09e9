"""A copy of the keyring takes the place of the keyring only if the master key opens it."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from tests import factories
from tests.privacy.visitors import whole_visit
from visitor.app import keyring_copies
from visitor.app.backup import backup
from visitor.app.restore import Choices, restore
from visitor.app.runtime import RESTORE_MARKER, OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.errors import SetupFault
from visitor.core.keyring import KEY_BYTES, Keyring
from visitor.core.settings import Settings

NEWER = bytes(range(KEY_BYTES))


def test_copy_from_before_another_master_key_is_refused_and_the_keyring_stays(
    runtime: OpenRuntime, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    with runtime.transaction(SYSTEM) as work:
        whole_visit(work, factories.site(work), left_at=work.now - timedelta(hours=1))
    made = backup(runtime, tmp_path / "backups", keyring_target=tmp_path / "elsewhere")
    assert made.keyring_folder is not None
    keyring_copies.refuse_unfit(settings, made.keyring_folder)
    runtime.resources.get(Keyring).rewrap(NEWER)
    runtime.close()
    key_file = settings.keys.master_key_file
    assert key_file is not None
    key_file.write_bytes(base64.b64encode(NEWER))

    with pytest.raises(SetupFault, match="does not fit the copy of the keyring"):
        restore(settings, made.folder, Choices(replace=True, keyring=made.keyring_folder), clock=clock)

    assert not (settings.directories.data / RESTORE_MARKER).exists()
    again = open_runtime(settings, clock=clock)
    keyring = again.resources.get(Keyring)
    assert keyring.open(keyring.key_ids())
    again.close()


def test_backup_of_the_database_is_no_copy_of_a_keyring(
    runtime: OpenRuntime, settings: Settings, tmp_path: Path
) -> None:
    made = backup(runtime, tmp_path / "backups")

    with pytest.raises(SetupFault, match="is not a copy of a keyring"):
        keyring_copies.refuse_unfit(settings, made.folder)
