"""What goes wrong with backups, done to a host whose repository lies on a disk at /mnt/e; each is mended at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from model.stateful import BACKUP
from tests.acceptance.backup_host import PASSWORD, VOLUME, BackupHost

MOUNT = "/mnt/e"
REPOSITORY = f"{MOUNT}/flatnet-backup"
CNI = "/etc/cni/net.d"
FORGEJO = VOLUME.format("forgejo-data")
ROOMY = "4g"
BACKING_UP = "restic --retry-lock 30m backup"
# Root that may not read everything.
WEAK = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def plug_in(host: BackupHost) -> None:
    """Mount the disk."""
    host.host.run(["sh", "-c", f"mkdir -p {MOUNT} && mount -t tmpfs -o size={ROOMY} none {MOUNT}"])


def by_unit(host: BackupHost, name: str = "flatnet-backup", before: tuple[str, ...] = ()) -> str:
    """Do what the rendered service does, as systemd would; return what it said."""
    done = host.host.run([*before, *host.unit(name)], check=False, timeout=300)
    host.host.run(host.unit(name, "ExecStopPost"), check=False)
    return done.stdout + done.stderr


@contextmanager
def wrong_password(host: BackupHost) -> Iterator[None]:
    """Somebody has replaced the password."""
    host.host.run(["sh", "-c", f"mv {PASSWORD} /run/password && echo wrong >{PASSWORD}"])
    try:
        yield
    finally:
        host.host.run(["mv", "/run/password", PASSWORD])


@contextmanager
def drive_away(host: BackupHost) -> Iterator[None]:
    """The disk is unplugged."""
    host.host.run(["sh", "-c", f"mkdir -p /run/usb && mount --move {MOUNT} /run/usb"])
    try:
        yield
    finally:
        host.host.run(["mount", "--move", "/run/usb", MOUNT])


@contextmanager
def repository_away(host: BackupHost) -> Iterator[None]:
    """The disk is there and the repository is not on it."""
    host.host.run(["mv", REPOSITORY, f"{MOUNT}/away"])
    try:
        yield
    finally:
        host.host.run(["mv", f"{MOUNT}/away", REPOSITORY])


@contextmanager
def unreadable(host: BackupHost, path: str) -> Iterator[None]:
    """A file that nobody may read; who is to notice runs behind WEAK."""
    host.host.run(["chmod", "000", path])
    try:
        yield
    finally:
        host.host.run(["chmod", "644", path])


@contextmanager
def full(host: BackupHost, leave: int) -> Iterator[None]:
    """The disk has so many bytes left."""
    used = int(host.host.run(["df", "--output=used", "-B1", MOUNT]).stdout.split()[-1])
    host.host.run(["mount", "-o", f"remount,size={used + leave}", MOUNT])
    try:
        yield
    finally:
        host.host.run(["mount", "-o", f"remount,size={ROOMY}", MOUNT])


@contextmanager
def held(host: BackupHost, name: str, *words: str, point: str = BACKING_UP) -> Iterator[None]:
    """A command that waits where it makes the call that contains `point`, and goes on to its end afterwards."""
    host.host.write("/run/hold", point)
    host.host.write("/run/goes-on", "")
    host.host.run(["rm", "-f", "/run/held"])
    host.host.start(name, [BACKUP, *words])
    there = ["test", "-e", "/run/held"]
    host.host.wait(f"`{point}`", lambda: host.host.run(there, check=False).returncode == 0, 40)
    try:
        yield
        host.host.run(["rm", "-f", "/run/hold"])
        host.host.processes.pop(name).wait(timeout=120)
    finally:
        host.host.run(["rm", "-f", "/run/hold", "/run/goes-on"])


def fills_meanwhile(host: BackupHost, *words: str) -> str:
    """A run below which the disk fills up while it saves; return what it said."""
    host.host.run(["sh", "-c", f"head -c 40000000 /dev/urandom >{FORGEJO}/large"])
    with ExitStack() as later:
        later.callback(host.host.run, ["rm", f"{FORGEJO}/large"])
        with held(host, "filling", *words):
            later.enter_context(full(host, leave=4_000_000))
    return host.host.log("filling")


def killed(host: BackupHost, point: str, *words: str) -> None:
    """Kill a command without a word when it makes the call that contains `point`; then what systemd does."""
    host.kill_at(point, *words)
    host.host.run(host.unit("flatnet-backup", "ExecStopPost"))


def new_packs(host: BackupHost) -> str:
    """Save new data of a volume; the files of the repository in which it lies and nothing else, as words of a shell."""
    host.host.run(["sh", "-c", f"touch /run/before; sleep 1.1; head -c 3000000 /dev/urandom >{FORGEJO}/git/new"])
    host.backup("run", "--part", "volume-forgejo-data")
    return f"$(find {REPOSITORY}/data -type f -size +100k -newer /run/before)"


def flip_bits(host: BackupHost) -> None:
    """Damage what is new of a volume."""
    flip = "for pack in {}; do printf '\\377\\0\\377' | dd of=$pack bs=1 seek=9000 conv=notrunc status=none; done"
    host.host.run(["sh", "-ec", flip.format(new_packs(host))])
