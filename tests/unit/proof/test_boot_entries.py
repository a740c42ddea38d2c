# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's own order of .conf entries, held against the scan's on random ids and on the cases that public threads name."""

from __future__ import annotations

import random

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import bls
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError
from firebreak_proof.proof import Proof
from firebreak_proof.standards import Standard
from firebreak_proof.views import boot_entries, kernels

EL8, EL9 = {"ID": "rocky", "VERSION_ID": "8.10"}, {"ID": "almalinux", "VERSION_ID": "9.6"}
PIECES = ("6", "18", "0", "01", "5.14.0", "570", "el9_6", "x86_64", "+debug", "+64k-debug", "~rc1",
          "-", "-", "-", ".", "_", "+", "~", "a", "Z", "fc43")


def text(*entries: tuple[str, str]) -> str:
    return "".join(f"={name}.conf\ntitle T {name}\nversion {version}\nlinux /vmlinuz-{version}\n\n" for name, version in entries)


@pytest.mark.parametrize(("os_release", "branch"), [
    (EL8, bls.branch_of("rocky", "8.10", "redhat")), (EL9, bls.branch_of("almalinux", "9.6", "redhat"))])
def test_scan_and_proof_show_the_same_entry_first(os_release: dict[str, str], branch: bls.Branch) -> None:
    source = random.Random(20261128)
    for _ in range(2000):
        pairs = [tuple("".join(source.choice(PIECES) for _ in range(source.randint(1, 8))) + "x" for _ in range(2)) for _ in range(2)]
        if pairs[0] == pairs[1]:
            continue
        said = text(*pairs)  # type: ignore[arg-type]
        entries = [bls.parse_grub_entry(f"{name}.conf", f"version {version}\nlinux /vmlinuz-{version}\n") for name, version in pairs]
        order = bls.grub_compare(entries[0], entries[1], branch, branch.by_version)
        found = boot_entries.ordered(boot_entries.read(said), os_release)[0]
        assert order == 0 or found.name == pairs[0 if order > 0 else 1][0], pairs


TWO = text(("104a-4.18.0-477.el8", "4.18.0-477.el8"), ("cd33-4.18.0-553.el8", "4.18.0-553.el8"))
MENU = """if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="${saved_entry}"
fi
insmod blscfg
blscfg
menuentry 'Windows' --id win {
  chainloader /EFI/Microsoft/Boot/bootmgfw.efi
}
"""


def default(entries: str, menu: str, environment: str, system: dict[str, str], tools: str = "", order: str = "") -> str:
    """The release that such a host boots by default, '' where the proof cannot tell."""
    release = "".join(f'{key}="{value}"\n' for key, value in system.items())
    said = {"boot_entries": entries, "grub_menu": menu, "grub_env": environment, "boot_tools": tools, "os_release": release,
            "boot_order": order}
    try:
        return kernels.default_release(Proof("web1", Standard({}, (), ()), {name: Answer(out, "", 0, 1) for name, out in said.items()}))
    except BrokenPromiseError:
        return ""


@pytest.mark.parametrize(("system", "environment", "version"), [
    (EL8, "", "553"), (EL9, "", "477"), (EL9, "saved_entry=cd33-4.18.0-553.el8\n", "553"), (EL9, "saved_entry=T cd33-4.18.0-553.el8\n", "553"),
    # rhboot/grub2, normal/menu.c: an id, then a title, then a number.
    (EL8, "saved_entry=1\n", "477"), (EL9, "saved_entry=1\n", "553"), (EL9, "saved_entry=gone\n", "477"), (EL9, "saved_entry=win\n", None),
    (EL9, "saved_entry=Windows\n", None), (EL9, "saved_entry=2\n", None),
])
def test_what_red_hats_grub_boots(system: dict[str, str], environment: str, version: str | None) -> None:
    assert default(TWO, MENU, environment, system) == (f"4.18.0-{version}.el8" if version else "")


@pytest.mark.parametrize(("menu", "version"), [
    # What is saved counts only where the menu asks for it; files that options choose, and those of another folder, are not followed.
    ('set default="0"\nblscfg\n', "477"), ('set default="${saved_entry}"\nblscfg\n', "553"), ("if true; then\n  blscfg\nfi\n", "477"),
    ("blscfg -d\n", None), ("blscfg (hd0,gpt2)/other\n", None), ("submenu x {\n blscfg default\n}\n", None),
])
def test_the_menu_decides_which_entries_and_which_default(menu: str, version: str | None) -> None:
    assert default(TWO, menu, "saved_entry=cd33-4.18.0-553.el8\n", EL9) == (f"4.18.0-{version}.el8" if version else "")


@pytest.mark.parametrize(("tools", "order", "is_known"), [
    ("rival /boot/efi/EFI/BOOT/limine.conf\n", "BootOrder: 0001\nBoot0001* Linux\tHD(1)/\\EFI\\BOOT\\BOOTX64.EFI\n", False),
    ("rival /boot/limine.conf\n", "BootOrder: 0001\nBoot0001* Rocky\tHD(1)/\\EFI\\rocky\\shimx64.efi\n", True),
    ("rival /etc/lilo.conf\n", "firmware other\n", False), ("petitboot yes\n", "firmware other\n", False), ("", "firmware other\n", True),
])
def test_a_menu_counts_where_it_is_known_whose_comes_up(tools: str, order: str, is_known: bool) -> None:
    """Guides put Limine beside a GRUB that stays; Petitboot has ways of its own (open-power/petitboot#24)."""
    assert bool(default(TWO, MENU, "", EL9, tools, order)) is is_known


def test_grubs_own_blscfg_has_an_order_of_its_own() -> None:
    """As sort -V gives it, and a number before a name (GRUB 2.14 as tests/system/test_real_grub.py asks it)."""
    names = (("m-6.10.0", "6.10.0"), ("m-6.10.0~rc1", "6.10.0-rc1"), ("m-6.9.0", "6.9.0"))
    assert default("upstream\n" + text(*names), "blscfg\n", "", {"ID": "debian"}) == "6.10.0"
    assert default("upstream\n" + text(*names), 'set default="${saved_entry}"\nblscfg\n', "saved_entry=2\n", {"ID": "debian"}) == "6.9.0"
    # A machine's id that begins with digits is a number to it, and no entry has that.
    digits = "upstream\n" + text(("1a-6.10.0", "6.10.0"), ("1a-6.9.0", "6.9.0"), ("0a-6.12.0", "6.12.0"))
    assert default(digits, 'set default="${saved_entry}"\nblscfg\n', "saved_entry=1a-6.10.0\n", {"ID": "debian"}) == "6.9.0"


@pytest.mark.parametrize(("system", "version"), [
    # TimeBye/kubeadm-ha#123 (TencentOS 3.1, whose grub2 is 2.02: rhboot/shim-review#440), pgsty/pigsty#703 (4.4), Fedora's platform:f43.
    ({"ID": "tencentos", "VERSION_ID": "3.1", "PLATFORM_ID": "platform:el8"}, "553.el8"),
    ({"ID": "alinux", "VERSION_ID": "3", "PLATFORM_ID": "platform:al8"}, "553.el8"),
    ({"ID": "tencentos", "VERSION_ID": "4.4", "PLATFORM_ID": "platform:tl4"}, "477.el8"),
    ({"ID": "fedora", "VERSION_ID": "43", "PLATFORM_ID": "platform:f43"}, "477.el8"),
])
def test_a_relative_names_what_it_is_built_from(system: dict[str, str], version: str) -> None:
    confs = boot_entries.read(text(("104a-4.18.0-477.el8", "4.18.0-477.el8"), ("cd33-4.18.0-553.el8", "4.18.0-553.el8")))
    found = boot_entries.ordered(confs, system)[0]
    assert found.version == f"4.18.0-{version}"


def test_an_entry_that_ends_before_its_image_is_none() -> None:
    assert boot_entries.read("=a.conf\ntitle a\n\nlinux /vmlinuz-1\n") == []
