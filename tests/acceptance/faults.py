"""Faults that are made for real on a running stack, and for each of them whom it must tell what.

`told` reaches people; `hidden` follows from the fault, fires too, and is inhibited; `besides` may, and is inhibited if
it does. Nothing else may fire, and nothing but `told` may reach anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from model.cni import NETWORK
from tests.acceptance import certificates, cni_side
from tests.acceptance.rehearsal import DISK
from tests.acceptance.stack import Stack
from tests.acceptance.traffic import BREAKS, SLOW
from tests.acceptance.windows_side import FAULTS as FAULTS_OF_WORKLOADS
from tests.acceptance.windows_side import FOLDER
from tests.generators.cni_host import allocations, listed
from tests.prove.records import Said

Deed = Callable[[Stack], None]


@dataclass(frozen=True)
class Fault:
    """What is broken, how it is mended, and which alerts it may raise."""

    name: str
    what: Said
    breaks: Deed
    mends: Deed
    told: frozenset[str]
    hidden: frozenset[str] = frozenset()
    besides: frozenset[str] = frozenset()


def _fill_disk(stack: Stack) -> None:
    free = int(stack.host.run(["stat", "-f", "-c", "%a * %S", DISK]).stdout.split(" * ")[0])
    size = int(stack.host.run(["stat", "-f", "-c", "%S", DISK]).stdout)
    stack.host.run(["fallocate", "--length", str(int(free * 0.95) * size), f"{DISK}/grown.log"])


def _empty_disk(stack: Stack) -> None:
    stack.host.run(["rm", f"{DISK}/grown.log"])


def _stop_loki(stack: Stack) -> None:
    stack.host.run(["systemctl", "stop", "loki.service"])


def _start_loki(stack: Stack) -> None:
    stack.host.run(["systemctl", "start", "loki.service"])


def _certificate(begins: timedelta, ends: timedelta) -> Deed:
    """Have the Gateway show a certificate that is valid from and until so long from now, and load it."""

    def put(stack: Stack) -> None:
        root = stack.host.seen_from_outside / FOLDER.relative_to("/")
        path = root / str(stack.windows.host.windows.config) / "ssl/gateway.crt"
        key = (root / "etc/flatnet-ops/secrets/gateway-ca-key").read_bytes()
        now = datetime.now(tz=UTC)
        path.write_bytes(certificates.again(path.read_bytes(), key, now + begins, now + ends))
        assert stack.windows.nginx_is_told(["-s", "reload"]) == 0

    return put


def _workload(said: str) -> tuple[Deed, Deed]:
    """Have the workload do something else for a part of its pages, and stop doing so."""

    path = f"{FAULTS_OF_WORKLOADS}{said.split(maxsplit=1)[0]}"

    def breaks(stack: Stack) -> None:
        stack.host.write(path, said)

    def mends(stack: Stack) -> None:
        stack.host.run(["rm", path])

    return breaks, mends


def _give(stack: Stack, addresses: dict[str, str]) -> None:
    """Have containers with these addresses, which Podman knows of."""
    said = listed(*((cni_side.identity(name), name) for name in addresses), network=NETWORK)
    stack.host.write(cni_side.CONTAINERS, said)
    given = {cni_side.identity(name): address for name, address in addresses.items()}
    stack.host.write(cni_side.ALLOCATIONS, allocations(given))


def _exhaust_pool(stack: Stack) -> None:
    network = stack.deployment.environment.container_network(stack.windows.host)
    known = stack.windows.workloads
    pool = (str(network.first + number) for number in range(int(network.last) - int(network.first) + 1))
    free = (address for address in pool if address not in known.values())
    _give(stack, {**known, **{f"leftover-{number}": address for number, address in enumerate(free)}})


def _free_pool(stack: Stack) -> None:
    _give(stack, stack.windows.workloads)


DAY = timedelta(days=1)
GOOD = _certificate(-DAY, 90 * DAY)
BUDGETS = frozenset(
    f"ErrorBudgetBurning{how}{of}" for how in ("Fast", "Slowly") for of in ("Availability", "Errors", "Latency")
)
FAULTS = (
    Fault(
        "a disk fills",
        Said("a disk of WSL is filled to 95 %", "WSL のディスクを 95 % まで埋める"),
        _fill_disk,
        _empty_disk,
        told=frozenset({"DiskAlmostFull"}),
        besides=frozenset({"DiskFilling", "DiskFullSoon"}),
    ),
    Fault(
        "Loki stops",
        Said("Loki is stopped", "Loki を止める"),
        _stop_loki,
        _start_loki,
        told=frozenset({"TargetDownLoki"}),
        hidden=frozenset({"AlloyCannotSend"}),
    ),
    Fault(
        "the pool is exhausted",
        Said("every address of the containers' pool is taken", "コンテナ用アドレスプールを使い切る"),
        _exhaust_pool,
        _free_pool,
        told=frozenset({"AddressPoolNearlyExhausted"}),
    ),
    Fault(
        "a workload fails",
        Said("a workload answers one request of six with 500", "ワークロードが 6 件に 1 件を 500 で返す"),
        *_workload(f"{BREAKS} 500 0"),
        told=frozenset({"GatewayErrorRateHigh"}),
    ),
    Fault(
        "a workload is slow",
        Said("a workload takes 1.4 s for one request of eleven", "ワークロードが 11 件に 1 件の応答に 1.4 秒かける"),
        *_workload(f"{SLOW} 200 1.4"),
        told=frozenset({"GatewayLatencyHigh"}),
    ),
    Fault(
        "the certificate is about to end",
        Said("the Gateway shows a certificate that ends in 3 days", "Gateway の証明書を残り 3 日のものにする"),
        _certificate(-DAY, 3 * DAY),
        GOOD,
        told=frozenset({"CertificateExpiresNow"}),
        hidden=frozenset({"CertificateExpiresSoon"}),
    ),
    Fault(
        "the certificate has ended",
        Said("the Gateway shows a certificate that has expired", "Gateway の証明書を期限切れのものにする"),
        _certificate(-90 * DAY, -DAY),
        GOOD,
        told=frozenset({"SiteDown"}),
        hidden=frozenset({"TargetDownWorkloadForgejo"}),
        besides=BUDGETS,
    ),
    Fault(
        "a workload stops",
        Said("the workload of a site is stopped", "サイトのワークロードを止める"),
        lambda stack: stack.host.stop("workloads"),
        lambda stack: stack.windows.place_containers(3),
        told=frozenset({"SiteDown"}),
        hidden=frozenset({"GatewayUpstreamDown", "TargetDownWorkloadForgejo"}),
        besides=BUDGETS | {"GatewayErrorBurst"},
    ),
    Fault(
        "the Gateway dies",
        Said("the Gateway is killed", "Gateway を強制終了する"),
        lambda stack: stack.windows.kill_nginx(),
        lambda stack: stack.windows.start_nginx(),
        told=frozenset({"GatewayDown"}),
        hidden=frozenset({"SiteDown", "TargetDownWindows", "TargetDownAlloyWindows", "TargetDownWorkloadForgejo"}),
        besides=BUDGETS | {"AlertmanagerCannotNotify", "GatewayErrorBurst"},
    ),
)
# Made at the same time: none of them hides what another one tells.
TOGETHER = (FAULTS[:6], FAULTS[6:7], FAULTS[7:8], FAULTS[8:])
