# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kpatch: the runtime of Red Hat, Debian and Ubuntu, and Amazon's and self-built patches that are loaded by it.

No command of kpatch is run: what it prints it reads from the same files. It knows no support window and no last check.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..._formats import unit_masks
from .. import packages as patch_packages
from ..claim import Claim, Inhibitor, Patch, cve_ids, is_yes, settings
from . import amazon, azure

PROGRAMS = ("/usr/sbin/kpatch", "/sbin/kpatch", "/usr/bin/kpatch")
INSTALLED = "/var/lib/kpatch"
# systemd's own mark that the service which loads patches at boot is enabled.
ENABLED = "/etc/systemd/system/multi-user.target.wants/kpatch.service"
UNIT = "/etc/systemd/system/kpatch.service"
DNF_CONF = "/etc/dnf/plugins/kpatch.conf"

_QUERY = "@%{VERSION}-%{RELEASE}\\n[%{CHANGELOGTEXT}\\n]"
_EL_KERNEL = re.compile(r"\A(\d+(?:\.\d+)+)-(\d[\w.]*?)\.el\d+(?:_\d+)?\.\w+\Z")
_RELEASE = re.compile(r"\A[0-9][\w.+~-]{0,100}\Z")
_BEGINNINGS = (b"\x7fELF", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")


class Package(NamedTuple):
    """An installed kpatch-patch package: version-release, and the CVEs that its changelog names."""

    version: str
    cves: List[str]


def package_of(release: str) -> str:
    """The package with Red Hat's patches for a kernel; '' for a kernel that is not Red Hat's. 5.14.0-284.11.1.el9_2.x86_64 has
    kpatch-patch-5_14_0-284_11_1."""
    match = _EL_KERNEL.match(release)
    return "kpatch-patch-%s-%s" % tuple(part.replace(".", "_") for part in match.groups()) if match else ""


def query(package: str) -> List[str]:
    """The command that asks rpm for a package's version and changelog."""
    return ["rpm", "-q", "--qf", _QUERY, package]


def parse_package(text: str) -> Package:
    """The newest package in rpm's answer to ``query``; ValueError where it names none."""
    blocks = re.findall(r"^@([^\s@]{1,100})\n((?:(?!@[^\s@]+$).*\n?)*)", text, re.MULTILINE)
    if not blocks:
        raise ValueError("rpm names no package in %.80r" % text)
    version, changelog = blocks[-1]
    return Package(version, cve_ids(changelog))


def is_loaded(package: Package, modules: List[str]) -> bool:
    """Whether the module of this very package is among the loaded ones: kpatch_5_14_0_284_11_1_1_4 ends with version and release 1-4."""
    ending = "_" + re.sub(r"[.-]", "_", re.sub(r"\.el\d.*\Z", "", package.version))
    return any(name.startswith("kpatch_") and name.endswith(ending) for name in modules)


def module_name(path: str) -> str:
    """The name under which the kernel knows a module file: kpatch-fix.ko.xz is kpatch_fix."""
    return re.sub(r"\.ko(?:\.\w+)?\Z", "", path).replace("-", "_")


def read_installed(host: Any) -> Dict[str, List[str]]:
    """Kernel release -> the names of the modules that kpatch.service loads under it."""
    found = {}
    for release in host.listdir(INSTALLED, 1000).if_there([]):
        if _RELEASE.match(release):
            files = host.listdir("%s/%s" % (INSTALLED, release), 1000).if_there([])
            modules = [module_name(name) for name in files if re.search(r"\.ko(?:\.\w+)?\Z", name)
                       and _may_be_a_module(host, "%s/%s/%s" % (INSTALLED, release, name))]
            if modules:
                found[release] = modules
    return found


def _may_be_a_module(host: Any, path: str) -> bool:
    """Whether a file begins as a module does, compressed or not; one that cannot be looked at may."""
    answer = host.read_bytes(path, 6)
    return bool(answer.problem) or answer.value.startswith(_BEGINNINGS)


def parse_version(script: str) -> str:
    """The client's version, which its script names; '' where it does not."""
    match = re.search(r"^VERSION=[\"']?(\d[\w.+~-]{0,30})", script, re.MULTILINE)
    return match.group(1) if match else ""


def is_present(host: Any) -> bool:
    """Whether kpatch's client is installed."""
    return any(not host.stat(path).problem for path in PROGRAMS)


def _persistence(host: Any, release: str, loaded: List[Patch], inhibited: bool) -> Tuple[bool, str]:
    installed = read_installed(host).get(release, [])
    enabled = not host.stat(ENABLED, follow=False).problem
    # Masking leaves the link of enabling where it is.
    masked = unit_masks.mask_of(host, UNIT.rpartition("/")[2])
    missing = sorted({patch.id for patch in loaded if patch.state in ("active", "enabling")} - set(installed))
    if not installed or missing:
        return False, "not in %s/%s: %s" % (INSTALLED, release, ", ".join(missing[:5]) or "any patch")
    if masked or not enabled:
        return False, "kpatch.service is %s" % ("masked" if masked else "not enabled")
    if inhibited:
        return False, "kpatch.enable=0 on the kernel command line"
    return True, "kpatch.service"


def _changelog(host: Any, release: str, loaded: List[Patch]) -> Tuple[Optional[Package], str, str]:
    """(the package whose module is active or None, '' or a problem, its detail); patches that came without a package have none."""
    package = package_of(release)
    if not package or not loaded:
        return None, "", ""
    answer = host.run(query(package))
    if answer.problem:
        return None, answer.problem, answer.detail
    if "is not installed" in answer.value.out:
        return None, "", ""
    try:
        found = parse_package(answer.value.out)
    except ValueError as error:
        return None, "tool_failed", str(error)
    active = [patch.id for patch in loaded if patch.state == "active"]
    return (found if is_loaded(found, active) else None), "", ""


def _auto_update(host: Any) -> Optional[bool]:
    """Whether dnf's plug-in brings the patches of each new kernel; None without the plug-in."""
    answer = host.read(DNF_CONF, 1 << 16)
    found = settings(answer.if_there(""))
    return is_yes(found["autoupdate"]) if "autoupdate" in found else None


def _client_version(host: Any) -> str:
    return next((version for version in (parse_version(host.read(path, 1 << 18).if_there("")) for path in PROGRAMS) if version), "")


def _level(host: Any, release: str, loaded: List[Patch]) -> str:
    """Amazon's version of the package whose modules are loaded; '' where only the seed is installed."""
    answer = host.run(amazon.QUERY) if loaded else None
    if answer is None or answer.problem:
        return ""
    packages = [package for package in amazon.parse_packages(answer.value.out) if not package.is_seed]
    return amazon.newest_for(packages, release)


class Content(NamedTuple):
    """What is known of the loaded patches: they with their kinds and CVEs, the level, who says so, and why a package could not be asked."""

    patches: List[Patch]
    level: str
    cves: List[str]
    basis: str
    problem: str = ""
    detail: str = ""


def _content(host: Any, provider: str, release: str, loaded: List[Patch]) -> Content:
    """What the loaded patches fix, where the vendor says it: Amazon in the modules' names, Red Hat in the changelog of the modules' package."""
    if provider == "amazon":
        level = _level(host, release, loaded)
        patches = amazon.named(loaded, bool(level))
        cves = [cve for patch in patches if patch.state == "active" for cve in patch.cves]
        return Content(patches, level, cves, "module_names" if cves else "none")
    if provider == "kpatch" and azure.package_of(release):
        return _described(host, release, loaded)
    package, problem, detail = _changelog(host, release, loaded) if provider == "kpatch" else (None, "", "")
    if package is None:
        return Content(loaded, "", [], "none", problem, detail)
    full = "%s-%s" % (package_of(release), package.version)
    patches = [patch._replace(kind="fix", package=full) if is_loaded(package, [patch.id]) else patch for patch in loaded]
    return Content(patches, package.version, package.cves, "changelog" if package.cves else "none")


def _described(host: Any, release: str, loaded: List[Patch]) -> Content:
    """What Azure Linux's package for this kernel says of its module, where that is in force."""
    answer = host.run(azure.query(azure.package_of(release)))
    try:
        if answer.problem:
            return Content(loaded, "", [], "none", answer.problem, answer.detail)
        package = azure.parse_package(answer.value.out)
    except ValueError:
        # Not installed: what is loaded came from elsewhere.
        return Content(loaded, "", [], "none")
    patches = [patch._replace(kind="fix" if package.cves else patch.kind, package=package.full) if patch.id == package.module else patch
               for patch in loaded]
    active = any(patch.id == package.module and patch.state == "active" for patch in loaded)
    level = package.full[len(azure.package_of(release)) + 1:]
    return Content(patches, level, package.cves, "description") if active else Content(loaded, "", [], "none")


def read(host: Any, provider: str, release: str, cmdline: List[str], loaded: List[Patch]) -> Claim:
    """The claim of ``provider`` (kpatch, amazon or self_built), whose loaded patches are the kernel's own."""
    inhibited = "kpatch.enable=0" in cmdline
    found = _content(host, provider, release, loaded)
    returns, by = _persistence(host, release, loaded, inhibited)
    claim = Claim(provider, INSTALLED, [patch._replace(for_kernel=release) for patch in found.patches],
                  cves=None if found.problem else sorted(set(found.cves)), cves_basis=found.basis, cves_problem=found.problem, detail=found.detail,
                  level=found.level, returns=returns, returns_by=by, client_version=_client_version(host), auto_update=_auto_update(host),
                  inhibitors=[Inhibitor("kpatch_disabled", "/proc/cmdline", "boot")] if inhibited else [], unit="kpatch.service")
    named_for = {"kpatch": package_of, "amazon": amazon.package_of}.get(provider)
    return patch_packages.with_offers(host, claim, named_for(release) if named_for else "")
