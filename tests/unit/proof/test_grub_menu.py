# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's own reading of GRUB's menus, on real ones."""

from __future__ import annotations

import pytest
from firebreak_proof.views import grub_menu
from workshop import REPOSITORY

MENUS = REPOSITORY / "tests/unit/module_utils/_boot/fixtures"
CLOUD, NEWEST, OLDEST = "/boot/vmlinuz-6.1.0-10-cloud-amd64", "/boot/vmlinuz-6.1.0-44-amd64", "/boot/vmlinuz-6.1.0-9-amd64"


def boots(name: str, **environment: str) -> str:
    """The image that a menu boots by default."""
    entry = grub_menu.default_entry(grub_menu.read((MENUS / name).read_text(encoding="utf-8")), environment)
    return entry.linux if entry else ""


@pytest.mark.parametrize(("name", "environment", "image"), [
    ("debian12_default0.cfg", {}, NEWEST),
    ("debian12_default0.cfg", {"saved_entry": "1>2"}, NEWEST),
    ("debian12_default0.cfg", {"next_entry": "1>4"}, NEWEST),
    ("debian12_de.cfg", {}, CLOUD),
    ("debian12_saved.cfg", {"saved_entry": "gnulinux-6.1.0-9-amd64-advanced-/dev/vda"}, NEWEST),
    ("debian12_saved.cfg", {"saved_entry": "gnulinux-advanced-/dev/vda>gnulinux-6.1.0-9-amd64-advanced-/dev/vda"}, OLDEST),
    ("debian12_saved.cfg", {"saved_entry": "Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.1.0-9-amd64"}, OLDEST),
    ("debian12_saved.cfg", {"saved_entry": "1>4"}, OLDEST),
    ("debian12_saved.cfg", {"saved_entry": "1"}, NEWEST),
    ("debian12_saved.cfg", {"saved_entry": "7"}, NEWEST),
    ("debian12_saved.cfg", {"saved_entry": "no such entry"}, NEWEST),
    ("debian12_saved.cfg", {}, NEWEST),
    ("sles15_xen.cfg", {"saved_entry": "1>1"}, "/boot/vmlinuz-5.14.21-150500.53-default"),
])
def test_the_default_entry(name: str, environment: dict[str, str], image: str) -> None:
    assert boots(name, **environment) == image


@pytest.mark.parametrize(("name", "saved"), [("sles15_xen.cfg", "2"), ("el9_stub.cfg", ""), ("el9.cfg", "")])
def test_what_names_no_kernel_gives_none(name: str, saved: str) -> None:
    """Xen's own entry, a menu that is elsewhere, and entries in files of their own: not taken for a kernel."""
    assert boots(name, saved_entry=saved) == ""


def test_a_default_set_below_wins() -> None:
    text = (MENUS / "debian12_default0.cfg").read_text(encoding="utf-8") + 'set default="1>4"\n'
    entry = grub_menu.default_entry(grub_menu.read(text), {})
    assert entry is not None
    assert (entry.linux, "root=/dev/vda" in entry.arguments) == (OLDEST, True)


def test_the_environment_block_in_words() -> None:
    assert grub_menu.environment("saved_entry=a=b\nnext_entry=\n") == {"saved_entry": "a=b", "next_entry": ""}
