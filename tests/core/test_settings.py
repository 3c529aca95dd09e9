"""The settings file: whatever is wrong with it is one clear sentence that names the key."""

import re
from pathlib import Path

import pytest

from tests import samples
from visitor.core.errors import SetupFault
from visitor.core.keyring import load_master_key
from visitor.core.settings import KeySettings, load_settings, read_secret, settings_path

DATABASE = "sqlite:///visitor.db"


def written(folder: Path, *, old: str = "", new: str = "", more: str = "") -> Path:
    """The sample file with one place changed."""
    path = samples.write_settings(folder, database_url=DATABASE, more=more)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def sentence(path: Path) -> str:
    with pytest.raises(SetupFault) as refused:
        load_settings(path)
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_sample_is_read_and_its_paths_count_from_its_folder(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path))
    assert settings.database.url == f"sqlite:///{tmp_path / 'visitor.db'}"
    assert settings.keys.master_key_file == tmp_path / "master.key"
    assert settings.directories.data == tmp_path / "files"
    assert not settings.server.secure
    assert len(load_master_key(settings.keys)) == 32


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("port = 8443", "prot = 8443", "unknown setting `server.prot`"),
        ("port = 8443", "port = 70000", "`server.port`"),
        ("[printing]", "[prniting]", "unknown setting `prniting`"),
        ('keyring_url = "sqlite:///keys.db"', "", "the setting `database.keyring_url` is missing"),
        ('data = "files"', "", "the setting `directories.data` is missing"),
        (DATABASE, "visitor.db", "`database.url` is not a database URL"),
        (DATABASE, "mysql://u@h/d", "`database.url` begins with mysql"),
        (DATABASE, "postgresql://u@h/d", "`database.url` begins with postgresql; use"),
        ("http://localhost:8443", "http://visitors.example.org", "must begin with https://"),
        ("http://localhost:8443", "visitors.example.org", "server.public_url must be a web address"),
        ("port = 8443", 'certificate_file = "a.pem"', "server.private_key_file go together"),
        ('master_key_file = "master.key"', "", "name exactly one of master_key_file"),
        ('master_key_file = "master.key"', 'master_key_file = "a"\nmaster_key_env = "B"', "name exactly one"),
        ('["127.0.0.0/8"]', '["home"]', "`cctv.allowed_networks.0`"),
        ("[cctv]", '[purge]\ntime_zone = "Middle/Earth"\n[cctv]', "`purge.time_zone` is not a time zone"),
        ("[cctv]", '[logs]\nlevel = "loud"\n[cctv]', "`logs.level`"),
        ("[cctv]", "[kiosk]\nwarning_seconds = 5\n[cctv]", "`kiosk.warning_seconds`"),
        ("[server]", "[server", "is not valid TOML"),
    ],
)
def test_mistake_is_one_sentence_that_names_the_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in sentence(written(tmp_path, old=old, new=new))


def test_missing_file_names_the_command_that_makes_one(tmp_path: Path) -> None:
    assert "visitor init" in sentence(tmp_path / "nothing.toml")


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in sentence(tmp_path / "config.toml")


def test_https_is_secure(tmp_path: Path) -> None:
    path = written(tmp_path, old="http://localhost:8443", new="https://visitors.example.org")
    assert load_settings(path).server.secure


def key_fault(**source: object) -> str:
    with pytest.raises(SetupFault) as refused:
        load_master_key(KeySettings.model_validate(source))
    return str(refused.value)


def test_missing_key_file_says_to_restore_it_and_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    assert "Restore it from your key backup" in key_fault(master_key_file=path)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xff", b"AAAA" * 20])
def test_key_file_that_holds_no_key_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    said = key_fault(master_key_file=path)
    assert str(path) in said
    assert not re.search("AAAA|short$", said)


def test_key_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in key_fault(master_key_file=tmp_path)


def test_key_may_come_from_the_environment_or_from_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.write_settings(tmp_path, database_url=DATABASE)
    text = (tmp_path / "master.key").read_text()
    assert "LoadCredential" in key_fault(master_key_credential="master.key")
    assert "VISITOR_KEY" in key_fault(master_key_env="VISITOR_KEY")
    monkeypatch.setenv("VISITOR_KEY", text)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    from_environment = load_master_key(KeySettings(master_key_env="VISITOR_KEY"))
    assert from_environment == load_master_key(KeySettings(master_key_credential="master.key"))


def test_secret_is_read_without_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    assert read_secret(tmp_path / "password", "the password") == "correct horse"


def test_settings_file_is_named_by_option_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISITOR_CONFIG", raising=False)
    assert settings_path(None) == Path("config.toml")
    monkeypatch.setenv("VISITOR_CONFIG", "/srv/visitor.toml")
    assert settings_path(None) == Path("/srv/visitor.toml")
    assert settings_path("other.toml") == Path("other.toml")


@pytest.mark.parametrize("password", ["waltz@sesame:tango", "sesame:tango", "ses@me/tango:1"])
def test_password_that_breaks_the_url_is_not_shown(tmp_path: Path, password: str) -> None:
    path = written(tmp_path, old=DATABASE, new=f"postgresql+psycopg://u:{password}@h:port/d")

    said = sentence(path)

    assert "`database.url` is not a database URL" in said
    assert "%40" in said
    assert not {part for part in re.split("[@:/]", password) if len(part) > 1 and part in said}
