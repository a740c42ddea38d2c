# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-built live patches as a host keeps them: the manifest beside each module, and what brings them back at boot.

A patch is one of ours when a manifest of its name lies with the running kernel's patches; it fixes something only while the kernel has it active
and, where both say it, the build in memory is the build in the manifest.
"""

import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..._formats import unit_masks
from ..._formats.elf import parse_build_id_note
from ..bundle.manifest import FORMAT
from ..claim import Claim, Inhibitor, Patch
from . import kpatch

# Our own unit, for hosts without kpatch's runtime.
ROOT = kpatch.INSTALLED
UNIT = "firebreak-live-patch.service"
WANTS = "/etc/systemd/system/multi-user.target.wants/"

_MANIFEST_LIMIT = 1024 * 1024
_NAME = re.compile(r"\A[A-Za-z0-9_]{1,55}\Z")
_CVE = re.compile(r"\ACVE-[0-9]{4}-[0-9]{4,7}\Z")


class Placed(NamedTuple):
    """A manifest on the host: the module's name in the kernel, its file, and what it fixes."""

    name: str
    file: str
    sha256: str
    build_id: str
    cves: List[str]
    cumulative: bool
    built_at: str
    release: str


def parse_placed(text: str) -> Placed:
    """A manifest that was placed beside a module; ValueError."""
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT or not isinstance(document.get("kernel"), dict):
        raise ValueError("not a manifest of a self-built live patch")
    words = [document.get(key) for key in ("name", "module", "sha256", "build_id", "built_at")] + [document["kernel"].get("release")]
    cves = document.get("cves")
    if not all(isinstance(word, str) for word in words) or not isinstance(cves, list) or not _NAME.match(str(words[0])):
        raise ValueError("a damaged manifest of a self-built live patch")
    name, file, sha256, build_id, built_at, release = [str(word) for word in words]
    return Placed(name, file, sha256, build_id, sorted(cve for cve in cves if isinstance(cve, str) and _CVE.match(cve)),
                  document.get("cumulative") is True, built_at, release)


def folder(release: str) -> str:
    """Where the patches of a kernel lie; kpatch's own place, with or without kpatch."""
    return "%s/%s" % (ROOT, release)


def read_placed(host: Any, release: str) -> Tuple[List[Placed], str]:
    """(the manifests for a kernel, '' or why one of them cannot be used)."""
    found, problem = [], ""
    for name in host.listdir(folder(release), 1000).if_there([]):
        if not name.endswith(".json"):
            continue
        path = "%s/%s" % (folder(release), name)
        answer = host.read(path, _MANIFEST_LIMIT)
        try:
            if answer.problem:
                raise ValueError(answer.detail or answer.problem)
            found.append(parse_placed(answer.value))
        except ValueError as error:
            problem = "%s: %s" % (path, error)
    return found, problem


def loaded_build_id(host: Any, name: str) -> str:
    """The build id of a loaded module; '' where the kernel shows none."""
    answer = host.read_bytes("/sys/module/%s/notes/.note.gnu.build-id" % name, 4096)
    try:
        return "" if answer.problem else parse_build_id_note(answer.value)
    except ValueError:
        return ""


def is_same_build(placed: Placed, loaded: str) -> bool:
    """Whether what is in memory can be what the manifest is about; only two ids that differ deny it."""
    return not placed.build_id or not loaded or placed.build_id == loaded


def split(host: Any, placed: List[Placed], loaded: List[Patch]) -> Tuple[List[Patch], List[Patch]]:
    """(our patches with the CVEs of their manifests, the others)."""
    by_name: Dict[str, Placed] = {one.name: one for one in placed}
    ours, others = [], []
    for patch in loaded:
        manifest = by_name.get(patch.id)
        if manifest is None:
            others.append(patch)
        else:
            cves = manifest.cves if is_same_build(manifest, loaded_build_id(host, patch.id)) else []
            kind = "fix" if cves and patch.kind == "unknown" else patch.kind
            ours.append(patch._replace(kind=kind, cves=cves, for_kernel=manifest.release, built_at=manifest.built_at))
    return ours, others


def is_present(host: Any, release: str) -> bool:
    """Whether this host is one that gets self-built patches: our unit is enabled, or a manifest is there for the running kernel."""
    names = host.listdir(folder(release), 1000).if_there([])
    return any(name.endswith(".json") for name in names) or not host.stat(WANTS + UNIT, follow=False).problem


def loader(host: Any) -> Optional[str]:
    """The unit that loads patches at boot; None where none is enabled."""
    for unit in ([kpatch.ENABLED] if kpatch.is_present(host) else []) + [WANTS + UNIT]:
        name = unit.rpartition("/")[2]
        # Masking leaves the link of enabling where it is.
        if not host.stat(unit, follow=False).problem and not unit_masks.mask_of(host, name):
            return name
    return None


def _returns(host: Any, release: str, ours: List[Patch], inhibited: bool) -> Tuple[bool, str]:
    installed = kpatch.read_installed(host).get(release, [])
    missing = sorted({patch.id for patch in ours if patch.state in ("active", "enabling")} - set(installed))
    unit = loader(host)
    if not installed or missing:
        return False, "not in %s: %s" % (folder(release), ", ".join(missing[:5]) or "any patch")
    if inhibited:
        return False, "kpatch.enable=0 on the kernel command line"
    return (True, unit) if unit else (False, "neither kpatch.service nor %s is enabled" % UNIT)


def level(ours: List[Patch]) -> str:
    """The name of the patch in force that was built last; '' where none is in force."""
    return max([(patch.built_at or "", patch.id) for patch in ours if patch.state == "active"], default=("", ""))[1]


def read(host: Any, release: str, cmdline: List[str], ours: List[Patch], placed: List[Placed], problem: str) -> Claim:
    """What the manifests say of our loaded patches; ``problem`` is why one of them cannot be used."""
    inhibited = "kpatch.enable=0" in cmdline
    returns, by = _returns(host, release, ours, inhibited)
    fixed = sorted({cve for patch in ours if patch.state == "active" for cve in patch.cves})
    missing = sorted({cve for one in placed for cve in one.cves} - set(fixed))
    return Claim("self_built", folder(release), ours, cves=None if problem else fixed, cves_basis="manifest", cves_complete=True, level=level(ours),
                 cves_problem="unparsable" if problem else "", detail=problem, returns=returns, returns_by=by,
                 unit=kpatch.ENABLED.rpartition("/")[2] if kpatch.is_present(host) else UNIT,
                 inhibitors=[Inhibitor("kpatch_disabled", "/proc/cmdline", "boot")] if inhibited else [],
                 cves_missing=None if problem else missing, silence="unparsable" if problem else "", silence_detail=problem)
