# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of a record, in the order they are collected. A new section is one file and one line here.

A section module has ``FACTS`` (what it can say), and ``collect(host, section, options)``, which asks ``host`` (see _host.LiveHost)
and writes into ``section`` (see _record.Section).
"""

from .._boot import section as boot_section
from .._containers import section as containers_section
from .._cpu import section as cpu_section
from .._hypervisor import section as hypervisor_section
from .._kata import section as kata_section
from .._kernel import section as kernel_section
from .._live_patch import section as live_patch_section
from .._os import section as os_section
from .._services import section as services_section

SECTIONS = {
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
