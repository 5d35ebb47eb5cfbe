"""Small file systems in the place of folders of a host, which a test fills and empties."""

from __future__ import annotations

from tests.acceptance.scratch_host import ScratchHost

# Every block but none of the inodes: what is full on hosts is the former.
_FILL = 'dd if=/dev/zero of="$1/filler" bs=64k 2>/dev/null; dd if=/dev/zero of="$1/filler.rest" bs=1 2>/dev/null; true'
_MOUNT = """
owner=$(stat -c 'uid=%u,gid=%g,mode=%a' "$1")
mkdir -p /run/moved && cp -a "$1/." /run/moved/
mount -t tmpfs -o "size=$2m,$owner" none "$1"
cp -a /run/moved/. "$1/" && rm -r /run/moved
"""


def mount(host: ScratchHost, folder: str, megabytes: int) -> None:
    """Put a small file system in the place of a folder, with its owner, its mode and what was in it."""
    host.run(["sh", "-ec", _MOUNT, "sh", folder, str(megabytes)])


def fill(host: ScratchHost, folder: str) -> None:
    """Leave no byte of room."""
    host.run(["sh", "-c", _FILL, "sh", folder])
    room = int(host.run(["stat", "--file-system", "--format=%a", folder]).stdout)
    assert room == 0, f"{folder} has still room for {room} blocks"


def make_room(host: ScratchHost, folder: str) -> None:
    """Take away what filled it."""
    host.run(["sh", "-c", 'rm -f "$1/filler" "$1/filler.rest"', "sh", folder])
