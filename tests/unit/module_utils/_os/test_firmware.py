# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine's firmware says of itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.witness import Witness
from ansible_collections.firebreak.fleet.plugins.module_utils._os import firmware
from recorded_host import RecordedHost


def test_firmware_of_a_server() -> None:
    section = Section("os")
    read = {f"{firmware.DMI}/{name}": text for name, text in {
        "bios_vendor": "HPE\n", "bios_version": "U32\n", "bios_date": "03/05/2026\n", "product_name": "ProLiant DL380 Gen10\n"}.items()}
    firmware.collect(RecordedHost({"read": read}), section)
    assert section.facts["firmware"] == {"vendor": "HPE", "version": "U32", "date": "2026-03-05", "product": "ProLiant DL380 Gen10",
                                         "bmc_version": None, "bmc_build": None}


@pytest.mark.parametrize(("said", "version", "build"), [
    ([0, "1.73\n0x06 0x00 0x00 0x00 \n", ""], "1.73", "0x06 0x00 0x00 0x00"), ([1, "7.0\n", "cat: ...: No such file or directory"], "7.0", None),
    ([1, "", "cat: ...: Input/output error"], None, None), ({"problem": "deadline", "detail": "cat: no answer in 5 s"}, None, None)])
def test_a_management_controller_costs_no_other_fact(said: Any, version: str | None, build: str | None) -> None:
    """Formats: firmware_revision_show and aux_firmware_revision_show of drivers/char/ipmi/ipmi_msghandler.c."""
    folder = "/sys/devices/platform/ipmi_bmc.0/"
    host = Witness(RecordedHost({"listdir": {firmware.PLATFORM: ["ACPI0003:00", "ipmi_bmc.0"]}, "read": {firmware.DMI + "/bios_version": "U32\n"},
                                 "run": {f"cat {folder}firmware_revision {folder}aux_firmware_revision": said}}))
    section = Section("os", lambda: host.losses)
    firmware.collect(host, section)
    assert (section.facts["firmware"]["bmc_version"], section.facts["firmware"]["bmc_build"]) == (version, build)
    assert section.facts["firmware"]["version"] == "U32"


@pytest.mark.parametrize(("text", "reason"), [("2026-03-05", "unparsable"), ("", "unparsable"), (None, "absent")])
def test_what_is_no_date_is_unknown(text: str | None, reason: str) -> None:
    section = Section("os")
    firmware.collect(RecordedHost({"read": {} if text is None else {firmware.DMI + "/bios_date": text}}), section)
    assert {entry["fact"]: entry["reason"] for entry in section.nulls}["os.firmware.date"] == reason
