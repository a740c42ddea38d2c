# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations of zipl and what they start, for the scan and the proof alike: zipl.conf(5), and zipl/src/scan.c of s390-tools."""

from __future__ import annotations

MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"


def entry(release: str, title: str = "") -> str:
    """A .conf entry as kernel-install of Fedora and Red Hat writes it."""
    title = title or f"Fedora ({release})"
    return f"title {title}\nversion {release}\nlinux /vmlinuz-{release}\ninitrd /initramfs-{release}.img\noptions root=/dev/dasda1\n"


OLD, NEW = "6.9.4-200.fc40.s390x", "6.10.3-200.fc40.s390x"
ENTRIES = {f"{MACHINE}-{release}.conf": entry(release) for release in (OLD, NEW)}
# Fedora's and Red Hat's, Ubuntu's, and one that older releases of Red Hat's had.
AUTOMATIC = "[defaultboot]\ndefaultauto\nprompt=1\ntimeout=5\ntarget=/boot\nsecure=auto\n"
MENU = ("[defaultboot]\ndefaultmenu = menu\n\n:menu\ntarget = /boot\n1 = ubuntu\n2 = old\ndefault = 1\nprompt = 1\ntimeout = 10\n\n"
        "[ubuntu]\ntarget = /boot\nimage = /boot/vmlinuz-6.8.0-41-generic\nparameters = root=/dev/dasda1\n"
        "[old]\ntarget = /boot\nimage = \"/boot/vmlinuz-6.8.0-40-generic,0x10000\"\n")
SECTIONS = ("[defaultboot]\ndefault=linux\ntarget=/boot\n[older]\n\timage=/boot/vmlinuz-3.10.0-1.el7.s390x\n[linux]\n"
            "\timage=/boot/vmlinuz-3.10.0-2.el7.s390x\n\tparameters=\"root=/dev/dasda1 quiet\"\n")

# What the configuration is, its .conf files, the number that the machine is given, the image that starts (None: nobody can tell).
KINDS: dict[str, tuple[str, dict[str, str], str, str | None]] = {
    "newest entry first": (AUTOMATIC, ENTRIES, "", f"/boot/vmlinuz-{NEW}"),
    "grubby's default by title": (AUTOMATIC + f'default="Fedora ({OLD})"\n', ENTRIES, "", f"/boot/vmlinuz-{OLD}"),
    "a default that is gone": (AUTOMATIC + "default=gone\n", ENTRIES, "", f"/boot/vmlinuz-{NEW}"),
    "number of the machine": (AUTOMATIC, ENTRIES, "2", f"/boot/vmlinuz-{OLD}"),
    "prompt is no number": (AUTOMATIC, ENTRIES, "PROMPT", f"/boot/vmlinuz-{NEW}"),
    "number that nothing has": (AUTOMATIC, ENTRIES, "7", None),
    "entries without a target": (AUTOMATIC.replace("defaultauto\n", ""), ENTRIES, "", f"/boot/vmlinuz-{NEW}"),
    "two entries of a title": (AUTOMATIC, {"a.conf": entry("6.1.0-1", "L"), "b.conf": entry("6.2.0-1", "L")}, "", None),
    "entry without a title": (AUTOMATIC, {**ENTRIES, "z.conf": "linux /vmlinuz-6.2.0-1\n"}, "", None),
    "no entry at all": (AUTOMATIC, {}, "", None),
    "menu": (MENU, {}, "", "/boot/vmlinuz-6.8.0-41-generic"),
    "menu's other default": (MENU.replace("default = 1", "default = 2"), {}, "", "/boot/vmlinuz-6.8.0-40-generic"),
    "menu without a default": (MENU.replace("default = 1\n", ""), {}, "", "/boot/vmlinuz-6.8.0-41-generic"),
    "menu and a default beside it": (MENU.replace("[defaultboot]\n", "[defaultboot]\ndefault=old\n"), {}, "", None),
    "menu that is gone": (MENU.replace(":menu", ":other"), {}, "", None),
    "sections with a default": (SECTIONS, {}, "", "/boot/vmlinuz-3.10.0-2.el7.s390x"),
    "one section alone": (SECTIONS.replace("default=linux\ntarget=/boot\n", "default=older\n"), {}, "", "/boot/vmlinuz-3.10.0-1.el7.s390x"),
    "no default": (SECTIONS.replace("[defaultboot]\n", "[another]\n"), {}, "", None),
    "option twice": (MENU.replace("prompt = 1\n", "prompt = 1\nprompt = 0\n"), {}, "", None),
}
