# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine must have to hold the lab."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from firebreak_lab.errors import LabError

PACKAGES = Path(__file__).parent.parent / "packages.txt"
GRUB_MODULES = Path("/usr/lib/grub/i386-pc")

BUILD = ("mmdebstrap", "mkfs.ext4", "grub-mkrescue", f"{GRUB_MODULES}/grub-bios-setup", "xorriso", "mformat", "ssh-keygen", "unshare", "setpriv")
MACHINE = ("qemu-img", "qemu-system-x86_64", "ssh", "setpriv")
CONTAINER = ("systemd-nspawn", "ssh", "setpriv")


def package_of() -> dict[str, str]:
    """Each command of packages.txt with Debian's package that brings it."""
    lines = [line.split() for line in PACKAGES.read_text().splitlines() if line and not line.startswith("#")]
    return {command: package for package, command in lines}


def find_command(name: str) -> str | None:
    """The command's path, also where the user's PATH lacks the system's folders."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def require_commands(names: Iterable[str]) -> None:
    """LabError that names each missing command, its package, and the line that installs them all."""
    missing = [name for name in names if find_command(name) is None]
    if missing:
        known = package_of()
        packages = " ".join(sorted({known[name] for name in missing}))
        raise LabError(f"the lab misses {', '.join(missing)}; "
                       f"get it with: make lab-packages    or: apt-get install --no-install-recommends {packages}")


def require_root(what: str) -> None:
    """LabError where we are not root."""
    if os.geteuid() != 0:
        raise LabError(f"{what} needs root (seen: user id {os.geteuid()}); run it as root, for example: sudo make lab-up")


def require_disk(folder: Path, gigabytes: float, what: str) -> None:
    """LabError where less than that is free."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if free < gigabytes:
        raise LabError(f"{what} needs {gigabytes:.1f} GB of free disk under {existing} (seen: {free:.1f} GB); "
                       "free some, or choose another place with XDG_CACHE_HOME")


def require_memory(megabytes: int, what: str) -> None:
    """LabError where less memory is available (MemAvailable of /proc/meminfo)."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    available = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))
    if available < megabytes:
        raise LabError(f"{what} needs {megabytes} MB of free memory (seen: {available} MB); stop something, "
                       "or start fewer hosts: make lab-up HOSTS='standard pending'")
