# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the modules that change a boot loader's configuration do it: all of it kept before, each file replaced whole, put back where proof fails."""

import os
from typing import Any, Dict, List, Optional

from .._host.errors import UnansweredError
from .._host.host import LiveHost
from .loaders import find_targets
from .target import Target

DEFAULTS = "/etc/default/grub"
# Where the tools of the distributions that have a grubby keep what they change.
GRUBBY_FILES = (DEFAULTS, "/etc/kernel/cmdline", "/boot/grub2/grubenv", "/boot/grub2/grub.cfg")
BLS_FOLDER = "/boot/loader/entries"
SUSE_FILES = (DEFAULTS, "/boot/grub2/grubenv", "/boot/grub2/grub.cfg")


class ModuleError(Exception):
    """The boot loader cannot be changed; the message says what was seen and what was wanted."""


def run(module: Any, argv: List[str]) -> str:
    """Run a command that must succeed; what it said where it did not."""
    status, out, err = module.run_command(argv)
    return "" if status == 0 else "%s ended with status %d: %s" % (" ".join(argv), status, (err or out).strip()[-300:])


def read_text(path: str) -> Optional[str]:
    """A file's text, None where there is none."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", errors="surrogateescape") as handle:
        return handle.read()


def write_text(module: Any, path: str, text: Optional[str]) -> None:
    """Replace a file whole, or remove it where there is to be none."""
    if text is None:
        if os.path.exists(path):
            os.unlink(path)
        return
    path = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(path)):
        os.mkdir(os.path.dirname(path), 0o755)
    mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else 0o644
    new = os.path.join(module.tmpdir, os.path.basename(path))
    with open(new, "w", encoding="utf-8", errors="surrogateescape") as handle:
        handle.write(text)
    os.chmod(new, mode)
    module.atomic_move(new, path)


def grubby_files() -> List[str]:
    """Every file that grubby may write."""
    entries = sorted(os.listdir(BLS_FOLDER)) if os.path.isdir(BLS_FOLDER) else []
    return list(GRUBBY_FILES) + [os.path.join(BLS_FOLDER, name) for name in entries if name.endswith(".conf")]


def keep(paths: List[str]) -> Dict[str, Optional[str]]:
    """What is in the files now."""
    return {path: read_text(path) for path in paths}


def put_back(module: Any, kept: Dict[str, Optional[str]]) -> str:
    """Make the files again what they were; what went wrong, or ''."""
    try:
        for path, text in kept.items():
            if read_text(path) != text:
                write_text(module, path, text)
    except OSError as error:
        return str(error)
    return ""


def boot_target() -> Target:
    """The entry that a reboot gives, by the boot loader's own configuration as it stands."""
    try:
        return find_targets(LiveHost()).default
    except UnansweredError as problem:
        raise ModuleError("the boot loader's default cannot be read (%s): %s" % (problem.reason, problem.detail)) from problem


def after_failure(undone: str) -> str:
    """The last sentence of a failure, by what putting back ended with."""
    return "Putting back what was failed too: " + undone if undone else "What was there before is back."
