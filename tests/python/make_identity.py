"""Makes the identity of an organization: an Ed25519 key, its certificate, and a TLS leaf.

Written without the product's code, from proto/entente/v1/exchange.proto: what stands here is what
an implementer in another language would do. It writes into a folder

    identity.key   the Ed25519 identity, PKCS #8, PEM
    identity.pem   its self-signed certificate; partners trust this one key and no authority
    leaf.key       a P-256 key for TLS, PKCS #8, PEM
    leaf.pem       its certificate for 30 days, signed by the identity, and then the identity's:
                   the chain that is shown at a door

and prints the organization's id: the identity's 32 bytes in hexadecimal. The certificates name
that key and nothing else. Keys are not encrypted: for tests only.
"""

import argparse
import datetime
import os
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The name that every node answers to. It is in no directory, so a certificate tells no address.
NODE_NAME = "node.entente.invalid"
LEAF_DAYS = 30
IDENTITY_DAYS = 3650
# A partner's clock may be behind ours.
SKEW = datetime.timedelta(minutes=5)


def named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(*, signs_data: bool, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs_data,
        key_cert_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def raw(public_key) -> bytes:
    return public_key.public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )


def identity_certificate(identity, now):
    public = identity.public_key()
    name = named(raw(public).hex())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + datetime.timedelta(days=IDENTITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs_data=False, signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(identity, algorithm=None)
    )


def leaf_certificate(leaf, identity, issuer, now, days):
    public = leaf.public_key()
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        x509.CertificateBuilder()
        .subject_name(named(NODE_NAME))
        .issuer_name(issuer.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_data=True, signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(NODE_NAME)]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(identity.public_key()),
            critical=False,
        )
        .sign(identity, algorithm=None)
    )


def write_key(path: pathlib.Path, key) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    # O_EXCL: an identity that is there already is never lost.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


def make(folder: pathlib.Path, days: int, now: datetime.datetime) -> str:
    identity = ed25519.Ed25519PrivateKey.generate()
    leaf = ec.generate_private_key(ec.SECP256R1())
    own = identity_certificate(identity, now)
    signed = leaf_certificate(leaf, identity, own, now, days)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_key(folder / "identity.key", identity)
    write_key(folder / "leaf.key", leaf)
    own_pem = own.public_bytes(serialization.Encoding.PEM)
    leaf_pem = signed.public_bytes(serialization.Encoding.PEM)
    (folder / "identity.pem").write_bytes(own_pem)
    (folder / "leaf.pem").write_bytes(leaf_pem + own_pem)
    return raw(identity.public_key()).hex()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where the four files go")
    parser.add_argument(
        "--days", type=int, default=LEAF_DAYS, help="how long the leaf is valid (30)"
    )
    arguments = parser.parse_args()
    try:
        now = datetime.datetime.now(datetime.timezone.utc)
        print(make(arguments.folder, arguments.days, now))
    except FileExistsError as error:
        print(f"make_identity: {error.filename} exists; it is not replaced", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"make_identity: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
