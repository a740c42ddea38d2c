# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CRI-O's files and the runtimes in them: its own file first, then every drop-in by its name, of which the last has the say over a runtime."""

from typing import Any, Dict, List, NamedTuple, Optional

from .._formats import toml
from .containerd_files import BYTES, FILES_LIMIT, Runtime

MAIN = "/etc/crio/crio.conf"
FOLDER = "/etc/crio/crio.conf.d"


class Read(NamedTuple):
    """The runtimes by name, or why they are not known."""

    runtimes: List[Runtime]
    problem: Optional[str]
    detail: str


def runtimes_of(table: toml.Table) -> Dict[str, toml.Table]:
    """{runtime: its table} of one file, in whatever way TOML lets it be written."""
    place: Any = table
    for name in ("crio", "runtime", "runtimes"):
        place = place.get(name) if isinstance(place, dict) else None
    return {name: keys for name, keys in place.items() if isinstance(keys, dict)} if isinstance(place, dict) else {}


def read(host: Any) -> Read:
    """What CRI-O has in the end."""
    found: Dict[str, Runtime] = {}
    listed = host.listdir(FOLDER, FILES_LIMIT)
    if listed.problem not in (None, "absent"):
        return Read([], listed.problem, FOLDER)
    for path in [MAIN] + ["%s/%s" % (FOLDER, name) for name in listed.if_there([])]:
        answer = host.read(path, BYTES)
        if answer.problem == "absent":
            continue
        if answer.problem:
            return Read([], answer.problem, path)
        try:
            table = toml.parse(answer.value)
        except toml.TomlError as error:
            return Read([], "unparsable", "%s: %s" % (path, error))
        found.update({name: Runtime(name, keys, path, "") for name, keys in runtimes_of(table).items()})
    return Read([found[name] for name in sorted(found)], None, "")
