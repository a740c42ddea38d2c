#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put words on the kernel's command line, or take them from it, and prove that in the boot loader's configuration."""

DOCUMENTATION = r"""
module: boot_cmdline
short_description: Set words of the kernel's command line
version_added: 0.1.0
description:
  - Makes the boot loader give the kernel some words at each boot, and not give it others, by the system's own means. Then the entry of the next boot
    is read from the boot loader's own configuration, to see that it does so.
  - Where C(update-grub) makes GRUB's menu (Debian, Ubuntu), the words stand in C(/etc/default/grub.d/zz-firebreak-cmdline.cfg), which is removed when
    nothing is asked for any more. Where C(grubby) is (RHEL and its relatives, Fedora, Oracle Linux, Amazon Linux), it changes all entries.
    On SUSE C(/etc/default/grub) is edited and GRUB's menu made again.
  - C(grubby) replaces the other values of a parameter that it sets, so there a parameter may be given once only, or with all of its values.
  - If the entry is not as it should be afterwards, what was there before is put back and the module fails.
  - It never reboots.
options:
  present:
    description: Words that must stand on the command line, such as V(lockdown=integrity).
    type: list
    elements: str
    default: []
  absent:
    description: Words, or shell patterns of words, that must not. A word of O(present) stays, even where a pattern here matches it.
    type: list
    elements: str
    default: []
  gone:
    description: Words that an earlier run of the owner put on the command line, and that are taken away again. Another's are not forbidden by it.
    type: list
    elements: str
    default: []
  owner:
    description:
      - Whose words these are, where several roles set some. Each owner's words stand in a file of their own where C(update-grub) makes GRUB's menu,
        so that none takes another's away.
    type: str
    default: ''
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
- name: Lock the kernel down, and let nobody switch mitigations off
  firebreak.fleet.boot_cmdline:
    present: [lockdown=integrity]
    absent: [mitigations=off, "nospectre_*"]
"""

RETURN = r"""
cmdline:
  description: What the entry that a reboot gives hands to the kernel; under check mode, what it would. Null where the loader's files do not tell,
    and nothing was asked for.
  returned: success
  type: str
  sample: root=/dev/vda ro console=ttyS0 lockdown=integrity
before:
  description: What it handed over before.
  returned: success
  type: str
  sample: root=/dev/vda ro console=ttyS0 mitigations=off
running:
  description: Whether the command line of the running kernel is as asked for; if not, a reboot is pending.
  returned: success
  type: bool
  sample: false
"""

import re
from typing import Any, Dict, List, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._boot import change as boot
from ..module_utils._boot.words import Wish, checked, edited_defaults, given_by, granted, is_granted, missing, snippet, unwanted
from ..module_utils._formats.cmdline import split

SNIPPET = "/etc/default/grub.d/zz-firebreak-cmdline%s.cfg"
GRUB_MENUS = ("/boot/grub/grub.cfg",)

# What is changed, the text it gets (None: the tool does all), and the command that makes the loader's own configuration.
Way = Tuple[List[str], Optional[Tuple[str, Optional[str]]], List[str]]


def snippet_of(module: Any) -> str:
    """The file that holds the owner's words."""
    owner = module.params["owner"]
    if not re.match(r"[a-z0-9_]{0,40}\Z", owner):
        raise ValueError("owner is %.60r; wanted: lower-case letters, digits and underscores" % owner)
    return SNIPPET % ("-" + owner if owner else "")


def file_text(module: Any, wish: Wish) -> Optional[str]:
    """What the owner's file holds, None for no file: words that are only taken back are not forbidden by it."""
    return snippet(Wish(wish.present, [word for word in wish.absent if word not in module.params["gone"]])) or None


def way_of(module: Any, target: Any, wish: Wish) -> Way:
    """How this system's boot loader is told."""
    updater, grubby = module.get_bin_path("update-grub"), module.get_bin_path("grubby")
    if target.loader == "grub" and updater:
        path = snippet_of(module)
        return [path] + list(GRUB_MENUS), (path, file_text(module, wish)), [updater]
    if grubby:
        gone, lacking = unwanted(target.options, wish), missing(target.options, wish)
        words = ["--remove-args=" + " ".join(gone)] * bool(gone) + ["--args=" + " ".join(lacking)] * bool(lacking)
        return boot.grubby_files(), None, [grubby, "--update-kernel=ALL"] + words
    maker = module.get_bin_path("grub2-mkconfig")
    if target.loader == "grub" and maker:
        try:
            text = edited_defaults(boot.read_text(boot.DEFAULTS) or "", wish)
        except ValueError as problem:
            raise boot.ModuleError("%s cannot be edited: %s" % (boot.DEFAULTS, problem)) from problem
        return list(boot.SUSE_FILES), (boot.DEFAULTS, text), [maker, "-o", "/boot/grub2/grub.cfg"]
    raise boot.ModuleError("the loader is %s; wanted: update-grub, grubby or grub2-mkconfig to tell it by, and none is installed" % target.loader)


def apply(module: Any, way: Way, wish: Wish) -> str:
    """Change, and prove on the configuration that comes of it; the command line of the entry that a reboot gives now."""
    files, new, command = way
    kept = boot.keep(files)
    if new:
        boot.write_text(module, new[0], new[1])
    problem = boot.run(module, command)
    try:
        seen = None if problem else boot.boot_target().options
    except boot.ModuleError as unreadable:
        seen, problem = None, str(unreadable)
    if seen is not None and is_granted(seen, wish):
        return seen
    undone = boot.put_back(module, kept)
    problem = problem or "the entry that a reboot gives holds %r afterwards" % seen
    raise boot.ModuleError("the command line was not set: %s. %s" % (problem, boot.after_failure(undone)))


def predicted(line: str, wish: Wish, text: str) -> str:
    """What the entry will hold: without what our file's text gives now, with what it will give."""
    ours = given_by(text)
    return granted(" ".join(word for word in split(line) if word not in ours or word in wish.present), wish)


def change(module: Any, wish: Wish) -> Dict[str, Any]:
    """Compare, change, prove; the module's result."""
    target = boot.boot_target()
    ours = boot.read_text(snippet_of(module))
    if target.options is None and not wish.present and not wish.absent and ours is None:
        return {"changed": False, "cmdline": None, "before": None, "running": True}
    if target.options is None:
        raise boot.ModuleError("the configuration of %s does not hold the command line of %s; wanted: one that does" % (target.loader, target.entry))
    running = is_granted(boot.read_text("/proc/cmdline") or "", wish)
    # A file of ours that says something else is changed even where the entry is right: the next menu would be made from it.
    told = ours in (None, file_text(module, wish))
    if is_granted(target.options, wish) and told:
        return {"changed": False, "cmdline": target.options, "before": target.options, "running": running}
    way = way_of(module, target, wish)
    after = predicted(target.options, wish, ours or "") if module.check_mode else apply(module, way, wish)
    return {"changed": True, "cmdline": after, "before": target.options, "running": running,
            "diff": {"before": "cmdline: %s\n" % target.options, "after": "cmdline: %s\n" % after}}


def main() -> None:
    """Run as a module."""
    words = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={"present": dict(words), "absent": dict(words), "gone": dict(words), "owner": {"type": "str", "default": ""}},
        supports_check_mode=True)
    try:
        present, absent, gone = [checked(name, module.params[name]) for name in ("present", "absent", "gone")]
        result = change(module, Wish(present, absent + [word for word in gone if word not in present]))
    except (ValueError, boot.ModuleError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
