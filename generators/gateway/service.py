"""The Windows service: WinSW starts nginx, by a script, with Windows and again when it has failed."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from model.gateway import SERVICE, nginx_command
from model.host import POWERSHELL_RUNS, Host
from model.values import WindowsPathValue

RESTART = f"Restart-Service {SERVICE}"


def place(host: Host) -> WindowsPathValue:
    """WinSW reads the file that lies beside it and has its name."""
    return host.windows.ops / f"gateway/{SERVICE}.xml"


def wrapper(host: Host) -> str:
    """WinSW's description of the service.

    WinSW 2 takes the first element of a name, at whatever depth: no name stands twice. What runs before the program is
    part of the program: `prestart` came with WinSW 3.
    """
    root = ET.Element("service")
    program = (host.windows.openresty / "nginx.exe").backslashed
    account = ET.Element("serviceaccount")
    ET.SubElement(account, "domain").text = "NT AUTHORITY"
    ET.SubElement(account, "user").text = "LocalService"
    script = (host.windows.ops / "run-gateway.ps1").backslashed
    parts: list[tuple[str, str] | ET.Element] = [
        ("id", SERVICE),
        ("name", "Flatnet Gateway"),
        ("description", "The Gateway of Flatnet: nginx in front of the containers"),
        ("executable", host.windows.powershell),
        ("startarguments", f'{POWERSHELL_RUNS} "{script}"'),
        ("stopexecutable", program),
        ("stoparguments", f"{nginx_command(host)} -s quit"),
        ("workingdirectory", host.windows.openresty.backslashed),
        ("startmode", "Automatic"),
        account,
        ET.Element("onfailure", action="restart", delay="10 sec"),
        ("resetfailure", "1 hour"),
        ("logpath", host.windows.logs.backslashed),
    ]
    for part in parts:
        if isinstance(part, tuple):
            ET.SubElement(root, part[0]).text = part[1]
        else:
            root.append(part)
    log = ET.SubElement(root, "log", mode="roll-by-size")
    ET.SubElement(log, "sizeThreshold").text = "10240"  # KB
    ET.SubElement(log, "keepFiles").text = "4"
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"
