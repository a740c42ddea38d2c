# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor of a host, in the kernel's words."""

from __future__ import annotations

from collections.abc import Sequence

from ..proof import Proof

# Command line words that leave the processor less protected than the kernel would by itself (Documentation/admin-guide/kernel-parameters).
_NAMES = "spectre_v2|spectre_v2_user|spec_store_bypass_disable|ssbd|l1tf|mds|tsx_async_abort|mmio_stale_data|retbleed|spec_rstack_overflow|srbds|" \
    "gather_data_sampling|reg_file_data_sampling|indirect_target_selection|tsa|vmscape|spectre_bhi|kvm\\.nx_huge_pages|kvm-intel\\.vmentry_l1d_flush"
SWITCHES_OFF = rf"mitigations=(off|.*no_.*)|nopti|pti=off|kpti=0|nospectre_\w+|nospec_store_bypass_disable|no_stf_barrier|no_entry_flush|" \
    rf"no_uaccess_flush|({_NAMES})=(off|never|force-off)"


def is_closed(text: str, views: Sequence[str], wanted: str) -> bool:
    """Whether what the kernel says of a vulnerability is good enough.

    Parts about guests (KVM: ...) and about threads (SMT ...) are views of their own.
    """
    if text == "Not affected":
        return True
    if wanted == "not_affected":
        return False
    parts = [part.strip() for part in text.replace(",", ";").split(";")]
    for part in parts:
        view = "smt" if part.startswith("SMT") else "guest_to_host" if part.startswith("KVM") else "host"
        if view in views and ("vulnerable" in part.lower() or "unknown" in part.lower()):
            return False
    return text.startswith(("Mitigation", "KVM: Mitigation")) or "host" not in views


def revisions(proof: Proof) -> list[int]:
    """Every microcode revision on some processor, by /proc/cpuinfo and by sysfs."""
    words = [line.split() for line in proof.says("microcode").splitlines()]
    return sorted({int(cells[1], 16) for cells in words if len(cells) == 2})
