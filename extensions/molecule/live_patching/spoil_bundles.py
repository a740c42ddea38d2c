#!/usr/bin/env python3
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes bundles that must be refused out of level2, and packs all as archives: spoil_bundles.py FOLDER, which holds the bundles."""

import json
import shutil
import sys
import tarfile
from pathlib import Path


def copy(bundle: Path, folder: Path, name: str) -> tuple[Path, dict[str, list[dict[str, object]]]]:
    """A copy of the bundle, and its manifest."""
    made = folder / name
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(bundle, made)
    return made, json.loads((made / "manifest.json").read_text())


def spoil(bundle: Path, folder: Path) -> None:
    """A module whose bytes are others, the modules of each other's kernel, and a bundle for kernels that nobody runs."""
    made, manifest = copy(bundle, folder, "wrong_hash")
    for patch in manifest["patches"]:
        with (made / str(patch["module"])).open("ab") as stream:
            stream.write(b"\0")
    made, manifest = copy(bundle, folder, "wrong_vermagic")
    first, second = manifest["patches"][0], manifest["patches"][-1]
    for key in ("module", "sha256"):
        first[key], second[key] = second[key], first[key]
    (made / "manifest.json").write_text(json.dumps(manifest))
    made, manifest = copy(bundle, folder, "other_kernel")
    for patch in manifest["patches"]:
        patch["kernel"] = {"release": f"{patch['kernel']['release']}-other"}  # type: ignore[index]
    (made / "manifest.json").write_text(json.dumps(manifest))


def pack(folder: Path) -> None:
    """Each bundle as an archive of its own, and these in one."""
    with tarfile.open(folder / "all.tar", "w") as everything:
        for bundle in [path for path in folder.iterdir() if path.is_dir()]:
            packed = folder / f"{bundle.name}.tar.gz"
            with tarfile.open(packed, "w:gz") as archive:
                archive.add(bundle, arcname=bundle.name)
            everything.add(packed, arcname=packed.name)


if __name__ == "__main__":
    spoil(Path(sys.argv[1]) / "level2", Path(sys.argv[1]))
    pack(Path(sys.argv[1]))
