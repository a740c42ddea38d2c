# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an archive of evidence is what was written: no file added, taken away, changed or swapped, no answer of another time, and whose signature.

    python3 checking.py evidence.tar.gz [ALLOWED_SIGNERS SIGNER]
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

_MANIFEST = "MANIFEST.sha256"
_SIGNATURE = f"{_MANIFEST}.sig"
_NAMESPACE = "firebreak-evidence"
_LIMIT = 1024 * 1024 * 1024
# A host's clock may be wrong by as much, and a proof of a whole fleet takes less.
_APART = timedelta(days=1)


def unpacked(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """The files of an archive by name, and what is wrong with its members."""
    content: dict[str, bytes] = {}
    wrong: list[str] = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            stream = archive.extractfile(member) if member.isreg() and member.size < _LIMIT else None
            if stream is None or not name or ".." in name.split("/"):
                wrong.append(f"{member.name}: no file of evidence")
            elif name in content:
                wrong.append(f"{name}: is there twice")
            else:
                content[name] = stream.read()
    return content, wrong


def of_manifest(content: Mapping[str, bytes]) -> Iterator[str]:
    """Every file that was added, taken away or changed since the manifest was written."""
    if _MANIFEST not in content:
        yield f"{_MANIFEST}: missing"
        return
    listed = {name: digest for digest, _space, name in (line.partition("  ") for line in content[_MANIFEST].decode("utf-8", "replace").splitlines())}
    for name in sorted({*listed, *content} - {_MANIFEST, _SIGNATURE}):
        if name not in content:
            yield f"{name}: was taken away"
        elif name not in listed:
            yield f"{name}: was added"
        elif hashlib.sha256(content[name]).hexdigest() != listed[name]:
            yield f"{name}: was changed"


def of_times(content: Mapping[str, bytes]) -> Iterator[str]:
    """Every answer that was given at another time than its host was asked, and hosts that were asked on other days than the rest."""
    began: list[tuple[datetime, str]] = []
    for name in sorted(name for name in content if name.startswith("hosts/")):
        host = json.loads(content[name])
        if not host.get("began_at"):
            continue
        moment = datetime.fromisoformat(host["began_at"].replace("Z", "+00:00"))
        began.append((moment, name))
        for question, answer in host["answers"].items():
            if hashlib.sha256(answer["out"].encode("utf-8", "surrogatepass")).hexdigest() != answer["out_sha256"]:
                yield f"{name}: {question}: the answer is not the one that was hashed"
            if abs(datetime.fromisoformat(answer["asked_at"].replace("Z", "+00:00")) - moment) > _APART:
                yield f"{name}: {question}: answered at {answer['asked_at']}, asked at {host['began_at']}"
    if began and max(began)[0] - min(began)[0] > _APART:
        yield f"{max(began)[1]}: asked more than a day after {min(began)[1]}"


def of_signatures(path: Path, content: Mapping[str, bytes], signers: str, signer: str) -> Iterator[str]:
    """What is wrong with the signature inside, over the manifest, and with the one beside, over the whole archive."""
    beside = path.with_name(path.name + ".sig")
    signed = {_SIGNATURE: (content.get(_SIGNATURE), content.get(_MANIFEST, b"")),
              beside.name: (beside.read_bytes() if beside.is_file() else None, path.read_bytes())}
    for name, (signature, text) in signed.items():
        if signature is None:
            yield f"{name}: missing"
            continue
        place = path.with_name(f".{path.name[:64]}.checked.sig")
        place.write_bytes(signature)
        try:
            done = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", signers, "-I", signer, "-n", _NAMESPACE, "-s", str(place)], input=text,
                                  capture_output=True, timeout=60, check=False)
        finally:
            place.unlink()
        if done.returncode != 0:
            yield f"{name}: no signature of {signer}'s over this"


def problems(path: Path, signers: str = "", signer: str = "") -> list[str]:
    """Everything that is wrong with an archive, a line each."""
    try:
        content, wrong = unpacked(path.read_bytes())
        wrong += [*of_manifest(content), *of_times(content)]
        return wrong + (list(of_signatures(path, content, signers, signer)) if signers else [])
    except FileNotFoundError:
        return [f"{path}: is not there"]
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{path}: cannot be read as evidence: {type(error).__name__}: {error}"]


if __name__ == "__main__":
    found = problems(Path(sys.argv[1]), *sys.argv[2:4])
    for line in found:
        sys.stderr.write(line + "\n")
    how = f"{len(found)} problem{'s' * (len(found) > 1)}" if found else "as it was written"
    sys.stdout.write(f"{sys.argv[1]}: {how}\n")
    sys.exit(1 if found else 0)
