# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB 2.14 and dnf5 as Debian testing has them, unpacked side by side and never installed. Needs root.

They are asked how they behave, so it does not matter that the mirror's list of them may be past its day; its signature is checked all the same.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

from firebreak_lab import apt_sources

SUITE = "testing"
_RESOLVED = ("dnf5", "libdevmapper1.02.1", "libselinux1", "libudev1")
# grub-emu and its libraries, but for those that draw: they are most of what it depends on, and it starts without them.
_ALSO = """set -e
cd "$1"
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
apt-get -q download $(apt-cache -i --recurse depends grub-emu | grep -E '^(lib|grub-emu$)' | grep -Ev 'llvm|gallium|z3')
for package in *.deb; do dpkg-deb -x "$package" .; rm "$package"; done
for folder in bin sbin lib lib64; do [ -e $folder ] || ln -s usr/$folder $folder; done
mkdir -p boot proc menu/grub menu/entries"""
_GRUB = 'mount -t proc proc "$1/proc"; exec chroot "$1" grub-emu -d /menu/grub -r host'
_SECONDS = 60


def unpacked(folder: Path) -> Path:
    """The tree that holds both."""
    tree, settings = folder / "tree", ['APT::Install-Recommends "false";', 'Acquire::Check-Valid-Until "false";', *apt_sources.own_settings()]
    argv = [
        "mmdebstrap",
        "--mode=root",
        "--variant=extract",
        "--format=directory",
        *(f"--aptopt={line}" for line in settings),
        "--dpkgopt=force-unsafe-io",
        f"--include={','.join(_RESOLVED)}",
        f"--extract-hook={_ALSO}",
        SUITE,
        str(tree),
        "-",
    ]
    done = subprocess.run(argv, input=apt_sources.source_lines(SUITE, False), capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    return tree


def grub_menu(tree: Path, menu: str, rows: int) -> list[str]:
    """The titles that GRUB shows for a grub.cfg, from the top: T, a number, T each; ``rows``: how many to wait for."""
    (tree / "menu/grub/grub.cfg").write_text(menu, encoding="utf-8")
    process, screen = pty.fork()
    if process == 0:
        os.environ.update(TERM="vt100", LINES=str(rows + 20), COLUMNS="80")
        # Before it begins: a screen that changes its size while the menu is drawn is left half drawn.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows + 20, 80, 0, 0))
        os.execvp("unshare", ["unshare", "--mount", "sh", "-c", _GRUB, "sh", str(tree)])
    shown, end = b"", time.monotonic() + _SECONDS
    try:
        while time.monotonic() < end and len(re.findall(rb"T\d+T", shown)) < rows:
            if select.select([screen], [], [], 0.2)[0]:
                shown += os.read(screen, 65536)
    except OSError as error:
        raise AssertionError(f"grub-emu ended: {shown[-2000:]!r}") from error
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(screen)
    return re.findall(r"T\d+T", shown.decode(errors="replace"))
