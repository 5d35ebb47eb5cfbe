"""Networks, accounts and the firewall."""

from typing import Annotated, Literal

from pydantic import Field

from model.base import Model, Named, NamedModel
from model.forms import Several
from model.types import AccountName, Cidr, Name, Port, SecretRef


class Account(NamedModel):
    """A person or a program that logs in at the Gateway."""

    role: Literal["admin", "editor", "viewer"] = Field(description="role in Grafana")


class FirewallRule(NamedModel):
    """A port of Windows that is open to some networks, beside what follows from the Gateway."""

    port: Port
    protocol: Literal["tcp", "udp"] = "tcp"
    networks: Several[Name] = Field(min_length=1)


class Security(Model):
    """Who may reach what."""

    networks: dict[Name, Annotated[Several[Cidr], Field(min_length=1)]] = Field(description="networks by name")
    admin_networks: Several[Name] = Field(min_length=1, description="networks of administrators")
    accounts: Named[AccountName, Account] = {}
    password_file: SecretRef = Field(
        "gateway-users",
        description="user names and apr1 hashes (`openssl passwd -apr1`), for the Gateway: the strongest that nginx "
        "for Windows can check; bcrypt it cannot",
    )
    firewall: Named[Name, FirewallRule] = {}
    certificate_authority: SecretRef = Field(
        "ca-certificate", description="certificate of the CA that signs the Gateway's"
    )


class RemoteAccess(Model):
    """Members who come in by the company's VPN."""

    networks: Several[Name] = Field(min_length=1, description="VPN networks (security.networks)")
    authentication: bool = Field(True, description="whoever comes from there logs in at the Gateway")
