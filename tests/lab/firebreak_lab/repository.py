# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package repository inside an image, so that a guest upgrades itself for real and without a network."""

import hashlib
import subprocess
from pathlib import Path

PLACE = "var/lib/firebreak-lab/repository"
SOURCE = f"deb [trusted=yes] file:/{PLACE} ./\n"


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def package_entry(control: str, name: str, data: bytes) -> str:
    """One paragraph of a Packages index."""
    return f"{control.strip()}\nFilename: ./{name}\nSize: {len(data)}\nSHA256: {digest(data)}\n"


def release_text(packages: bytes, suite: str) -> str:
    """The Release file over one Packages index."""
    head = f"Origin: Firebreak lab\nLabel: Firebreak lab\nSuite: {suite}\nCodename: {suite}\nArchitectures: amd64\n"
    return f"{head}SHA256:\n {digest(packages)} {len(packages)} Packages\n"


def write_index(folder: Path, suite: str) -> None:
    """Index the .deb files of a folder."""
    entries = []
    for path in sorted(folder.glob("*.deb")):
        control = subprocess.run(["dpkg-deb", "-f", path], capture_output=True, text=True, check=True).stdout
        entries.append(package_entry(control, path.name, path.read_bytes()))
    packages = "\n".join(entries).encode()
    (folder / "Packages").write_bytes(packages)
    (folder / "Release").write_text(release_text(packages, suite))
