# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine's firmware says of itself."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._os import firmware
from recorded_host import RecordedHost


def test_firmware_of_a_server() -> None:
    section = Section("os")
    read = {f"{firmware.DMI}/{name}": text for name, text in {
        "bios_vendor": "HPE\n", "bios_version": "U32\n", "bios_date": "03/05/2026\n", "product_name": "ProLiant DL380 Gen10\n"}.items()}
    firmware.collect(RecordedHost({"read": read}), section)
    assert section.facts["firmware"] == {"vendor": "HPE", "version": "U32", "date": "2026-03-05", "product": "ProLiant DL380 Gen10"}


@pytest.mark.parametrize(("text", "reason"), [("2026-03-05", "unparsable"), ("", "unparsable"), (None, "absent")])
def test_what_is_no_date_is_unknown(text: str | None, reason: str) -> None:
    section = Section("os")
    firmware.collect(RecordedHost({"read": {} if text is None else {firmware.DMI + "/bios_date": text}}), section)
    assert {entry["fact"]: entry["reason"] for entry in section.nulls}["os.firmware.date"] == reason
