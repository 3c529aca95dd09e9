from __future__ import annotations

from urllib.request import AbstractDigestAuthHandler, HTTPPasswordMgrWithDefaultRealm
from urllib.request import Request as UrlRequest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visitor.cctv.http_sign_in import Request, SignIn, authorization

MUFASA = SignIn("Mufasa", "Circle of Life")
INDEX = Request("/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
SHA256 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
MD5 = SHA256.replace("SHA-256", "MD5")


@pytest.mark.parametrize(
    ("challenge", "response"),
    [
        (SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        (MD5, "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_the_digest_is_that_of_the_standards_example(challenge: str, response: str) -> None:
    """RFC 7616 section 3.9.1."""
    header = authorization([challenge], MUFASA, INDEX)

    assert header is not None
    assert f'response="{response}"' in header
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in header


def test_the_better_hash_is_preferred_and_basic_is_the_last_choice() -> None:
    header = authorization(['Basic realm="camera"', MD5, SHA256], MUFASA, INDEX)

    assert header is not None
    assert "algorithm=SHA-256" in header


def test_basic_is_answered_where_nothing_else_is_offered() -> None:
    assert authorization(['Basic realm="camera"'], SignIn("cam", "pa:ss"), INDEX) == "Basic Y2FtOnBhOnNz"


@pytest.mark.parametrize(
    "challenges",
    [[], ["Bearer"], ["Digest"], [MD5.replace("MD5", "SHA-512")], [MD5.replace("auth, auth-int", "auth-int")]],
)
def test_a_challenge_that_cannot_be_answered_sends_no_password(challenges: list[str]) -> None:
    assert authorization(challenges, MUFASA, INDEX) is None


class Oracle(AbstractDigestAuthHandler):
    """The standard library's digest, with our client nonce."""

    def get_cnonce(self, nonce: str) -> str:  # noqa: ARG002  the base class's signature
        return INDEX.client_nonce


words = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\:'), min_size=1, max_size=20
)


@given(words, words, words, words)
def test_the_digest_is_that_of_the_standard_library(user: str, password: str, realm: str, nonce: str) -> None:
    passwords = HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, "http://camera/", user, password)
    challenge = {"realm": realm, "nonce": nonce, "qop": "auth", "algorithm": "MD5"}
    expected = Oracle(passwords).get_authorization(UrlRequest("http://camera/dir/index.html"), challenge)
    offered = "Digest " + ", ".join(f'{name}="{value}"' for name, value in challenge.items())

    header = authorization([offered], SignIn(user, password), INDEX)

    assert header is not None
    assert _response(header) == _response(f"Digest {expected}")


def _response(header: str) -> str:
    return header.partition('response="')[2].partition('"')[0]


@given(st.lists(st.text(max_size=80), max_size=3))
def test_whatever_a_camera_asks_is_answered_or_not(challenges: list[str]) -> None:
    header = authorization([f"Digest {text}" for text in challenges], MUFASA, INDEX)

    assert header is None or MUFASA.password not in header


def test_a_sign_in_does_not_show_its_password() -> None:
    assert "Circle" not in repr(MUFASA)
