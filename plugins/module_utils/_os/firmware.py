# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's firmware (BIOS or UEFI), as it tells the kernel by DMI; of a virtual machine it is the build that its host booted it with."""

import re
from typing import Any

from .._host.record import Fact

DMI = "/sys/class/dmi/id"
_FILES = (("vendor", "bios_vendor"), ("version", "bios_version"), ("date", "bios_date"), ("product", "product_name"))

FACTS = [
    Fact("firmware.vendor", "str", "who made the firmware"),
    Fact("firmware.version", "str", "the firmware's version, as its maker writes it: such versions have no common order"),
    Fact("firmware.date", "str", "the firmware's date, YYYY-MM-DD"),
    Fact("firmware.product", "str", "the machine that it belongs to"),
]


def iso_date(text: str) -> str:
    """DMI's MM/DD/YYYY as YYYY-MM-DD; ValueError for anything else."""
    match = re.match(r"([01][0-9])/([0-3][0-9])/([12][0-9]{3})\Z", text.strip())
    if not match:
        raise ValueError("%r is no date MM/DD/YYYY" % text[:40])
    return "%s-%s-%s" % (match.group(3), match.group(1), match.group(2))


def _named(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text.strip()[:200]


def collect(host: Any, section: Any) -> None:
    """Write the facts of the machine's firmware."""
    for name, file in _FILES:
        path = "%s/%s" % (DMI, file)
        section.put_answer("firmware." + name, host.read(path, 4096), path, iso_date if name == "date" else _named)
