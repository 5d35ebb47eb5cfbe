"""What is backed up, where, and how it is proved."""

from datetime import time
from typing import Self

from pydantic import Field, model_validator

from model.base import Model
from model.forms import fault
from model.types import Bucket, Clock, DnsName, Duration, LinuxPath, LinuxUser, Name, Port, SecretRef, Text
from model.values import DurationValue


class S3(Model):
    """A bucket of an S3 service."""

    endpoint: DnsName
    port: Port = 443
    bucket: Bucket
    key_id: SecretRef = "s3-key-id"
    key: SecretRef = "s3-key"


class Sftp(Model):
    """A folder of an SSH server."""

    host: DnsName
    port: Port = 22
    user: LinuxUser
    path: LinuxPath
    key: SecretRef = "sftp-key"
    known_hosts: SecretRef = Field("sftp-known-hosts", description="the server's host key, in known_hosts form")


class Repository(Model):
    """Where snapshots lie: one of path, s3, sftp."""

    path: LinuxPath | None = Field(None, description="a folder on another disk than the VHDX, such as /mnt/e/backup")
    s3: S3 | None = Field(None, description="a bucket of an S3 service, instead of `path` or `sftp`")
    sftp: Sftp | None = Field(None, description="a folder of an SSH server, instead of `path` or `s3`")

    @property
    def mount(self) -> str | None:
        """Where the drive of `path` is mounted: a folder below an unmounted one would lie on the VHDX."""
        return "/".join(self.path.split("/")[:3]) if self.path else None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(way is not None for way in (self.path, self.s3, self.sftp)) != 1:
            raise fault("repository", "write exactly one of path, s3 and sftp")
        return self


class Backups(Model):
    """Daily restic snapshots of every stateful part. What is stateful follows from workloads and stack."""

    repository: Repository
    password: SecretRef = "restic-password"
    at: Clock = Field(time(2, 30), description="time of day of the backup")
    drill_every: Duration = Field(DurationValue(7 * 86400), description="how often a restore is proved; 1d to 30d")
    exclude: dict[Name, Text] = Field(
        {}, description="stateful parts of the stack that are not backed up, each with the reason"
    )
