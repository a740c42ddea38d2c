# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's firmware (BIOS or UEFI), as it tells the kernel by DMI; of a virtual machine it is the build that its host booted it with.

And that of its management controller (BMC), as far as the kernel speaks with one: it asks it anew where it has not for a while, and one that hangs
keeps whoever reads. So that is left to a process of its own.
"""

import re
from typing import Any, Tuple

from .._host.witness import itself

DMI = "/sys/class/dmi/id"
PLATFORM = "/sys/bus/platform/devices"
_BMC = "/sys/devices/platform/%s/firmware_revision"
_BMC_SECONDS = 5.0
_FILES = (("vendor", "bios_vendor"), ("version", "bios_version"), ("date", "bios_date"), ("product", "product_name"))


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


def parse_bmc(text: str) -> Tuple[str, str]:
    """(version, the maker's bytes or '') of firmware_revision and aux_firmware_revision; ValueError for anything else."""
    match = re.match(r"([0-9]{1,3}\.[0-9a-f]{1,2})\n(?:((?:0x[0-9a-f]{2} ?){4})\n?)?\Z", text)
    if not match:
        raise ValueError("no revision of a controller's firmware: %r" % text[:40])
    return match.group(1), (match.group(2) or "").strip()


def _collect_bmc(host: Any, section: Any) -> None:
    listed = host.listdir(PLATFORM)
    names = [name for name in ([] if listed.problem else listed.value) if re.match(r"ipmi_bmc\.[0-9A-Za-z.]{1,40}\Z", name)]
    facts = ("firmware.bmc_version", "firmware.bmc_build")
    if not names:
        for fact in facts:
            section.cannot_say(fact, listed.problem or "absent", "%s: no ipmi_bmc" % PLATFORM)
        return
    path = _BMC % sorted(names)[0]
    answer = itself(host).run(["cat", path, path.replace("firmware_revision", "aux_firmware_revision")], _BMC_SECONDS)
    try:
        if answer.problem:
            raise ValueError(answer.detail)
        version, build = parse_bmc(answer.value.out)
    except ValueError as error:
        for fact in facts:
            section.cannot_say(fact, "tool_failed", "%s: %s" % (path, error))
        return
    section.put("firmware.bmc_version", version, path)
    if build:
        section.put("firmware.bmc_build", build, path)
    else:
        section.cannot_say("firmware.bmc_build", "absent", "%s: no aux_firmware_revision" % path)


def collect(host: Any, section: Any) -> None:
    """Write the facts of the machine's firmware."""
    _collect_bmc(host, section)
    for name, file in _FILES:
        path = "%s/%s" % (DMI, file)
        section.put_answer("firmware." + name, host.read(path, 4096), path, iso_date if name == "date" else _named)
