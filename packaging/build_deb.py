# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the Debian package: the collection where Ansible looks for it, the command with its manual page and its completions.

``python packaging/build_deb.py ARTIFACT OUTPUT`` takes the collection's artifact (make dist) and needs dpkg-deb.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

COLLECTION = "usr/share/ansible/collections/ansible_collections/firebreak/fleet"
PACKAGE = "usr/lib/python3/dist-packages/firebreak"
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/firebreak",
    "zsh": "usr/share/zsh/vendor-completions/_firebreak",
    "fish": "usr/share/fish/vendor_completions.d/firebreak.fish",
}
CONTROL = """\
Package: firebreak-fleet
Version: {version}
Section: admin
Priority: optional
Architecture: all
Maintainer: The Firebreak authors <firebreak@example.invalid>
Installed-Size: {size}
Depends: python3 (>= 3.11), ansible-core (>= 2.16), python3-click (>= 8.1), python3-jinja2, python3-yaml
Recommends: python3-ansible-runner (>= 2.4), openssh-client
Suggests: python3-pytest, python3-testinfra
Description: prove that every Linux host is on one standard platform
 Scans hosts without changing them, judges them by a declared standard (release,
 kernel, live patches, hypervisor, containers behind a hardware boundary), reports
 drift, and moves hosts to the standard with the least disruption.
 .
 The command needs ansible-runner; the playbooks run with ansible-core alone.
"""
PROGRAM = "#!/usr/bin/python3\nfrom firebreak.entry import main\n\nmain()\n"


def put(root: Path, name: str, text: str | bytes, mode: int = 0o644) -> None:
    """Write one file of the package."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)


def said(*words: str) -> str:
    """What the command of this checkout prints."""
    return subprocess.run([sys.executable, "-c", "from firebreak.entry import main; main()", *words], check=True, capture_output=True, text=True,
                          env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}).stdout


def stage(root: Path, artifact: Path) -> None:
    """All that the package holds, below root."""
    (root / COLLECTION).mkdir(parents=True)
    with tarfile.open(artifact) as archive:
        archive.extractall(root / COLLECTION, filter="data")
    for path in sorted((ROOT / "src/firebreak").glob("*.py")):
        put(root, f"{PACKAGE}/{path.name}", path.read_bytes())
    put(root, "usr/bin/firebreak", PROGRAM, 0o755)
    put(root, "usr/share/man/man1/firebreak.1.gz", gzip.compress(said("man").encode(), mtime=0))
    for shell, name in COMPLETIONS.items():
        put(root, name, said("completion", shell))
    put(root, "usr/share/doc/firebreak-fleet/copyright", "Licence: GPL-3.0-or-later, see /usr/share/common-licenses/GPL-3\n")
    for path in root.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)


def build(artifact: Path, output: Path) -> Path:
    """Build the package and return its path."""
    version = artifact.name.removeprefix("firebreak-fleet-").removesuffix(".tar.gz")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        stage(root, artifact)
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) // 1024
        put(root, "DEBIAN/control", CONTROL.format(version=version, size=size))
        (root / "DEBIAN").chmod(0o755)
        package = output / f"firebreak-fleet_{version}_all.deb"
        program = shutil.which("dpkg-deb")
        if program is None:
            sys.exit("dpkg-deb is missing: build the package on Debian or Ubuntu")
        subprocess.run([program, "--root-owner-group", "-Zxz", "--build", str(root), str(package)], check=True, stdout=subprocess.DEVNULL)
    return package


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("output", type=Path)
    given = parser.parse_args()
    print(build(given.artifact, given.output))


if __name__ == "__main__":
    main()
