#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have parameters of KVM's modules, now and after the next load."""

DOCUMENTATION = r"""
module: kvm_parameters
short_description: Set parameters of KVM's modules, now where the kernel takes them and for every later load
version_added: 0.1.0
description:
  - Keeps the parameters in one file of C(modprobe.d), which is replaced whole and named to be read last.
  - Writes those that the running kernel takes (C(/sys/module/MODULE/parameters)), and reads them again to see that it did.
  - Says of all others what they wait for, of those that something else overrides what wins, and of modules that are built into the kernel or put into
    the initramfs what else it takes.
  - A module is loaded anew only when asked, and only while nothing uses it.
options:
  parameters:
    description:
      - MODULE.PARAMETER and its value, as the kernel prints it; true and false stand for 1 and 0.
      - Those of modules that are not loaded are kept for their load, so that one mapping serves hosts of several makers.
    type: dict
    required: true
  reload:
    description: Whether KVM's modules are unloaded and loaded again for parameters that the running kernel does not take, while no guest runs.
    type: bool
    default: false
  path:
    description: The file.
    type: path
    default: /etc/modprobe.d/zz-firebreak-kvm.conf
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: The file, and the parameters in force, before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Have no virtual machines in virtual machines, and split huge pages
  firebreak.fleet.kvm_parameters:
    parameters:
      kvm_intel.nested: false
      kvm_amd.nested: false
      kvm.nx_huge_pages: force
"""

RETURN = r"""
written:
  description: Parameters that were written into the running kernel.
  returned: success
  type: list
  elements: str
  sample: [kvm.halt_poll_ns]
reloaded:
  description: Modules that were loaded anew.
  returned: success
  type: list
  elements: str
  sample: [kvm_amd]
pending:
  description: What is not as wanted yet, or will not stay so, and what it takes.
  returned: success
  type: list
  elements: str
  sample: ["kvm_amd.nested: 1 is in force; 0 takes loading kvm_amd anew, and no guest holds it: load it anew (reload), or reboot"]
"""

import os
import stat
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._hypervisor import kvm, kvm_parameters
from ..module_utils._hypervisor.kvm_parameters import State

INITRAMFS_LISTS = ("/etc/initramfs-tools/modules", "/etc/dracut.conf", "/etc/dracut.conf.d")


def users(host: Any) -> int:
    """How many hold KVM, each guest being one; modules that stand on each other do not count."""
    held = 0
    for name in kvm.modules(host):
        folder = "%s/%s" % (kvm.MODULES, name)
        count = host.read(folder + "/refcnt", 64).value
        held += int(count) - len(host.listdir(folder + "/holders").if_there([])) if count else 0
    return held


def read_state(host: Any, name: str, held: int, stays: Dict[str, str], command_line: Dict[str, str]) -> State:
    """How one parameter stands; Refused where its module is loaded and knows no such parameter."""
    module, _dot, parameter = name.partition(".")
    folder = "%s/%s" % (kvm.MODULES, module)
    if host.stat(folder).problem:
        return State(name, None, False, False, 0, stays.get(name))
    known = host.listdir(folder + "/parameters").if_there([])
    if parameter not in known:
        raise Refused("parameters: seen %s; wanted: a parameter of %s: %s" % (name, module, ", ".join(known) or "it has none"))
    path = "%s/parameters/%s" % (folder, parameter)
    answer, file = host.read(path, 4096), host.stat(path)
    if answer.problem or file.problem:
        raise Refused("%s: %s" % (path, answer.detail or file.detail))
    # Only what can be unloaded has a count of its users.
    built_in = bool(host.stat(folder + "/refcnt").problem)
    return State(name, answer.value.strip(), built_in, bool(file.value.mode & stat.S_IWUSR), held, (command_line if built_in else stays).get(name))


def read_states(module: Any, host: Any, wanted: Dict[str, str], is_kept: bool) -> List[State]:
    """How the parameters stand. Where the file is only about to be written, its content is what stays."""
    command_line = kvm_parameters.set_by_command_line(host.read("/proc/cmdline").if_there(""))
    if is_kept:
        _status, out, _err = module.run_command([module.get_bin_path("modprobe", required=True), "--showconfig"])
        stays = kvm_parameters.set_by_configuration(out)
    else:
        stays = dict(wanted, **command_line)
    held = users(host)
    return [read_state(host, name, held, stays, command_line) for name in sorted(wanted)]


def initramfs_modules(host: Any, names: List[str]) -> Dict[str, str]:
    """Module and the file that puts it into the initramfs."""
    files = []
    for place in INITRAMFS_LISTS:
        listed = host.listdir(place)
        files += ["%s/%s" % (place, name) for name in listed.value] if listed.value is not None else [place]
    found = {}
    for path in files:
        text = host.read(path).if_there("")
        found.update({name: path for name in names if kvm_parameters.named_in(text, name)})
    return found


def write_file(module: Any, path: str, text: str) -> None:
    """Replace the file whole, or remove it where nothing is wanted."""
    if not text:
        os.unlink(path)
        return
    new = os.path.join(module.tmpdir, "kvm.conf")
    with open(new, "w") as handle:
        handle.write(text)
    os.chmod(new, 0o644)
    module.atomic_move(new, path)


def write_parameter(name: str, value: str) -> None:
    """Write one parameter; what the kernel does not take is seen when it is read again."""
    owner, _dot, parameter = name.partition(".")
    try:
        with open("%s/%s/parameters/%s" % (kvm.MODULES, owner, parameter), "w") as handle:
            handle.write(value)
    except OSError as error:
        raise Refused("%s: the kernel does not take %s: %s" % (name, value, error.strerror)) from error


def load_anew(module: Any, host: Any, names: List[str]) -> List[str]:
    """Unload and load KVM's modules; Refused where they could not be unloaded, with all of them loaded again."""
    loaded = kvm.modules(host)
    outer = [name for name in loaded if name != "kvm"] or names
    modprobe = module.get_bin_path("modprobe", required=True)
    status, out, err = module.run_command([modprobe, "--remove"] + outer)
    for name in outer:
        again, _out, complaint = module.run_command([modprobe, name])
        if again:
            raise Refused("%s was unloaded and cannot be loaded again: %s" % (name, complaint.strip()))
    if status:
        raise Refused("%s cannot be unloaded: %s" % (", ".join(outer), (err or out).strip()))
    return outer


def live(states: List[State]) -> str:
    """The parameters in force, for a difference."""
    return "".join("%s = %s\n" % (state.name, "(not loaded)" if state.reading is None else state.reading) for state in states)


def predicted(states: List[State], wanted: Dict[str, str], names: List[str], modules: List[str]) -> List[State]:
    """The states that writing and loading anew lead to."""
    return [state._replace(reading=wanted[state.name]) if state.name in names or kvm_parameters.module_of(state.name) in modules else state
            for state in states]


def prove(states: List[State], wanted: Dict[str, str], modules: List[str]) -> None:
    """Fail where a module that was loaded anew with a value has another one: the processor or the kernel does not have it."""
    loaded = [state for state in states if kvm_parameters.module_of(state.name) in modules and not state.writable]
    wrong = ["%s=%s and is %s" % (state.name, wanted[state.name], state.reading) for state in loaded
             if not kvm_parameters.is_in_force(state, wanted[state.name])]
    if wrong:
        raise Refused("loaded anew with %s" % ", ".join(wrong))


def apply(module: Any, host: Any, wanted: Dict[str, str], path: str, reload: bool) -> Dict[str, Any]:
    """Compare, change, read again; the module's result."""
    text, before_text = kvm_parameters.render(wanted), host.read(path).if_there("")
    before = read_states(module, host, wanted, text == before_text)
    names = kvm_parameters.to_write(before, wanted)
    modules = kvm_parameters.to_reload(before, wanted) if reload and not users(host) else []
    if module.check_mode:
        after = predicted(before, wanted, names, modules)
    else:
        if text != before_text:
            write_file(module, path, text)
        for name in names:
            write_parameter(name, wanted[name])
        modules = load_anew(module, host, modules) if modules else []
        after = read_states(module, host, wanted, True)
        prove(after, wanted, modules)
    initramfs = initramfs_modules(host, sorted({kvm_parameters.module_of(name) for name in wanted}))
    return {"changed": text != before_text or bool(names or modules), "written": names, "reloaded": modules,
            "pending": kvm_parameters.pending(after, wanted, initramfs),
            "diff": [{"before_header": path, "after_header": path, "before": before_text, "after": text},
                     {"before_header": "in force", "after_header": "in force", "before": live(before), "after": live(after)}]}


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(
        argument_spec={"parameters": {"type": "dict", "required": True}, "reload": {"type": "bool", "default": False},
                       "path": {"type": "path", "default": "/etc/modprobe.d/zz-firebreak-kvm.conf"}},
        supports_check_mode=True)
    given = module.params
    try:
        result = apply(module, LiveHost(), kvm_parameters.check(given["parameters"]), given["path"], given["reload"])
    except (Refused, UnansweredError) as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or given["path"], error.strerror or error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
