"""Alert files say nothing that the model says: no port and no path of its own stands in a command."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from model.alert import Command
from model.catalogue import CatalogueFile
from model.cni import Cni
from model.gateway import GatewayPorts
from model.monitoring import Monitoring
from model.stateful import DATA


def commands(file: CatalogueFile) -> Iterator[Command]:
    steps = (*file.alert.first_step.values(), *file.alert.diagnosis, *file.alert.remedy)
    return (step.run for step in steps if step.run)


def ports(model: BaseModel) -> set[str]:
    """Every port that a model has, at any depth."""
    found = set()
    for name, value in model:
        if isinstance(value, BaseModel):
            found |= ports(value)
        elif isinstance(value, int) and (name.endswith("port") or isinstance(model, GatewayPorts)):
            found.add(str(value))
    return found


PORTS = ports(Monitoring()) | ports(GatewayPorts())
PATHS = {DATA, *(value for _, value in Cni() if isinstance(value, str))}


def test_the_model_has_the_ports_that_we_look_for() -> None:
    assert {"80", "443", "3000", "3100", "8080", "9090", "9093", "9096", "9145", "9146", "9182", "12346"} <= PORTS
    assert {"/var/log/flatnet/cni.log", "flatnet-br0", "/var/lib/flatnet-ops"} <= PATHS


def test_no_command_repeats_a_port_or_a_path_of_the_model(catalogue: tuple[CatalogueFile, ...]) -> None:
    found = [(file.alert.alert, command.command) for file in catalogue for command in commands(file)]
    assert len(found) > 100
    for name, command in found:
        numbers = set(re.findall(r"(?<![\w.])\d+(?![\w.])", command))
        assert not numbers & PORTS, f"{name} repeats a port of the model: {command}"
        assert not [path for path in PATHS if path in command], f"{name} repeats a path of the model: {command}"


@pytest.mark.parametrize("drive", [r"F:\flatnet", "F:/flatnet", "/mnt/f/"])
def test_no_command_knows_the_drive_of_a_host(drive: str, catalogue: tuple[CatalogueFile, ...]) -> None:
    assert not [c.command for file in catalogue for c in commands(file) if drive in c.command]


def test_a_command_does_not_wait_for_a_key(catalogue: tuple[CatalogueFile, ...]) -> None:
    """systemctl and journalctl open a pager on a terminal, in which a tired person is caught."""
    for file in catalogue:
        for command in (command.command for command in commands(file)):
            for part in re.split(r";|&&", command):
                pages = re.match(r"\s*(systemctl (status|list-)|journalctl)", part) and "|" not in part
                quiet = "--no-pager" in part or "--vacuum" in part
                assert not pages or quiet, f"{file.alert.alert}: {part}"
