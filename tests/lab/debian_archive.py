# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of a suite of Debian's, downloaded and unpacked into a folder; nothing is installed, and this computer's own lists stay as they are."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from firebreak_lab import apt_sources


def run(argv: Sequence[str], folder: Path, **more: str) -> str:
    """A command's output; it and all it said are in the error where it fails."""
    done = subprocess.run(argv, cwd=folder, env={**os.environ, **more}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    assert done.returncode == 0, (argv, done.stdout[-4000:])
    return done.stdout


class Archive:
    """A suite. What it downloads stays in a folder of its own in ``place``: suites have packages of the same names."""

    def __init__(self, place: Path, suite: str, with_security: bool = False) -> None:
        self._place = place / suite
        apt = self._place / "apt"
        for name in ("lists/partial", "archives/partial"):
            (apt / name).mkdir(parents=True, exist_ok=True)
        (apt / "sources.list").write_text(apt_sources.source_lines(suite, with_security), encoding="utf-8")
        self._options = [word for setting in (
            f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=-", f"Dir::State::lists={apt}/lists",
            f"Dir::Cache::archives={apt}/archives", "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "APT::Sandbox::User=root",
        ) for word in ("-o", setting)]
        run(["apt-get", *self._options, "update"], self._place)

    def newest(self, pattern: str) -> str:
        """Of the packages whose names match, the one with the highest numbers in its name."""
        names: list[str] = re.findall(r"(?m)^(\S+) ", run(["apt-cache", *self._options, "search", "--names-only", pattern], self._place))
        return max(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])

    def download(self, package: str) -> Path:
        """The package's file."""
        run(["apt-get", *self._options, "download", package], self._place)
        return max(self._place.glob(f"{package}_*.deb"), key=lambda path: path.stat().st_mtime)

    def unpack(self, package: str) -> Path:
        """A folder with the package's content, as a host would have it below its root."""
        archive = self.download(package)
        folder = archive.with_suffix("")
        if not folder.exists():
            run(["dpkg-deb", "-x", str(archive), f"{folder}.part"], self._place)
            Path(f"{folder}.part").rename(folder)
        return folder
