# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live patches of a host: those that the kernel lists, those beside it, and who says what they fix."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..proof import Proof
from . import kernels

# TAINT_LIVEPATCH of the kernel's include/linux/panic.h.
_TAINT_LIVE_PATCH = 1 << 15

# What systemctl is-enabled says of a service that starts at boot.
ENABLED = ("enabled", "enabled-runtime", "static")


class Patch(NamedTuple):
    """A loaded live patch: whether it is enabled, whether threads still move to it, and the taint of its module."""

    name: str
    enabled: bool
    moving: bool
    taint: str


def loaded(proof: Proof) -> list[Patch]:
    """Every live patch in /sys/kernel/livepatch."""
    words = [line.split() for line in proof.says("patches").splitlines() if line.startswith("patch ")]
    return [Patch(cells[1], cells[2] == "1", cells[3] == "1", cells[4] if len(cells) > 4 else "") for cells in words if len(cells) > 3]


def is_named_for(name: str, level: str) -> bool:
    """Whether a module's name holds the level, as modules can be called; proc_version_21 is not named for proc_version_2."""
    name, level = (re.sub(r"[-.]", "_", word) for word in (name, level))
    return re.search(rf"(?<![0-9]){re.escape(level)}(?![0-9])", name) is not None


def kernel_is_tainted(proof: Proof) -> bool:
    """Whether the kernel says that a live patch was applied since it booted."""
    tainted = proof.fields("patches").get("tainted", "")
    return tainted.isdigit() and bool(int(tainted) & _TAINT_LIVE_PATCH)


def threads_in_transition(proof: Proof) -> int:
    """Threads whose patch_state is not -1: the old code, or the new one, of a patch that is not through."""
    words = [line.split() for line in proof.says("patches").splitlines() if line.startswith("threads ")]
    return sum(int(cells[2]) for cells in words if cells[1] != "-1")


def clients(proof: Proof) -> dict[str, str]:
    """The clients for live patches that are installed, and what systemd says of their service."""
    found = dict(proof.fields("patch_clients"))
    if "self_built" in found:
        # kpatch is then what loads them at boot, and no provider beside them.
        found["self_built"] = found["self_built"] if found["self_built"] in ENABLED else found.get("kpatch", found["self_built"])
        found.pop("kpatch", None)
    return found


def releases_on_disk(proof: Proof) -> set[str]:
    """The kernel releases for which live patches lie on the disk."""
    return {cells[0] for cells in proof.rows("patch_files") if len(cells) == 2}


def files(proof: Proof, release: str) -> list[str]:
    """The live patches on the disk for a kernel release."""
    return [cells[1] for cells in proof.rows("patch_files") if len(cells) == 2 and cells[0] == release]


# Words that send systemd elsewhere than to its usual services.
_ELSEWHERE = re.compile(r"1|[sS]|single|rescue|emergency|-b|systemd\.unit=(?!(?:default|multi-user|graphical)\.target$).*"
                        r"|init=(?!(?:/usr)?/(?:lib/systemd/systemd|sbin/init)$).*")
_MASK = re.compile(r"systemd\.mask=(?:kpatch|firebreak-live-patch|snap\.canonical-livepatch\.canonical-livepatchd|uptrack|kcare)(?:\.service)?")


def kept_from_loading(proof: Proof) -> str:
    """What will keep the services that load live patches from doing so at the next boot; '' for nothing known."""
    for cells in proof.rows("patch_units"):
        if len(cells) == 3:
            return f"{cells[1]} changes {cells[2]} of {cells[0]}"
    words = kernels.command_lines(proof).get("boots the next time", "").split()
    told = [word for word in words if _MASK.fullmatch(word) or _ELSEWHERE.fullmatch(word)]
    return f"the next boot's command line says {told[0]}" if told else ""


def module_name(path: str) -> str:
    """The name by which the kernel knows a module: that of its file, with underscores."""
    return path.rpartition("/")[2].split(".ko")[0].replace("-", "_")


class Content(NamedTuple):
    """Who says what.

    Manifests: whether one names fixes and is of the build in memory. Packages with version and release; modules and their packages; of the empty
    packages the newest release that the caches know; what each client says.
    """

    manifests: dict[str, bool]
    packages: dict[str, tuple[str, str]]
    modules: dict[str, str]
    newest: dict[str, str]
    clients: dict[str, dict[str, str]]


def contents(proof: Proof) -> Content:
    """What the host said of the contents of its live patches."""
    found = Content({}, {}, {}, {}, {})
    for cells in proof.rows("patch_contents"):
        if cells[0] == "manifest" and len(cells) == 4:
            found.manifests[cells[1]] = cells[2] == "yes" and cells[3] not in ("", "0")
        elif cells[0] == "package" and len(cells) == 5:
            found.packages[cells[1]] = (cells[2], cells[3])
        elif cells[0] == "file" and len(cells) == 3:
            found.modules[module_name(cells[2] + ".ko")] = cells[1]
        elif cells[0] == "newest" and len(cells) == 3:
            found.newest[cells[1]] = cells[2]
        elif cells[0] in ("canonical", "kernelcare", "ksplice") and len(cells) == 3:
            found.clients.setdefault(cells[0], {})[cells[1]] = cells[2]
    return found


def is_empty(name: str, version: str, release: str) -> bool:
    """Whether a package only opens a kernel's series: SUSE counts versions from 1, Red Hat and Amazon releases from 0."""
    suse = re.match(r"(?:kernel-livepatch|kgraft-patch)-[0-9_]+-[0-9_]+-[a-z]", name)
    return version == "1" if suse else release.split(".")[0] == "0"


def kernelcare_set(description: str) -> tuple[str, str]:
    """(level, name of the set) of KernelCare's description, LEVEL-NAME:TIME;KERNEL; '?' for a name where it has another form."""
    parts = re.fullmatch(r"(\d+)(?:-([^:;]*))?(?::\d*)?", description.split(";")[0].strip())
    return (parts.group(1), parts.group(2) or "") if parts else ("", "?")


def outside(proof: Proof) -> dict[str, bool]:
    """The patches that the kernel itself does not list, KernelCare's and Ksplice's, and whether each is a known fix."""
    clients = contents(proof).clients
    care = clients.get("kernelcare", {})
    found = {}
    if care.get("state") == "patch is applied":
        level, name = kernelcare_set(care.get("description", ""))
        found[f"kernelcare {level}"] = name in ("", "default", "extra") or care.get("cves", "0") != "0"
    titles = {identity: title for identity, title in clients.get("ksplice", {}).items() if identity != "none"}
    return found | {f"ksplice {identity}": not re.search(r"(?i)exploit detection|enablement|enable livepatching|freeze tasks|ftrace safety", title)
                    for identity, title in titles.items()}


def _good_state(said: Content) -> str:
    """What Canonical's client says of its patches, '' under its mark of a failure."""
    state = said.clients.get("canonical", {}).get("state", "")
    return "" if state.startswith("\u2717") else state


def known_fixes(proof: Proof) -> list[str]:
    """The patches in force of which somebody says that they fix something: a manifest, the package of their file, or their vendor's client."""
    said, amazon = contents(proof), proof.os_release().get("ID") == "amzn"
    applied = "all applicable live" in _good_state(said) and bool(said.clients.get("canonical", {}).get("version"))
    found = []
    for name in (patch.name for patch in loaded(proof) if patch.enabled):
        package = said.modules.get(name, "")
        if said.manifests.get(name) or (package and not is_empty(package, *said.packages[package])) or (applied and "_Ubuntu_" in name) \
                or (amazon and re.match(r"livepatch_CVE_\d{4}_\d{4,}", name)):
            found.append(name)
    return found + [name for name, fixes in outside(proof).items() if fixes]


def has_nothing_to_load(proof: Proof) -> bool:
    """Whether no patch with a fix exists yet for the running kernel: the client says so, or the newest package is the installed empty one."""
    said = contents(proof)
    if re.search(r"no live ?(?:kernel )?patch(?:es)? (?:needed|available)|no livepatches", _good_state(said)):
        return True
    if any("none" in said.clients.get(name, {}) for name in ("kernelcare", "ksplice")):
        return True
    names = [name for name, row in said.packages.items() if is_empty(name, *row) and _is_for(name, kernels.running_release(proof))]
    return any(said.newest.get(name, "") in (said.packages[name][0], said.packages[name][1]) for name in names)


def _is_for(package: str, release: str) -> bool:
    """Whether a package of patches is named for a kernel release."""
    kernel = re.sub(r"^(?:kpatch-patch|kernel-livepatch|kgraft-patch)-", "", package)
    return re.sub(r"[._]", "-", release).startswith(re.sub(r"[._]", "-", kernel))


def levels(proof: Proof) -> list[str]:
    """The levels in force: names of modules, versions of the packages that own them, and what the clients say."""
    said = contents(proof)
    names = [patch.name for patch in loaded(proof) if patch.enabled]
    packaged = ["-".join(said.packages[said.modules[name]]) for name in names if name in said.modules]
    canonical, care = (said.clients.get(name, {}) for name in ("canonical", "kernelcare"))
    clients = [canonical.get("version", "").strip(), kernelcare_set(care.get("description", ""))[0]]
    return [*names, *packaged, *(word for word in clients if word)]


def mode(proof: Proof) -> str:
    """The mode that Canonical's daemon starts in: a word of the kernel's command line before that of its file; 'normal' without either."""
    said = proof.fields("patch_mode")
    return said.get("word") or said.get("file") or "normal"
