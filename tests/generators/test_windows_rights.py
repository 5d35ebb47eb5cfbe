"""Who writes what on Windows: nobody but administrators what runs there, and everything that writes may."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import ROOT
from tests.powershell.windows import ACCOUNT_SID, Windows

SERVICE = "S-1-5-19"
MODIFY = "0x1301bf"
# What Flatnet, programs and people bring beside what is rendered.
BROUGHT = (
    "anything.exe",
    "config/conf.d/api.conf",
    "config/lualib/flatnet/sync.lua",
    "config/nginx.conf",
    "openresty/lualib/cjson.so",
    "openresty/nginx.exe",
    "ops/alloy/config.alloy",
    "ops/gateway/flatnet-gateway.exe",
    "ops/secrets/some",
)
RENDERED = sorted(path for path in (ROOT / "rendered").glob("*/*/windows") if path.is_dir())


def flatnet_of(windows: Path) -> Path:
    """Where Flatnet's folder lies in a rendered tree."""
    (settings,) = windows.glob("*/*/ops/settings.json")
    return settings.parent.parent


class Rights:
    """Who may change what on a host, as `prepare.ps1` has set it."""

    def __init__(self, windows: Path, root: Path) -> None:
        self.rendered, flatnet = windows, flatnet_of(windows)
        self.drive, self.name = f"{flatnet.parent.name.upper()}:", flatnet.name
        shutil.copytree(flatnet, root / self.drive / self.name)
        self.machine = Windows(root)
        for path in BROUGHT:
            place = root / self.drive / self.name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        # Whoever unpacked or copied a file may have left rights of its own to it.
        files = (path for path in (root / self.drive / self.name).rglob("*") if path.is_file())
        self.own = {self.machine.windows(path) for path in files}
        self.machine.programs["icacls.exe"] = self._icacls
        assert self.machine.run_script(root / self.drive / self.name / "ops/prepare.ps1") == 0
        self.folder = rf"{self.drive}\{self.name}"

    def _icacls(self, words: list[str]) -> int:
        if words[1] == "/reset":
            assert words[2:] == ["/T", "/Q"]
            self.own = {path for path in self.own if path != words[0] and not path.startswith(words[0] + "\\")}
        return 0

    def innermost(self, path: str) -> str:
        """The rights that hold for a path."""
        held = [place for place in self.machine.rights if path == place or path.startswith(place + "\\")]
        assert held, f"{path} lies in no folder whose rights are set"
        return self.machine.rights[max(held, key=len)]

    def writers(self, path: str) -> set[str]:
        """Ids of those who may change a path, beside the system and Administrators."""
        entries = re.findall(r"\(A;OICI;([^;]*);;;([^)]*)\)", self.innermost(path))
        return {who for may, who in entries if may not in {"0x1200a9"} and who not in {"SY", "BA"}}

    def read(self, end: str) -> str:
        return (self.machine.root / self.drive / self.name / end).read_text(encoding="utf-8-sig")

    def windows(self, path: str) -> str:
        return path.replace("/", "\\")


@pytest.fixture(params=RENDERED, ids=lambda path: path.parent.name)
def rights(request: pytest.FixtureRequest, tmp_path: Path) -> Rights:
    return Rights(request.param, tmp_path)


def test_folders_take_nothing_from_above_and_belong_to_administrators(rights: Rights) -> None:
    assert rights.folder in rights.machine.rights
    for path, sddl in rights.machine.rights.items():
        assert sddl.startswith("O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"), path
        assert set(re.findall(r"OICI;([^;]*);", sddl)) <= {"FA", MODIFY, "0x1200a9"}, path
    assert ["icacls.exe", rights.folder, "/setowner", "*S-1-5-32-544", "/T", "/Q"] in rights.machine.ran


def test_no_file_keeps_rights_of_its_own_but_secrets(rights: Rights) -> None:
    """A right that somebody had to a file would outlast the rights of its folder."""
    assert {path.removeprefix(rights.folder) for path in rights.own} == {r"\ops\secrets\some", r"\anything.exe"}


def test_a_folder_that_windows_refuses_is_told(tmp_path: Path) -> None:
    rights = Rights(RENDERED[0], tmp_path)
    rights.machine.programs["icacls.exe"] = lambda _: 5
    with pytest.raises(Exception, match=r"icacls /setowner .* ended with 5"):
        rights.machine.run_script(tmp_path / rights.drive / rights.name / "ops/prepare.ps1")


def test_nobody_but_administrators_changes_what_runs_or_is_read_by_what_runs(rights: Rights) -> None:
    """Every rendered file, what they call, and what Flatnet brings beside them."""
    start = flatnet_of(rights.rendered)
    rendered = [path.relative_to(start) for path in start.rglob("*") if path.is_file()]
    assert len(rendered) > 40
    for path in (*rendered, *map(Path, BROUGHT)):
        assert rights.writers(rights.windows(f"{rights.folder}/{path}")) == set(), path


# --- what writes as LocalService: nginx, our Lua in it, the service, scheduled tasks ---


def nginx_writes(rights: Rights) -> Iterator[str]:
    """Files of the rendered configuration, and those that nginx has compiled in."""
    for conf in (rights.machine.root / rights.drive).rglob("*.conf"):
        for name in re.findall(r"^\s*(?:access_log|error_log|pid)\s+([^\s;]+)", conf.read_text("utf-8"), re.MULTILINE):
            if name != "off":
                yield name.strip('"')
    for name in (
        "logs/error.log",
        *(f"temp/{kind}_temp/1" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")),
    ):
        yield f"{rights.folder}/openresty/{name}"


def lua_writes(rights: Rights) -> Iterator[str]:
    """Files of the settings that are named where our Lua replaces one."""
    texts = [path.read_text("utf-8") for path in (rights.machine.root / rights.drive).rglob("*.lua")]
    writing = [text for text in texts if "= files.replace(" in text]
    keys = {key for text in writing for key in re.findall(r"settings\.files\.(\w+)", text)}
    assert keys
    settings = rights.read("config/lualib/flatnet_ops/settings.lua")
    for key in keys:
        yield re.findall(rf"\b{key}(?:\"\])? = \"([^\"]+)\"", settings)[0]


def test_the_gateway_may_write_what_it_writes(rights: Rights) -> None:
    service = ET.fromstring(rights.read("ops/gateway/flatnet-gateway.xml"))  # noqa: S314 - our own file
    log = service.findtext("logpath")
    assert (service.findtext("serviceaccount/user"), log is not None) == ("LocalService", True)
    written = [*nginx_writes(rights), *lua_writes(rights), f"{log}\\flatnet-gateway.out.log"]
    assert len(written) > 8
    for path in written:
        assert SERVICE in rights.writers(rights.windows(path)), path


def tasks(rights: Rights) -> dict[str, str]:
    """The account of each scheduled task."""
    found = {}
    for path in (rights.machine.root / rights.drive).rglob("tasks/*.xml"):
        text = path.read_bytes().decode("utf-16")
        found[path.stem] = re.findall(r"<UserId>([^<]+)</UserId>\s*(?:<LogonType>|<RunLevel>)", text)[0]
    return found


def test_each_task_may_write_what_its_script_writes(rights: Rights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every script is run where it has something to do, and the folders of what has changed are looked at."""
    root, ops = rights.machine.root, rights.machine.root / rights.drive / rights.name / "ops"
    settings = json.loads((ops / "settings.json").read_text(encoding="utf-8"))
    here = rights.machine.here
    here(settings["certificate"]["file"]).write_text("a certificate", encoding="utf-8")
    for log in settings["rotation"]["logs"]:
        here(log["path"]).write_text("a line\n", encoding="utf-8")
        here(f"{log['path']}-20260101T000000Z").write_text("old\n", encoding="utf-8")
        here(f"{log['path']}-20260102T000000Z").write_text("less old\n", encoding="utf-8")
    if settings["heartbeat"]:
        settings["heartbeat"].update(watched=[], slack=None, mail=None)
        (ops / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    ran = set()
    for task, account in tasks(rights).items():
        if task == "keep-alive":  # wsl.exe: what runs in WSL is looked at below
            continue
        before = _files(root)
        code = rights.machine.run_script(ops / f"{task}.ps1")
        changed = {path for path, facts in (_files(root).items() ^ before.items())}
        ran.add(task)
        if account == "S-1-5-18":
            assert (code, changed) == (1, set())  # the system writes nothing where others write
            continue
        assert account == SERVICE, task
        assert (code, bool(changed)) == (0, True), (task, rights.machine.events)
        for path in changed:
            assert SERVICE in rights.writers(rights.machine.windows(path)), (task, path)
    assert {"rotate-logs", "save-configuration", "watch-certificate"} <= ran


def _files(root: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


# --- what runs in WSL writes to the drives as the account that owns it ---


def wsl_texts(rights: Rights) -> dict[str, str]:
    etc = rights.rendered.parent / "wsl/etc"
    return {str(path.relative_to(etc)): path.read_text("utf-8") for path in etc.rglob("*") if path.is_file()}


def on_windows(rights: Rights, path: str) -> str:
    return re.sub(r"^/mnt/([a-z])/", lambda found: f"{found[1].upper()}:/", path).replace("/", "\\")


def wsl_writes(rights: Rights) -> Iterator[str]:
    """What a unit or a container may write on a drive, and what the writer of addresses does."""
    for name, text in wsl_texts(rights).items():
        for line in re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE):
            yield from (word for word in line.split() if word.startswith("/mnt/"))
        yield from re.findall(r"^Volume=(/mnt/[^:\s]+):[^:\s]+$", text, re.MULTILINE)
        if name.endswith("cni.json"):
            yield from (value for value in json.loads(text).values() if str(value).startswith("/mnt/"))


def test_what_runs_in_wsl_may_write_what_it_writes_and_read_what_it_reads(rights: Rights) -> None:
    flatnet = f"/mnt/{rights.drive[0].lower()}/{rights.name}/"
    written = [path for path in wsl_writes(rights) if path.startswith(flatnet)]
    assert len(written) >= 2  # certificates, addresses
    for path in written:
        assert ACCOUNT_SID in rights.writers(on_windows(rights, path)), path
    named = {path for text in wsl_texts(rights).values() for path in re.findall(rf"{flatnet}[\w./-]+", text)}
    assert named > set(written)
    for path in named:
        entries = rights.innermost(on_windows(rights, path))
        assert ACCOUNT_SID in entries or "S-1-5-32-545" in entries, path


def test_every_grant_to_write_is_used(rights: Rights) -> None:
    """By WSL nothing else is written: a folder that it need not write is not open to it."""
    open_to_wsl = {path for path, sddl in rights.machine.rights.items() if f"{MODIFY};;;{ACCOUNT_SID}" in sddl}
    used = {on_windows(rights, path) for path in wsl_writes(rights)}
    assert all(any(one == path or one.startswith(path + "\\") for one in used) for path in open_to_wsl)
    assert open_to_wsl
