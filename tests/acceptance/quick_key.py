"""Makes a restic repository open in an instant, for tests that call restic a hundred times.

restic chooses the cost of its key derivation (scrypt) so that opening a repository takes half a second. The key file
says that cost: here the same master key is wrapped again with the cheapest one. Everything else stays restic's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

CHEAP = {"N": 2, "r": 1, "p": 1}
NONCE = MAC = 16


def make_quick(repository: Path, password: str) -> None:
    """Replace the one key of a repository by a cheap one, for the same password."""
    (path,) = (repository / "keys").iterdir()
    key: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    salt, sealed = base64.b64decode(key["salt"]), base64.b64decode(key["data"])
    master = _opened(_derived(password, salt, key), sealed)
    wrapped = _sealed(_derived(password, salt, CHEAP), master)
    text = json.dumps({**key, **CHEAP, "data": base64.b64encode(wrapped).decode()}).encode()
    cheap, owner = path.parent / hashlib.sha256(text).hexdigest(), path.stat()
    cheap.write_bytes(text)
    os.chown(cheap, owner.st_uid, owner.st_gid)
    path.unlink()


def _derived(password: str, salt: bytes, cost: dict[str, Any]) -> bytes:
    """64 bytes: 32 for AES, 16 and 16 for Poly1305-AES (restic's design document, "Keys, Encryption and MAC")."""
    return hashlib.scrypt(password.encode(), salt=salt, n=cost["N"], r=cost["r"], p=cost["p"], maxmem=1 << 30, dklen=64)


def _aes(key: bytes, nonce: bytes, data: bytes) -> bytes:
    made = Cipher(algorithms.AES(key), modes.CTR(nonce)).encryptor()
    return made.update(data) + made.finalize()


def _mac(key: bytes, nonce: bytes, data: bytes) -> bytes:
    block = Cipher(algorithms.AES(key[32:48]), modes.ECB()).encryptor()  # noqa: S305 - one block, as Poly1305-AES has it
    return Poly1305.generate_tag(key[48:64] + block.update(nonce) + block.finalize(), data)


def _sealed(key: bytes, data: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    text = _aes(key[:32], nonce, data)
    return nonce + text + _mac(key, nonce, text)


def _opened(key: bytes, sealed: bytes) -> bytes:
    nonce, text, mac = sealed[:NONCE], sealed[NONCE:-MAC], sealed[-MAC:]
    if _mac(key, nonce, text) != mac:
        raise InvalidSignature("this password does not open the key")
    return _aes(key[:32], nonce, text)
