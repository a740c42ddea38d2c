# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle of self-built live patches: its manifest, the one patch in it for a kernel, and whether that kernel can have it. Pure."""

import json
import re
from typing import Any, Dict, List, NamedTuple

from ..._formats.kernel_module import ModuleFile
from ..._host.errors import Refused

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_LIMIT = 1024 * 1024
MODULE_LIMIT = 64 * 1024 * 1024

_FILE = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._+~-]{0,150}\.ko\Z")
_RELEASE = re.compile(r"\A[0-9][\w.+~-]{0,100}\Z")
_SHA256 = re.compile(r"\A[0-9a-f]{64}\Z")
_CVE = re.compile(r"\ACVE-[0-9]{4}-[0-9]{4,7}\Z")
_TIME = re.compile(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")


class Entry(NamedTuple):
    """One patch of a bundle; package_version is '' where the bundle does not bind it to one build of the kernel."""

    release: str
    package_version: str
    module: str
    sha256: str
    cves: List[str]
    cumulative: bool
    built_at: str


class KernelView(NamedTuple):
    """The running kernel as far as loading a patch goes; '' and None are 'it does not say'."""

    release: str
    package_version: str
    capable: bool
    lockdown: str
    signature_required: bool
    stopped_by: List[str]


def _text(row: Dict[str, Any], key: str, pattern: Any, wanted: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not pattern.match(value):
        raise Refused("%s: %s is %.80r, wanted %s" % (MANIFEST, key, value, wanted))
    return value


def _entry(row: Any) -> Entry:
    kernel = row.get("kernel") if isinstance(row, dict) else None
    if not isinstance(kernel, dict):
        raise Refused("%s: a patch is %.80r, wanted a mapping with kernel, module, sha256, cves, cumulative and built_at" % (MANIFEST, row))
    version, cves, cumulative = kernel.get("package_version", ""), row.get("cves"), row.get("cumulative")
    if not isinstance(version, str):
        raise Refused("%s: package_version is %.80r, wanted text" % (MANIFEST, version))
    if not isinstance(cves, list) or not all(isinstance(cve, str) and _CVE.match(cve) for cve in cves):
        raise Refused("%s: cves is %.80r, wanted a list of ids such as CVE-2026-1234" % (MANIFEST, cves))
    if not isinstance(cumulative, bool):
        raise Refused("%s: cumulative is %.80r, wanted true or false" % (MANIFEST, cumulative))
    return Entry(
        _text(kernel, "release", _RELEASE, "a kernel release as uname -r prints it"), version,
        _text(row, "module", _FILE, "the name of a file NAME.ko beside it"),
        _text(row, "sha256", _SHA256, "64 lower-case hexadecimal digits"), sorted(set(cves)), cumulative,
        _text(row, "built_at", _TIME, "a time such as 2026-11-24T12:00:00Z"))


def parse_manifest(text: str) -> List[Entry]:
    """The patches of a bundle; Refused for a manifest that is not understood."""
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise Refused("%s is no JSON: %s" % (MANIFEST, error)) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or not isinstance(manifest.get("patches"), list):
        raise Refused("%s: wanted a mapping with format: %d and a list patches" % (MANIFEST, FORMAT))
    return [_entry(row) for row in manifest["patches"]]


def choose(entries: List[Entry], kernel: KernelView) -> Entry:
    """The one patch for the running kernel; Refused where there is none, or it was built for another build of the same release."""
    mine = [entry for entry in entries if entry.release == kernel.release]
    if not mine:
        raise Refused("the bundle has no patch for the running kernel %s; it has for: %s"
                      % (kernel.release, ", ".join(sorted({entry.release for entry in entries})) or "none"))
    if len(mine) > 1:
        raise Refused("%s: %d patches for kernel %s, wanted one" % (MANIFEST, len(mine), kernel.release))
    if mine[0].package_version and kernel.package_version and mine[0].package_version != kernel.package_version:
        raise Refused("the patch is for kernel package %s, and %s runs; wanted: a patch for that very build of %s"
                      % (mine[0].package_version, kernel.package_version, kernel.release))
    return mine[0]


def check_kernel(kernel: KernelView) -> None:
    """Refused for a kernel into which nothing can be patched."""
    if not kernel.capable:
        raise Refused("the running kernel %s has no live patching: /sys/kernel/livepatch is not there" % kernel.release)
    if kernel.stopped_by:
        raise Refused("no patch can be loaded, or come into force, until that is undone: %s" % ", ".join(kernel.stopped_by))


def check_module(entry: Entry, module: ModuleFile, sha256: str, kernel: KernelView) -> None:
    """Refused for a file that is not the one in the manifest, or that the running kernel would refuse."""
    if sha256 != entry.sha256:
        raise Refused("%s has sha256 %s, the manifest says %s" % (entry.module, sha256, entry.sha256))
    if module.release != kernel.release:
        raise Refused("%s was built for kernel %s (vermagic %s), wanted %s" % (entry.module, module.release, module.vermagic, kernel.release))
    if not module.livepatch:
        raise Refused("%s is a kernel module but no live patch: its modinfo has no livepatch=Y" % entry.module)
    if not module.signed and (kernel.signature_required or kernel.lockdown not in ("", "none")):
        why = "module.sig_enforce is set" if kernel.signature_required else "lockdown is %s" % kernel.lockdown
        raise Refused("%s is not signed, and this kernel takes only signed modules (%s); wanted: the module signed with a key that it trusts"
                      % (entry.module, why))


def render_placed(entry: Entry, module: ModuleFile) -> str:
    """What lies beside the module on the host, for the scan and for the next run."""
    return json.dumps({
        "format": FORMAT, "name": module.name, "build_id": module.build_id, "module": entry.module, "sha256": entry.sha256, "cves": entry.cves,
        "cumulative": entry.cumulative, "built_at": entry.built_at, "kernel": {"release": entry.release, "package_version": entry.package_version},
    }, indent=1, sort_keys=True) + "\n"
