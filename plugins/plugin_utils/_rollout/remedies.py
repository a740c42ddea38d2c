# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What closes a finding: the steps of a remedy, by the catalogue's ids. What a reboot replaces as well is known here too."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple


class Action(NamedTuple):
    """One step of a remedy: what it costs, what it is in words, and the role that does it ('' where no role does)."""

    name: str
    disruption: str
    words: str
    role: str = ""


IN_WINDOW = "services_in_window"

# In the order in which a host goes through them: what prepares comes before what puts it in force.
ACTIONS = {action.name: action for action in (
    Action("mitigations", "none", "put the standard's mitigations on the host, and take back needless ones", "mitigations"),
    Action("kernel", "none", "install the standard's kernel and command line, and make them the default", "kernel"),
    Action("cpu_mitigations", "none", "set command line, SMT and microcode packages", "cpu_mitigations"),
    Action("live_patching", "none", "bring the live patches that the standard names", "live_patching"),
    Action("hypervisor", "none", "bring the packages and settings of the hypervisor", "hypervisor"),
    Action("kata", "restart_service", "bring the release, handlers and settings of Kata Containers", "kata"),
    Action("services", "restart_service", "restart the services that run replaced files", "stale_userspace"),
    Action(IN_WINDOW, "restart_sandbox", "restart the services that cut off users, network, storage or guests", "stale_userspace"),
    Action("sandboxes", "restart_sandbox", "start the containers anew that run what was replaced"),
    Action("guests", "migrate_guest", "move or restart the guests that run a replaced hypervisor", "hypervisor"),
    Action("reboot", "reboot", "reboot the host, and see what came up", "rollout"),
    Action("by_hand", "none", "for a person", ""),
)}
# A reboot starts all of this anew: on a host that reboots it needs no step of its own.
BY_REBOOT = frozenset({"services", IN_WINDOW, "sandboxes", "guests"})

_BY_HAND = ("by_hand",)
# The first pattern that fits a finding's id counts. An id without a row is for a person, with the remedy that the catalogue has for it.
_TABLE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("boot.reboot_required", ("reboot",)),
    ("boot.uptime", ("reboot",)),
    ("boot.cmdline", ("kernel", "reboot")),
    ("kernel.running", ("kernel", "reboot")),
    ("kernel.running_version", ("kernel", "reboot")),
    ("kernel.flavour", ("kernel", "reboot")),
    ("kernel.update_available", ("kernel", "reboot")),
    ("kernel.unmanaged", ("kernel", "reboot")),
    ("kernel.default_boot", ("kernel",)),
    ("kernel.reboot_pending", ("reboot",)),
    ("kernel.modules_replaced", ("reboot",)),
    ("mitigations.absent", ("mitigations",)),
    ("mitigations.pending", ("mitigations", "reboot")),
    ("mitigations.needless", ("mitigations",)),
    ("live_patch.protection", ("live_patching",)),
    ("live_patch.provider", ("live_patching",)),
    ("live_patch.level", ("live_patching",)),
    ("live_patch.not_loaded", ("live_patching",)),
    ("live_patch.lost_on_reboot", ("live_patching",)),
    ("live_patch.next_kernel", ("live_patching",)),
    ("live_patch.support_ends", ("kernel", "reboot")),
    ("cpu.smt", ("cpu_mitigations",)),
    ("cpu.microcode_mixed", ("reboot",)),
    ("cpu.vulnerability.*", ("cpu_mitigations", "reboot")),
    ("cpu.microcode", ("cpu_mitigations", "reboot")),
    ("cpu.microcode_pending", ("cpu_mitigations", "reboot")),
    ("cpu.microcode_left_behind", ("by_hand", "reboot")),
    ("cpu.mitigations_disabled", ("cpu_mitigations", "reboot")),
    ("hypervisor.*.installed", ("hypervisor",)),
    ("hypervisor.ladder", ("hypervisor",)),
    ("hypervisor.libvirt.running", ("services",)),
    ("hypervisor.virtiofsd.running", ("sandboxes",)),
    ("hypervisor.xen.running", ("reboot",)),
    ("hypervisor.*.running", ("guests",)),
    ("hypervisor.kvm.*", ("hypervisor", "guests")),
    ("hypervisor.machine_type*", ("hypervisor", "guests")),
    ("containers.engine_stale", ("services",)),
    ("kata.stale_sandboxes", ("sandboxes",)),
    ("kata.guest_kernel", ("kata", "sandboxes")),
    ("kata.hardening", ("kata", "sandboxes")),
    ("kata.installed", ("kata",)),
    ("kata.version", ("kata",)),
    ("kata.end_of_support", ("kata",)),
    ("kata.handlers", ("kata",)),
    ("kata.dead_handlers", ("kata",)),
    ("kata.unloaded_handlers", ("kata",)),
    ("kata.drop_ins", ("kata",)),
    ("services.stale", ("services",)),
    ("services.stale_manager", ("services",)),
    ("services.stale_disruptive", (IN_WINDOW,)),
    ("services.stale_carriers", ("sandboxes",)),
    ("services.stale_until_reboot", ("reboot",)),
)


def steps_for(finding: str) -> tuple[str, ...]:
    """The names of the actions that together close a finding, in their order."""
    return next((steps for pattern, steps in _TABLE if fnmatchcase(finding, pattern)), _BY_HAND)


def patterns() -> tuple[str, ...]:
    """The patterns of ids that have a row."""
    return tuple(pattern for pattern, _steps in _TABLE)
