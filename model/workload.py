"""A container that Flatnet exists for."""

from typing import Annotated, Literal

from pydantic import Field

from model.base import Model, Named, NamedModel
from model.forms import Several
from model.types import (
    Duration,
    HostName,
    ImageRef,
    LinuxPath,
    Name,
    Port,
    SecretRef,
    Size,
    Text,
    UrlPath,
    VariableName,
)
from model.values import DurationValue


class Volume(NamedModel):
    """A Podman volume of a workload."""

    path: LinuxPath = Field(description="where the container sees it")
    disk: Size = Field(description="how large it may grow")
    backup: bool = True
    reason: Text | None = Field(None, description="why it is not backed up")

    @property
    def folder(self) -> str:
        """Where Podman keeps it on the host."""
        return f"/var/lib/containers/storage/volumes/{self.name}/_data"


class Health(Model):
    """How Podman sees that the container is well."""

    command: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        min_length=2, description="program and arguments, run without a shell"
    )
    interval: Duration = DurationValue(30)


class WorkloadMetrics(Model):
    """Metrics of the workload itself, scraped through its site."""

    site: Name
    path: UrlPath = "/metrics"
    token: SecretRef | None = Field(None, description="bearer token that the workload asks for")


class Workload(NamedModel):
    """One container on the Flatnet network."""

    host: HostName
    image: ImageRef
    ports: Several[Port] = Field(min_length=1, description="ports that it listens on")
    memory: Size = Field(description="limit of its memory")
    cpus: float = Field(gt=0, le=64, description="limit of its processors")
    environment: dict[VariableName, Text] = Field({}, description="environment variables; secrets never")
    volumes: Named[Name, Volume] = {}
    log_driver: Literal["journald", "k8s-file"] = "journald"
    health: Health | None = Field(None, description="how Podman sees that it is well; not set: it does not look")
    metrics: WorkloadMetrics | None = Field(
        None, description="metrics of its own; not set: only what Podman tells of it is known"
    )
