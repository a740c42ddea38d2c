# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence: what was asked and answered, when, in one archive that sha256sum -c checks, and ssh-keygen where it is signed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from . import results
from .gathering import QUESTIONS, Asked
from .results import Result

MANIFEST = "MANIFEST.sha256"
SIGNATURE = f"{MANIFEST}.sig"
# The namespace keeps a signature over evidence from passing for one over something else.
NAMESPACE = "firebreak-evidence"

_README = f"""\
What each host was asked, and what it answered.

hosts/NAME.json   the answers of a host, each with its time by the host's own clock, its exit status and the sha256 of what it printed
questions.json    the shell text of each question, by name
standards.json    the standard that each host was held to
proof.json        what became of each promise
{MANIFEST}   the sha256 of every other file

Check it, in this folder: that the files are what the manifest says, and that there is no other file:
            sha256sum --strict -c {MANIFEST}
            find . -type f ! -name '{MANIFEST}*' | sed 's|^./||' | sort | diff - <(sed 's/^[0-9a-f]*  //' {MANIFEST} | sort)
and, where {SIGNATURE} is there and you have the signer's public key in a file of allowed signers:
            ssh-keygen -Y verify -f ALLOWED_SIGNERS -I SIGNER -n {NAMESPACE} -s {SIGNATURE} < {MANIFEST}
The playbook firebreak.fleet.check_evidence does all of this, and compares the times. Beside a signed archive lies the signature of the archive
itself (NAME.tar.gz.sig), over all of its bytes.
"""


class EvidenceError(Exception):
    """The evidence cannot be written or signed; the text says why."""


def sha256(text: str) -> str:
    """The SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_name(host: str) -> str:
    """A name that no host can choose: itself where it is plain, else its plain letters and a hash."""
    return host if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}", host) else re.sub(r"[^A-Za-z0-9_-]+", "_", host)[:60] + "-" + sha256(host)[:16]


def _as_json(data: object) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True, default=str) + "\n").encode("utf-8", "replace")


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_host(asked: Asked) -> dict[str, object]:
    answers = {name: {"asked_at": _moment(answer.at), "status": answer.status, "out": answer.out, "out_sha256": sha256(answer.out), "err": answer.err}
               for name, answer in asked.proof.answers.items()}
    return {"host": asked.proof.host, "problem": asked.proof.problem, "began_at": asked.began, "seconds": round(asked.seconds, 2),
            "round_trips": asked.round_trips, "answers": answers}


def files(everything: Sequence[Asked], found: Sequence[Result]) -> dict[str, bytes]:
    """Every file of the evidence by name, the manifest last."""
    used = {name for asked in everything for name in asked.proof.answers}
    content = {
        "README": _README.encode(),
        "proof.json": _as_json(results.as_data(found)),
        "questions.json": _as_json({question.name: question.shell for question in QUESTIONS if question.name in used}),
        "standards.json": _as_json({asked.proof.host: asked.proof.standard._asdict() for asked in everything}),
        **{f"hosts/{file_name(asked.proof.host)}.json": _as_json(_of_host(asked)) for asked in everything},
    }
    content[MANIFEST] = manifest(content)
    return content


def manifest(content: Mapping[str, bytes]) -> bytes:
    """The lines that sha256sum -c reads."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(content.items())).encode()


def sign(text: bytes, key: Path) -> bytes:
    """An SSH signature of a text, by a private key, or by the agent where ``key`` is a public one."""
    argv = ["ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", str(key)]
    try:
        done = subprocess.run(argv, input=text, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EvidenceError(f"the evidence cannot be signed: {error}") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EvidenceError(f"the evidence cannot be signed with {key}: {said[-1] if said else 'ssh-keygen does not say why'}")
    return done.stdout


def archive(content: Mapping[str, bytes], folder: str) -> bytes:
    """A .tar.gz of the files below one folder: the same bytes for the same content."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in sorted(content.items()):
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size, member.mode = len(data), 0o600
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def destination(path: str, now: datetime) -> Path:
    """The file to write: the path itself, or one named by the time in it where it is a folder."""
    place = Path(path)
    return place / f"evidence-{now.strftime('%Y%m%dT%H%M%SZ')}.tar.gz" if path.endswith("/") or place.is_dir() else place


def check(path: Path, key: str) -> None:
    """EvidenceError where the archive could not be written or signed; asked before the first host is."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:64]}."):
            pass
    except OSError as error:
        raise EvidenceError(f"the evidence cannot be written to {path}: {error.strerror}") from None
    if key:
        sign(b"", Path(key))


def _write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all, and for the user's eyes alone, whatever is there."""
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:64]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def write(path: Path, everything: Sequence[Asked], found: Sequence[Result], key: str) -> None:
    """Collect, sign where a key is given, and write the archive, for the user's eyes alone."""
    content = files(everything, found)
    if key:
        content[SIGNATURE] = sign(content[MANIFEST], Path(key))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        packed = archive(content, path.name.removesuffix(".tar.gz"))
        if key:
            _write_whole(path.with_name(path.name + ".sig"), sign(packed, Path(key)))
        _write_whole(path, packed)
    except OSError as error:
        raise EvidenceError(f"the evidence cannot be written to {path}: {error.strerror}") from None
