"""The monitoring stack: images, ports, limits, intervals. It runs on one host, on loopback."""

from collections.abc import Container
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from model.base import Model, WithUsual, usual
from model.forms import fault
from model.types import Duration, ImageRef, Port, SecretRef, Size, Space, UrlFolder, Version
from model.values import DurationValue, ImageValue, SizeValue


def _interval(value: DurationValue) -> DurationValue:
    # Rates are taken over 5 minutes, which must hold four samples.
    if not DurationValue(5) <= value <= DurationValue(60):
        raise fault("range", "alerts and dashboards take rates over 5 minutes; write 5s to 1m")
    return value


# How often Loki judges alerts on logs, and the least span of lines that one of them looks at.
LOGS_EVERY = DurationValue(60)

Interval = Annotated[Duration, AfterValidator(_interval)]

# How often Alertmanager writes down silences and what it has told. What kills it costs at most so much of both.
ALERTMANAGER_SAVES_EVERY = DurationValue(60)
# What Prometheus waits, after its start, before an alert that was about to fire fires.
GRACE_AFTER_RESTART = DurationValue(60)


class Service(Model):
    """One program of the stack, in its container."""

    image: ImageRef
    port: Port
    memory: Size
    cpus: float = Field(gt=0, le=64)
    disk: Space = Field(SizeValue(0), description="how large its data may grow; 0GB: it keeps none")


def _service(image: str, port: int, memory: int, cpus: float, disk: int = 0) -> Service:
    sizes = {"memory": SizeValue(memory << 20), "disk": SizeValue(disk << 30)}
    return usual(Service, image=ImageValue.parse(image), port=port, cpus=cpus, **sizes)


class Monitoring(WithUsual):
    """Versions, ports and sizes of the stack. The sizes are those of the planning table."""

    profile: Literal["standalone"] = "standalone"
    scrape_interval: Interval = DurationValue(15)
    evaluation_interval: Interval = DurationValue(15)
    prometheus: Service = _service("docker.io/prom/prometheus:v3.16.0", 9090, 512, 0.5, 10)
    alertmanager: Service = _service("docker.io/prom/alertmanager:v0.34.2", 9093, 64, 0.1, 1)
    grafana: Service = _service("docker.io/grafana/grafana:13.2.3", 3000, 256, 0.5, 1)
    loki: Service = _service("docker.io/grafana/loki:3.7.8", 3100, 512, 0.5, 20)
    alloy: Service = _service("docker.io/grafana/alloy:v1.19.0", 12345, 256, 0.3, 1)
    blackbox_exporter: Service = _service("docker.io/prom/blackbox-exporter:v0.28.0", 9115, 64, 0.1)
    node_exporter: Service = _service("docker.io/prom/node-exporter:v1.12.1", 9100, 32, 0.1)
    cni_exporter: Service = _service("docker.io/prom/node-exporter:v1.12.1", 9146, 32, 0.1)
    podman_exporter: Service = _service("quay.io/navidys/prometheus-podman-exporter:v1.10.1", 9882, 64, 0.1)
    loki_grpc_port: Port = 9096
    windows_exporter_port: Port = Field(9182, description="windows_exporter, on the loopback of Windows")
    windows_alloy_port: Port = Field(
        12346, description="Alloy on Windows; another one than WSL's, since both share their loopback"
    )
    windows_exporter_version: Version = "0.31.8"
    restic_version: Version = "0.19.1"
    winsw_version: Version = "2.12.0"
    grafana_path: UrlFolder = Field("/grafana/", description="path at the Gateway under which Grafana is served")
    grafana_admin: SecretRef = Field("grafana-admin-password", description="password of the account admin")
    grafana_key: SecretRef = Field("grafana-secret-key", description="key with which Grafana encrypts what it stores")

    @property
    def apart(self) -> DurationValue:
        """How far apart alerts of one cause may begin or end: each is measured and judged at its own moments."""
        return DurationValue(self.scrape_interval.seconds + self.evaluation_interval.seconds)

    @property
    def outlives(self) -> DurationValue:
        """For how long a cause is kept firing, so that its effects are over before it is."""
        return DurationValue(self.apart.seconds + self.evaluation_interval.seconds)

    @property
    def services(self) -> dict[str, Service]:
        """Every program of the stack by name."""
        return {name: value for name, value in self if isinstance(value, Service)}

    def services_on(self, roles: Container[str]) -> dict[str, Service]:
        """The programs that a host with these roles runs: every host has a collector and an exporter."""
        groups: dict[str, tuple[str, ...]] = {
            "monitoring": ("alertmanager", "blackbox_exporter", "grafana", "loki", "prometheus"),
            "containers": ("cni_exporter", "podman_exporter"),
        }
        wanted = {
            "alloy",
            "node_exporter",
            *(name for role, names in groups.items() if role in roles for name in names),
        }
        return {name: service for name, service in self.services.items() if name in wanted}
