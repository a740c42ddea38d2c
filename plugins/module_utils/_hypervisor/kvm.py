# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KVM: its parameters, and how far up the ladder flags < device < vm < vcpu < guest this host comes without changing anything."""

from typing import Any, Dict, List, NamedTuple, Tuple

from .._host.witness import refusals_told

DEVICE = "/dev/kvm"
# There while a driver serves /dev/kvm. The node alone proves nothing: it can be a static one, and opening that loads modules.
REGISTERED = "/sys/class/misc/kvm"
MODULES = "/sys/module"
LOADED = "/proc/modules"
# Each virtual machine holds a reference to one of these: KVM's by processor, Hyper-V's, VirtualBox's, VMware's.
_HELD_BY_MACHINES = ("kvm_intel", "kvm_amd", "kvm_hv", "kvm_pr", "kvm_pvm", "mshv_root", "vboxdrv", "vmmon")

# linux/kvm.h: _IO(KVMIO, 0x00); the version has been 12 since 2.6.22.
GET_API_VERSION = 0xAE00
API_VERSION = 12

# How far a scan can be asked to climb. What is asked beyond the device makes virtual machines.
ASKED = ("device", "vm", "vcpu", "guest")

# Processor flags of hardware virtualization: Intel, AMD, s390.
_FLAGS = ("vmx", "svm", "sie")
_PARAMETERS = 256
_PARAMETER_BYTES = 4096


class Ladder(NamedTuple):
    """The rung reached, the one asked for, and why the next one was not reached ('' where all that was asked for was reached)."""

    rung: str
    asked: str
    failed: str


def climb(host: Any, cpu_flags: List[str], asked: str) -> Ladder:
    """Climb until ``asked`` (one of ASKED) or the first rung that fails. Paravirtual KVM has a device without any flag.

    The rung 'guest' is not KVM's own: who asks for it is brought to 'vcpu' here, from where _guest_boot goes on.
    """
    bottom = "flags" if any(flag in cpu_flags for flag in _FLAGS) else "none"
    with refusals_told(host):
        why = _why_no_device(host)
    if why:
        return Ladder(bottom, asked, why if bottom == "flags" else "%s; the processor shows none of %s" % (why, ", ".join(_FLAGS)))
    if asked not in ASKED[1:]:
        return Ladder("device", asked, "")
    created = host.create_vm(DEVICE)
    if created.problem:
        return Ladder("device", asked, "%s: creating a virtual machine: %s (%s)" % (DEVICE, created.problem, created.detail))
    if asked == "vm":
        return Ladder("vm", asked, "")
    ran = host.run_guest(DEVICE)
    if ran.problem:
        return Ladder("vm", asked, "%s: running a virtual processor: %s (%s)" % (DEVICE, ran.problem, ran.detail))
    return Ladder("vcpu", asked, "")


def _why_no_device(host: Any) -> str:
    if host.stat(REGISTERED).problem:
        return "no driver serves %s (%s is missing)" % (DEVICE, REGISTERED)
    device = host.stat(DEVICE)
    if device.problem:
        return "%s: %s (%s)" % (DEVICE, device.problem, device.detail)
    if device.value.kind != "character":
        return "%s is a %s, not a character device" % (DEVICE, device.value.kind)
    version = host.ioctl(DEVICE, GET_API_VERSION)
    if version.problem:
        return "%s: %s (%s)" % (DEVICE, version.problem, version.detail)
    if version.value != API_VERSION:
        return "%s speaks version %d, wanted %d" % (DEVICE, version.value, API_VERSION)
    return ""


def modules(host: Any) -> List[str]:
    """The loaded or built-in modules of KVM; empty where there is none."""
    listed = host.listdir(MODULES)
    return [name for name in listed.value if name == "kvm" or name.startswith("kvm_")] if listed.value else []


def held_module(text: str) -> str:
    """The module of a hypervisor that something else than modules holds, by /proc/modules: whoever makes machines with it, whatever it is called."""
    rows = (line.split() for line in text.splitlines())
    held = (row[0] for row in rows if len(row) > 3 and row[0] in _HELD_BY_MACHINES and row[2].isdigit()
            and int(row[2]) > len([name for name in row[3].split(",") if name not in ("", "-")]))
    return next(held, "")


def parameters(host: Any, names: List[str]) -> Tuple[Dict[str, str], List[str]]:
    """({module.parameter: value}, the parameters that could not be read)."""
    values, unreadable = {}, []
    for module in names:
        folder = "%s/%s/parameters" % (MODULES, module)
        listed = host.listdir(folder, _PARAMETERS)
        for parameter in listed.if_there([]):
            answer = host.read("%s/%s" % (folder, parameter), _PARAMETER_BYTES)
            if answer.problem:
                unreadable.append("%s.%s" % (module, parameter))
            else:
                values["%s.%s" % (module, parameter)] = answer.value.strip()
    return values, unreadable
