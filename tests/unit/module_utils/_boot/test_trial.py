# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry for one boot: made from the loader's own, found again by the reader that knows what GRUB does, and gone without a trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import loaders, trial
from recorded_host import RecordedHost

FIXTURES = Path(__file__).with_name("fixtures")
MENU = (FIXTURES / "debian12_default0.cfg").read_text()
OLD, NEW = "6.1.0-9-amd64", "6.1.0-44-amd64"
WORDS = ["panic=30"]


def grub_host(custom: str | None, environment: str = "", menu: str = MENU) -> RecordedHost:
    read = {"/boot/grub/grub.cfg": menu, "/boot/grub/grubenv": "# GRUB Environment Block\n" + environment, "/etc/os-release": "ID=debian\n",
            f"/boot/vmlinuz-{OLD}": "", f"/boot/vmlinuz-{NEW}": ""}
    return RecordedHost({"read": read | ({"/boot/grub/custom.cfg": custom} if custom is not None else {})})


def targets(host: Any) -> Any:
    return loaders.find_targets(host)


def test_grub_boots_the_copy_once_with_its_words_and_the_default_after_it() -> None:
    custom = trial.with_block("", trial.menu_entry(MENU, f"vmlinuz-{OLD}", WORDS))
    found = targets(grub_host(custom, f"next_entry={trial.TRIAL}\n"))
    assert trial.chosen_once((found.once.entry, found.once.options), trial.TRIAL, WORDS) == ""
    assert found.once.image == f"/boot/vmlinuz-{OLD}" and found.once.options.split()[-1] == "panic=30"
    assert found.default.image == f"/boot/vmlinuz-{NEW}" and "panic=30" not in found.default.options


def test_an_entry_that_is_there_and_not_chosen_is_no_trial() -> None:
    custom = trial.with_block("", trial.menu_entry(MENU, f"vmlinuz-{OLD}", WORDS))
    found = targets(grub_host(custom))
    assert found.once is None and trial.chosen_once(None, trial.TRIAL, WORDS) == "no entry is set for the next boot only"


def test_an_entry_that_is_chosen_and_not_there_is_no_trial() -> None:
    found = targets(grub_host(None, f"next_entry={trial.TRIAL}\n"))
    assert trial.chosen_once((found.once.entry, found.once.options), trial.TRIAL, WORDS).startswith("the entry of the next boot is ")


@pytest.mark.parametrize(("options", "wrong"), [("ro panic=30", ""), ("ro", "the entry of the next boot lacks panic=30"), (None, "")])
def test_the_words_must_be_on_the_entry_where_it_tells_them(options: str | None, wrong: str) -> None:
    assert trial.chosen_once(("firebreak-trial", options), trial.TRIAL, WORDS) == wrong


def test_the_rescue_entry_of_a_kernel_is_never_the_one_that_is_tried() -> None:
    entry = trial.menu_entry(MENU, f"vmlinuz-{NEW}", [])
    assert " single" not in entry and entry.splitlines()[0] == f"menuentry 'Firebreak: one boot of vmlinuz-{NEW}' --id firebreak-trial {{"
    only_rescue = "\n".join(line for line in MENU.splitlines() if f"vmlinuz-{NEW} root" not in line or "single" in line)
    with pytest.raises(ValueError, match="no entry for"):
        trial.menu_entry(only_rescue, f"vmlinuz-{NEW}", [])


def test_an_entry_without_a_password_stays_one() -> None:
    menu = f"menuentry 'x' --unrestricted $menuentry_id_option 'y' {{\n\tlinux\t/boot/vmlinuz-{NEW} ro\n}}\n"
    assert "--unrestricted {" in trial.menu_entry(menu, f"vmlinuz-{NEW}", [])


@pytest.mark.parametrize("own", ["", "menuentry 'mine' {\n  linux /x\n}\n"])
def test_what_the_operator_wrote_into_the_file_stays(own: str) -> None:
    first = trial.with_block(own, "one\n")
    assert first.startswith(own) and trial.with_block(first, "two\n") == trial.with_block(own, "two\n")
    assert trial.without_block(first) == own


def test_a_block_without_an_end_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="is followed by no"):
        trial.without_block("### BEGIN firebreak-trial ###\nmenuentry\n")


@pytest.mark.parametrize(("disks", "file_system", "once"), [
    ("", "ext2\n", True), ("\n", "xfs\n", True), ("", "fat\n", True), ("cryptodisk luks\n", "ext2\n", True),
    # grub-mkconfig's own list, util/grub.d/00_header.in of GRUB 2.06.
    ("lvm\n", "ext2\n", False), ("diskfilter mdraid1x\n", "ext2\n", False), ("", "btrfs\n", False), ("", "zfs\n", False),
])
def test_grub_must_be_able_to_forget_the_entry(disks: str, file_system: str, once: bool) -> None:
    assert (trial.why_not_once(disks, file_system) == "") is once


BLS = """title Red Hat Enterprise Linux (5.14.0-570.el9.x86_64) 9.6 (Plow)
version 5.14.0-570.el9.x86_64
# a comment
linux /vmlinuz-5.14.0-570.el9.x86_64
initrd /initramfs-5.14.0-570.el9.x86_64.img $tuned_initrd
options root=/dev/mapper/rhel-root ro crashkernel=1G $tuned_params panic=0
grub_users $grub_users
grub_arg --unrestricted
grub_class rhel
"""
KERNEL_INSTALL = """title Debian
version 6.12.57
machine-id aa
sort-key debian
options root=UUID=1 ro
options quiet
linux /aa/6.12.57/linux
initrd /aa/i
"""


def test_a_copy_of_a_conf_entry_keeps_what_it_needs_and_stands_last() -> None:
    lines = trial.conf_entry(BLS, "5.14.0-570.el9.x86_64", WORDS).splitlines()
    assert lines[:2] == ["title Firebreak: one boot of 5.14.0-570.el9.x86_64", "version 0"]
    assert "grub_users $grub_users" in lines and "initrd /initramfs-5.14.0-570.el9.x86_64.img $tuned_initrd" in lines
    assert lines[-1] == "options root=/dev/mapper/rhel-root ro crashkernel=1G $tuned_params panic=0 panic=30"
    lines = trial.conf_entry(KERNEL_INSTALL, "6.12.57", WORDS).splitlines()
    assert not [line for line in lines if line.startswith(("sort-key", "machine-id"))]
    assert lines[-1] == "options root=UUID=1 ro quiet panic=30"


def test_red_hats_grub_boots_the_copy_once_and_the_default_stays() -> None:
    releases = ("5.14.0-427.el9.x86_64", "5.14.0-570.el9.x86_64")
    read = {"/etc/os-release": 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n',
            "/boot/grub2/grub.cfg": (FIXTURES / "el9.cfg").read_text(),
            "/boot/grub2/grubenv": f"# GRUB Environment Block\nnext_entry={trial.CONF}\n",
            f"/boot/loader/entries/{trial.CONF}.conf": trial.conf_entry(BLS, releases[1], WORDS)}
    for release in releases:
        read[f"/boot/loader/entries/{'a' * 32}-{release}.conf"] = f"title x\nversion {release}\nlinux /vmlinuz-{release}\noptions ro\n"
        read[f"/boot/vmlinuz-{release}"] = ""
    found = targets(RecordedHost({"read": read}))
    assert found.once.entry == trial.CONF and found.once.options.endswith("panic=30")
    # Not even where no default is saved does the copy become the first.
    assert found.default.entry == f"{'a' * 32}-{releases[1]}"


@pytest.mark.parametrize(("path", "release", "is_it"), [
    ("/vmlinuz-6.1", "6.1", True), ("/boot/vmlinuz-6.1", "6.1", True),
    ("/aa/6.12.57/linux", "6.12.57", True), ("\\aa\\6.12.57\\linux", "6.12.57", True),
    ("/vmlinuz-6.1-rc1", "6.1", False), ("/aa/6.12.5/linux", "6.12.57", False), ("", "6.1", False)])
def test_whose_kernel_an_entry_loads(path: str, release: str, is_it: bool) -> None:
    assert trial.is_of_release(path, release) is is_it
