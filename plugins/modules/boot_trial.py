#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the boot loader start an installed kernel at the next boot only, and prove that in its configuration."""

DOCUMENTATION = r"""
module: boot_trial
short_description: Try an installed kernel for one boot
version_added: 0.1.0
description:
  - Makes the kernel of one release the entry of the next boot only. The default stays another kernel, so that a kernel that panics, or that is
    switched off because it says nothing, is followed by the default at the power cycle after it.
  - The entry is a copy of the loader's own for that kernel, with more words on its command line, such as V(panic=30), which makes a panic reboot by
    itself. Nothing that stays is changed. With GRUB it stands in C(custom.cfg), with entries of the Boot Loader Specification (GRUB of RHEL and its
    relatives, systemd-boot) in a file of its own, below all others. A unified kernel image is taken as it is, since it holds its own command line.
  - Then the loader's configuration is read again. If it does not start the trial once and the former default after it, what was there before is put
    back and the module fails.
  - It fails where GRUB could not forget the entry after one boot (its folder on LVM, RAID, btrfs or ZFS), and where the default is the kernel to be
    tried. It never reboots.
options:
  release:
    description: The kernel's release, as C(uname -r) would print it. Needed for V(present).
    type: str
  words:
    description: Words that its command line holds in that boot.
    type: list
    elements: str
    default: []
  state:
    description: V(absent) takes the entry away, whether it was booted or not.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Boot the new kernel once; a panic brings the old one back
  firebreak.fleet.boot_trial:
    release: 6.12.57-amd64
    words: [panic=30]
"""

RETURN = r"""
entry:
  description: What the loader calls the entry.
  returned: success
  type: str
  sample: firebreak-trial
falls_back_to:
  description: The release that every other boot starts, null where its image does not say.
  returned: success
  type: str
  sample: 6.12.48-amd64
missing:
  description: Words that the entry could not be given, since its image holds its own command line.
  returned: success
  type: list
  elements: str
  sample: []
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._boot import change as boot
from ..module_utils._boot import trial
from ..module_utils._boot.loaders import find_targets, release_of_target
from ..module_utils._boot.systemd_boot import split_counters
from ..module_utils._boot.target import Targets
from ..module_utils._boot.words import checked
from ..module_utils._host.errors import UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._kernel.initrd import lacks_initrd

BLS_FOLDERS = {"grub-bls": ("/boot/loader/entries",),
               "systemd-boot": ("/efi/loader/entries", "/boot/efi/loader/entries", "/boot/loader/entries")}
IMAGE_FOLDERS = ("/efi/EFI/Linux", "/boot/efi/EFI/Linux", "/boot/EFI/Linux")


class Way(NamedTuple):
    """How this loader is told: the file that gets a text (or '' where none does), the entry's name, the commands, words that cannot be given."""

    path: str
    text: Optional[str]
    entry: str
    commands: List[List[str]]
    missing: List[str]


def read_targets() -> Targets:
    """What the loader will start as its configuration stands."""
    try:
        return find_targets(LiveHost())
    except UnansweredError as problem:
        raise boot.ModuleError("the boot loader's choice cannot be read (%s): %s" % (problem.reason, problem.detail)) from problem


def default_release(targets: Targets) -> Optional[str]:
    """The release that every boot but the next gives."""
    return release_of_target(LiveHost(), targets.default)[0] if targets.default.image else None


def grub_folder(targets: Targets) -> str:
    """Where GRUB's menu, its environment and files of the operator's own lie."""
    folder = os.path.dirname(targets.source)
    found = [each for each in (folder, "/boot/grub2", "/boot/grub") if os.path.exists(each + "/grub.cfg")]
    if not found:
        raise boot.ModuleError("there is no grub.cfg beside %s" % targets.source)
    return found[0]


def set_once(module: Any, folder: str, entry: str) -> List[str]:
    """The command that names GRUB's entry of the next boot; refused where GRUB could not forget it."""
    probe = module.get_bin_path("grub-probe") or module.get_bin_path("grub2-probe")
    if not probe:
        raise boot.ModuleError("there is no grub-probe; wanted: one that tells whether GRUB can write its environment")
    said = [module.run_command([probe, "--target=" + what, folder]) for what in ("abstraction", "fs")]
    if said[1][0] != 0 or said[0][0] != 0:
        raise boot.ModuleError("grub-probe does not say what %s lies on: %s" % (folder, (said[0][2] + said[1][2]).strip()[:300]))
    why_not = trial.why_not_once(said[0][1], said[1][1])
    if why_not:
        raise boot.ModuleError("%s: an entry for one boot would be taken at every boot" % why_not)
    command = module.get_bin_path("grub-reboot") or module.get_bin_path("grub2-reboot", required=True)
    return [command, entry]


def way_of(module: Any, targets: Targets, release: str, words: List[str]) -> Way:
    """How this system's loader is told of the trial."""
    loader = targets.default.loader
    if loader == "grub":
        folder = grub_folder(targets)
        entry = trial.menu_entry(boot.read_text(folder + "/grub.cfg") or "", "vmlinuz-" + release, words)
        path = folder + "/custom.cfg"
        return Way(path, trial.with_block(boot.read_text(path) or "", entry), trial.TRIAL, [set_once(module, folder, trial.TRIAL)], [])
    if loader == "grub-bls":
        path, text = conf_of(loader, release)
        way = [set_once(module, grub_folder(targets), trial.CONF)]
        return Way(path, trial.conf_entry(text, release, words), trial.CONF, way, [])
    if loader == "systemd-boot":
        return systemd_boot_way(module, release, words)
    raise boot.ModuleError("the loader is %s; wanted: GRUB or systemd-boot, which start an entry once" % loader)


def systemd_boot_way(module: Any, release: str, words: List[str]) -> Way:
    """A copy of its .conf entry, or the unified image itself, which keeps its own command line."""
    command = [module.get_bin_path("bootctl", required=True), "set-oneshot"]
    image = image_of(release)
    if image:
        name = split_counters(os.path.basename(image))[0]
        return Way("", None, name, [command + [name]], list(words))
    path, text = conf_of("systemd-boot", release)
    name = trial.CONF + ".conf"
    return Way(path, trial.conf_entry(text, release, words), name, [command + [name]], [])


def image_of(release: str) -> str:
    """The unified image of a release, as kernel-install names it; '' where there is none."""
    for folder in IMAGE_FOLDERS:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if split_counters(name)[0].endswith("-%s.efi" % release):
                return os.path.join(folder, name)
    return ""


def conf_of(loader: str, release: str) -> Tuple[str, str]:
    """(where the trial's entry goes, the text of the loader's own entry for the release)."""
    for folder in BLS_FOLDERS[loader]:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if name.endswith(".conf") and not name.startswith(trial.CONF):
                text = boot.read_text(os.path.join(folder, name)) or ""
                if trial.is_of_release(trial.image_of_conf(text), release):
                    return os.path.join(folder, trial.CONF + ".conf"), text
    raise boot.ModuleError("no entry of %s loads the kernel %s" % (" or ".join(BLS_FOLDERS[loader]), release))


def problem_with(before: Optional[str], entry: str, words: List[str]) -> str:
    """What is wrong with the configuration as it stands: the trial once, and the former default ever after."""
    targets = read_targets()
    once = targets.once
    wrong = trial.chosen_once((once.entry, once.options) if once else None, entry, words)
    after = default_release(targets)
    return wrong or ("" if after == before else "the default is %s, and was %s" % (after, before))


def present(module: Any, release: str, words: List[str]) -> Dict[str, Any]:
    """Compare, change, prove; the module's result."""
    image = "/boot/vmlinuz-" + release
    targets = read_targets()
    before = default_release(targets)
    if before == release:
        raise boot.ModuleError("%s is the default: a boot that fails would be followed by itself; make another kernel the default first" % release)
    if targets.default.loader != "systemd-boot" and ("/" in release or not os.path.exists(image)):
        raise boot.ModuleError("release is %s; wanted: an installed kernel, and there is no %s" % (release, image))
    if lacks_initrd(LiveHost(), release, image):
        raise boot.ModuleError("%s has no initrd in /boot and cannot reach the root file system without one" % release)
    way = way_of(module, targets, release, words)
    given = [word for word in words if word not in way.missing]
    is_told = (not way.path or boot.read_text(way.path) == way.text) and not problem_with(before, way.entry, given)
    if not is_told and not module.check_mode:
        apply(module, way, before, given)
    return {"changed": not is_told, "entry": way.entry, "falls_back_to": before, "missing": way.missing,
            "diff": {"before": "next boot: %s\n" % (targets.once.entry if targets.once else before), "after": "next boot: %s\n" % way.entry}}


def apply(module: Any, way: Way, before: Optional[str], words: List[str]) -> None:
    """Change and prove, with everything put back where the proof fails."""
    kept = boot.keep([way.path] if way.path else [])
    if way.path:
        boot.write_text(module, way.path, way.text)
    problem = next(filter(None, (boot.run(module, command) for command in way.commands)), "")
    try:
        problem = problem or problem_with(before, way.entry, words)
    except (boot.ModuleError, UnansweredError) as unreadable:
        problem = str(unreadable)
    if problem:
        undone = "; ".join(filter(None, [boot.put_back(module, kept), forget(module)]))
        raise boot.ModuleError("the trial was not set: %s. %s" % (problem, boot.after_failure(undone)))


def forget(module: Any) -> str:
    """Have no loader start the trial at the next boot; what went wrong, or ''."""
    commands = []
    for folder, tool in (("/boot/grub2", "grub2-editenv"), ("/boot/grub", "grub-editenv")):
        block = boot.read_text(folder + "/grubenv") or ""
        if any("next_entry=%s\n" % entry in block for entry in (trial.TRIAL, trial.CONF)):
            commands.append([module.get_bin_path(tool, required=True), folder + "/grubenv", "unset", "next_entry"])
    try:
        once = read_targets().once
    except boot.ModuleError:
        once = None
    if once is not None and once.how.endswith("LoaderEntryOneShot"):
        commands.append([module.get_bin_path("bootctl", required=True), "set-oneshot", ""])
    return "; ".join(filter(None, (boot.run(module, command) for command in commands)))


def absent(module: Any) -> Dict[str, Any]:
    """Take away what a trial left, booted or not."""
    changes: Dict[str, Optional[str]] = {}
    for folder in ("/boot/grub", "/boot/grub2"):
        text = boot.read_text(folder + "/custom.cfg")
        if text is not None and trial.without_block(text) != text:
            changes[folder + "/custom.cfg"] = trial.without_block(text) or None
    for folder in sorted(set(sum(BLS_FOLDERS.values(), ()))):
        path = "%s/%s.conf" % (folder, trial.CONF)
        if os.path.exists(path):
            changes[path] = None
    if changes and not module.check_mode:
        problem = forget(module)
        for path, text in changes.items():
            boot.write_text(module, path, text)
        if problem:
            raise boot.ModuleError("the trial's entry is gone, but may still be named for the next boot: %s" % problem)
    return {"changed": bool(changes), "entry": trial.TRIAL, "falls_back_to": None, "missing": [],
            "diff": {"before": "".join("%s: the trial's entry\n" % path for path in sorted(changes)), "after": ""}}


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(
        argument_spec={"release": {"type": "str"}, "words": {"type": "list", "elements": "str", "default": []},
                       "state": {"type": "str", "choices": ["present", "absent"], "default": "present"}},
        required_if=[("state", "present", ["release"])], supports_check_mode=True)
    try:
        words = checked("words", module.params["words"])
        result = present(module, module.params["release"], words) if module.params["state"] == "present" else absent(module)
    except (ValueError, OSError, UnansweredError, boot.ModuleError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
