# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds what a release hands out: the collection's archive, the wheel, the source distribution, a bill of materials, digests, a signature.

Only what git tracks is built from, and the same commit gives the same bytes on every machine: ansible-galaxy writes the files' own times and the
file system's order into its archive, so that is written anew. Usage: ``distributions.py FOLDER [KEY]``, where KEY is a private ssh key.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import yaml
from bill_of_materials import bill_of_materials
from workshop import REPOSITORY, build_artifact, run

NAMESPACE = "firebreak-release"
SUMS = "SHA256SUMS"


def export(root: Path, folder: Path) -> int:
    """Write the tracked files of a checkout below folder; returns the time of its last commit, in seconds since 1970."""
    for name in sorted(run(["git", "-C", root, "ls-files", "-z", "--cached"]).split("\0")):
        if name and os.path.lexists(root / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name, follow_symlinks=False)
    return int(run(["git", "-C", root, "log", "-1", "--format=%ct"]))


def _member(name: str, mode: int, size: int, time: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.size, member.mtime = mode, size, time
    return member


def in_order(artifact: Path, time: int) -> bytes:
    """A collection's archive with the same contents in the order of their names, of one time and of no user."""
    folders: list[str] = []
    files: dict[str, bytes] = {}
    executable: set[str] = set()
    with tarfile.open(artifact) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is None:
                folders.append(member.name)
            else:
                files[member.name] = content.read()
                executable |= {member.name} if member.mode & 0o100 else set()
    listed = json.loads(files["FILES.json"])
    listed["files"].sort(key=lambda file: file["name"])
    files["FILES.json"] = json.dumps(listed, indent=4, sort_keys=True).encode()
    manifest: dict[str, Any] = json.loads(files["MANIFEST.json"])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files["FILES.json"]).hexdigest()
    files["MANIFEST.json"] = json.dumps(manifest, indent=4, sort_keys=True).encode()
    # ansible-galaxy wants the manifests where they were: at the front.
    order = ["MANIFEST.json", "FILES.json", *sorted(set(files) - {"MANIFEST.json", "FILES.json"})]
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, buffer, mtime=time) as packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(folders):
            folder = _member(name, 0o755, 0, time)
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
        for name in order:
            archive.addfile(_member(name, 0o755 if name in executable else 0o644, len(files[name]), time), io.BytesIO(files[name]))
    return buffer.getvalue()


def build(folder: Path, root: Path = REPOSITORY) -> list[Path]:
    """Build all of a checkout into folder; returns what was made, the digests last."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        clean = Path(work) / "tree"
        time = export(root, clean)
        artifact = build_artifact(Path(work), clean)
        collection = folder / artifact.name
        collection.write_bytes(in_order(artifact, time))
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(time), "PYTHONDONTWRITEBYTECODE": "1"}
        for target in ("wheel", "sdist"):
            run([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder.resolve()], cwd=clean, env=environment)
    version = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    made = [collection, folder / f"firebreak_fleet-{version}-py3-none-any.whl", folder / f"firebreak_fleet-{version}.tar.gz"]
    for path in made[:2]:
        bill = path.with_name(f"{path.name}.cdx.json")
        bill.write_text(bill_of_materials(path, version, root, time), encoding="utf-8")
        made.append(bill)
    sums = folder / SUMS
    sums.write_text("".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(made)), encoding="utf-8")
    return [*made, sums]


def sign(sums: Path, key: Path) -> None:
    """Sign the digests with an ssh key; the signature stands beside them as SHA256SUMS.sig."""
    sums.with_name(f"{SUMS}.sig").unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(sums)], check=True, stdin=subprocess.DEVNULL)


def main(arguments: list[str]) -> None:
    """Build into the folder named, and sign where a key is named."""
    made = build(Path(arguments[0]))
    if arguments[1:]:
        sign(made[-1], Path(arguments[1]))
    print("\n".join(str(path) for path in made))


if __name__ == "__main__":
    main(sys.argv[1:])
