# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""zipl's choice on IBM Z, by the scan: its configuration, what the machine is given, and whether zipl ran since."""

from __future__ import annotations

import ctypes
import random
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import loaders, zipl
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from recorded_host import RecordedHost
from zipl_kinds import AUTOMATIC, ENTRIES, KINDS, MACHINE, MENU, NEW, entry

FOLDER = "/boot/loader/entries/"
CCW = {"/sys/firmware/reipl/reipl_type": "ccw\n", "/sys/firmware/ipl/ipl_type": "ccw\n", "/sys/firmware/reipl/ccw/device": "0.0.0200\n",
       "/sys/firmware/ipl/device": "0.0.0200\n", "/sys/firmware/reipl/ccw/loadparm": "\n"}


def collected(conf: str, entries: dict[str, str], changed: dict[str, Any] | None = None, stat: dict[str, Any] | None = None) -> Section:
    read = {"/etc/zipl.conf": conf, "/boot/bootmap": "", **CCW, **{FOLDER + name: text for name, text in entries.items()}, **(changed or {})}
    section = Section("kernel")
    recording = {"read": {path: text for path, text in read.items() if text is not None}, "stat": stat or {}}
    loaders.collect_boot_targets(RecordedHost({**recording, "uname": ["Linux", "h", NEW, "", "s390x"]}), section)
    return section


def why_not(section: Section) -> tuple[str, str]:
    return next((null["reason"], null["detail"]) for null in section.nulls if null["fact"] == "kernel.default_boot.release")


@pytest.mark.parametrize("kind", KINDS)
def test_what_starts(kind: str) -> None:
    conf, entries, number, image = KINDS[kind]
    section = collected(conf, entries, {"/sys/firmware/reipl/ccw/loadparm": f"{number}\n"})
    assert section.facts["default_boot"]["image"] == image
    if image is not None:
        assert (section.facts["default_boot"]["loader"], section.facts["default_boot"]["stale_config"]) == ("zipl", False)
        assert section.facts["default_boot"]["release"] == image.partition("vmlinuz-")[2]


def test_the_command_line_is_that_of_the_section() -> None:
    assert collected(AUTOMATIC, ENTRIES).facts["default_boot"]["options"] == "root=/dev/dasda1"
    with_file = MENU.replace("parameters = root=/dev/dasda1", "parmfile = /boot/parmfile")
    assert collected(with_file, {}).facts["default_boot"]["options"] is None


STATE = ["file", 0o644, 0, 0, 0, 100.0, 100.0, 1, 1]


@pytest.mark.parametrize(("changed", "stat", "why"), [
    # A run of zipl keeps the blocks of the kernels: what came after it does not count.
    ({}, {FOLDER + f"{MACHINE}-{NEW}.conf": STATE}, "was changed after zipl ran"), ({}, {"/etc/zipl.conf": STATE}, "was changed after zipl ran"),
    # dpkg and rpm give a kernel that replaces one of the same name the time at which it was built.
    ({f"/boot/vmlinuz-{NEW}": ""}, {f"/boot/vmlinuz-{NEW}": [*STATE[:5], 0.0, 100.0, 1, 1]}, "was changed after zipl ran"),
    ({"/boot/bootmap": None}, {}, "a run of zipl"),
    # Documentation/arch/s390: reipl_type, and what the last start came from.
    ({"/sys/firmware/reipl/reipl_type": "nss\n"}, {}, "starts from elsewhere next"),
    ({"/sys/firmware/reipl/ccw/device": "0.0.0300\n"}, {}, "starts from elsewhere next"),
    ({"/sys/firmware/reipl/reipl_type": None}, {}, "reipl_type"),
    ({"/sys/firmware/reipl/ccw/loadparm": "SYSTEM\n"}, {}, "the word system"),
    # SUSE's zipl starts a GRUB, which has no menu here.
    ({"/boot/zipl/config": ""}, {}, "zipl (/etc/zipl.conf) is not read"),
])
def test_what_nobody_can_tell(changed: dict[str, Any], stat: dict[str, Any], why: str) -> None:
    assert why in why_not(collected(AUTOMATIC, ENTRIES, changed, stat))[1]


def test_entries_that_name_and_version_order_differently() -> None:
    entries = {"a-6.2.0.conf": entry("6.2.0-1"), "b-6.1.0.conf": entry("6.1.0-1")}
    assert "by name or by version" in why_not(collected(AUTOMATIC, entries))[1]
    named = collected(AUTOMATIC + "default=Fedora (6.1.0-1)\n", entries)
    assert named.facts["default_boot"]["release"] == "6.1.0-1"


def test_the_order_is_that_of_the_c_library() -> None:
    real, dice = ctypes.CDLL(None).strverscmp, random.Random(3)
    for _number in range(3000):
        one, two = ("".join(dice.choice(["0", "00", "1", "9", "12", "a", "-", ".", "~", "el9"]) for _ in range(dice.randint(0, 6))) for _ in "ab")
        expected, said = real(one.encode(), two.encode()), zipl.strverscmp(one, two)
        assert (said > 0) - (said < 0) == (expected > 0) - (expected < 0), (one, two)
