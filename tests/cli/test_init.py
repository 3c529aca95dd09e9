"""Setting up: private files, nothing overwritten, certificates that hold."""

import ipaddress
import re
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from tests.cli.conftest import Run
from tests.web import PASSWORD
from visitor.accounts import passwords, queries
from visitor.app.factory import create_app
from visitor.app.runtime import open_runtime
from visitor.cli.init import with_values
from visitor.core.actors import SYSTEM
from visitor.core.settings import load_settings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_fresh_installation_can_be_signed_in_to_with_the_printed_password(run: Run, tmp_path: Path) -> None:
    result = run("init", str(tmp_path / "house"), "--administrator", "Kim", "--port", "8099")
    found = re.search(r"with password  (\S+)", result.output)
    assert found is not None
    settings = load_settings(tmp_path / "house" / "config.toml")
    runtime = open_runtime(settings)
    app = create_app(runtime)
    app.config["WTF_CSRF_ENABLED"] = False

    answer = app.test_client().post("/sign-in", data={"login_name": "kim", "password": found[1]})

    assert answer.status_code == 302
    assert (settings.server.port, settings.server.public_url) == (8099, "http://localhost:8099")
    with runtime.reading(SYSTEM) as work:
        account = queries.account_named(work, "kim")
        assert account is not None
        assert account.must_change_password
        assert not passwords.verify(account.password_hash, PASSWORD)
    runtime.close()


def test_secret_files_are_readable_by_their_owner_only(installed: Path) -> None:
    folder = installed.parent

    assert {mode(folder / name) for name in ("config.toml", "master.key", "visitor.db", "keys.db")} == {0o600}
    assert {mode(path) for path in (folder, folder / "files", folder / "journal")} == {0o700}


@pytest.mark.parametrize("name", ["config.toml", "master.key", "visitor.db", "keys.db", "server.key"])
def test_nothing_that_exists_is_overwritten(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")

    result = run("init", str(tmp_path))

    assert result.exit_code == 1
    assert name in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "precious"


def test_every_installation_has_a_key_of_its_own(run: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("init", str(tmp_path / name))

    assert (tmp_path / "a" / "master.key").read_text() != (tmp_path / "b" / "master.key").read_text()


def test_certificate_of_a_trial_is_trusted_through_its_authority_and_only_for_its_hosts(
    run: Run, tmp_path: Path
) -> None:
    hosts = ["--local-authority", "192.168.1.20", "--local-authority", "visitors.lan"]
    result = run("init", str(tmp_path / "trial"), *hosts)
    assert result.exit_code == 0, result.output
    settings = load_settings(tmp_path / "trial" / "config.toml")
    authority = x509.load_pem_x509_certificate((tmp_path / "trial" / "authority.crt").read_bytes())
    assert settings.server.certificate_file is not None
    assert settings.server.private_key_file is not None
    server = x509.load_pem_x509_certificate(settings.server.certificate_file.read_bytes())

    policy = PolicyBuilder().store(Store([authority]))
    for subject in (x509.IPAddress(ipaddress.ip_address("192.168.1.20")), x509.DNSName("visitors.lan")):
        assert policy.build_server_verifier(subject).verify(server, [])
    with pytest.raises(x509.verification.VerificationError):
        policy.build_server_verifier(x509.DNSName("elsewhere.lan")).verify(server, [])

    key = load_pem_private_key(settings.server.private_key_file.read_bytes(), None)
    assert key.public_key() == server.public_key()
    assert mode(settings.server.private_key_file) == 0o600
    assert settings.server.public_url == "https://192.168.1.20:8443"
    assert "must trust" in result.output


def test_private_key_of_the_authority_is_kept_nowhere(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path / "trial"), "--local-authority", "visitors.lan")

    keys = [path.name for path in (tmp_path / "trial").glob("*.*") if b"PRIVATE KEY" in path.read_bytes()[:60]]
    assert keys == ["server.key"]


def test_setting_that_is_not_in_the_example_cannot_be_set() -> None:
    with pytest.raises(AssertionError):
        with_values("[server]\n# port = 1\n", {"server": {"prot": 2}})
    assert with_values("[server]\n# port = 1\n", {"server": {"port": 2}}) == "[server]\nport = 2\n"
