"""A certificate authority for one test run, and a server certificate for every name outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make(names: list[str]) -> tuple[bytes, bytes]:
    """The CA's certificate, and key and certificate of a server with these names, both PEM."""
    now = datetime.now(tz=UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of a test run")])

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=60))
        )

    ca = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    server = (
        builder(server_name, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return ca.public_bytes(pem), private + server.public_bytes(pem)


def again(certificate: bytes, authority_key: bytes, begins: datetime, ends: datetime) -> bytes:
    """A certificate once more, for another time, signed by the CA's key; both PEM."""
    old, *above = x509.load_pem_x509_certificates(certificate)
    key = serialization.load_pem_private_key(authority_key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    new = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), x509.random_serial_number(), begins, ends)
    for extension in old.extensions:
        new = new.add_extension(extension.value, extension.critical)
    found = [new.sign(key, hashes.SHA256()), *above]
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in found)
