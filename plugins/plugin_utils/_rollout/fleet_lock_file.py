# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a slot of the FleetLock server, in a file that is replaced whole. Programs that share it wait for each other. Errors are StoreError."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from .._fleet.store import StoreError, read_if_there, write
from . import fleet_lock
from .fleet_lock import Holders

# Beside the journals of a rollout that shares its budget with the clients of the lock.
NAME = "fleet_lock.json"
_LIMIT = 64 * 1024 * 1024


class LockFile:
    """The holders of slots."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def holders(self) -> dict[str, dict[str, str]]:
        """Who holds a slot now. A file that cannot be read is an error: that nobody holds one is never assumed."""
        text = read_if_there(self.path, _LIMIT)
        if text is None:
            return {}
        try:
            return fleet_lock.parse_state(text)
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{self.path}: the state of the locks cannot be read: {str(error)[:200]}") from None

    def save(self, holders: Holders) -> None:
        """Replace them, where they are others."""
        if not self.path.exists() or holders != self.holders():
            write(self.path, [fleet_lock.render_state(holders)])

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else looks at the holders and changes them."""
        with contextlib.ExitStack() as stack:
            try:
                descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                raise StoreError(f"{self.path}: the state of the locks cannot be held: {error.strerror}") from error
            yield
