"""The script of certificates against openssl: what it makes, what it takes, and what it refuses with which reason."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from model import names
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the CA's certificate gets an owner: run as root")
SCRIPT = ROOT / "generators/gateway/host/gateway-certificate"
GIT, OPS = "git.example.co.jp", "ops.example.co.jp"
PEM = serialization.Encoding.PEM
DAY = timedelta(days=1)


class Root:
    """A scratch root with the rendered settings of production, and the names of these tests."""

    def __init__(self, folder: Path, source: str) -> None:
        self.move_to(folder)
        rendered = ROOT / "rendered/production/tokyo-1/wsl/etc/flatnet-ops/gateway-certificate.env"
        text = re.sub("SOURCE=.*", f"SOURCE={source}", rendered.read_text(encoding="utf-8"))
        text = re.sub("NAMES=.*", f"NAMES='{GIT} {OPS}'", text)
        text = re.sub("AUTHORITY_DOMAINS=.*", "AUTHORITY_DOMAINS=example.co.jp", text)
        self.settings.parent.mkdir(parents=True)
        self.settings.write_text(text, encoding="utf-8")

    def move_to(self, folder: Path) -> None:
        self.folder = folder
        self.certificates = folder / "mnt/f/flatnet/config/ssl"
        self.state = folder / "var/lib/flatnet-ops/certificate"
        self.secrets = folder / "etc/flatnet-ops/secrets"
        self.settings = folder / "etc/flatnet-ops/gateway-certificate.env"

    def left(self) -> set[str]:
        """What lies in its own folder."""
        return {path.name for path in self.state.iterdir()} - {".lock"}

    def run(self, *words: str, code: int = 0) -> str:
        """Run the script; what it printed."""
        environment = {**os.environ, "ROOT": str(self.folder)}
        done = subprocess.run(["sh", SCRIPT, *words], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def change(self, name: str, value: str) -> None:
        text = re.sub(f"^{name}=.*", f"{name}={value}", self.settings.read_text("utf-8"), flags=re.MULTILINE)
        self.settings.write_text(text, encoding="utf-8")

    def served(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.certificates / "gateway.crt").read_bytes())

    def metrics(self) -> dict[str, int]:
        text = (self.folder / "var/lib/flatnet-ops/textfile/gateway-certificate.prom").read_text("utf-8")
        return {
            name: int(value) for name, value in (line.split() for line in text.splitlines() if not line.startswith("#"))
        }


@pytest.fixture
def own(tmp_path: Path) -> Root:
    return Root(tmp_path, "own")


class Company:
    """A CA that is not ours, which signs what it is asked to."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA of the company")])
        self.certificate = self.sign(self.key.public_key(), self.name, authority=True)
        root.secrets.mkdir(parents=True)
        (root.secrets / "ca-certificate").write_bytes(self.certificate.public_bytes(PEM))

    def sign(
        self,
        key: ec.EllipticCurvePublicKey,
        subject: x509.Name | None = None,
        sans: tuple[str, ...] = (GIT, OPS),
        begins: timedelta = -DAY,
        ends: timedelta = 90 * DAY,
        authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(tz=UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, GIT)]))
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            if sans:
                builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in sans]), False)
        return builder.sign(self.key, hashes.SHA256())

    def answer(self, **mistake: object) -> str:
        """The file that comes back for the request that lies there."""
        csr = x509.load_pem_x509_csr((self.root.state / "gateway.csr").read_bytes())
        key = mistake.pop("key", csr.public_key())
        path = self.root.folder / "sent.pem"
        path.write_bytes(self.sign(key, **mistake).public_bytes(PEM))  # type: ignore[arg-type]
        return str(path)


@pytest.fixture(scope="module")
def requested(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Keys as a company's CA wants them take a second to make: one for all tests."""
    root = Root(tmp_path_factory.mktemp("requested"), "company")
    found = Company(root)
    root.run("request")
    return found


@pytest.fixture
def company(requested: Company, tmp_path: Path) -> Company:
    shutil.copytree(requested.root.folder, tmp_path, dirs_exist_ok=True)
    found = copy.copy(requested)
    found.root = copy.copy(requested.root)
    found.root.move_to(tmp_path)
    return found


def test_a_small_ca_signs_for_its_domains_alone(own: Root) -> None:
    own.run("authority")
    ca = x509.load_pem_x509_certificate((own.secrets / "ca-certificate").read_bytes())
    constraints = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees == [x509.DNSName("example.co.jp")]
    assert (own.secrets / "ca-certificate").stat().st_uid == 65534
    assert {path.stat().st_mode & 0o777 for path in own.secrets.iterdir()} == {0o400}
    own.change("NAMES", "git.example.co.jp\\ evil.example.com")
    assert "does not vouch for the certificate" in own.run("renew", code=1)
    assert not own.certificates.exists()


def test_a_ca_is_made_once(own: Root) -> None:
    own.run("authority")
    before = {path: path.read_bytes() for path in own.secrets.iterdir()}
    assert "there already" in own.run("authority")
    assert {path: path.read_bytes() for path in own.secrets.iterdir()} == before
    (own.secrets / "gateway-ca-key").unlink()
    assert "one is missing" in own.run("authority", code=1)
    assert "gateway-ca-key is missing" in own.run("renew", code=1)


def test_a_renewal_waits_until_the_end_is_near(own: Root) -> None:
    own.run("authority")
    assert own.run("renew").startswith("installed ")
    first = own.served()
    assert first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    ) == [GIT, OPS]
    assert (first.not_valid_after_utc - datetime.now(tz=UTC)).days in {89, 90}
    assert own.run("renew") == ""
    assert own.served() == first
    own.change("RENEW_SECONDS", str(91 * 86400))
    own.run("renew")
    assert own.served().serial_number != first.serial_number
    own.change("RENEW_SECONDS", "86400")
    own.change("NAMES", "git.example.co.jp\\ ops.example.co.jp\\ new.example.co.jp")
    own.run("renew")
    assert "new.example.co.jp" in str(own.served().extensions.get_extension_for_class(x509.SubjectAlternativeName))
    assert sorted(path.name for path in own.certificates.iterdir()) == ["gateway.crt", "gateway.key"]
    assert own.left() == set()


def test_metrics_say_when_it_ends_and_how_the_last_run_ended(own: Root) -> None:
    assert "gateway-ca-key is missing" in own.run("renew", code=1)
    assert names.CERTIFICATE_EXPIRES not in own.metrics()
    assert own.metrics()[names.CERTIFICATE_LAST_EXIT] == 1
    own.run("authority")
    own.run("renew")
    metrics = own.metrics()
    assert metrics[names.CERTIFICATE_EXPIRES] == int(own.served().not_valid_after_utc.timestamp())
    assert metrics[names.CERTIFICATE_LAST_EXIT] == 0
    assert abs(metrics[names.CERTIFICATE_LAST_RUN] - time.time()) < 60


def test_the_company_signs_what_was_requested(company: Company) -> None:
    csr = x509.load_pem_x509_csr((company.root.state / "gateway.csr").read_bytes())
    sans = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert sans.value.get_values_for_type(x509.DNSName) == [GIT, OPS]
    sent = Path(company.answer())
    sent.write_bytes(b"Bag Attributes\r\n" + sent.read_bytes().replace(b"\n", b"\r\n"))  # as Windows exports it
    company.root.run("install", str(sent))
    assert b"\r" not in (company.root.certificates / "gateway.crt").read_bytes()
    assert company.root.left() == set()
    assert company.root.run("renew") == ""


MISTAKES: dict[str, tuple[dict[str, object], str]] = {
    "ended": ({"begins": -3 * DAY, "ends": -DAY}, "the certificate has ended: notAfter="),
    "not yet": ({"begins": DAY}, "does not vouch for the certificate: at 0 depth lookup: certificate is not yet valid"),
    "a missing name": ({"sans": (GIT,)}, f"the certificate lacks the name {OPS}"),
    "no names": ({"sans": ()}, f"the certificate lacks the name {GIT}"),
    "another key": ({"key": ec.generate_private_key(ec.SECP256R1()).public_key()}, "the certificate is not of the key"),
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_certificate_that_nginx_or_a_browser_would_refuse_is_not_installed(company: Company, mistake: str) -> None:
    what, said = MISTAKES[mistake]
    assert said in company.root.run("install", company.answer(**what), code=1)
    assert not company.root.certificates.exists()
    assert (company.root.state / "gateway.key").exists(), "the right answer can still come"
    company.root.run("install", company.answer())


def test_another_ca_is_not_believed(company: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = Company(Root(tmp_path_factory.mktemp("stranger"), "company"))
    stranger.root.state = company.root.state
    said = company.root.run("install", stranger.answer(), code=1)
    assert "does not vouch for the certificate: at 0 depth lookup: certificate signature failure" in said


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_told(company: Company, content: str) -> None:
    path = company.root.folder / "sent.pem"
    path.write_text(content, encoding="utf-8")
    assert "does not begin with a certificate in PEM" in company.root.run("install", str(path), code=1)


def test_the_timer_makes_a_request_and_says_that_it_waits(tmp_path: Path) -> None:
    root = Root(tmp_path, "company")
    company = Company(root)
    root.run("renew", code=3)
    assert root.metrics()[names.CERTIFICATE_LAST_EXIT] == 3
    request = (root.state / "gateway.csr").read_bytes()
    assert "waits for the CA" in root.run("renew", code=3)
    assert (root.state / "gateway.csr").read_bytes() == request, "the CA may be at work on it"
    root.run("install", company.answer())
    assert root.metrics()[names.CERTIFICATE_LAST_EXIT] == 0


@pytest.mark.parametrize("words", [(), ("install",), ("renew", "now"), ("remove",)])
def test_wrong_use_is_answered_with_the_right_one(own: Root, words: tuple[str, ...]) -> None:
    assert "gateway-certificate install FILE" in own.run(*words, code=2)


def beside(tmp_path: Path, name: str, script: str) -> dict[str, str]:
    """An environment in which a program is another one."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (tmp_path / "bin" / name).chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}


@pytest.mark.parametrize("failing", ["cp", "mv"])
def test_a_full_disk_leaves_the_pair_that_was_there(own: Root, tmp_path: Path, failing: str) -> None:
    own.run("authority")
    own.run("renew")
    before = {path.name: path.read_bytes() for path in own.certificates.glob("gateway.???")}
    own.change("RENEW_SECONDS", str(91 * 86400))
    environment = {**beside(tmp_path, failing, "exit 1"), "ROOT": str(own.folder)}
    done = subprocess.run(["sh", SCRIPT, "renew"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert {path.name: path.read_bytes() for path in own.certificates.glob("gateway.???")} == before


def test_a_run_that_is_killed_leaves_the_pair_that_was_there(
    own: Root, tmp_path: Path, debian_program: Callable[[str], str]
) -> None:
    own.run("authority")
    own.run("renew")
    before = {path.name: path.read_bytes() for path in own.certificates.iterdir()}
    slow = f'case $1 in verify) sleep 60 ;; esac\nexec {debian_program("openssl")} "$@"'
    own.change("RENEW_SECONDS", str(91 * 86400))
    environment = {**beside(tmp_path, "openssl", slow), "ROOT": str(own.folder)}
    run = subprocess.Popen(["sh", SCRIPT, "renew"], env=environment, start_new_session=True)
    for _ in range(100):
        if list(own.state.glob(".new/crt")):
            break
        time.sleep(0.05)
    os.killpg(run.pid, 15)
    run.wait(timeout=30)
    assert {path.name: path.read_bytes() for path in own.certificates.iterdir()} == before
    own.run("renew")


def is_pair(root: Root) -> bool:
    key = serialization.load_pem_private_key((root.certificates / "gateway.key").read_bytes(), None)
    return key.public_key() == root.served().public_key()


KILLED_AT_THE_CERTIFICATE = 'case "$*" in */ssl/gateway.crt) kill -KILL 0 ;; esac\nexec /bin/mv "$@"'


def killed(root: Root, tmp_path: Path, *words: str) -> None:
    """Run the script and kill it after it has renamed the key."""
    environment = {**beside(tmp_path, "mv", KILLED_AT_THE_CERTIFICATE), "ROOT": str(root.folder)}
    done = subprocess.run(
        ["sh", SCRIPT, *words], env=environment, start_new_session=True, capture_output=True, timeout=60
    )
    assert done.returncode == -9
    assert (root.certificates / "gateway.crt.new").exists()


def test_a_run_that_is_killed_between_key_and_certificate_is_completed_by_the_next(own: Root, tmp_path: Path) -> None:
    own.run("authority")
    own.run("renew")
    own.change("RENEW_SECONDS", str(91 * 86400))
    killed(own, tmp_path, "renew")
    assert not is_pair(own)
    issued = x509.load_pem_x509_certificate((own.certificates / "gateway.crt.new").read_bytes())
    own.change("RENEW_SECONDS", "86400")
    assert own.run("renew").startswith("installed ")
    assert is_pair(own)
    assert own.served() == issued
    assert sorted(path.name for path in own.certificates.iterdir()) == ["gateway.crt", "gateway.key"]
    assert own.left() == set()


def test_an_answer_whose_installation_was_killed_is_installed_by_the_timer(company: Company, tmp_path: Path) -> None:
    killed(company.root, tmp_path, "install", company.answer())
    assert company.root.run("renew").startswith("installed ")
    assert is_pair(company.root)
    assert company.root.left() == set()


def test_a_certificate_without_its_key_is_renewed(own: Root) -> None:
    own.run("authority")
    own.run("renew")
    first = own.served()
    other = ec.generate_private_key(ec.SECP256R1())
    (own.certificates / "gateway.key").write_bytes(
        other.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (own.certificates / "gateway.key.new").write_text("half of a key", encoding="ascii")
    own.run("renew")
    assert is_pair(own)
    assert own.served() != first
    assert sorted(path.name for path in own.certificates.iterdir()) == ["gateway.crt", "gateway.key"]


def test_a_file_that_windows_holds_for_a_moment_is_replaced_all_the_same(own: Root, tmp_path: Path) -> None:
    own.run("authority")
    tries = tmp_path / "tries"
    held = f'case "$*" in */ssl/gateway.*) echo x >>{tries}; [ $(wc -l <{tries}) -gt 3 ] || exit 1 ;; esac'
    environment = {**beside(tmp_path, "mv", f'{held}\nexec /bin/mv "$@"'), "ROOT": str(own.folder)}
    subprocess.run(["sh", SCRIPT, "renew"], env=environment, check=True, capture_output=True, timeout=60)
    assert is_pair(own)
