# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With what a live sandbox was started, as its processes still show, and what of a profile that visibly lacks. Pure functions over command lines.

A profile is written into files, which a sandbox reads once. One that was started before, or from files of its own, keeps what it had then.
"""

import re
from typing import Dict, List, Optional

from .._formats import processes as proc

_SECCOMP = re.compile(r"^Seccomp:\s*([0-9])$", re.MULTILINE)
QEMU = "qemu"


def seen(vmm_name: str, argv: List[str], status: str, user: Optional[int], virtiofsd: List[str]) -> Dict[str, str]:
    """{what: value} of what the command lines of monitor and virtiofsd, and the kernel's word on the monitor, show."""
    guest = " ".join(proc.option_values(argv, "append") + proc.option_values(argv, "cmdline")).split()
    found = {}
    if guest:
        found["agent_debug"] = _said("agent.log=debug" in guest)
        found["debug_console"] = _said("agent.debug_console" in guest)
        found["agent_tracing"] = _said(any(word in guest for word in ("agent.trace", "agent.trace=true")))
    if argv:
        found["extra_monitor_socket"] = _said(any("extra-monitor.sock" in word for word in argv))
    if vmm_name == QEMU:
        # The shim in Go asks for it where it is to debug the monitor.
        found["monitor_debug"] = _said(any("debug-threads=on" in value for value in proc.option_values(argv, "name")))
        found["seccomp_sandbox"] = next(iter(proc.option_values(argv, "sandbox")), "")
    kernels = _SECCOMP.search(status)
    if kernels:
        found["seccomp"] = _said(kernels.group(1) != "0")
    if user is not None:
        found["rootless"] = _said(user != 0)
    if virtiofsd:
        found["virtiofsd_sandbox"] = next(iter(proc.option_values(virtiofsd, "sandbox")), "namespace")
        found["virtiofsd_seccomp"] = next(iter(proc.option_values(virtiofsd, "seccomp")), "kill")
    return found


def _said(value: bool) -> str:
    return "true" if value else "false"


def unmet(vmm_name: str, found: Dict[str, str]) -> Dict[str, List[str]]:
    """{profile: what it asks for and this sandbox visibly does not have}. What processes do not show is not said to be lacking."""
    baseline = ["%s is true, wanted false" % key for key in ("monitor_debug", "agent_debug", "debug_console", "agent_tracing", "extra_monitor_socket")
                if found.get(key) == "true"]
    # QEMU has no filter of its own unless it is told; the others shut themselves in unless they are told not to.
    if vmm_name != QEMU and found.get("seccomp") == "false":
        baseline.append("its machine monitor runs without seccomp")
    for key in ("virtiofsd_sandbox", "virtiofsd_seccomp"):
        if found.get(key) == "none":
            baseline.append("%s is none" % key)
    confined = list(baseline)
    if vmm_name == QEMU and found.get("seccomp_sandbox", "") in ("", "off"):
        confined.append("QEMU was started without -sandbox on")
    strict = confined + (["its machine monitor is root's"] if found.get("rootless") == "false" else [])
    return {"baseline": baseline, "strict": strict, "confidential": confined}
