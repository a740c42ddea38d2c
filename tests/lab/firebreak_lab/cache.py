# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's cache folder: images by content hash, made in a folder of their own and moved into place when they are whole."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firebreak_lab.processes import Identity, alive, identify

KEEP_DAYS = 30


def cache_folder() -> Path:
    """Where images and the lab's ssh key are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "firebreak/lab"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the kernel gives it back however we end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def published(target: Path) -> Iterator[Path]:
    """A new folder that becomes ``target`` if the block succeeds, and is removed if not."""
    me = identify(os.getpid())
    work = cache_folder() / "building" / f"{me.pid}-{me.started}-{target.name}"
    work.mkdir(parents=True)
    try:
        yield work
        target.parent.mkdir(parents=True, exist_ok=True)
        work.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def sweep() -> list[str]:
    """Remove what killed builds left, and images that nothing used for KEEP_DAYS; the names of what was removed."""
    removed = []
    for work in (cache_folder() / "building").glob("*-*-*"):
        pid, started, _ = work.name.split("-", 2)
        if not alive(Identity(int(pid), int(started))):
            shutil.rmtree(work)
            removed.append(work.name)
    for image in (cache_folder() / "images").glob("*"):
        if time.time() - image.stat().st_mtime > KEEP_DAYS * 86400:
            shutil.rmtree(image)
            removed.append(image.name)
    return removed
