"""TLS as a scanner sees it, and a renewal while requests come in."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from model.access import server_names
from model.deployment import Deployment
from tests.acceptance.gateway import Ask, RunningGateway
from tests.acceptance.gateway_tree import lay_out
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces are made by root"),
]
OFFICE = {"production": "192.168.10.77", "multi-host": "192.168.20.77"}

# What a scanner finds in every certificate of a private CA: no public store trusts it, nobody publishes what it
# revokes, and no public log knows it.
OF_A_PRIVATE_CA = {
    "trust: Android",
    "trust: Apple",
    "trust: Java",
    "trust: Mozilla",
    "trust: Windows",
    "revocation: no stapled response",
    "transparency: no timestamp",
}


@pytest.fixture(scope="module", params=["production", "multi-host"])
def gateway(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    production: Deployment,
    multi_host: Deployment,
    debian_program: Callable[[str], str],
) -> Iterator[RunningGateway]:
    deployment = production if request.param == "production" else multi_host
    tree = lay_out(tmp_path_factory.mktemp("tls"), deployment, deployment.environment.monitoring_host)
    if request.param == "production":
        sign_as_the_company(tree.folder, tree.certificate)
    with RunningGateway(tree, debian_program("nginx"), [OFFICE[request.param]]) as running:
        yield running


def sign_as_the_company(root: Path, certificate: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Go the company's way: a request, a CA that signs it with what it asks for, and the installation of the answer."""
    settings = root / "etc/flatnet-ops/gateway-certificate.env"
    settings.write_text(settings.read_text("utf-8").replace("SOURCE=own", "SOURCE=company"), encoding="utf-8")
    certificate("request")
    secrets = root / "etc/flatnet-ops/secrets"
    words: list[str | Path] = [
        "openssl",
        "x509",
        "-req",
        "-in",
        root / "var/lib/flatnet-ops/certificate/gateway.csr",
        "-days",
        "90",
    ]
    words += ["-CA", secrets / "ca-certificate", "-CAkey", secrets / "gateway-ca-key", "-copy_extensions", "copyall"]
    subprocess.run([*words, "-out", root / "sent.pem"], capture_output=True, check=True)
    certificate("install", str(root / "sent.pem"))


def findings(result: dict[str, Any]) -> set[str]:
    """What speaks against a server, each by what it is about."""
    found = {name: scan["result"] for name, scan in result.items() if scan["status"] == "COMPLETED"}
    assert {"certificate_info", "robot", "heartbleed", "tls_1_2_cipher_suites"} <= found.keys()
    (certificate,) = found["certificate_info"]["certificate_deployments"]
    checks = {
        "chain: order": certificate["received_chain_has_valid_order"],
        "chain: SHA-1": not certificate["verified_chain_has_sha1_signature"],
        "chain: CA itself was sent": not certificate["received_chain_contains_anchor_certificate"],
        "revocation: no stapled response": certificate["ocsp_response"] is not None,
        "transparency: no timestamp": bool(certificate["leaf_certificate_signed_certificate_timestamps_count"]),
        "tls: compression": not found["tls_compression"]["supports_compression"],
        "tls: CCS injection": not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"],
        "tls: downgrade": found["tls_fallback_scsv"]["supports_fallback_scsv"],
        "tls: Heartbleed": not found["heartbleed"]["is_vulnerable_to_heartbleed"],
        "tls: ROBOT": found["robot"]["robot_result"].startswith("NOT_VULNERABLE"),
        "tls: insecure renegotiation": found["session_renegotiation"]["supports_secure_renegotiation"],
        "tls: renegotiation": not found["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"],
        "tls: no extended master secret": found["tls_extended_master_secret"]["supports_ems_extension"],
    }
    for store in certificate["path_validation_results"]:
        checks[f"trust: {store['trust_store']['name']}"] = store["was_validation_successful"]
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        checks[f"protocol: {version}"] = not found[f"{version}_cipher_suites"]["is_tls_version_supported"]
    for version in ("tls_1_2", "tls_1_3"):
        checks[f"protocol: no {version}"] = found[f"{version}_cipher_suites"]["is_tls_version_supported"]
        for suite in found[f"{version}_cipher_suites"]["accepted_cipher_suites"]:
            checks[f"cipher: {suite['cipher_suite']['name']} without forward secrecy"] = bool(suite["ephemeral_key"])
    return {name for name, fine in checks.items() if not fine}


def test_a_scanner_finds_nothing_but_that_the_ca_is_a_private_one(gateway: RunningGateway, tmp_path: Path) -> None:
    names = server_names(gateway.environment, gateway.host)
    port = gateway.environment.gateway.ports.https
    words = [ROOT / ".venv/bin/python", "-W", "ignore", "-m", "sslyze", "--mozilla_config=intermediate"]
    words += [f"--json_out={tmp_path}/scan.json", f"--certinfo_ca_file={gateway.tree.authority}"]
    said = gateway.run([*map(str, words), *(f"{name}:{port}{{{gateway.lan}}}" for name in names)], outside=True).stdout
    for name in names:
        assert f"{name}:{port}: OK - Compliant" in said
    results = json.loads((tmp_path / "scan.json").read_text("utf-8"))["server_scan_results"]
    assert len(results) == len(names)
    for result in results:
        assert findings(result["scan_result"]) == OF_A_PRIVATE_CA


def serial(gateway: RunningGateway) -> str:
    """The number of the certificate that is served."""
    name = server_names(gateway.environment, gateway.host)[0]
    words = ["openssl", "s_client", "-connect", f"{gateway.lan}:443", "-servername", name]
    said = gateway.run(words, outside=True, input="").stdout
    done = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=said, capture_output=True, text=True)
    assert done.returncode == 0, said
    return done.stdout.strip()


def test_a_renewal_is_served_after_a_reload_and_drops_no_request(gateway: RunningGateway) -> None:
    site = gateway.sites()[0].server_name
    source = OFFICE[gateway.tree.deployment.name]
    before = serial(gateway)
    settings = gateway.tree.folder / "etc/flatnet-ops/gateway-certificate.env"
    text = settings.read_text("utf-8").replace("SOURCE=company", "SOURCE=own")
    settings.write_text(re.sub("RENEW_SECONDS=.*", "RENEW_SECONDS=99999999", text), encoding="utf-8")
    asks = [Ask(source, "/slow" if number % 10 == 0 else "/", name=site) for number in range(600)]
    with ThreadPoolExecutor(max_workers=1) as pool:
        answers = pool.submit(gateway.ask, asks)
        gateway.tree.certificate("renew")
        gateway.reload()
        for _ in range(100):
            if (after := serial(gateway)) != before:
                break
        assert after != before
        assert not answers.done(), "the requests were over before the reload"
        assert {answer.status for answer in answers.result()} == {200}
    assert gateway.tree.certificate("renew", check=False).returncode == 0
