# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the source files with a hole are part of a host's kernel at all, with evidence. Never a guess: what is not proved is reachable.

The kernel's CNA names the files (``programFiles``). A hole cannot be reached only where *every* file that is compiled is out of reach; headers are
part of whatever includes them and prove nothing, and a hole without files is reachable. A file is out of reach where
- it belongs to another architecture (``arch/s390/`` on x86_64), or to the other maker's virtualization (``arch/x86/kvm/svm/`` on Intel),
- it is built only with a symbol of which the running kernel's configuration says that it is not set (``data/kernel_sources.json``, from the kernel's
  Makefiles; a symbol that the configuration does not name proves nothing),
- its only module is not there for the running kernel (``kernel.watched_modules``: absent).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from .._fleet.bounded import dig, mappings_at, text_at, texts
from .seen import Reach

TABLE = Path(__file__).resolve().parent / "data" / "kernel_sources.json"
# Machine of uname -> folders of arch/ that its kernels are built from; arm64 takes Xen's from arm.
_ARCHITECTURES = {"x86_64": ("x86",), "i686": ("x86",), "aarch64": ("arm64", "arm"), "armv7l": ("arm",), "s390x": ("s390",),
                  "ppc64le": ("powerpc",), "riscv64": ("riscv",), "loongarch64": ("loongarch",)}
# kvm_amd refuses a processor without SVM and kvm_intel one without VMX: these makers never had the other's.
_OTHER_MAKER = (("arch/x86/kvm/svm/", ("GenuineIntel",), "kvm_amd does not load on a processor of Intel's"),
                ("arch/x86/kvm/vmx/", ("AuthenticAMD", "HygonGenuine"), "kvm_intel does not load on a processor of AMD's"))
_COMPILED = (".c", ".S", ".rs")
_REASONS = 3


class _Guard(NamedTuple):
    """What a file or folder is built with: symbols of which one that is not set is enough, and the one module that holds it ('' for none)."""

    symbols: tuple[str, ...]
    module: str


def of_record(record: Mapping[str, Any]) -> Reach:
    """What a record tells of the kernel's configuration and processor."""
    absent = sorted(text_at(row, "name") for row in mappings_at(record, "kernel.watched_modules") if row.get("state") == "absent")
    source = text_at(record, "kernel.configuration")
    if source and not source.startswith("/proc/") and _was_replaced(record):
        # The file is the newer build's.
        source = ""
    return Reach(text_at(record, "os.architecture"), text_at(record, "cpu.vendor"), source,
                 tuple(texts(dig(record, "kernel.not_built"))) if source else (), tuple(absent))


def _was_replaced(record: Mapping[str, Any]) -> bool:
    """Whether another build of the running kernel lies on disk than the one that runs, or nobody can say."""
    release, runs = text_at(record, "kernel.running.release"), text_at(record, "kernel.running.package_version")
    mine = [row for row in mappings_at(record, "kernel.installed") if row.get("release") == release]
    return not runs or [row.get("package_version") for row in mine] != [runs]


@lru_cache(maxsize=1)
def _table() -> Mapping[str, _Guard]:
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["paths"]
    return {path: _Guard(tuple(row[0].split()), row[1]) for path, row in rows.items()}


def proof(files: Sequence[str], reach: Reach) -> str:
    """Why none of the files can run, in words; '' where any may."""
    compiled = [path for path in files if path.endswith(_COMPILED)]
    reasons: dict[str, None] = {}
    for path in compiled:
        reason = _out_of_reach(path, reach)
        if not reason:
            return ""
        reasons[reason] = None
    return "; ".join(list(reasons)[:_REASONS]) + (f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else "")


def _out_of_reach(path: str, reach: Reach) -> str:
    """Why one file cannot run; '' where it may."""
    parts = path.split("/")
    folders = _ARCHITECTURES.get(reach.architecture)
    if parts[0] == "arch" and folders and len(parts) > 2 and parts[1] not in folders:
        return f"arch/{parts[1]} is not built for {reach.architecture}"
    for prefix, makers, why in _OTHER_MAKER:
        if path.startswith(prefix) and reach.vendor in makers:
            return why
    steps = ["/".join(parts[: count + 1]) + "/" for count in range(len(parts) - 1)] + [path]
    for step in steps:
        guard = _table().get(step)
        unset = next((symbol for symbol in guard.symbols if symbol in reach.not_built), "") if guard and reach.source else ""
        if unset:
            return f"{step.rstrip('/')} is not built: CONFIG_{unset} is not set in {reach.source}"
        if guard and guard.module and guard.module in reach.absent:
            return f"the module {guard.module} is not there for the running kernel"
    return ""
