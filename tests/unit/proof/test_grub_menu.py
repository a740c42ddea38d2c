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


ENTRY = "menuentry 'a' --id one {\n linux /vmlinuz-6.1.0-1-amd64 root=/dev/sda quiet\n initrd /i\n}\n"
OTHER = "menuentry 'b' --id two {\n linux /vmlinuz-6.1.0-2-amd64 root=/dev/sda quiet\n}\n"
ONE, TWO = "/vmlinuz-6.1.0-1-amd64 root=/dev/sda quiet", "/vmlinuz-6.1.0-2-amd64 root=/dev/sda quiet"


def said(text: str, files: dict[str, str] | None = None, **environment: str) -> str:
    """Image and command line of the default, or what was not followed."""
    menu = grub_menu.read(text, files)
    entry = grub_menu.default_entry(menu, environment)
    unread = menu.handed_to + (entry.handed_to if entry else [])
    return f"unread: {' '.join(unread)}" if unread else f"{entry.linux} {entry.arguments}" if entry else ""


# What GRUB 2.06 and 2.12 do with each (docs/grub.texi, "Shell-like scripting"): an entry's body runs when it is chosen, and any file may be read.
@pytest.mark.parametrize(("text", "boots_by_default"), [
    (ENTRY + OTHER, ONE), (ENTRY + OTHER + "set default=two\n", TWO), (ENTRY + OTHER + "default=1\n", TWO),
    (ENTRY + OTHER + 'if true; then set default="1"; fi\n', TWO), (ENTRY + OTHER + "if [ x = x ] ; then default=two ; else true ; fi", TWO),
    (ENTRY.replace(" initrd", " linux /vmlinuz-6.1.0-9 evil\n initrd"), "/vmlinuz-6.1.0-9 evil"),
    (ENTRY.replace("quiet", "${late}") + 'set late="mitigations=off"\n', "/vmlinuz-6.1.0-1-amd64 root=/dev/sda mitigations=off"),
    (ENTRY.replace("quiet", "$told"), "/vmlinuz-6.1.0-1-amd64 root=/dev/sda from-the-block"),
    (ENTRY.replace("quiet", "'$told'"), "/vmlinuz-6.1.0-1-amd64 root=/dev/sda $told"),
    (ENTRY + "linux /vmlinuz-6.1.0-9 off\nboot\n", "/vmlinuz-6.1.0-9 off"), (ENTRY + "boot\n", ONE),
    (ENTRY + "linux /vmlinuz-6.1.0-9 off\n", ONE), ("function f {\n linux /x y\n set default=two\n}\n" + ENTRY + OTHER, ONE),
    ("menuentry 'a' { linux /vmlinuz-6.1.0-1-amd64 root=/dev/sda quiet; initrd /i; }\n", ONE),
    ("menuentry a {\n linux ($root)/vmlinuz-6.1.0-1-amd64 root=/dev/sda quiet # one\n}\n", ONE),
    ("configfile /boot/grub/other.cfg\n" + ENTRY, "unread: /boot/grub/other.cfg"), (ENTRY + "source /evil.cfg", "unread: /evil.cfg"),
    (ENTRY + "if true; then . (hd0,1)/evil.cfg; fi", "unread: (hd0,1)/evil.cfg"), (ENTRY.replace(" linux", " configfile /x\n linux"), "unread: /x"),
    (ENTRY + "normal /x.cfg", "unread: /x.cfg"), (ENTRY.replace(" initrd", " chainloader /x.efi\n initrd"), " "),
    (ENTRY + "source ${config_directory}/custom.cfg\nsource $prefix/custom.cfg\n", ONE),
    # Conditions on what the environment block holds are weighed; what others choose is told.
    (ENTRY + OTHER + "set default=0\nif [ x = y ]; then set default=two; fi\n", ONE),
    (ENTRY + OTHER + 'if [ -n "${boot_counter}" -a "${boot_success}" = "0" ]; then\n  set default=1\nfi\n', ONE),
    (ENTRY + OTHER + 'if [ "${next_entry}" ] ; then\n set default=0\nelif [ ! -z "$told" ]; then\n set default=two\nelse\n set default=0\nfi\n',
     TWO),
    (ENTRY + OTHER + "if false; then\n if true; then set default=two; fi\nelse\n  true\nfi\n", ONE),
    (ENTRY + OTHER + "if [ -f /boot/grub/old ]; then set default=two; fi\n", "unread: its condition [ -f /boot/grub/old ]"),
    (ENTRY + OTHER + "if [ $grub_platform = efi ]; then set default=two; fi\n", "unread: its condition [ $grub_platform = efi ]"),
    (ENTRY + OTHER + "set default=two\nif [ -f /x ]; then set default=two; fi\n", TWO),
    *((f"{ENTRY}{OTHER}for n in 0 1; do set default={value}; done\n", "unread: its condition for") for value in ("$n", "1")),
    # What the script language refuses GRUB leaves out; which statement the host's own GRUB makes of it is not told.
    *((f"{refused}\n{ENTRY}{OTHER}", f"unread: its statement {refused}, which GRUB refuses") for refused in (
        "set default=1>2", "[ -f /x ] && set default=two", "set default=two || true", "set default=$(cat", "set default=${x:-two}")),
    ("menuentry none {\n}\n" + ENTRY, "unread: its statement }, which GRUB refuses"), (ENTRY + "set default='1>2'\n", ONE),
    ("function pick {\n  set default=$1\n}\n" + ENTRY + OTHER + "pick two\n", "unread: its function pick"),
    ("function pick {\n  set default=$1\n}\n" + ENTRY + OTHER, ONE), ("named='two x'\nset default=$named\n" + ENTRY + OTHER, TWO),
    *((f"{ENTRY}{command} /o.cfg\n", "unread: /o.cfg") for command in ("legacy_source", "syslinux_source", "extract_legacy_entries_source")),
])
def test_what_a_menu_comes_to(text: str, boots_by_default: str) -> None:
    assert said(text, told="from-the-block") == boots_by_default


@pytest.mark.parametrize(("text", "boots_by_default"), [
    ("configfile /o.cfg\n" + ENTRY, TWO), (ENTRY + "configfile (hd0)/o.cfg\n", TWO), (ENTRY + "source /o.cfg\n", ONE),
    (ENTRY + "source /d.cfg\n", "unread: /n.cfg"), (ENTRY + OTHER + "source $prefix/p.cfg\n", TWO),
])
def test_files_that_were_read_are_followed(text: str, boots_by_default: str) -> None:
    files = grub_menu.files(f"=/o.cfg\n|{OTHER.rstrip()}".replace("\n ", "\n| ").replace("\n}", "\n|}")
                            + "\n=/d.cfg\n|source /n.cfg\n=$prefix/p.cfg\n|set default=two\n")
    assert files["/o.cfg"] == OTHER
    assert said(text, files) == boots_by_default


@pytest.mark.parametrize(("menu", "image"), [
    # commands/menuentry.c: an entry without a title is refused; options may stand before it.
    ("menuentry { linux /boot/vmlinuz-1 }\nmenuentry b { linux /boot/vmlinuz-2 }\n", "/boot/vmlinuz-2"),
    ("menuentry --class x { linux /boot/vmlinuz-1 }\nmenuentry --class x b { linux /boot/vmlinuz-2 }\n", "/boot/vmlinuz-2"),
    ("menuentry $menuentry_id_option one { linux /boot/vmlinuz-1 }\nmenuentry b { linux /boot/vmlinuz-2 }\n", "/boot/vmlinuz-2"),
    ("set default=b\nmenuentry a { linux /boot/vmlinuz-1 }\nmenuentry --id=i --class x b { linux /boot/vmlinuz-2 }\n", "/boot/vmlinuz-2"),
])
def test_an_entry_has_a_title(menu: str, image: str) -> None:
    entry = grub_menu.default_entry(grub_menu.read(menu), {})
    assert entry is not None and entry.linux == image


@pytest.mark.parametrize(("text", "device"), [
    ("menuentry A {\n loopback loop /a.iso\n linux (loop)/vmlinuz-1\n}\n", "loop /a.iso"),
    ("menuentry A {\n linux (memdisk)/vmlinuz-1\n}\n", "memdisk"),
    ("set root=memdisk\nmenuentry A {\n linux /vmlinuz-1\n}\n", "memdisk"), ("menuentry A {\n set root='(http,h)'\n linux /vmlinuz-1\n}\n", "http"),
    ("set root='(lvm/vg-root)'\nmenuentry A {\n set root='hd0,gpt2'\n linux ($root)/vmlinuz-1\n}\n", ""),
    ("menuentry A {\n linux (hd0,gpt2)/vmlinuz-1\n}\nmenuentry B {\n loopback loop /a.iso\n}\n", ""),
])
def test_what_lies_on_no_disk_is_told(text: str, device: str) -> None:
    menu = grub_menu.read(text)
    entry = grub_menu.default_entry(menu, {})
    assert entry is not None
    told = menu.handed_to + entry.handed_to
    assert any(device in each for each in told) if device else not told
