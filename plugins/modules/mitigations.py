#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put mitigations on a host, and take back those that are not wanted any more, with nothing left of them."""

DOCUMENTATION = r"""
module: mitigations
short_description: Block modules, set kernel parameters and switch services off, and take all of it back
version_added: 0.1.0
description:
  - Blocks modules from being loaded (one file of C(modprobe.d), named to be read first, since the first C(install) line counts), unloads those
    that are named for it, sets kernel parameters now and at boot, and masks services.
  - Keeps a note of what was there before in C(/var/lib/firebreak/mitigations.json). What is not asked for any more is taken back by it, parameters
    get their former values, services that ran are started; with the last of them the files and the note are removed.
  - Of words of the kernel's command line and of parameters of KVM only the note is kept here. M(firebreak.fleet.boot_cmdline) and
    M(firebreak.fleet.kvm_parameters) set them, and take back what this module returns.
  - A module that is in use is never unloaded by force.
options:
  names:
    description: The ids of the mitigations that the host has by this.
    type: list
    elements: str
    default: []
  modules:
    description: Modules that must not be loaded.
    type: list
    elements: str
    default: []
  unload:
    description: Modules to unload. The task fails where one is in use meanwhile.
    type: list
    elements: str
    default: []
  sysctls:
    description: Kernel parameters and their values.
    type: dict
    default: {}
  services_off:
    description: Units to stop and mask.
    type: list
    elements: str
    default: []
  words:
    description: Words that are put on the kernel's command line for mitigations.
    type: list
    elements: str
    default: []
  kvm_parameters:
    description: Names of the parameters of KVM that are set for mitigations.
    type: list
    elements: str
    default: []
  kvm_former:
    description: The values that parameters of KVM have before they are set.
    type: dict
    default: {}
  finish:
    description: Whether the words and parameters that an earlier call returned were taken back, so that the note forgets them.
    type: bool
    default: false
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Each file, the parameters in force, and the units and modules that change.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Keep a module with a hole from being loaded
  firebreak.fleet.mitigations:
    names: [CVE-2026-31431]
    modules: [algif_aead]

- name: Take all mitigations back
  firebreak.fleet.mitigations:
"""

RETURN = r"""
words_gone:
  description: Words of the kernel's command line that an earlier run added and that are not wanted any more.
  returned: success
  type: list
  elements: str
  sample: [initcall_blacklist=algif_aead_init]
kvm_back:
  description: Parameters of KVM that are not wanted any more, with their former values.
  returned: success
  type: dict
  sample: {kvm_intel.nested: "Y"}
unloaded:
  description: Modules that were unloaded.
  returned: success
  type: list
  elements: str
  sample: [algif_aead]
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._formats import modprobe, sysctl
from ..module_utils._host.errors import Refused
from ..module_utils._kernel import mitigating
from ..module_utils._kernel.applied import NOTE
from ..module_utils._kernel.mitigating import BLOCKED, SYSCTLS, Wanted

Change = Tuple[str, str, str]


class Paths(NamedTuple):
    """The files that this module keeps."""

    note: str = NOTE
    blocked: str = BLOCKED
    sysctls: str = SYSCTLS


class Acts(NamedTuple):
    """What there is to do: files, kernel parameters to write, units to stop and mask or to give back, modules to unload."""

    files: List[Change]
    parameters: Dict[str, str]
    off: List[str]
    back: Dict[str, bool]
    unload: List[str]


def read_text(path: str) -> str:
    """A file's text, '' where there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def write_text(module: Any, path: str, text: str, note: str) -> None:
    """Replace a file whole, or remove it where there is to be none; the note's folder comes and goes with it."""
    folder = os.path.dirname(path)
    if not text:
        if os.path.exists(path):
            os.unlink(path)
        if path == note and os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
        return
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700 if path == note else 0o755)
    new = os.path.join(module.tmpdir, os.path.basename(path))
    with open(new, "w", encoding="utf-8") as handle:
        handle.write(text)
    module.atomic_move(new, path)
    # A new file gets the mode that the umask leaves, whatever the moved one had.
    os.chmod(path, 0o600 if path == note else 0o644)


def reading(name: str) -> Optional[str]:
    """A kernel parameter's value in force, None where the kernel has none of this name."""
    try:
        return " ".join(read_text("/proc/sys/" + sysctl.plain(name)).split()) or None
    except OSError:
        return None


def write_parameter(name: str, value: str) -> None:
    """Write a kernel parameter; Refused where the kernel does not take the value."""
    try:
        with open("/proc/sys/" + sysctl.plain(name), "w", encoding="utf-8") as handle:
            handle.write(value)
    except OSError as error:
        raise Refused("%s: the kernel does not take %s: %s" % (name, value, error.strerror)) from error


def run(module: Any, *argv: str) -> None:
    """Run a command that must succeed."""
    status, out, err = module.run_command(list(argv))
    if status:
        raise Refused("%s ended with status %d: %s" % (" ".join(argv), status, (err or out).strip()[-300:]))


def unit_state(module: Any, unit: str) -> Tuple[bool, bool]:
    """(whether a unit runs, whether it is masked)."""
    _status, out, _err = module.run_command(["systemctl", "show", "--property=ActiveState,LoadState", unit])
    said = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    return said.get("ActiveState") in ("active", "activating", "reloading"), said.get("LoadState") == "masked"


def units(module: Any, note: Dict[str, Any], wanted: Wanted) -> Tuple[Dict[str, bool], List[str], Dict[str, bool]]:
    """(whether each wanted unit runs, those to stop and mask, those to give back)."""
    seen = {unit: unit_state(module, unit) for unit in wanted.services}
    return {unit: runs for unit, (runs, _masked) in seen.items()}, [unit for unit, state in seen.items() if state != (False, True)], \
        mitigating.services_back(note, wanted)


def parameters(note: Dict[str, Any], wanted: Wanted, readings: Dict[str, str]) -> Dict[str, str]:
    """The kernel parameters to write now; one that somebody changed since is not given its former value."""
    due = {name: value for name, value in wanted.sysctls.items() if readings.get(name, "").split() != value.split()}
    for name, kept in mitigating.sysctls_back(note, wanted).items():
        if kept.get("former") and reading(name) == " ".join(str(kept.get("given", "")).split()):
            due[name] = str(kept["former"])
    return due


def unload(module: Any, names: List[str]) -> None:
    """Unload modules, those that stand on others first, whatever order they are named in."""
    left = list(names)
    while left:
        done, said = [], ""
        for name in left:
            status, out, err = module.run_command([module.get_bin_path("rmmod", required=True), name])
            if status:
                said = (err or out).strip()[-300:]
            else:
                done.append(name)
        if not done:
            raise Refused("%s cannot be unloaded: %s" % (", ".join(left), said))
        left = [name for name in left if name not in done]


def files(paths: Paths, note: Dict[str, Any], after: Dict[str, Any], wanted: Wanted) -> List[Change]:
    """(path, text before, text after) of each file that changes, the note first: what is put on a host must be known to whoever takes it back."""
    texts = [(paths.note, mitigating.render_note(note), mitigating.render_note(after)),
             (paths.blocked, read_text(paths.blocked), mitigating.render_blocked(wanted.modules)),
             (paths.sysctls, read_text(paths.sysctls), mitigating.render_sysctls(wanted.sysctls))]
    return [text for text in texts if text[1] != text[2]]


def change(module: Any, wanted: Wanted, to_unload: List[str], finish: bool, paths: Paths) -> Dict[str, Any]:
    """Compare, change, tell; the module's result."""
    note = mitigating.parse_note(read_text(paths.note))
    readings = {name: value for name in wanted.sysctls for value in [reading(name)] if value is not None}
    unknown = sorted(set(wanted.sysctls) - set(readings))
    if unknown:
        raise Refused("the kernel has no parameter %s" % ", ".join(unknown))
    running, off, back = units(module, note, wanted)
    loaded = [name for name in to_unload if os.path.exists("/sys/module/%s/initstate" % name)]
    due = parameters(note, wanted, readings)
    after = mitigating.next_note(note, wanted, running, readings, finish)
    changes = files(paths, note, after, wanted)
    live = ["%s = %s" % pair for pair in sorted(due.items())] + ["stop and mask %s" % unit for unit in off] \
        + ["unmask %s%s" % (unit, " and start it" if ran else "") for unit, ran in sorted(back.items())] + ["unload %s" % name for name in loaded]
    if not module.check_mode:
        act(module, Acts(changes, due, off, back, loaded), paths.note)
    diff = [{"before_header": path, "after_header": path, "before": before, "after": text} for path, before, text in changes]
    return {"changed": bool(changes or live), "words_gone": mitigating.words_gone(note, wanted), "unloaded": loaded,
            "kvm_back": mitigating.parameters_back(note, wanted),
            "diff": diff + ([{"before_header": "now", "after_header": "now", "before": "", "after": "\n".join(live) + "\n"}] if live else [])}


def act(module: Any, acts: Acts, note: str) -> None:
    """Do it: block before unloading, so that nothing comes back in between; give back before the note is gone."""
    for path, _before, text in acts.files:
        if path != note or text:
            write_text(module, path, text, note)
    for name, value in acts.parameters.items():
        write_parameter(name, value)
    for unit in acts.off:
        run(module, "systemctl", "mask", "--now", unit)
    for unit, ran in acts.back.items():
        run(module, "systemctl", "unmask", unit)
        if ran:
            run(module, "systemctl", "start", unit)
    unload(module, acts.unload)
    for path, _before, text in acts.files:
        if path == note and not text:
            write_text(module, path, text, note)


def wanted_of(given: Dict[str, Any]) -> Wanted:
    """What the task asks for."""
    texts = {name: {str(key): str(value) for key, value in given[name].items()} for name in ("sysctls", "kvm_former")}
    names = [modprobe.plain(name) for name in given["modules"]]
    return Wanted(given["names"], names, texts["sysctls"], given["services_off"], given["words"], given["kvm_parameters"], texts["kvm_former"])


def main() -> None:
    """Run as a module."""
    words = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={**{name: dict(words) for name in ("names", "modules", "unload", "services_off", "words", "kvm_parameters")},
                       "sysctls": {"type": "dict", "default": {}}, "kvm_former": {"type": "dict", "default": {}},
                       "finish": {"type": "bool", "default": False}},
        supports_check_mode=True)
    try:
        result = change(module, wanted_of(module.params), module.params["unload"], module.params["finish"], Paths())
    except (Refused, ValueError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or NOTE, error.strerror or error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
