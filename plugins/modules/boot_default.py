#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an installed kernel the one that the boot loader starts by default."""

DOCUMENTATION = r"""
module: boot_default
short_description: Make an installed kernel the default of the boot loader
version_added: 0.1.0
description:
  - Makes the boot loader start the kernel of one release at each boot, by the system's own means, and then reads the boot loader's configuration
    again to see that it will.
  - Where C(update-grub) makes GRUB's menu (Debian, Ubuntu), the entry is named in C(/etc/default/grub.d/zz-firebreak-kernel.cfg), so that a kernel
    installed later does not become the default by itself. Elsewhere C(grubby) is told (RHEL and its relatives, Fedora, Oracle Linux, Amazon).
    On SUSE C(grub2-set-default) saves the entry, after C(GRUB_DEFAULT) was made C(saved) where it was not.
    On Proxmox the kernel is pinned with C(proxmox-boot-tool), which writes the entries on its partitions anew.
  - If the configuration then names another kernel, what was there before is put back and the module fails.
  - It never reboots.
options:
  release:
    description: The kernel's release, as C(uname -r) would print it. Its image must be installed.
    type: str
    required: true
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
- name: Boot the kernel that the fleet is held to
  firebreak.fleet.boot_default:
    release: 6.1.0-41-amd64
"""

RETURN = r"""
release:
  description: The release that a reboot gives now; under check mode, the one it would give.
  returned: success
  type: str
  sample: 6.1.0-41-amd64
entry:
  description: What the boot loader calls the entry.
  returned: success
  type: str
  sample: gnulinux-advanced-1c2d>gnulinux-6.1.0-41-amd64-advanced-1c2d
before:
  description: The release that a reboot would have given, or null where the entry's image had none.
  returned: success
  type: str
  sample: 6.1.0-40-amd64
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._boot import change as boot
from ..module_utils._boot import proxmox
from ..module_utils._boot.grub import with_saved_default
from ..module_utils._boot.loaders import default_release, entry_path
from ..module_utils._host.errors import UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._kernel.initrd import lacks_initrd

SNIPPET = "/etc/default/grub.d/zz-firebreak-kernel.cfg"
GRUB_MENU = "/boot/grub/grub.cfg"
SUSE_MENU = "/boot/grub2/grub.cfg"
HEADER = "# Firebreak: the kernel that this host is held to. Kernels installed later do not become the default by themselves."


class Way(NamedTuple):
    """How a loader is told: the files that change, the text that one of them gets (None takes it away), the commands that follow.

    after: the commands that bring what lies elsewhere in line once the files are put back.
    """

    files: List[str]
    new: Optional[Tuple[str, Optional[str]]]
    commands: List[List[str]]
    after: List[List[str]] = []


def read_default() -> Tuple[Optional[str], Any, bool]:
    """(release, entry, whether nothing says that the configuration is stale) of the boot loader as it stands."""
    try:
        return default_release(LiveHost())
    except UnansweredError as problem:
        raise boot.ModuleError("the boot loader's default cannot be read (%s): %s" % (problem.reason, problem.detail)) from problem


def grub_entry(image: str) -> str:
    """The stable name of the image's entry in GRUB's menu."""
    try:
        entry = entry_path(LiveHost(), os.path.basename(image))
    except UnansweredError as problem:
        raise boot.ModuleError("GRUB's menu cannot be read (%s): %s" % (problem.reason, problem.detail)) from problem
    if entry is None:
        raise boot.ModuleError("GRUB's menu has no entry for %s; make the menu again (update-grub, grub2-mkconfig), then try again" % image)
    return entry


def way_of(module: Any, target: Any, image: str) -> Tuple[str, Way]:
    """(what the loader calls the image's entry, how this system's loader is told)."""
    updater, grubby, setter, pinner = [
        module.get_bin_path(name) for name in ("update-grub", "grubby", "grub2-set-default", "proxmox-boot-tool")]
    if pinner and target.loader in ("grub", proxmox.LOADER):
        return proxmox_way(pinner, image)
    if target.loader == "grub" and updater:
        entry = grub_entry(image)
        return entry, Way([SNIPPET, GRUB_MENU], (SNIPPET, '%s\nGRUB_DEFAULT="%s"\n' % (HEADER, entry)), [[updater]])
    if grubby:
        return image, Way(boot.grubby_files(), None, [[grubby, "--set-default=" + image]])
    if target.loader == "grub" and setter:
        entry = grub_entry(image)
        text = boot.read_text(boot.DEFAULTS) or ""
        saved = with_saved_default(text)
        remade = [[module.get_bin_path("grub2-mkconfig", required=True), "-o", SUSE_MENU]] if saved != text else []
        return entry, Way(list(boot.SUSE_FILES), (boot.DEFAULTS, saved) if remade else None, remade + [[setter, entry]])
    raise boot.ModuleError("the loader is %s; wanted: update-grub, grubby, grub2-set-default or proxmox-boot-tool to set its default with, and none "
                           "is installed" % target.loader)


def proxmox_way(tool: str, image: str) -> Tuple[str, Way]:
    """The tool's own pin, which its hooks keep; where it has partitions of its own, it writes their entries anew when it is told to alone."""
    release = os.path.basename(image)[len("vmlinuz-"):]
    refresh = [[tool, "refresh"]] if os.path.exists(proxmox.UUIDS) else []
    # A default of ours in GRUB's folder would come after the tool's, and win.
    return proxmox.entry_of(release), Way([proxmox.PIN, proxmox.GRUB_PIN, SNIPPET, GRUB_MENU], (SNIPPET, None),
                                          [[tool, "kernel", "pin", release]] + refresh, refresh)


def apply(module: Any, way: Way, wanted: str) -> None:
    """Change, and prove that the configuration names the wanted release; with everything put back where it does not."""
    kept = boot.keep(way.files)
    if way.new:
        boot.write_text(module, way.new[0], way.new[1])
    problem = next(filter(None, (boot.run(module, command) for command in way.commands)), "")
    try:
        seen = None if problem else read_default()[0]
    except boot.ModuleError as unreadable:
        seen, problem = None, str(unreadable)
    if seen == wanted:
        return
    undone = boot.put_back(module, kept) or next(filter(None, (boot.run(module, command) for command in way.after)), "")
    problem = problem or "the boot loader's configuration names %s afterwards" % seen
    raise boot.ModuleError("%s was not made the default: %s. %s" % (wanted, problem, boot.after_failure(undone)))


def change(module: Any, wanted: str) -> Dict[str, Any]:
    """Compare, change, prove; the module's result."""
    image = "/boot/vmlinuz-" + wanted
    if "/" in wanted or not os.path.exists(image):
        raise boot.ModuleError("release is %s; wanted: an installed kernel, and there is no %s" % (wanted, image))
    if lacks_initrd(LiveHost(), wanted, image):
        raise boot.ModuleError("%s has no initrd in /boot and cannot reach the root file system without one; make it, then try again" % wanted)
    before, target, current = read_default()
    if before == wanted and current:
        return {"changed": False, "release": before, "entry": target.entry, "before": before}
    entry, way = way_of(module, target, image)
    if not module.check_mode:
        apply(module, way, wanted)
    return {"changed": True, "release": wanted, "entry": entry, "before": before,
            "diff": {"before": "default: %s\n" % before, "after": "default: %s\n" % wanted}}


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(argument_spec={"release": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        result = change(module, module.params["release"])
    except (ValueError, UnansweredError, boot.ModuleError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
