"""A machine: Windows 11 with one WSL distribution."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from pydantic import Field

from model.base import Model, NamedModel
from model.forms import Several
from model.types import AccountName, Address, Cidr, Distribution, Drive, Size, WindowsPath
from model.values import SizeValue, WindowsPathValue

NEBULA_INTERFACE = "nebula1"  # what Flatnet calls the interface of Nebula on Windows
POWERSHELL_RUNS = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File"
Role = Literal["gateway", "containers", "monitoring"]
FORWARDED_PORTS = 1000
"""How many ports of loopback are kept for containers under mirrored networking."""


class Windows(Model):
    """The Windows side of a host."""

    folder: WindowsPath = Field(description=r"folder of Flatnet, such as F:\flatnet")
    account: AccountName = Field(description="Windows account that owns the WSL distribution")
    system_drive: Literal["C", "D"] = Field("C", description="drive of Windows itself")
    vhdx_drive: Drive = Field("C", description="drive that holds the distribution's VHDX")

    @property
    def system(self) -> str:
        """Folder of the programs of Windows itself."""
        return f"{self.system_drive}:\\Windows\\System32"

    @property
    def powershell(self) -> str:
        """PowerShell 5.1, which is part of Windows."""
        return f"{self.system}\\WindowsPowerShell\\v1.0\\powershell.exe"

    @property
    def logs(self) -> WindowsPathValue:
        """Folder of the Gateway's log files."""
        return self.folder / "logs"

    @property
    def collected(self) -> WindowsPathValue:
        """Folder of the names under which the collector reads logs: each stays with its file when that is renamed."""
        return self.logs / "collected"

    @property
    def secrets(self) -> WindowsPathValue:
        """Folder of the secrets of Windows."""
        return self.ops / "secrets"

    @property
    def openresty(self) -> WindowsPathValue:
        """Folder of OpenResty: nginx's prefix."""
        return self.folder / "openresty"

    @property
    def certificates(self) -> WindowsPathValue:
        """Folder of the Gateway's certificate and key."""
        return self.config / "ssl"

    @property
    def config(self) -> WindowsPathValue:
        """Folder of the Gateway's configuration."""
        return self.folder / "config"

    @property
    def ops(self) -> WindowsPathValue:
        """Folder of what is ours: scripts, tasks, secrets, state."""
        return self.folder / "ops"

    @property
    def textfiles(self) -> WindowsPathValue:
        """Folder from which windows_exporter reads metrics of scripts."""
        return self.ops / "textfile"

    @property
    def from_wsl(self) -> WindowsPathValue:
        """Folder of what WSL tells Windows; the one folder of `ops` that the account of WSL writes."""
        return self.ops / "from-wsl"

    @property
    def upstreams(self) -> WindowsPathValue:
        """File in which the Gateway finds the address of each port of a container."""
        return self.from_wsl / "upstreams.json"

    @property
    def wsl_address(self) -> WindowsPathValue:
        """File with the address of WSL, under nat: where the route to the containers leads."""
        return self.from_wsl / "wsl-address"

    @property
    def heartbeat(self) -> WindowsPathValue:
        """File in which the Gateway keeps the time of Alertmanager's last heartbeat: Unix seconds, one line."""
        return self.ops / "dead-mans-switch/heartbeat"


class Wsl(Model):
    """The WSL side of a host."""

    distribution: Distribution = Field("Ubuntu-24.04", description="name of the WSL distribution")
    networking: Literal["nat", "mirrored"] = Field(description="networkingMode of .wslconfig")
    range: Cidr = Field(
        IPv4Network("172.16.0.0/12"),
        description="under nat: the range that WSL takes its addresses from; the Gateway's metrics admit it alone",
    )
    forwarded_ports: int = Field(
        20000,
        ge=1024,
        le=65536 - FORWARDED_PORTS,
        description="mirrored: the first of the thousand ports of loopback at which the Gateway finds containers",
    )
    memory: Size = Field(description="memory of the WSL virtual machine (.wslconfig)")
    memory_reserve: Size = Field(
        SizeValue(1 << 30), description="memory kept free for Ubuntu, Podman and the page cache"
    )
    disk: Size = Field(
        description="how much of the VHDX the stack, the workloads and the restore of the largest of them may fill"
    )

    @property
    def backup_memory(self) -> SizeValue:
        """What a backup may take of the memory that is kept free: half of it."""
        return SizeValue(self.memory_reserve.bytes // 2)


class Host(NamedModel):
    """One machine of the deployment."""

    id: int = Field(ge=1, le=254, description="host-id of Flatnet; decides the container subnet on several hosts")
    lan_address: Address = Field(description="address on the company LAN")
    nebula_address: Address | None = Field(None, description="address in the Nebula overlay, on several hosts")
    roles: Several[Role] = Field(min_length=1, description="what the host is for")
    windows: Windows
    wsl: Wsl
    subnet: Cidr | None = Field(None, description="container subnet, where it is not the one that follows from the id")

    @property
    def windows_from_wsl(self) -> Address | None:
        """Where WSL reaches Windows: loopback when mirrored; under nat an address that changes at each start (None)."""
        return IPv4Address("127.0.0.1") if self.wsl.networking == "mirrored" else None


@dataclass(frozen=True)
class ContainerNetwork:
    """The addresses of one host's containers."""

    subnet: IPv4Network
    gateway: IPv4Address
    first: IPv4Address
    last: IPv4Address


def container_network(host: Host, *, several_hosts: bool) -> ContainerNetwork:
    """Subnet, gateway and pool: `10.87.1.0/24` from .2 on a single host, `10.100.<id>.0/24` from .10 on several."""
    usual = f"10.100.{host.id}.0/24" if several_hosts else "10.87.1.0/24"
    subnet = host.subnet or IPv4Network(usual)
    base = subnet.network_address
    return ContainerNetwork(subnet, base + 1, base + (10 if several_hosts else 2), subnet.broadcast_address - 1)
