# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor of a host, in the kernel's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..proof import Proof

# What counts as good enough behind "Mitigation: ", by file (arch/*/kernel of Linux 4.15 to 6.18 and distributors' kernels of 2018 to 2020). Texts
# that are not here are not proven: a measure that nobody knows is no promise kept.
_GOOD = {
    "meltdown": "PTI|RFI Flush",
    "spectre_v1": r"(Load fences, )?(usercopy/swapgs barriers and )?__user pointer sanitization|Load fences|OSB .*",
    "spectre_v2": r"Retpolines|Full (generic )?retpoline( and IBRS \(user space\))?|"
                  r"(Enhanced / Automatic |Enhanced |Basic )?IBRS( \+ LFENCE| \+ Retpolines)?|"
                  r"IBRS \(kernel( and user space)?\)|IBP disabled|CSV2|Branch predictor hardening|"
                  r"Indirect Branch Restricted Speculation|IBRS[+ ]IBPB|Full generic retpoline \+ IBPB|"
                  r"I-cache invalidation|Firmware call|History overwrite|"
                  r"Multiple mitigations|Indirect branch .*|Software count cache flush.*|Branch predictor state flush|etokens|execute trampolines|"
                  r"limited branch prediction",
    "spec_store_bypass": r"Speculative Store Bypass disabled.*|Kernel entry/exit barrier \((eieio|hwsync|fallback)\)",
    "l1tf": "(PTE|Page Table) Inversion|RFI Flush",
    "mds": "Clear CPU buffers", "tsx_async_abort": "Clear CPU buffers|TSX disabled", "mmio_stale_data": "Clear CPU buffers",
    "reg_file_data_sampling": "Clear Register File", "srbds": "Microcode|TSX disabled",
    "gather_data_sampling": r"Microcode( \(locked\))?|AVX disabled, no microcode",
    "retbleed": "untrained return thunk|IBPB|(Enhanced )?IBRS|Stuffing",
    "spec_rstack_overflow": "[Ss]afe RET|IBPB|SMT disabled", "indirect_target_selection": "Aligned branch/return thunks|Retpolines, Stuffing RSB",
    "tsa": "Clear CPU buffers", "itlb_multihit": "Split huge pages|VMX (unsupported|disabled)",
    "vmscape": "IBPB before exit to userspace|IBPB on VMEXIT|Clear BHB before exit to userspace", "ghostwrite": "xtheadvector disabled",
}
# Half measures: the side that they leave open. On AMD's family 26 the barrier at a guest's exit is all that is needed.
_HALF = {("tsa", "Clear CPU buffers: user/kernel boundary"): "guest_to_host", ("tsa", "Clear CPU buffers: VM"): "host",
         ("indirect_target_selection", "Vulnerable, KVM: Not affected"): "host", ("spec_rstack_overflow", "IBPB on VMEXIT only"): "host",
         ("spec_rstack_overflow", "Reduced Speculation"): "host"}
_FAMILIES_WITHOUT_HOST_SIDE = (26,)
_SIDE_MARKS = re.compile(r"BHI: (Not affected|BHI_DIS_S|Retpoline|SW loop(, KVM: SW loop)?)|IBPB.*|IBRS_FW|RSB filling|STIBP.*|PBRSB-eIBRS: .*|BHB|"
                         r"L1D (private per thread|(conditional )?cache flushes|flush not necessary|EPT disabled)|"
                         r"ori31 .*|Indirect branch cache disabled|Software link stack flush.*|SMT .*|VMX: .*")
_GUESTS_ONLY = ("itlb_multihit", "vmscape")
_NO_GUESTS = ("meltdown", "spectre_v1", "spec_store_bypass", "old_microcode", "ghostwrite")


def _open_by_state(name: str, state: str, family: int) -> set[str]:
    """The views that the first part of what the kernel says leaves open."""
    sides = {"guest_to_host"} if name in _GUESTS_ONLY else {"host"} if name in _NO_GUESTS else {"host", "guest_to_host"}
    said = state.removeprefix("KVM: ").removeprefix("Mitigation: ")
    half = _HALF.get((name, said))
    if half is not None:
        return set() if name == "spec_rstack_overflow" and family in _FAMILIES_WITHOUT_HOST_SIDE else {half}
    is_good = "Mitigation: " in state and re.fullmatch(_GOOD.get(name, "(?!)"), said)
    return set() if is_good else sides


def _open_by_part(name: str, part: str) -> set[str]:
    """The views that one of the further parts leaves open."""
    if re.match("(VMX: )?SMT ", part):
        return set() if re.fullmatch("(VMX: )?SMT (mitigated|disabled|enabled with STIBP protection)", part) else {"smt"}
    if part.startswith(("VMX:", "PBRSB-eIBRS:", "L1D vulnerable")):
        return {"guest_to_host"} if "ulnerable" in part else set()
    if re.fullmatch(r"BHI: (Vulnerable.*|Syscall hardening), KVM: SW loop", part):
        return {"host"}
    return set() if _SIDE_MARKS.fullmatch(part) else {"host"} if name in _NO_GUESTS else {"host", "guest_to_host"}


def _parts(name: str, text: str) -> list[str]:
    """The first part, which may hold commas, and the others."""
    states = [match.end() for match in re.finditer(r"(?=[;,] |$)", text)]
    known = rf"(KVM: )?Mitigation: ({_GOOD.get(name, '(?!)')}|{'|'.join(re.escape(said) for known, said in _HALF if known == name) or '(?!)'})"
    end = max((place for place in states if re.fullmatch(known, text[:place])), default=states[0])
    rest = re.sub(r", KVM:", " KVM:", text[end:])
    return [text[:end], *(part.replace(" KVM:", ", KVM:") for part in re.split("[;,] ", rest) if part)]


def is_closed(name: str, text: str, views: Sequence[str], wanted: str, family: int = 0) -> bool:
    """Whether what the kernel says of a vulnerability is good enough, on a processor of this family (0: not known)."""
    if text == "Not affected":
        return True
    if wanted == "not_affected":
        return False
    said = " ".join(text.split())
    state, *parts = _parts(name, said.removesuffix(" - vulnerable module loaded"))
    left_open = {"host"} if said.endswith("vulnerable module loaded") else set()
    left_open |= _open_by_state(name, state, family).union(*(_open_by_part(name, part) for part in parts))
    return not left_open & set(views)


def family(proof: Proof) -> int:
    """The processor's family by /proc/cpuinfo; 0 where it has none."""
    said = re.search(r"^family (\d+)$", proof.says("microcode"), re.MULTILINE)
    return int(said.group(1)) if said else 0


def revisions(proof: Proof, kind: str = "") -> list[int]:
    """Every microcode revision on some processor, by /proc/cpuinfo and by sysfs; with ``kind`` (06-55-07) on such processors, by /proc/cpuinfo."""
    rows = [line.split() for line in proof.says("microcode").splitlines()]
    source = ("cpuinfo", "sysfs") if not kind else (kind,)
    return sorted({int(cells[1], 16) for cells in rows if len(cells) == 2 and cells[0] in source})


def is_at_least(revision: int, wanted: int) -> bool:
    """Whether a revision is a minimum or newer; one of another processor of AMD's, which stands in all but its last byte, is neither."""
    return revision >= wanted and (revision >> 24 not in (0x08, 0x0A, 0x0B) or revision >> 8 == wanted >> 8)
