"""The root: one deployment, as its team describes it."""

from pydantic import Field

from model.alerting import Alerting
from model.backups import Backups
from model.base import Model, Named, usual
from model.bilingual import Language
from model.calendar import Calendar
from model.cni import Cni
from model.gateway import Gateway, Site
from model.host import ContainerNetwork, Host, Role, container_network
from model.logs import Logs
from model.monitoring import Monitoring
from model.notifications import Notifications
from model.objective import Objective
from model.retention import Retention
from model.security import RemoteAccess, Security
from model.types import HostName, Name, Text
from model.workload import Workload


class Environment(Model):
    """A deployment of Flatnet. Its name is that of its folder."""

    extends: Name | None = Field(None, description="environment whose values are inherited")
    abstract: bool = Field(False, description="only to be inherited from: validated as far as it goes, never rendered")
    description: Text | None = Field(None, description="what the environment is, in one line")
    language: Language = Field(description="language of notifications, dashboards and reports")
    time: Calendar
    hosts: Named[HostName, Host] = Field(min_length=1, description="machines by name; never inherited")
    gateway: Gateway
    cni: Cni = usual(Cni)
    workloads: Named[Name, Workload] = Field({}, description="containers by name")
    monitoring: Monitoring = usual(Monitoring)
    logs: Logs = usual(Logs)
    retention: Retention = usual(Retention)
    notifications: Notifications
    alerts: Alerting = usual(Alerting)
    objectives: Named[Name, Objective] = {}
    backups: Backups
    security: Security
    remote_access: RemoteAccess | None = Field(
        None, description="members who come in by the company's VPN; not set: nobody does"
    )

    @property
    def several_hosts(self) -> bool:
        """Whether hosts are joined by Nebula."""
        return len(self.hosts) > 1

    @property
    def registers_containers(self) -> bool:
        """Whether the plugin tells a Gateway of new containers.

        On a single host the one Gateway needs no registry, and its API listens on the loopback of Windows, which WSL
        does not reach under nat.
        """
        wanted = self.cni.register_with_gateways
        return self.several_hosts if wanted is None else wanted

    @property
    def monitoring_host(self) -> Host:
        """The host that runs the stack."""
        return next(host for host in self.hosts.values() if "monitoring" in host.roles)

    def hosts_with(self, role: Role) -> tuple[Host, ...]:
        """Hosts that have a role, by name."""
        return tuple(host for _, host in sorted(self.hosts.items()) if role in host.roles)

    def container_network(self, host: Host) -> ContainerNetwork:
        """The addresses of a host's containers."""
        return container_network(host, several_hosts=self.several_hosts)

    def workloads_on(self, host: Host) -> tuple[Workload, ...]:
        """Workloads of a host, by name."""
        return tuple(load for _, load in sorted(self.workloads.items()) if load.host == host.name)

    def host_of_site(self, site: Site) -> Host:
        """The host whose Gateway serves a site: the one that runs its workload."""
        return self.hosts[self.workloads[site.upstream.workload].host]

    def sites_on(self, host: Host) -> tuple[Site, ...]:
        """Sites that a host's Gateway serves, by name."""
        return tuple(site for _, site in sorted(self.gateway.sites.items()) if self.host_of_site(site) == host)
