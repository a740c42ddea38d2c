# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SUSE Kernel Live Patching: what its client ``klp`` adds to the kernel's own view, the CVEs and which patch is only the initial one."""

import re
from typing import Any, Dict, List

from ._livepatch_claim import Claim, Patch, cve_ids

PROGRAMS = ("/usr/bin/klp", "/usr/sbin/klp")

_PACKAGE = re.compile(r"\A(?:kernel-livepatch|kgraft-patch)-([0-9_]+)-([0-9_]+)-([a-z]\w*)-\d")
_PATCH = re.compile(r"\A(?:livepatch|kgraft_patch|klp)[\w-]*\Z")


def parse_patches(text: str) -> List[Patch]:
    """The patches that ``klp -v patches`` lists; ValueError for text that is no such list. No text at all is no patch."""
    blocks: Dict[str, Dict[str, str]] = {}
    current: Dict[str, str] = {}
    for line in text.splitlines():
        if line[:1].isspace():
            key, _separator, value = line.strip().partition(":")
            current.setdefault(key.strip().lower(), value.strip())
        elif _PATCH.match(line.strip()):
            current = blocks.setdefault(line.strip(), {})
        elif line.strip():
            raise ValueError("unexpected line %.80r" % line)
    return [_patch(name, fields) for name, fields in blocks.items()]


def _patch(name: str, fields: Dict[str, str]) -> Patch:
    said = fields.get("cve", "")
    state = {"1": "active", "0": "disabled"}.get(fields.get("active", ""), "unknown")
    package = fields.get("rpm", "")[:200]
    return Patch(name, "seed" if "this is an initial" in said else "fix", state, cve_ids(said), package, kernel_of(package))


def kernel_of(package: str) -> str:
    """The kernel release in a package's name: kernel-livepatch-5_3_18-24_34-default-1-5.3.2.x86_64 is for 5.3.18-24.34-default; '' otherwise."""
    match = _PACKAGE.match(package)
    return "%s-%s-%s" % (match.group(1).replace("_", "."), match.group(2).replace("_", "."), match.group(3)) if match else ""


def program(host: Any) -> str:
    """The path of the client; '' without one."""
    return next((path for path in PROGRAMS if not host.stat(path).problem), "")


def is_present(host: Any) -> bool:
    """Whether the client is installed."""
    return bool(program(host))


def read(host: Any, loaded: List[Patch]) -> Claim:
    """The claim of the client. CVEs count only for a patch that the kernel itself has active."""
    argv = [program(host), "-v", "patches"]
    claim = Claim("suse", " ".join(argv), cves_basis="client")
    answer = host.run(argv)
    if answer.problem:
        return claim._replace(problem=answer.problem, detail=answer.detail)
    try:
        patches = parse_patches(answer.value.out)
    except ValueError as error:
        return claim._replace(problem="tool_failed" if answer.value.rc else "unparsable", detail=str(error))
    active = {patch.id for patch in loaded if patch.state == "active"}
    named = {patch.id: patch for patch in patches}
    merged = [_merge(patch, named[patch.id]) if patch.id in named else patch for patch in loaded]
    fixed = sorted({cve for patch in patches if patch.id in active for cve in patch.cves})
    return claim._replace(patches=merged, cves=fixed, cves_complete=bool(patches))


def _merge(seen: Patch, named: Patch) -> Patch:
    """A patch as the kernel has it, with what only the client knows of it."""
    return seen._replace(kind="seed" if named.kind == "seed" else seen.kind, package=named.package, for_kernel=named.for_kernel)
