# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of a record, in the order they are collected. A new section is one file and one line here.

A section module has ``FACTS`` (what it can say), and ``collect(host, section, options)``, which asks ``host`` (see _host.LiveHost)
and writes into ``section`` (see _record.Section).
"""

from . import _boot, _containers, _cpu, _hypervisor, _kata, _kernel, _live_patch, _os, _services

SECTIONS = {
    "os": _os,
    "boot": _boot,
    "kernel": _kernel,
    "live_patch": _live_patch,
    "cpu": _cpu,
    "hypervisor": _hypervisor,
    "containers": _containers,
    "kata": _kata,
    "services": _services,
}
