"""Answering a camera that asks who is there: Basic (RFC 7617) and Digest (RFC 7616). Pure.

Most cameras ship with Digest; Basic is used only when nothing better is offered.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_PAIR = re.compile(r'([a-zA-Z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES = {"md5": "md5", "sha-256": "sha256"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user name and password; never shown."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; `client_nonce` is fresh and random each time."""

    path: str
    client_nonce: str
    method: str = "GET"


def authorization(challenges: Iterable[str], sign_in: SignIn, request: Request) -> str | None:
    """Return the Authorization header that answers the best of a camera's challenges, or None."""
    offered = list(challenges)
    digests = [_fields(text[7:]) for text in offered if text[:7].lower() == "digest "]
    known = [fields for fields in digests if _answerable(fields)]
    if known:
        best = max(known, key=lambda fields: fields.get("algorithm", "").lower() == "sha-256")
        return _digest(best, sign_in, request)
    if any(text[:5].lower() == "basic" for text in offered):
        pair = f"{sign_in.username}:{sign_in.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"
    return None


def _answerable(fields: dict[str, str]) -> bool:
    algorithm = fields.get("algorithm", "MD5").lower()
    qualities = {part.strip().lower() for part in fields.get("qop", "auth").split(",")}
    return {"realm", "nonce"} <= fields.keys() and algorithm in _HASHES and "auth" in qualities


def _fields(text: str) -> dict[str, str]:
    found = _PAIR.finditer(text)
    return {match[1].lower(): match[3] or re.sub(r"\\(.)", r"\1", match[2] or "") for match in found}


def _digest(fields: dict[str, str], sign_in: SignIn, request: Request) -> str:
    algorithm = fields.get("algorithm", "MD5")
    realm, nonce = fields["realm"], fields["nonce"]
    user = _hash(algorithm, f"{sign_in.username}:{realm}:{sign_in.password}")
    what = _hash(algorithm, f"{request.method}:{request.path}")
    answer = {
        "username": sign_in.username, "realm": realm, "nonce": nonce, "uri": request.path,
    }  # fmt: skip
    plain = {"algorithm": algorithm}
    if "qop" in fields:
        plain |= {"qop": "auth", "nc": "00000001"}
        answer["cnonce"] = request.client_nonce
        answer["response"] = _hash(algorithm, f"{user}:{nonce}:00000001:{request.client_nonce}:auth:{what}")
    else:
        # RFC 2069: cameras from before 1999's RFC 2617 are still on walls.
        answer["response"] = _hash(algorithm, f"{user}:{nonce}:{what}")
    if "opaque" in fields:
        answer["opaque"] = fields["opaque"]
    quoted = [f'{name}="{_escaped(value)}"' for name, value in answer.items()]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in plain.items())])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _hash(algorithm: str, text: str) -> str:
    return hashlib.new(_HASHES[algorithm.lower()], text.encode(), usedforsecurity=False).hexdigest()
