# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of feeds: detached ones of OpenPGP (by gpgv) and of ssh-keygen, each against the keys that the operator names.

A keyring is an OpenPGP one, armoured or not, or a file of allowed signers (ssh-keygen(1)).
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import tempfile
from pathlib import Path

from .feeds import SIGNATURES
from .model import FeedError

_LIMIT = 4 * 1024 * 1024
_SECONDS = 300


def beside(path: Path) -> Path | None:
    """The signature that lies beside a file."""
    return next((found for ending in SIGNATURES if (found := path.with_name(path.name + ending)).is_file()), None)


def check(path: Path, signature: Path | None, keyring: Path) -> None:
    """FeedError where a file is not signed by a key of the keyring."""
    if signature is None or not signature.is_file():
        raise FeedError("it is not signed, and a keyring is named for it")
    if not keyring.is_file():
        raise FeedError(f"there is no keyring {keyring}")
    if signature.stat().st_size > _LIMIT or keyring.stat().st_size > _LIMIT:
        raise FeedError(f"a signature or keyring longer than {_LIMIT} bytes")
    is_ssh = b"-----BEGIN SSH SIGNATURE-----" in signature.read_bytes()
    problem = _ssh(path, signature, keyring) if is_ssh else _openpgp(path, signature, keyring)
    if problem:
        raise FeedError(f"its signature does not hold: {problem}"[:300])


def _run(argv: list[str], source: Path | None = None) -> tuple[int, str]:
    """(status, all that is said) of a program."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": "/nonexistent"}
    with (source or Path(os.devnull)).open("rb") as given:
        try:
            done = subprocess.run(argv, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, timeout=_SECONDS, check=False)
        except FileNotFoundError:
            raise FeedError(f"its signature cannot be checked: {argv[0]} is not installed on the controller") from None
        except subprocess.TimeoutExpired:
            raise FeedError(f"its signature cannot be checked: {argv[0]} does not end") from None
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _openpgp(path: Path, signature: Path, keyring: Path) -> str:
    """Why a signature does not hold; '' where it does. A key that has expired or was revoked signs nothing."""
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys"
        keys.write_bytes(_unarmoured(keyring.read_bytes()))
        files = [str(signature.absolute()), str(path.absolute())]
        status, said = _run(["gpgv", "--homedir", folder, "--status-fd", "1", "--keyring", str(keys), *files])
    states = set(re.findall(r"(?m)^\[GNUPG:\] (\w+)", said))
    if status == 0 and {"GOODSIG", "VALIDSIG"} <= states and not states & {"BADSIG", "ERRSIG", "EXPKEYSIG", "REVKEYSIG", "EXPSIG"}:
        return ""
    known = {"NO_PUBKEY": "by a key that is not in the keyring", "BADSIG": "it is another file's", "EXPKEYSIG": "its key has expired",
             "REVKEYSIG": "its key was revoked", "EXPSIG": "it has expired"}
    return next((words for state, words in known.items() if state in states), "no signature that gpgv can read")


def _unarmoured(keys: bytes) -> bytes:
    """Keys as gpgv takes them: not as text."""
    if b"-----BEGIN PGP PUBLIC KEY BLOCK-----" not in keys:
        return keys
    found = b""
    for block in re.findall(rb"-----BEGIN PGP PUBLIC KEY BLOCK-----(.*?)-----END PGP", keys, re.DOTALL):
        text = re.split(rb"\r?\n\s*\r?\n", block, maxsplit=1)[-1]
        try:
            found += base64.b64decode(re.sub(rb"(?m)^=.{4}\s*$", b"", text))
        except ValueError:
            raise FeedError("the keyring cannot be read") from None
    return found


def _ssh(path: Path, signature: Path, keyring: Path) -> str:
    status, said = _run(["ssh-keygen", "-Y", "find-principals", "-s", str(signature), "-f", str(keyring)])
    for signer in said.splitlines() if status == 0 else ():
        if _run(["ssh-keygen", "-Y", "verify", "-f", str(keyring), "-I", signer, "-n", "file", "-s", str(signature)], path)[0] == 0:
            return ""
    return "it is another file's, or of another namespace than file" if status == 0 else "by a key that is not among the allowed signers"
