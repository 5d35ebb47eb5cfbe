"""The CNI plugin, its address state, and what watches it."""

from typing import Annotated

from pydantic import AfterValidator, Field

from model.base import Model
from model.forms import fault
from model.types import Interface, LinuxPath

NETWORK = "flatnet"
"""Name of the network in the conflist; containers join it by this name."""

SHIM = "flatnet-observed"

DURATION_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds: a usual ADD takes some hundredths; one that waits for a Gateway in vain takes 5."""


def _no_shim(path: str) -> str:
    if path.rsplit("/", 1)[1] == SHIM:
        raise fault("binary", f"`{SHIM}` is the name of the observing shim; write the plugin's own path")
    return path


class Cni(Model):
    """The plugin `flatnet` and its observing collector."""

    bridge: Interface = Field("flatnet-br0", description="bridge of the containers")
    mtu: int = Field(1500, ge=1280, le=9000)
    conflist: LinuxPath = "/etc/cni/net.d/flatnet.conflist"
    binary: Annotated[LinuxPath, AfterValidator(_no_shim)] = "/opt/cni/bin/flatnet"
    allocations: LinuxPath = "/var/lib/flatnet/ipam/allocations.json"
    log: LinuxPath = Field("/var/log/flatnet/cni.log", description="one JSON line for each operation")
    observe: bool = Field(True, description="run the plugin through the observing shim, the only complete record")
    register_with_gateways: bool | None = Field(
        None, description="registryEnabled: tell the Gateways of new containers; the default is: on several hosts"
    )

    @property
    def lock(self) -> str:
        """The plugin's lock, which lies beside the addresses."""
        return f"{folder_of(self.allocations)}/.lock"

    @property
    def shim(self) -> str:
        """Where the observing shim lies: beside the plugin, where Podman looks for plugins."""
        return f"{folder_of(self.binary)}/{SHIM}"

    @property
    def entry(self) -> str:
        """What Podman starts: the shim, or the plugin itself. Its name is the `type` of the conflist."""
        return self.shim if self.observe else self.binary


def folder_of(path: str) -> str:
    """The folder of a file."""
    return path.rsplit("/", 1)[0]
