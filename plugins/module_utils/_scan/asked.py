# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan may be asked for, known without loading what scans: the sections, by what each can say, and how long it may take."""

from typing import Any, Dict, Sequence

from .._boot import facts as boot_facts
from .._containers import facts as containers_facts
from .._cpu import facts as cpu_facts
from .._hypervisor import facts as hypervisor_facts
from .._kata import facts as kata_facts
from .._kernel import facts as kernel_facts
from .._live_patch import facts as live_patch_facts
from .._os import facts as os_facts
from .._services import facts as services_facts

# Seconds for a whole host and for one section of it.
DEADLINE = 60.0
SECTION_DEADLINE = 20.0

# The sections in the order they are collected. Each module has FACTS.
DECLARED: Dict[str, Any] = {
    "os": os_facts,
    "boot": boot_facts,
    "kernel": kernel_facts,
    "live_patch": live_patch_facts,
    "cpu": cpu_facts,
    "hypervisor": hypervisor_facts,
    "containers": containers_facts,
    "kata": kata_facts,
    "services": services_facts,
}


def check_sections(names: Sequence[str]) -> None:
    """ValueError where a name is no section."""
    unknown = sorted(set(names) - set(DECLARED))
    if unknown:
        raise ValueError("sections: %s: no such section; there are %s" % (", ".join(unknown), ", ".join(DECLARED)))
