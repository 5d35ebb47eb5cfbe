"""Cmdlets that our scripts call: interpreter, what the pipeline brings, words, named parameters → output."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.powershell.dotnet import Client, FileInfo, Mail, Stream, Zip
from tests.powershell.values import Record, io_failure, truth

if TYPE_CHECKING:
    from tests.powershell.language import Interpreter


_ENCODINGS = {"UTF8": "utf-8-sig", "Unicode": "utf-16"}


def _machine(shell: Interpreter) -> Any:
    return shell.machine


def _new_object(shell: Interpreter, _inputs: list[Any], words: list[Any], _named: dict[str, Any]) -> list[Any]:
    machine: Any = shell.machine
    kind, arguments = words[0], words[1] if len(words) > 1 else []
    makers: dict[str, Callable[..., Any]] = {
        "System.Text.UTF8Encoding": lambda mark: "utf-8 with a mark" if mark else "utf-8 without a mark",
        "System.IO.FileInfo": lambda path: FileInfo(machine.here(path)),
        "System.IO.Compression.GZipStream": lambda stream, _mode, _open: Stream(
            machine, gzip.GzipFile(fileobj=stream.file, mode="wb")
        ),
        "System.IO.Compression.ZipArchive": lambda stream, mode, _open: Zip(stream.file, mode),
        "System.Net.Mail.MailMessage": Mail,
        "System.Net.Mail.MailAddress": str,
        "System.Net.Mail.SmtpClient": lambda host, port: Client(machine.mails, host, port),
        "System.Net.NetworkCredential": lambda user, password: (user, password),
    }
    return [(machine.classes.get(kind) or makers[kind])(*arguments)]


def _objects(value: Any) -> Any:
    if isinstance(value, dict):
        return Record({key: _objects(item) for key, item in value.items()})
    return [_objects(item) for item in value] if isinstance(value, list) else value


def _get_item(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    try:
        links = _machine(shell).here(named["literalpath"]).stat().st_nlink
    except OSError as error:
        raise io_failure(error) from None
    return [Record(LinkType="HardLink" if links > 1 else None)]


def _new_item(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    assert named["itemtype"] == "HardLink"
    machine = _machine(shell)
    machine.point(f"before {named['path']} is linked")
    try:
        machine.here(named["path"]).hardlink_to(machine.here(named["value"]))
    except OSError as error:
        raise io_failure(error) from None
    machine.point(f"after {named['path']} was linked")
    return [Record(Name=named["path"])]


def _get_process(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    machine = _machine(shell)
    if "name" in named:
        found = machine.processes(named["name"])
        return [Record(Id=number, Path=path, StartTime=machine.started(number)) for number, path in found]
    name = machine.process_name(int(named["id"]))
    return [Record(ProcessName=name)] if name else []


def _get_content(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    text = _machine(shell).here(named["literalpath"]).read_text(encoding=_ENCODINGS[named["encoding"]])
    return [text] if named.get("raw") else text.splitlines()


def _set_content(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    text = "".join(f"{line}\r\n" for line in named["value"])
    _machine(shell).here(named["literalpath"]).write_text(text, encoding=_ENCODINGS[named["encoding"]], newline="")
    return []


def _remove_item(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    _machine(shell).here(named["literalpath"]).unlink()
    return []


def _get_file_hash(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    try:
        data = named["inputstream"].read() if "inputstream" in named else _read(shell, named["literalpath"])
    except OSError as error:
        raise io_failure(error) from None
    return [Record(Hash=hashlib.sha256(data).hexdigest().upper())]


def _read(shell: Interpreter, path: str) -> bytes:
    content: bytes = _machine(shell).here(path).read_bytes()
    return content


def _write_event_log(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    assert named["source"] == "Flatnet Ops"
    _machine(shell).events.append((named["entrytype"], named["message"]))
    return []


def _invoke_web_request(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    assert _machine(shell).web is not None
    return [_machine(shell).web(named)]


def _start_sleep(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    _machine(shell).sleep(named["milliseconds"] / 1000)
    return []


def _stop_process(shell: Interpreter, _inputs: list[Any], _words: list[Any], named: dict[str, Any]) -> list[Any]:
    assert named["force"]
    _machine(shell).end_process(int(named["id"]))
    return []


CMDLETS: dict[str, Callable[..., list[Any]]] = {
    "Add-Type": lambda *_: [],
    "ConvertFrom-Json": lambda _shell, inputs, *_: [_objects(json.loads(inputs[0]))],
    "ConvertTo-Json": lambda _shell, _inputs, words, _named: [json.dumps(words[0], ensure_ascii=False)],
    "ForEach-Object": lambda shell, inputs, words, _: [out for item in inputs for out in shell.each(words[0], item)],
    "Get-Content": _get_content,
    "Get-FileHash": _get_file_hash,
    "Get-Item": _get_item,
    "Get-Process": _get_process,
    "Invoke-WebRequest": _invoke_web_request,
    "Join-Path": lambda _shell, _inputs, words, _named: [f"{words[0]}\\{words[1]}"],
    "New-Item": _new_item,
    "New-Object": _new_object,
    "Remove-Item": _remove_item,
    "Set-Content": _set_content,
    "Set-StrictMode": lambda *_: [],
    "Sort-Object": lambda _shell, inputs, _words, named: sorted(inputs, key=lambda item: item[named["property"]]),
    "Start-Sleep": _start_sleep,
    "Stop-Process": _stop_process,
    "Where-Object": lambda shell, inputs, words, _: [item for item in inputs if truth(shell.each(words[0], item))],
    "Write-EventLog": _write_event_log,
    "Write-Warning": lambda *_: [],
}
