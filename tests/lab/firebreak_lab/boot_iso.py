# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small CD that starts GRUB, which then hands over to the disk's own GRUB menu."""

import hashlib
from pathlib import Path

from firebreak_lab import cache, confined, customize, requirements

MENU = f"""
serial --unit=0 --speed=115200
terminal_output serial
search --no-floppy --label {customize.LABEL} --set=root
set prefix=($root)/boot/grub
if [ -e $prefix/grub.cfg ]; then
    configfile $prefix/grub.cfg
else
    linux /vmlinuz root=LABEL={customize.LABEL} console=ttyS0,115200
    initrd /initrd.img
    boot
fi
"""


def provide() -> Path:
    """The CD's image, from the cache or newly made."""
    folder = cache.cache_folder() / "images" / f"boot-{hashlib.sha256(MENU.encode()).hexdigest()[:12]}"
    with cache.locked(cache.cache_folder() / "locks" / folder.name):
        if not folder.exists():
            _build(folder)
    return folder / "boot.iso"


def _build(folder: Path) -> None:
    requirements.require_commands(requirements.BUILD)
    with cache.published(folder) as work:
        menu = work / "content/boot/grub/grub.cfg"
        menu.parent.mkdir(parents=True)
        menu.write_text(MENU)
        confined.run(["grub-mkrescue", "--directory=/usr/lib/grub/i386-pc", "-o", str(work / "boot.iso"), str(work / "content")], work / "build.log",
                     confined=False)
