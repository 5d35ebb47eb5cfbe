"""The CNI plugin, its address state, and what watches it."""

from __future__ import annotations

from pydantic import Field

from model.base import Model
from model.types import LinuxPath


class Cni(Model):
    """The plugin `flatnet` and its observing collector."""

    bridge: str = Field("flatnet-br0", pattern=r"^[a-z][a-z0-9-]{0,14}$", description="bridge of the containers")
    mtu: int = Field(1500, ge=1280, le=9000)
    conflist: LinuxPath = "/etc/cni/net.d/flatnet.conflist"
    binary: LinuxPath = "/opt/cni/bin/flatnet"
    allocations: LinuxPath = "/var/lib/flatnet/ipam/allocations.json"
    log: LinuxPath = Field("/var/log/flatnet/cni.log", description="one JSON line for each operation")
    observe: bool = Field(True, description="run the plugin through the observing shim, the only complete record")
    register_with_gateways: bool = Field(True, description="registerEnabled: tell the Gateways of new containers")

    @property
    def lock(self) -> str:
        """The plugin's lock, which lies beside the addresses."""
        return self.allocations.rsplit("/", 1)[0] + "/.lock"
