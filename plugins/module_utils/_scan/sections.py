# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of a record. A new section is one wing, one line here and one in ``asked.py``.

What collects it is ``collect(host, section, options)``, which asks ``host`` (see _host.LiveHost) and writes into ``section`` (see _record.Section).
"""

from typing import Any, Dict, List, NamedTuple

from .._boot import section as boot_section
from .._containers import section as containers_section
from .._cpu import section as cpu_section
from .._host.record import Fact
from .._hypervisor import section as hypervisor_section
from .._kata import section as kata_section
from .._kernel import section as kernel_section
from .._live_patch import section as live_patch_section
from .._os import section as os_section
from .._services import section as services_section
from .asked import DECLARED


class Wing(NamedTuple):
    """The module that declares a section's facts, and the one that collects them."""

    declared: Any
    collected: Any

    @property
    def FACTS(self) -> List[Fact]:  # noqa: N802 - as the modules have it
        """What the section can say."""
        facts: List[Fact] = self.declared.FACTS
        return facts

    def collect(self, host: Any, section: Any, options: Any) -> None:
        """Ask the host, and write the section."""
        self.collected.collect(host, section, options)


_COLLECTED = {
    "os": os_section,
    "boot": boot_section,
    "kernel": kernel_section,
    "live_patch": live_patch_section,
    "cpu": cpu_section,
    "hypervisor": hypervisor_section,
    "containers": containers_section,
    "kata": kata_section,
    "services": services_section,
}
SECTIONS: Dict[str, Wing] = {name: Wing(DECLARED[name], _COLLECTED[name]) for name in DECLARED}
