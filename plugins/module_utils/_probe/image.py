# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a probe: one program and the folders that engines mount on. Made here, so nothing is pulled from anywhere."""

import hashlib
import io
import json
import tarfile
from typing import Dict

from .._host.errors import Refused

NAME = "localhost/firebreak/probe:latest"
PROGRAM = "/busybox"
_FOLDERS = ("dev", "etc", "proc", "run", "sys", "tmp")
# What the engines call the processor that the kernel calls so.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "s390x": "s390x", "ppc64le": "ppc64le"}


def _tar(files: Dict[str, bytes], folders: Dict[str, None]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(folders):
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.mode, member.size = 0o755, len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def archive(program: bytes, machine: str) -> bytes:
    """An image with the program, as `docker load` and `ctr images import` take it."""
    if machine not in ARCHITECTURES:
        raise Refused("machine %s, wanted one of %s" % (machine, ", ".join(sorted(ARCHITECTURES))))
    layer = _tar({PROGRAM[1:]: program}, dict.fromkeys(_FOLDERS))
    config = json.dumps({
        "architecture": ARCHITECTURES[machine], "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }).encode("ascii")
    named = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": named, "RepoTags": [NAME], "Layers": ["layer.tar"]}]).encode("ascii")
    return _tar({named: config, "layer.tar": layer, "manifest.json": manifest}, {})
