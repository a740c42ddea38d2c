# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fwupd a host has, by the folder of its own library: no daemon is asked, and no package manager."""

import re
from typing import Any, List, Optional

from ..target import NoAnswerError

_FOLDERS = ("/usr/lib64", "/usr/lib", "/usr/lib/%s-linux-gnu")
_OWN = re.compile(r"fwupd-(\d+(?:\.\d+){1,3})\Z")
# Until 1.7 the folder had the number of an interface instead.
_BEFORE = re.compile(r"fwupd-plugins-\d+\Z")


def version(host: Any) -> Optional[str]:
    """2.0.20, the newest of several; None where there is none. Raises NoAnswerError where it cannot be told."""
    names: List[str] = []
    for folder in _FOLDERS:
        path = folder % host.uname()[4] if "%" in folder else folder
        answer = host.listdir(path)
        if answer.problem not in (None, "absent"):
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        names += list(answer.value) if answer.value is not None else []
    found = sorted((match.group(1) for match in map(_OWN.match, names) if match), key=lambda text: [int(part) for part in text.split(".")])
    if found:
        return found[-1]
    return "1.7 or older" if any(_BEFORE.match(name) for name in names) else None
