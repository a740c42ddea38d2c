# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sandboxes whose monitor is not root's left behind: a shim makes a local user for each, and a folder below /run/user that it never removes."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from .._containers import processes

PASSWD, FOLDERS = "/etc/passwd", "/run/user"
_MOUNTS = "/proc/mounts"
_BYTES = 4 * 1024 * 1024
_ENTRIES = 4096
# virtcontainers/utils, CreateVmmUser; kata-sys-util of the shim in Rust has the same words.
_NAME = re.compile(r"kata-[0-9]{1,6}\Z")
_COMMENT = "Kata Containers temporary hypervisor user"
_ID = re.compile(r"[0-9]{1,10}\Z")


class User(NamedTuple):
    """A local user: the name, and whether a shim of Kata's made it."""

    name: str
    is_katas: bool


def parse_users(text: str) -> Dict[int, User]:
    """{id: user} of /etc/passwd; damaged lines are passed over."""
    found: Dict[int, User] = {}
    for line in text.splitlines():
        cells = line.split(":")
        if len(cells) == 7 and _ID.match(cells[2]):
            found.setdefault(int(cells[2]), User(cells[0][:64], bool(_NAME.match(cells[0])) and _COMMENT in cells[4]))
    return found


def mounted(text: str) -> Set[str]:
    """Where something is mounted, by /proc/mounts."""
    return {words[1] for words in (line.split() for line in text.splitlines()) if len(words) > 1}


def find(host: Any, found: processes.Found, is_installed: bool) -> Tuple[List[Dict[str, Any]], Optional[str], str]:
    """(each user or folder that no living monitor needs, problem, detail)."""
    answers = {path: host.read(path, _BYTES) for path in (PASSWD, _MOUNTS)}
    folders = host.listdir(FOLDERS, _ENTRIES)
    for path, answer in [(FOLDERS, folders)] + sorted(answers.items()):
        if answer.problem not in (None, "absent"):
            return [], answer.problem, path
    users = {} if answers[PASSWD].problem else parse_users(answers[PASSWD].value)
    taken = set() if answers[_MOUNTS].problem else mounted(answers[_MOUNTS].value)
    living = {process.user for process in found.processes}
    here = {int(name) for name in ([] if folders.problem else folders.value) if _ID.match(name)}
    # A person who logged in has a file system of his own there, also one whom a directory service knows.
    nobodys = {one for one in here if is_installed and one not in users and one and "%s/%d" % (FOLDERS, one) not in taken}
    left = ({number for number, user in users.items() if user.is_katas} | nobodys) - living
    return [{"user": users[number].name if number in users else None, "uid": number,
             "folder": "%s/%d" % (FOLDERS, number) if number in here else None} for number in sorted(left)], None, ""
