"""Containerfile, compose file, proxies and guide: what they name is there, and the setup lets the proxy in."""

import ipaddress
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.deploy import compose
from tests.deploy.units import FOLDER
from tests.real import postgres
from visitor.app.factory import UPLOAD_LIMIT_BYTES
from visitor.app.proxies import FORWARDED
from visitor.cli import COMMANDS
from visitor.core.settings import load_settings

DEPLOY = FOLDER.parent
ROOT = DEPLOY.parents[1]
CONTAINER = DEPLOY / "container"
COMPOSE = compose.parse((CONTAINER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
CLIENTS = {"bookworm": 15, "trixie": 17}
"""PostgreSQL of each Debian."""
STEPS = re.sub(r"\\\n\s*", " ", (CONTAINER / "Containerfile").read_text())


def steps(name: str) -> list[str]:
    return [line.split(" ", 1)[1] for line in STEPS.splitlines() if line.startswith(f"{name} ")]


def named(volumes: list[str]) -> set[str]:
    return {volume.split(":")[0] for volume in volumes if not volume.startswith((".", "/"))}


def test_whatever_a_service_names_is_declared() -> None:
    for service in SERVICES.values():
        assert named(service.get("volumes", [])) <= set(COMPOSE["volumes"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", [])) <= set(SERVICES)
    used = {name for service in SERVICES.values() for name in named(service.get("volumes", []))}
    assert used == set(COMPOSE["volumes"])


def test_files_that_compose_names_are_there() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    for path in [volume for volume in mounted if volume.startswith(".")]:
        assert (CONTAINER / path).is_file()
    build = SERVICES["server"]["build"]
    assert (CONTAINER / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == CONTAINER / "Containerfile"


def test_commands_in_containers_are_commands() -> None:
    assert SERVICES["server"]["command"] == ["serve"]
    assert SERVICES["worker"]["command"] == ["worker"]
    assert {"serve", "worker", "backup", "check"} <= set(COMMANDS)


def test_keys_and_data_are_on_different_servers_and_volumes() -> None:
    assert named(SERVICES["database"]["volumes"]).isdisjoint(named(SERVICES["keyring"]["volumes"]))
    urls = SERVICES["setup"]["environment"]
    assert urls["DATABASE_URL"].split("@")[1].split("/")[0] == "database"
    assert urls["KEYRING_URL"].split("@")[1].split("/")[0] == "keyring"


def test_backups_are_made_by_programs_that_are_not_older_than_the_server() -> None:
    """pg_dump refuses a server that is newer than itself."""
    debian = {image.rpartition("-")[2] for line in steps("FROM") for image in line.split()[:1]}
    (client,) = (CLIENTS[name] for name in debian)

    assert " postgresql-client " in " ".join(steps("RUN"))
    for name in ("database", "keyring"):
        assert int(SERVICES[name]["image"].rpartition(":")[2]) <= client


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_proxy_stands_in_the_network_that_setup_trusts() -> None:
    subnet = COMPOSE["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    assert ipaddress.ip_network(SERVICES["setup"]["environment"]["PROXY_NETWORK"]) == ipaddress.ip_network(subnet)


def test_image_is_built_from_what_is_there() -> None:
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    lines = [line for line in STEPS.splitlines() if line and not line.startswith("#")]
    assert {line.split()[0] for line in lines} == known
    for step in steps("COPY"):
        words = shlex.split(step)
        sources = [] if words[0].startswith("--from=") else words[:-1]
        assert all((ROOT / source).exists() for source in sources), step
    carried = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {word for step in steps("COPY") for word in shlex.split(step)}
    assert {*carried["packages"], *carried["force-include"]} <= copied
    assert steps("USER") == ["visitor"]


def test_image_has_the_packages_that_the_readme_asks_for() -> None:
    asked = re.search(r"apt-get install ((?:[a-z0-9.-]+ ?)+)`", (ROOT / "README.md").read_text())
    assert asked is not None
    installed = " ".join(steps("RUN"))
    assert all(f" {package} " in installed for package in asked[1].split())


def test_proxies_say_who_the_client_is_and_hold_nothing_back() -> None:
    nginx = (DEPLOY / "proxy" / "nginx.conf").read_text()
    said = dict(re.findall(r"proxy_set_header ([\w-]+) ([^;]+);", nginx))
    assert {name.removeprefix("HTTP_").replace("_", "-").title() for name in FORWARDED} <= {
        name.title() for name in said
    }
    assert said["X-Forwarded-For"] == "$remote_addr"
    assert nginx.count("{") == nginx.count("}")
    assert "proxy_buffering off;" in nginx
    assert UPLOAD_LIMIT_BYTES == 12 * 1024 * 1024
    assert "client_max_body_size 12m;" in nginx
    log_format = re.search(r"log_format visitor '([^']+)'", nginx)
    assert log_format is not None
    assert not {"$request", "$args", "$query_string", "$request_uri", "$remote_addr"} & set(log_format[1].split())
    caddy = (DEPLOY / "proxy" / "Caddyfile").read_text()
    assert "flush_interval -1" in caddy
    assert not re.search(r"^\s*log\b", caddy, re.MULTILINE)


@pytest.mark.real
def test_container_setup_founds_an_installation_that_lets_the_proxy_in(tmp_path: Path) -> None:
    with postgres.cluster() as cluster:
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOUSE": str(tmp_path / "house"),
            "JOURNAL": str(tmp_path / "journal"),
            "PUBLIC_URL": "https://visitors.example.org",
            "DATABASE_URL": cluster.create_database("house"),
            "KEYRING_URL": cluster.create_database("house_keys"),
            "PROXY_NETWORK": SERVICES["setup"]["environment"]["PROXY_NETWORK"],
        }
        done = subprocess.run([str(CONTAINER / "setup")], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        settings = load_settings(tmp_path / "house" / "config.toml")

    assert settings.server.host == "0.0.0.0"
    assert settings.server.public_url == "https://visitors.example.org"
    assert [str(network) for network in settings.server.trusted_proxies] == ["172.30.77.0/24"]
    assert settings.directories.erasure_journal == tmp_path / "journal" / "erased.log"


def test_guide_names_every_file_and_only_files_that_are_there() -> None:
    guide = (DEPLOY / "index.md").read_text()
    linked = {DEPLOY / path for path in re.findall(r"\]\(([^)]+)\)", guide)}
    linked |= {DEPLOY / "systemd" / "visitor-backup.timer"}
    there = {path for path in DEPLOY.rglob("*") if path.is_file()} - {DEPLOY / "index.md"}

    assert {path for path in linked if path.suffix != ".md"} == there


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a: b", {"a": "b"}),
        ("a:\n  - b\n  - c: d\n    e: f", {"a": ["b", {"c": "d", "e": "f"}]}),
        ('x: &x\n  a: b\n  c: d\ny:\n  <<: *x\n  c: "e"', {"x": {"a": "b", "c": "d"}, "y": {"a": "b", "c": "e"}}),
        ("a:\nb:", {"a": None, "b": None}),
    ],
)
def test_reader_of_compose_understands(text: str, read: object) -> None:
    assert compose.parse(text) == read


@pytest.mark.parametrize("text", ["a: b\na: c", "a: b\n   c: d", "just a line"])
def test_reader_of_compose_refuses_what_it_does_not_understand(text: str) -> None:
    with pytest.raises(AssertionError):
        compose.parse(text)
