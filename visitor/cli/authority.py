"""A certificate authority for trials in a local network. Its private key is used once and never written.

Browsers give the camera to secure pages only, so even a trial needs a certificate that the devices trust.
"""

import ipaddress
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY, CERTIFICATE, KEY = "authority.crt", "server.crt", "server.key"
LIFE = timedelta(days=397)
"""Browsers refuse server certificates that live longer."""


def make(folder: Path, hosts: Sequence[str], now: datetime) -> None:
    """Write the authority's certificate, and a server certificate with its key for these names and addresses."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name(f"Visitor trial authority, {hosts[0]}")
    authority = (
        _builder(issuer, issuer, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        _builder(_name(hosts[0]), issuer, server_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(folder / AUTHORITY, authority.public_bytes(pem), 0o644)
    _write(folder / CERTIFICATE, server.public_bytes(pem), 0o644)
    _write(folder / KEY, secret, 0o600)


def how_to_trust(folder: Path) -> str:
    """Return what to do on each device of the trial."""
    return (
        f"For the trial each device must trust {folder / AUTHORITY}:\n"
        "  Windows   double-click it, Install Certificate, Local Machine, Trusted Root Certification Authorities\n"
        "  macOS     open it in Keychain Access and set it to Always Trust\n"
        "  iPad      send it, install the profile, then General, About, Certificate Trust Settings\n"
        "  Android   Settings, Security, Encryption and credentials, Install a certificate, CA certificate\n"
        "  Linux     Chrome: Settings, Privacy and security, Security, Manage certificates, Authorities\n"
        "Nobody can issue further certificates with it: its private key was not kept. Remove it after the trial."
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    # An hour back: the clocks of tablets are seldom exact.
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + LIFE - timedelta(hours=1))
    return builder.serial_number(x509.random_serial_number())


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
