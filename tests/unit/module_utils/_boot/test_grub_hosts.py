# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose GRUB decides otherwise than a reader of file names thinks: its order, its own vendor's file, files that it hands over to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import grub_default, loaders
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.grub_menu import Entry
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from recorded_host import RecordedHost

FIXTURES = Path(__file__).with_name("fixtures")
EFI = {"/sys/firmware/efi": ["efivars"]}
OLD_ID, NEW_ID = "104a0000000000000000000000000000", "cd330000000000000000000000000000"
FEDORA, EL8 = "ID=fedora\nVERSION_ID=43\n", 'ID="rocky"\nVERSION_ID="8.10"\n'
ALMA9 = 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n'


def collected(read: dict[str, str], **recording: Any) -> Section:
    section = Section("kernel")
    loaders.collect_boot_targets(RecordedHost({"read": read, **recording}), section)
    return section


def reason(section: Section, fact: str) -> str:
    return str(next(null["reason"] for null in section.nulls if null["fact"] == "kernel." + fact))


def entries(os_release: str, ids: dict[str, str], **environment: str) -> dict[str, str]:
    """A host with BLS entries, id -> release, and the menu of EL 9, which is that of EL 8 and Fedora where it matters here."""
    block = "# GRUB Environment Block\n" + "".join(f"{name}={value}\n" for name, value in environment.items())
    read = {"/etc/os-release": os_release, "/boot/grub2/grub.cfg": (FIXTURES / "el9.cfg").read_text(), "/boot/grub2/grubenv": block}
    for entry_id, release in ids.items():
        read[f"/boot/loader/entries/{entry_id}.conf"] = (
            f"title Linux ({release})\nversion {release}\nlinux /vmlinuz-{release}\noptions root=/dev/sda1 ro\n")
        read[f"/boot/vmlinuz-{release}"] = ""
    return read


@pytest.mark.parametrize(("os_release", "ids", "release"), [
    # A kernel by make install on Fedora, rhboot/grub2 fedora-43 blscfg.c.
    (FEDORA, {f"{NEW_ID}-6.17.8-300.fc43.x86_64": "6.17.8-300.fc43.x86_64", f"{NEW_ID}-6.18.0": "6.18.0"}, "6.18.0"),
    (FEDORA, {f"{NEW_ID}-6.17.8-300.fc43.x86_64": "6.17.8-300.fc43.x86_64", f"{NEW_ID}-6.18.0+": "6.18.0+"}, "6.18.0+"),
    # Two machine ids: EL 8 goes by version, EL 9 by id (rhel-8-main and rhel-9-main; stackhpc-kayobe-config#878).
    (EL8, {f"{OLD_ID}-4.18.0-477.el8.x86_64": "4.18.0-477.el8.x86_64", f"{NEW_ID}-4.18.0-553.el8.x86_64": "4.18.0-553.el8.x86_64"},
     "4.18.0-553.el8.x86_64"),
    (ALMA9, {f"{OLD_ID}-5.14.0-162.el9.x86_64": "5.14.0-162.el9.x86_64", f"{'f' * 32}-5.14.0-570.el9.x86_64": "5.14.0-570.el9.x86_64"},
     "5.14.0-162.el9.x86_64"),
])
def test_the_first_entry_is_the_one_that_this_branch_shows_first(os_release: str, ids: dict[str, str], release: str) -> None:
    assert collected(entries(os_release, ids)).facts["default_boot"]["release"] == release


TENCENT3 = 'ID="tencentos"\nID_LIKE="rhel fedora centos"\nVERSION_ID="3.1"\nPLATFORM_ID="platform:el8"\n'
ALINUX3 = 'ID="alinux"\nID_LIKE="rhel fedora centos anolis"\nVERSION_ID="3"\nPLATFORM_ID="platform:al8"\n'
TENCENT4 = 'ID="tencentos"\nID_LIKE="tencentos"\nVERSION_ID="4.4"\nPLATFORM_ID="platform:tl4"\n'
OPENCLOUD9 = 'ID="opencloudos"\nID_LIKE="opencloudos"\nVERSION_ID="9.6"\n'
AZURE3, DEBIAN14 = 'ID=azurelinux\nVERSION_ID="3.0"\n', "ID=debian\nVERSION_ID=14\n"
TWO = {f"{OLD_ID}-5.10.134-18.an8.x86_64": "5.10.134-18.an8.x86_64", f"{NEW_ID}-6.6.119-51.5.tl4.x86_64": "6.6.119-51.5.tl4.x86_64"}
OLDER, NEWER = TWO.values()


@pytest.mark.parametrize(("os_release", "release"), [
    # TimeBye/kubeadm-ha#123 shows TencentOS 3.1's os-release, rhboot/shim-review#440 its grub2 2.02, which is EL 8's: by version.
    (TENCENT3, NEWER), (ALINUX3, NEWER),
    # oneinstack#565, ccfos/huatuo#863: no relative is named there, and the menu loads Red Hat's module: by id.
    (TENCENT4, OLDER), (OPENCLOUD9, OLDER),
    # microsoft/azurelinux SPECS/grub2 0018: Fedora's.
    (AZURE3, OLDER),
    # Debian's GRUB has no such module, whatever its menu loads: 2.14's own, by the file's name.
    (DEBIAN14, NEWER),
])
def test_a_relative_of_red_hats_is_known_by_what_it_is_built_from_or_loads(os_release: str, release: str) -> None:
    assert collected(entries(os_release, TWO)).facts["default_boot"]["release"] == release


@pytest.mark.parametrize("os_release", [TENCENT3, ALINUX3, TENCENT4, OPENCLOUD9, AZURE3])
def test_an_id_that_begins_with_a_digit_is_no_number_for_them(os_release: str) -> None:
    """microsoft/azurelinux SPECS/grub2 0122: an id comes first, then a title, then a number. Ten of sixteen machine ids begin with a digit."""
    ids = {f"{OLD_ID}-6.6.119-{number}.x86_64": f"6.6.119-{number}.x86_64" for number in ("51.5.tl4", "60.1.tl4")}
    default = collected(entries(os_release, ids, saved_entry=next(iter(ids)))).facts["default_boot"]
    assert (default["release"], default["entry"]) == ("6.6.119-51.5.tl4.x86_64", next(iter(ids)))


def test_an_entry_that_ends_before_its_linux_line_is_none() -> None:
    read = entries(ALMA9, {f"{NEW_ID}-5.14.0-427.el9.x86_64": "5.14.0-427.el9.x86_64", f"{NEW_ID}-5.14.0-570.el9.x86_64": "5.14.0-570.el9.x86_64"})
    path = f"/boot/loader/entries/{NEW_ID}-5.14.0-570.el9.x86_64.conf"
    read[path] = read[path].replace("linux ", "\nlinux ")
    assert collected(read).facts["default_boot"]["release"] == "5.14.0-427.el9.x86_64"


@pytest.mark.parametrize(("saved", "release"), [
    # normal/menu.c of rhboot/grub2: an id, then a title, then a number; a number before a '>' is refused.
    (f"{NEW_ID}-5.14.0-427.el9.x86_64", "5.14.0-427.el9.x86_64"), ("Linux (5.14.0-427.el9.x86_64)", "5.14.0-427.el9.x86_64"),
    ("1", "5.14.0-427.el9.x86_64"), ("1>2", "5.14.0-570.el9.x86_64"), (f"{NEW_ID}-5.14.0-427.el9.x86_64.conf", "5.14.0-570.el9.x86_64"),
    ("1 and more", "5.14.0-570.el9.x86_64"),
])
def test_what_red_hats_grub_takes_for_a_name(saved: str, release: str) -> None:
    read = entries(ALMA9, {f"{NEW_ID}-{each}": each for each in ("5.14.0-427.el9.x86_64", "5.14.0-570.el9.x86_64")}, saved_entry=saved)
    assert collected(read).facts["default_boot"]["release"] == release


@pytest.mark.parametrize(("default", "redhat", "path"), [
    ("2.6 kernel", False, "/c"), ("2.6 kernel", True, "/a"), ("0x1", False, "/b"), ("01", False, "/b"), ("9", False, "/a"), ("two", False, "/b"),
    ("id-c", True, "/c"), ("", False, "/a"),
])
def test_upstream_takes_a_number_first_even_at_the_head_of_a_title(default: str, redhat: bool, path: str) -> None:
    menu = [Entry(title, name, where, None, False, None, "", (), "") for title, name, where in (
        ("2.6 kernel", "id-a", "/a"), ("two", "id-b", "/b"), ("three", "id-c", "/c"))]
    assert grub_default.select(menu, default, redhat)[0].path == path


def test_a_rescue_image_names_no_release() -> None:
    read = entries(ALMA9, {f"{NEW_ID}-0-rescue": f"0-rescue-{NEW_ID}", f"{NEW_ID}-5.14.0-570.el9.x86_64": "5.14.0-570.el9.x86_64"},
                   saved_entry=f"{NEW_ID}-0-rescue")
    section = collected(read)
    assert section.facts["default_boot"]["image"] == f"/boot/vmlinuz-0-rescue-{NEW_ID}"
    assert section.facts["default_boot"]["release"] is None


@pytest.mark.parametrize("other", [
    # EL 8's whole configuration, left by a conversion; a second system's own.
    "set default=0\nmenuentry 'CentOS' { linux /vmlinuz-4.18.0-553.el8.x86_64 root=x }\n",
    "set default=0\nmenuentry 'Ubuntu' { linux /boot/vmlinuz-6.8.0-40-generic root=x }\n",
])
def test_another_vendors_file_on_the_partition_is_not_ours(other: str) -> None:
    read = entries(ALMA9, {f"{NEW_ID}-5.14.0-570.el9.x86_64": "5.14.0-570.el9.x86_64"})
    read["/boot/efi/EFI/almalinux/grub.cfg"] = (FIXTURES / "el9_stub.cfg").read_text()
    read["/boot/efi/EFI/centos/grub.cfg"] = read["/boot/efi/EFI/aaa/grub.cfg"] = other
    section = collected(read, listdir=EFI)
    assert section.facts["default_boot"]["release"] == "5.14.0-570.el9.x86_64"
    assert section.evidence["kernel.default_boot.entry"] == "/boot/grub2/grub.cfg"


SECOND = "menuentry b { linux /boot/vmlinuz-6.9.0-b root=x }\n"
DEBIAN = {"/etc/os-release": "ID=debian\nVERSION_ID=12\n", "/boot/grub/own.cfg": "menuentry own { linux /boot/vmlinuz-6.9.0-own root=x }\n"}
FIRST = "menuentry first { linux /boot/vmlinuz-6.1.0-9-amd64 root=x }\n"


@pytest.mark.parametrize(("menu", "image"), [
    ("source $prefix/own.cfg\n" + FIRST, "/boot/vmlinuz-6.9.0-own"), (FIRST + ". $prefix/own.cfg\nset default=own\n", "/boot/vmlinuz-6.9.0-own"),
    (FIRST + "configfile ${config_directory}/own.cfg\n", "/boot/vmlinuz-6.9.0-own"),
    (FIRST + "set default=7\nexport default\nconfigfile $prefix/own.cfg\n", "/boot/vmlinuz-6.9.0-own"),
    (FIRST + "eval \"menuentry two { linux /boot/vmlinuz-6.9.0-two }\"\nset default=two\n", "/boot/vmlinuz-6.9.0-two"),
    (FIRST + "linux /boot/vmlinuz-6.9.0-now root=x\nboot\n", "/boot/vmlinuz-6.9.0-now"),
    ("menuentry a { linux $kernel root=x }\nset kernel=/boot/vmlinuz-6.9.0-late\n", "/boot/vmlinuz-6.9.0-late"),
    ("if [ -e /boot/marker ]; then set default=1; fi\n" + FIRST, "/boot/vmlinuz-6.1.0-9-amd64"),
    ("if [ -e /boot/grub/own.cfg ]; then set default=1; fi\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n", "/boot/vmlinuz-6.9.0-b"),
    # What only the machine can say, where it makes no difference.
    ("if loadfont x; then set gfxmode=auto; fi\n" + FIRST, "/boot/vmlinuz-6.1.0-9-amd64"),
    (FIRST + "fwsetup --is-supported\nif [ \"$?\" = 0 ]; then menuentry setup { fwsetup }; fi\n", "/boot/vmlinuz-6.1.0-9-amd64"),
    ("for f in /boot/*; do set x=$f; done\n" + FIRST, "/boot/vmlinuz-6.1.0-9-amd64"),
    # Arguments of functions and of entries, whose first one is the title (the manual's "menuentry", script/execute.c).
    ("function pick { set default=\"$2\"; }\npick x 1\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n", "/boot/vmlinuz-6.9.0-b"),
    ("function pick { shift; set default=\"$1\"; }\npick x 1\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n", "/boot/vmlinuz-6.9.0-b"),
    ("menuentry b /boot/vmlinuz-6.9.0-b { linux $2 root=x }\n", "/boot/vmlinuz-6.9.0-b"),
    # commands/menuentry.c: an entry without a title is refused; one may be given as text in the place of a block.
    ("menuentry { linux /boot/vmlinuz-6.9.0-none root=x }\n" + FIRST, "/boot/vmlinuz-6.1.0-9-amd64"),
    ("menuentry --class x { linux /boot/vmlinuz-6.9.0-none root=x }\nset default=0\n" + FIRST, "/boot/vmlinuz-6.1.0-9-amd64"),
    ("menuentry b --source 'linux /boot/vmlinuz-6.9.0-b root=x'\n" + FIRST, "/boot/vmlinuz-6.9.0-b"),
    ("menuentry /boot/vmlinuz-6.9.0-b --id b { if [ $# = 1 ]; then linux \"$1\"; fi }\n", "/boot/vmlinuz-6.9.0-b"),
    # A function ends where it returns, a loop where it is left (script/execute.c).
    ("function pick {\n  if [ \"$1\" = x ]; then return 1; fi\n  set default=1\n}\npick x\n" + FIRST + SECOND, "/boot/vmlinuz-6.1.0-9-amd64"),
    ("function old {\n  return 1\n}\nif old; then set default=1; fi\n" + FIRST + SECOND, "/boot/vmlinuz-6.1.0-9-amd64"),
    ("function old {\n  [ a = a ]\n  return\n}\nif old; then set default=1; fi\n" + FIRST + SECOND, "/boot/vmlinuz-6.9.0-b"),
    ("for n in 0 1; do default=$n; if [ $n = 0 ]; then break; fi; done\n" + FIRST + SECOND, "/boot/vmlinuz-6.1.0-9-amd64"),
    ("for n in 0 1; do if [ $n = 1 ]; then continue; fi; default=$n; done\n" + FIRST + SECOND, "/boot/vmlinuz-6.1.0-9-amd64"),
    ("for n in a b; do for m in 1 0; do default=$m; break 2; done; default=0; done\n" + FIRST + SECOND, "/boot/vmlinuz-6.9.0-b"),
    ("while true; do set default=1; break; done\n" + FIRST + SECOND, "/boot/vmlinuz-6.9.0-b"),
    ("break\nreturn 1\nset default=1\n" + FIRST + SECOND, "/boot/vmlinuz-6.9.0-b"),
    # A variable without quotes is parted at its blanks (grub_script_argv_split_append).
    ("set kernels='/boot/vmlinuz-6.9.0-x /boot/vmlinuz-6.9.0-b'\nfor k in $kernels; do menuentry $k { linux $1 root=x }; done\n"
     "set default=1\n" + FIRST, "/boot/vmlinuz-6.9.0-b"),
    ("function pick { for d in \"$@\"; do set default=\"$d\"; done; }\npick first 'b c'\n" + FIRST + SECOND.replace("b {", "'b c' {"),
     "/boot/vmlinuz-6.9.0-b"),
    ("set named='b c'\nset default=$named\n" + FIRST + SECOND + "menuentry 'b c' { linux /boot/vmlinuz-6.9.0-c }\n", "/boot/vmlinuz-6.9.0-b"),
    # An unknown command may be given a block, which it does not take.
    ("hiddenentry own { linux /boot/vmlinuz-6.9.0-own }\n" + FIRST, "/boot/vmlinuz-6.1.0-9-amd64"),
    # What is loaded last is what starts.
    ("menuentry b { chainloader /EFI/Linux/x.efi; linux /boot/vmlinuz-6.9.0-b; }\n", "/boot/vmlinuz-6.9.0-b"),
    # What GRUB itself sets of BIOS.
    ("if [ $grub_cpu = i386 -a -z \"$lockdown\" ]; then set default=1; fi\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n",
     "/boot/vmlinuz-6.9.0-b"),
])
def test_a_menu_that_hands_over_is_followed(menu: str, image: str) -> None:
    assert collected({**DEBIAN, "/boot/grub/grub.cfg": menu}).facts["default_boot"]["image"] == image


@pytest.mark.parametrize("menu", [
    FIRST + "configfile (hd1,gpt1)/other/grub.cfg\n", "source /nowhere/more.cfg\n" + FIRST, FIRST + "exit\n",
    "if cmostest 1:2; then set default=1; fi\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n",
    "for f in /boot/vmlinuz-*; do menuentry $f { linux $f }; done\n" + FIRST,
    "regexp --set=1:default '(.)' 1\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n",
    "if ! search --file --set=root /x; then set default=1; fi\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n",
    # Flatcar's partitions, a server's word, a key: what names the variable itself.
    "gptprio.next -d usr -u usr_uuid\nif [ \"$usr_uuid\" = 7130c94a ]; then set default=1; fi\n" + FIRST + "menuentry b { linux /b-6.9.0 }\n",
    "menuentry b { gptprio.next -d usr -u usr_uuid\nif [ \"$usr_uuid\" = 7130c94a ]; then linux /a; else linux /b; fi\n }\n",
    "net_get_dhcp_option kernel net0 67 string\nmenuentry b { linux /boot/vmlinuz-$kernel }\n", "read default\n" + FIRST,
    "source $cmdpath/gone.cfg\n" + FIRST,
    # Menus of other loaders, and entries taken out of other menus (legacycfg, syslinuxcfg and configfile in the manual).
    *(f"{command} /boot/grub/own.cfg\n" + FIRST for command in (
        "legacy_configfile", "legacy_source", "syslinux_configfile", "syslinux_source", "extract_entries_source", "extract_entries_configfile",
        "extract_legacy_entries_source", "extract_syslinux_entries_configfile")),
    "if [ /boot/a -nt /boot/b ]; then set default=1; fi\n" + FIRST + SECOND, "if [ v2 -plt v11 ]; then set default=1; fi\n" + FIRST + SECOND,
    "menuentry b { linux /boot/vmlinuz-6.9.0-b; chainloader /EFI/Microsoft/Boot/bootmgfw.efi; }\n", FIRST + "ntldr /bootmgr\nboot\n",
    "uki\n" + FIRST, FIRST + "chainloader (hd1)+1\nboot\n",
    # What blscfg of GRUB 2.14 takes for one file, and what no GRUB knows (grub-core/commands/blsuki.c).
    "blscfg --path (hd0,gpt2)/entries/one.conf\n" + FIRST, "blscfg --path\n" + FIRST, "blscfg -x\n" + FIRST,
])
def test_a_menu_that_cannot_be_followed_is_not_believed(menu: str) -> None:
    section = collected({**DEBIAN, "/boot/grub/grub.cfg": menu})
    assert section.facts["default_boot"]["release"] is None
    assert reason(section, "default_boot.release") == "unsupported"


@pytest.mark.parametrize("statement", [
    # script/parser.y: GRUB refuses the statement, and goes on without it.
    "set default=1>2", "[ -f /boot/grub/own.cfg ] && set default=1", "set default=1 || true", "set default=$(cat /x)", "set default=${saved:-1}",
    "function f { }", "menuentry none { }", "function f { set default=1 }", "if true; then; set default=1; fi", "a b}c", "true;; set default=1",
])
def test_what_grub_refuses_is_not_carried_out(statement: str) -> None:
    section = collected({**DEBIAN, "/boot/grub/grub.cfg": f"{statement}\n{FIRST}{SECOND}"})
    assert section.facts["default_boot"]["release"] is None
    assert reason(section, "default_boot.release") == "unparsable"


FOUND_BY_OS_PROBER = """menuentry 'Debian GNU/Linux 12 (on /dev/sdb2)' --id osprober {
	insmod ext2
	search --no-floppy --fs-uuid --set=root 5fbb3d58-64a3-4d4d-9b0a-3c5a3bd3a5a0
	linux /boot/vmlinuz-6.1.0-9-amd64 root=/dev/sdb2
}
"""


@pytest.mark.parametrize(("device", "mounts", "release"), [
    ("/dev/sdb2", "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n", None), ("/dev/sda2", "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n", "6.1.0-9-amd64"),
    ("/dev/dm-0", "1 0 254:0 / / rw - xfs /dev/mapper/vg-root rw\n", "6.1.0-9-amd64"),
    ("/dev/sda1", "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n2 1 8:1 / /boot rw - ext4 /dev/sda1 rw\n", "6.1.0-9-amd64"),
    # GRUB does not find it, and stays where it was; a file system over several devices has several names.
    (None, "1 0 8:2 / / rw - ext4 /dev/sda2 rw\n", "6.1.0-9-amd64"), ("/dev/sdb2", "1 0 0:30 / / rw - btrfs /dev/sda2 rw\n", "6.1.0-9-amd64"),
    ("/dev/sdb2", "1 0 0:30 / / rw - overlay overlay rw\n", "6.1.0-9-amd64"),
    # bcachefs names each of its devices, and has a number of its own.
    ("/dev/sdb2", "1 0 0:34 / / rw - bcachefs /dev/sda2:/dev/sdb2 rw\n", "6.1.0-9-amd64"),
    ("/dev/sdb2", "1 0 0:34 / / rw - bcachefs /dev/sda2 rw\n", "6.1.0-9-amd64"),
    # Ubuntu's cloud images boot without an initrd, and their root's source is /dev/root.
    ("/dev/sda2", "1 0 8:2 / / rw - ext4 /dev/root rw\n", "6.1.0-9-amd64"), ("/dev/sdb2", "1 0 8:2 / / rw - ext4 /dev/root rw\n", None),
    ("/dev/sdb2", "1 0 8:9 / / rw - ext4 /dev/root rw\n", "6.1.0-9-amd64"),
])
def test_an_entry_that_starts_another_systems_kernel(device: str | None, mounts: str, release: str | None) -> None:
    links = {"/dev/disk/by-uuid/5fbb3d58-64a3-4d4d-9b0a-3c5a3bd3a5a0": device} if device else {}
    read = {**DEBIAN, "/boot/grub/grub.cfg": FOUND_BY_OS_PROBER + FIRST, "/proc/1/mountinfo": mounts}
    section = collected(read, readlink={**links, "/dev/mapper/vg-root": "/dev/dm-0", "/sys/dev/block/8:2": "/sys/devices/x/sda/sda2"})
    assert section.facts["default_boot"]["release"] == release
    if release is None:
        assert reason(section, "default_boot.release") == "unsupported"


@pytest.mark.parametrize(("command", "release"), [
    # grub-core/commands/blsuki.c of GRUB 2.14 sorts by gnulib's filevercmp; tests/system asks GRUB itself.
    ("blscfg --path (hd0,gpt2)/entries", "6.10.0-b"), ("blscfg -d -p /entries", "6.9.0-a"), ("set default=1; blscfg -n -p /entries", "6.10.0-b"),
    ("blscfg --path=/none -f", "6.8.0-u"), ("blscfg", "6.8.0-u"), ("blscfg -e m-6.9.0-a.conf --path /entries", "6.9.0-a"),
])
def test_the_command_of_grub_2_14_adds_what_its_options_say(command: str, release: str) -> None:
    kernels = {"entries/m-6.9.0-a": "6.9.0-a", "entries/m-6.10.0-b": "6.10.0-b", "loader/entries/m-6.8.0-u": "6.8.0-u"}
    read = {f"/boot/{name}.conf": f"title t\nlinux /vmlinuz-{kernel}\n" for name, kernel in kernels.items()}
    folders = {"/boot/entries": ["m-6.9.0-a.conf", "m-6.10.0-b.conf"], "/boot/loader/entries": ["m-6.8.0-u.conf"]}
    menu = ("set default=1\n" if command.startswith("blscfg -d") else "") + command + "\n"
    section = collected({**DEBIAN, **read, "/boot/grub/grub.cfg": menu}, listdir=folders)
    assert section.facts["default_boot"]["release"] == release


@pytest.mark.parametrize(("machine", "processor"), [("x86_64", "x86_64"), ("aarch64", "arm64"), ("riscv64", "riscv64")])
def test_grub_names_processors_in_its_own_way(machine: str, processor: str) -> None:
    menu = f"if [ $grub_cpu = {processor} ]; then set default=1; fi\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n"
    section = collected({**DEBIAN, "/boot/grub/grub.cfg": menu}, listdir=EFI, uname=["Linux", "x", "6.1.0", "", machine])
    assert section.facts["default_boot"]["release"] == "6.9.0-b"


def test_what_secure_boot_makes_grub_set_is_not_guessed() -> None:
    menu = "if [ \"$lockdown\" = y ]; then set default=1; fi\n" + FIRST + "menuentry b { linux /boot/vmlinuz-6.9.0-b }\n"
    section = collected({**DEBIAN, "/boot/grub/grub.cfg": menu}, listdir=EFI)
    assert reason(section, "default_boot.release") == "unsupported"


def test_sdbootutil_names_images_by_their_digest() -> None:
    """openSUSE/sdbootutil, install_kernel: <token>/<release>/linux-<sha1>, version <snapshot>@<release>."""
    digest = "89e6c98d92887913cadf06b2adb97f26cde4849b"
    read = {"/boot/efi/EFI/systemd/systemd-bootx64.efi": "", f"/boot/efi/opensuse-tumbleweed/6.17.6-1-default/linux-{digest}": "",
            "/boot/efi/loader/entries/opensuse-tumbleweed-6.17.6-1-default-5.conf":
                f"title openSUSE\nversion 5@6.17.6-1-default\nsort-key opensuse\nlinux /opensuse-tumbleweed/6.17.6-1-default/linux-{digest}\n"}
    assert collected(read, listdir=EFI).facts["default_boot"]["release"] == "6.17.6-1-default"


IN_A_FILE = "menuentry 'Rescue' {\n  loopback loop /images/rescue.iso\n  linux (loop)/vmlinuz-6.1.0-9-amd64 quiet\n}\n"


@pytest.mark.parametrize(("menu", "release"), [
    # docs/grub.texi, "loopback": a file of a file system becomes a device, by any name. memdisk and (http,...) hold no file of the host either.
    (IN_A_FILE, None), (IN_A_FILE.replace("loop ", "hd9 ").replace("(loop)", "(hd9)"), None),
    ("loopback -D x /a.iso\nset root=(x)\n" + FIRST, None), ("set root=memdisk\n" + FIRST, None),
    ("menuentry 'N' { linux (http,10.0.0.1)/vmlinuz-6.1.0-9-amd64 }\n", None),
    ("loopback x /a.iso\nconfigfile (x)/boot/grub/grub.cfg\n" + FIRST, None),
    ("if [ -e (memdisk)/x ]; then set default=1; fi\n" + FIRST + SECOND, None),
    # What is searched for, or is named as a disk, is the host's; so is what follows an entry that is not chosen.
    ("loopback x /a.iso\nset root=(x)\nsearch --set=root --file /x\n" + FIRST, "6.1.0-9-amd64"), (FIRST + IN_A_FILE, "6.1.0-9-amd64"),
    ("set root='(lvm/vg-root)'\n" + FIRST, "6.1.0-9-amd64"), ("menuentry 'N' { linux (hd0,gpt2)/boot/vmlinuz-6.1.0-9-amd64 }\n", "6.1.0-9-amd64"),
    ("set root='hd0,gpt2'\nmenuentry 'N' { linux ($root)/boot/vmlinuz-6.1.0-9-amd64 }\n", "6.1.0-9-amd64"),
])
def test_what_lies_on_no_disk_of_the_host_is_not_the_hosts(menu: str, release: str | None) -> None:
    read = {**DEBIAN, "/boot/grub/grub.cfg": menu, "/boot/vmlinuz-6.1.0-9-amd64": "", "/vmlinuz-6.1.0-9-amd64": ""}
    section = collected(read)
    assert section.facts["default_boot"]["release"] == release
    if release is None:
        assert reason(section, "default_boot.release") == "unsupported"


@pytest.mark.parametrize(("machine", "condition", "chosen"), [
    # configure.ac and grub-core/kern/main.c: the platform and processor of the build.
    ("s390x", '[ "$grub_platform" = emu -a "$grub_cpu" = s390x ]', True), ("ppc64le", '[ "$grub_platform-$grub_cpu" = ieee1275-powerpc ]', True),
    ("x86_64", '[ "$grub_platform-$grub_cpu" = pc-i386 ]', True), ("s390x", '[ "$grub_platform" = pc ]', False),
])
def test_a_condition_on_the_machine(machine: str, condition: str, chosen: bool) -> None:
    menu = f"if {condition}; then set default=1; fi\n{FIRST}{SECOND}"
    read = {**DEBIAN, "/boot/grub/grub.cfg": menu}
    entry = collected(read, uname=["Linux", "h", "6.1.0", "", machine]).facts["default_boot"]["entry"]
    assert entry == ("b" if chosen else "first")
