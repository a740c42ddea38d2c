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
    installed later does not become the default by itself. Elsewhere C(grubby) is told (RHEL and its relatives, Fedora, Oracle Linux, Amazon Linux).
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
from functools import partial
from typing import Any, Callable, Dict, List, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._boot_target import NoAnswerError
from ..module_utils._bootloaders import default_release, entry_path
from ..module_utils._host import LiveHost

SNIPPET = "/etc/default/grub.d/zz-firebreak-kernel.cfg"
HEADER = "# Firebreak: the kernel that this host is held to. Kernels installed later do not become the default by themselves."


class ModuleError(Exception):
    """The default cannot be set; the message says what was seen and what was wanted."""


def read_default() -> Tuple[Optional[str], Any, bool]:
    """(release, entry, whether nothing says that the configuration is stale) of the boot loader as it stands."""
    try:
        return default_release(LiveHost())
    except NoAnswerError as problem:
        raise ModuleError("the boot loader's default cannot be read (%s): %s" % (problem.reason, problem)) from problem


def grub_entry(image: str) -> str:
    """The stable name of the image's entry in GRUB's menu."""
    try:
        entry = entry_path(LiveHost(), os.path.basename(image))
    except NoAnswerError as problem:
        raise ModuleError("GRUB's menu cannot be read (%s): %s" % (problem.reason, problem)) from problem
    if entry is None:
        raise ModuleError("GRUB's menu has no entry for %s; run update-grub, then try again" % image)
    return entry


def run(module: Any, argv: List[str]) -> str:
    """Run a command that must succeed; what it said where it did not."""
    status, out, err = module.run_command(argv)
    return "" if status == 0 else "%s ended with status %d: %s" % (" ".join(argv), status, (err or out).strip()[-300:])


def write_snippet(module: Any, text: Optional[str]) -> None:
    """Replace the snippet whole, or remove it where there is to be none."""
    if text is None:
        os.unlink(SNIPPET)
        return
    if not os.path.isdir(os.path.dirname(SNIPPET)):
        os.mkdir(os.path.dirname(SNIPPET), 0o755)
    new = os.path.join(module.tmpdir, "snippet")
    with open(new, "w") as handle:
        handle.write(text)
    os.chmod(new, 0o644)
    module.atomic_move(new, SNIPPET)


def snippet_text() -> Optional[str]:
    """The snippet as it is, None where there is none."""
    if not os.path.exists(SNIPPET):
        return None
    with open(SNIPPET) as handle:
        return handle.read()


def set_by_grub(module: Any, entry: str, updater: str) -> Tuple[str, Callable[[], str]]:
    """(what went wrong or '', how to put back what was)."""
    before = snippet_text()

    def undo() -> str:
        write_snippet(module, before)
        return run(module, [updater])

    write_snippet(module, '%s\nGRUB_DEFAULT="%s"\n' % (HEADER, entry))
    return run(module, [updater]), undo


def set_by_grubby(module: Any, image: str, old_image: str, grubby: str) -> Tuple[str, Callable[[], str]]:
    """The same by grubby, which edits the loader's own data."""
    return run(module, [grubby, "--set-default=" + image]), lambda: run(module, [grubby, "--set-default=" + old_image])


def prove(wanted: str, problem: str, undo: Callable[[], str]) -> None:
    """Fail, with everything put back, unless the configuration now names the wanted release."""
    seen = None if problem else read_default()[0]
    if seen == wanted:
        return
    undone = undo()
    problem = problem or "the boot loader's configuration names %s afterwards" % seen
    raise ModuleError("%s was not made the default: %s. %s" % (
        wanted, problem, "Putting back what was failed too: " + undone if undone else "What was there before is back."))


def change(module: Any, wanted: str) -> Dict[str, Any]:
    """Compare, change, prove; the module's result."""
    image = "/boot/vmlinuz-" + wanted
    if "/" in wanted or not os.path.exists(image):
        raise ModuleError("release is %s; wanted: an installed kernel, and there is no %s" % (wanted, image))
    before, target, current = read_default()
    if before == wanted and current:
        return {"changed": False, "release": before, "entry": target.entry, "before": before}
    updater = module.get_bin_path("update-grub") if target.loader == "grub" else None
    grubby = module.get_bin_path("grubby")
    if updater:
        entry = grub_entry(image)
        apply = partial(set_by_grub, module, entry, updater)
    elif grubby:
        entry = image
        apply = partial(set_by_grubby, module, image, target.image, grubby)
    else:
        raise ModuleError("the loader is %s; wanted: update-grub or grubby to set its default with, and neither is installed" % target.loader)
    if not module.check_mode:
        problem, undo = apply()
        prove(wanted, problem, undo)
    return {"changed": True, "release": wanted, "entry": entry, "before": before,
            "diff": {"before": "default: %s\n" % before, "after": "default: %s\n" % wanted}}


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(argument_spec={"release": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        result = change(module, module.params["release"])
    except ModuleError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
