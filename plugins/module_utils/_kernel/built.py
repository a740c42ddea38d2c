# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the kernel's source the running kernel was built without, by its own configuration."""

import re
import zlib
from typing import Any, List, Optional, Tuple

from .symbols import SYMBOLS

CONFIGURATION = "/proc/config.gz"
# Where families put the configuration beside the image; the release is appended or stands in the middle.
_FILES = ("/boot/config-%s", "/lib/modules/%s/config", "/usr/lib/modules/%s/config")
_BYTES = 4 * 1024 * 1024
_SET = re.compile(r"^CONFIG_[A-Z0-9_]+=", re.MULTILINE)
_NOT_SET = re.compile(r"^# CONFIG_([A-Z0-9_]+) is not set$", re.MULTILINE)
# The smallest kernel of a distribution sets more; a file that was cut short proves nothing.
_LEAST = 700
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}\Z")


def not_built(text: str) -> Optional[List[str]]:
    """The symbols that a configuration knows and does not set; None where the text is none, or not a whole one.

    One that it does not name may be unknown to this kernel, which may build the same source by another: nothing is said of it.
    """
    if "Kernel Configuration" not in text[:2000] or len(_SET.findall(text)) < _LEAST or "\nCONFIG_NET=y\n" not in text:
        return None
    return sorted(SYMBOLS.intersection(_NOT_SET.findall(text)))


def put_built(host: Any, section: Any) -> None:
    """Write ``configuration`` and ``not_built``."""
    path, text, problem = _read(host)
    found = not_built(text) if problem is None else None
    if found is None:
        for fact in ("configuration", "not_built"):
            section.cannot_say(fact, problem or "unparsable", path)
        return
    section.put("configuration", path, path)
    section.put("not_built", found, path)


def _read(host: Any) -> Tuple[str, str, Optional[str]]:
    """(path, text, problem) of the running kernel's own answer, else of the file that its package left."""
    packed = host.read_bytes(CONFIGURATION, _BYTES)
    if packed.problem is None:
        try:
            return CONFIGURATION, zlib.decompressobj(31).decompress(packed.value, _BYTES).decode("utf-8", "replace"), None
        except zlib.error:
            return CONFIGURATION, "", "unparsable"
    release = host.uname()[2]
    if not _RELEASE.match(release):
        return CONFIGURATION, "", "absent"
    for pattern in _FILES:
        answer = host.read(pattern % release, _BYTES)
        if answer.problem != "absent":
            return pattern % release, "" if answer.problem else answer.value, answer.problem
    return _FILES[0] % release, "", "absent"
