#!/bin/sh
# What a target of the Makefile needs before it can begin: setup.sh venv | packages | lock
set -eu
cd "$(dirname "$0")/.."

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    missing=$(for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done)
    [ -n "$missing" ] || return 0
    echo "installing Debian's $(echo "$missing" | tr '\n' ' ')"
    as_root apt-get update -qq
    # shellcheck disable=SC2086 # one word for each package
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
}

make_venv() {
    case $PWD in
    /mnt/[a-z]/*)
        echo "This checkout lies on a Windows drive ($PWD), where files have no modes and links are slow." >&2
        echo "Clone it inside WSL instead: git clone <address> ~/flatnet-ops" >&2
        exit 1
        ;;
    esac
    python=$(command -v python3) || {
        install_packages python3
        python=$(command -v python3)
    }
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Python 3.11 or newer is needed; $python is $("$python" --version)" >&2
        exit 1
    }
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
    echo "setting up .venv from requirements.lock"
    [ ! -L .venv ] || rm .venv # what it leads to is somebody else's, and would be emptied
    "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
}

lock() {
    .venv/bin/python -m pip install --quiet uv
    .venv/bin/uv pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --universal --python-version 3.11 --group test pyproject.toml -o requirements.lock
    # shellcheck disable=SC2016 # a name, not a command
    sed -i '1i # Every Python package of the product and of its tests, exactly. `make lock` writes this file.' requirements.lock
}

case ${1-} in
venv) make_venv ;;
packages) # shellcheck disable=SC2046 # one word for each package
    install_packages $(grep -v '^#' tools/debian-packages.txt) ;;
lock) lock ;;
*)
    echo "usage: tools/setup.sh venv | packages | lock" >&2
    exit 2
    ;;
esac
