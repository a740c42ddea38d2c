# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SUSE Kernel Live Patching: what its client ``klp`` adds to the kernel's own view, the CVEs and which patch is only the initial one."""

import re
import time
from typing import Any, Dict, List, Optional

from ..._formats import versions
from ..._packages import available
from ..claim import Claim, Patch, cve_ids

# kgr is what SLES 12 has in the place of klp, with the same words.
PROGRAMS = ("/usr/bin/klp", "/usr/sbin/klp", "/usr/bin/kgr", "/usr/sbin/kgr")

# What `zypper lifecycle` reads: the last day of patches for each kernel, brought by the package lifecycle-data-sle-module-live-patching.
LIFECYCLE = tuple("/var/lib/lifecycle/data/%s.lifecycle" % product for product in ("sle-module-live-patching", "sle-live-patching"))

_PACKAGE = re.compile(r"\A((?:kernel-livepatch|kgraft-patch)-([0-9_]+)-([0-9_]+)-([a-z]\w*))-(\d[\w.]*-\d[\w.]*)\.\w+\Z")
_KERNEL = re.compile(r"\A(\d+(?:\.\d+)+)-(\d[\d.]*)-(default|rt)\Z")
# More of them in one name are no pattern, and could keep a scan busy.
_STARS = 3
_DAY = re.compile(r"\A\d{4}-\d{2}-\d{2}\Z")
# The first package of a kernel only shows that the mechanism works; so does its module, livepatch_1_5_3_2.
_SEED_LEVEL = re.compile(r"\A1-\d")
_SEED_MODULE = re.compile(r"\A(?:livepatch|kgraft_patch)_1_\d+(?:_\d+)*\Z")
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
    return Patch(name, _kind(name, package, said), state, cve_ids(said), package, kernel_of(package))


def is_seed(level: str) -> bool:
    """Whether a package of this version and release is the first of its kernel, which fixes nothing."""
    return _SEED_LEVEL.match(level) is not None


def _kind(name: str, package: str, said: str) -> str:
    """By what the client says of a patch; without the name of a package and of a CVE nobody does."""
    level = level_of(package)
    if "this is an initial" in said or is_seed(level) or (not level and _SEED_MODULE.match(name)):
        return "seed"
    return "fix" if level or cve_ids(said) else "unknown"


def kernel_of(package: str) -> str:
    """The kernel release in a package's name: kernel-livepatch-5_3_18-24_34-default-1-5.3.2.x86_64 is for 5.3.18-24.34-default; '' otherwise."""
    match = _PACKAGE.match(package)
    return "%s-%s-%s" % (match.group(2).replace("_", "."), match.group(3).replace("_", "."), match.group(4)) if match else ""


def name_of(package: str) -> str:
    """The name of a package of patches without its version; '' otherwise."""
    match = _PACKAGE.match(package)
    return match.group(1) if match else ""


def level_of(package: str) -> str:
    """Version and release of a package of patches; '' otherwise."""
    match = _PACKAGE.match(package)
    return match.group(5) if match else ""


def name_for(release: str, prefix: str = "kernel-livepatch") -> str:
    """The package with the patches for a kernel (of SLES 12 with the prefix kgraft-patch); '' for other kernels."""
    match = _KERNEL.match(release)
    return "%s-%s-%s-%s" % (prefix, match.group(1).replace(".", "_"), match.group(2).replace(".", "_"), match.group(3)) if match else ""


def parse_lifecycle(text: str, package: str) -> str:
    """The last day of a package in lifecycle data (``name,version,date``, * in a name stands for anything); '' where it has none."""
    found = ""
    for line in text.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if line.lstrip().startswith("#") or len(fields) < 3 or fields[1] != "*" or not _DAY.match(fields[2]):
            continue
        if fields[0].count("*") <= _STARS and re.match(".*".join(re.escape(part) for part in fields[0].split("*")) + r"\Z", package):
            found = fields[2]
    return found


def program(host: Any) -> str:
    """The path of the client; '' without one."""
    return next((path for path in PROGRAMS if not host.stat(path).problem), "")


def is_present(host: Any) -> bool:
    """Whether the client is installed."""
    return bool(program(host))


def read(host: Any, release: str, loaded: List[Patch]) -> Claim:
    """What the client says, with what the vendor's dates and zypper's cache say of the kernel's patches."""
    claim = _ask(host, loaded)
    package = next((patch.package for patch in claim.patches if patch.state == "active" and patch.package), "")
    name = name_of(package) or name_for(release, "kgraft-patch" if program(host).endswith("kgr") else "kernel-livepatch")
    for path in LIFECYCLE:
        until = parse_lifecycle(host.read(path, 1 << 20).if_there(""), name)
        if until:
            ended = until < time.strftime("%Y-%m-%d", time.gmtime(host.now()))
            claim = claim._replace(support="upgrade_required" if ended else "supported", support_until=until, support_basis="lifecycle_data",
                                   states_support=True, support_source=path)
    return _with_offer(host, claim._replace(level=level_of(package)), name)


def _with_offer(host: Any, claim: Claim, name: str) -> Claim:
    """The newest package of patches for this kernel. No list of what it fixes is in zypper's cache under its name."""
    if not name or claim.problem:
        return claim
    searched = available.search_zypper(host, name)
    reason, detail = searched.reason, searched.detail
    latest: Optional[str] = None
    if not reason:
        try:
            latest = available.newest_in_search(searched.text, name)[0]
        except ValueError as error:
            reason, detail = "absent", str(error)
    if latest is None:
        return claim._replace(silence=reason, silence_detail="%s: %s" % (searched.source, detail))
    claim = claim._replace(latest=latest, newer_source=searched.source)
    if is_seed(latest) and all(patch.kind == "seed" for patch in claim.patches):
        return claim._replace(up_to_date=True, cves_missing=[], nothing_to_apply=True)
    if claim.patches and not claim.level:
        return claim._replace(silence="unparsable", silence_detail="klp names no package of the patch that is loaded")
    behind = not claim.level or versions.compare(versions.RPM, latest, claim.level) > 0
    return claim._replace(up_to_date=not behind, cves_missing=None if behind else [], silence="unsupported",
                          silence_detail="zypper's search does not say what %s-%s fixes; its changelog would tell" % (name, latest))


def _ask(host: Any, loaded: List[Patch]) -> Claim:
    """The claim of the client. CVEs count only for a patch that the kernel itself has active."""
    argv = [program(host), "-v", "patches"]
    claim = Claim("suse", " ".join(argv), cves_basis="client", cumulative=True)
    answer = host.run(argv)
    if answer.problem:
        return claim._replace(problem=answer.problem, detail=answer.detail)
    try:
        patches = parse_patches(answer.value.out)
    except ValueError as error:
        return claim._replace(problem="tool_failed" if answer.value.rc else "unparsable", detail=str(error))
    active = {patch.id for patch in loaded if patch.state == "active"}
    named = {patch.id: patch for patch in patches}
    merged = [_merge(patch, named.get(patch.id, Patch(patch.id, _kind(patch.id, "", ""), "", []))) for patch in loaded]
    fixed = sorted({cve for patch in patches if patch.id in active for cve in patch.cves})
    return claim._replace(patches=merged, cves=fixed, cves_complete=bool(patches))


def _merge(seen: Patch, named: Patch) -> Patch:
    """A patch as the kernel has it, with what only the client knows of it."""
    return seen._replace(kind=seen.kind if seen.kind == "seed" else named.kind, package=named.package, for_kernel=named.for_kernel)
