# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries that are loaded into programs before their own (ld.so(8)): what they hide, no program sees.

Named in ld.so's own file, in the environment that PAM gives to logins, and in the one that systemd gives to itself and to services, by its own
configuration, by drop-ins of all services or by generators (systemd.unit(5), systemd.environment-generator(7)); or taken by the linker before the
others of their names, as made for this processor (glibc-hwcaps).
"""

import re
from typing import Any, List, NamedTuple, Tuple

from .._formats import systemd_folders
from . import search_paths

PRELOAD = "/etc/ld.so.preload"
LOGINS = "/etc/environment"
MANAGER = tuple(folder + "/system.conf" for folder in systemd_folders.CONFIGURATION)
FOLDERS = tuple(path + ".d" for path in MANAGER) + tuple(folder + "/service.d" for folder in systemd_folders.UNITS if folder != "/lib/systemd/system")
GENERATORS = tuple(folder + "/systemd/system-environment-generators" for folder in ("/run", "/etc", "/usr/local/lib", "/usr/lib"))
_LIMIT = 64 * 1024
_FILES = 100
_IN_ENVIRONMENT = re.compile(r"(?<!\w)LD_(?:PRELOAD|AUDIT)=((?:(?!\s\w+=)[^\n])*)")
_FOLDERS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")


class Preload(NamedTuple):
    """A library, or a program that tells of some, and what has it loaded."""

    library: str
    named_in: str


def preloaded(text: str) -> List[str]:
    """The libraries that ``ld.so.preload`` names: words between blanks and colons, '#' begins a comment."""
    return _words(" ".join(line.partition("#")[0] for line in text.splitlines()))


def in_environment(text: str) -> List[str]:
    """The libraries in a file of variables, or in systemd's lines of them; quotes as they come, what is commented out left away."""
    lines = [line for line in text.replace("\\\n", " ").splitlines() if not line.lstrip().startswith(("#", ";"))]
    plain = re.sub(r"[\"']", "", "\n".join(lines))
    return _words(" ".join(_IN_ENVIRONMENT.findall(plain)))


def _words(text: str) -> List[str]:
    return sorted({word for word in re.split(r"[\s:]+", text) if word})


def named(host: Any) -> Tuple[List[Preload], str, str]:
    """(the libraries, why one of the files that may name some cannot be read or '', which file)."""
    found, problem, why = _unnamed(host)
    if problem:
        return [], problem, why
    paths = [PRELOAD, LOGINS] + list(MANAGER)
    for folder in FOLDERS:
        listed = host.listdir(folder, _FILES)
        if listed.problem not in (None, "absent"):
            return [], listed.problem, "%s: %s" % (folder, listed.detail)
        paths += ["%s/%s" % (folder, name) for name in listed.if_there([]) if name.endswith(".conf")]
    for path in paths:
        answer = host.read(path, _LIMIT)
        if answer.problem and answer.problem != "absent":
            return [], answer.problem, "%s: %s" % (path, answer.detail)
        if not answer.problem:
            read = preloaded if path == PRELOAD else in_environment
            found += [Preload(_placed(host, library), path) for library in read(answer.value)]
    return found, "", ""


def _unnamed(host: Any) -> Tuple[List[Preload], str, str]:
    """The same of what no text names: generators, and libraries for processors like this one."""
    found = []
    for folder in GENERATORS:
        listed = host.listdir(folder, _FILES)
        if listed.problem not in (None, "absent"):
            return [], listed.problem, "%s: %s" % (folder, listed.detail)
        paths = ["%s/%s" % (folder, name) for name in listed.if_there([])]
        # A link to /dev/null takes the place of another folder's generator, and prints nothing.
        found += [Preload(path, folder) for path in paths if host.realpath(path).value != "/dev/null"]
    cache = host.read_bytes(search_paths.CACHE, search_paths.CACHE_BYTES)
    if cache.problem not in (None, "absent"):
        return [], cache.problem, "%s: %s" % (search_paths.CACHE, cache.detail)
    return found + [Preload(library, search_paths.CACHE) for library in search_paths.libraries_for_processors(cache.if_there(b""))], "", ""


def _placed(host: Any, library: str) -> str:
    """Where a library lies that is named without a folder; its name where nobody can say."""
    if "/" in library:
        return library
    return next(("%s/%s" % (folder, library) for folder in _FOLDERS if not host.stat("%s/%s" % (folder, library)).problem), library)
