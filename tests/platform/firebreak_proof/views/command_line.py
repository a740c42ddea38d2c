# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's command line, read by a pattern, and the words of it that leave the processor less protected than the kernel would by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

# A word ends at white space outside of double quotes; an open quote reaches to the end.
_WORD = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))+')
_ONLY_STRONGER = {"lockdown": ["lockdown=integrity", "lockdown=confidentiality"], "module.sig_enforce": ["module.sig_enforce"],
                  "nosmt": ["nosmt", "nosmt=force"]}
# Every occurrence of these counts (Documentation/admin-guide/kernel-parameters.txt; dracut.cmdline(7), kernel-command-line(7)).
_EACH = ("console", "earlycon", "initcall_blacklist", "modprobe.blacklist", "memmap", "crashkernel", "acpi", "acpi_osi", "pci", "iommu",
         "intel_iommu", "amd_iommu", "*dyndbg", "hugepages", "hugepagesz", "video", "efi", "cgroup_*able", "clearcpuid", "setcpuid", "rd?*",
         "systemd.*", "udev.*", "luks.*", "ip", "bond", "bridge", "vlan", "nameserver")

# Per name the values that weaken, and all that the kernel takes: what it does not take leaves what was there.
_CHOICES = {
    "pti": ("off", "on|off|auto"), "spectre_v2_user": ("off", r"on|off|auto|prctl(,ibpb)?|seccomp(,ibpb)?"),
    "spectre_v2": (r"off|retpoline,(lfence|amd)", r"on|off|auto|retpoline(,generic|,lfence|,amd)?|eibrs(,lfence|,retpoline)?|ibrs(_always)?"),
    "spectre_bhi": ("off|vmexit", "on|off|vmexit"), "spec_store_bypass_disable": ("off", "on|off|auto|prctl|seccomp"),
    "ssbd": ("force-off", "force-on|force-off|kernel"), "l1tf": ("off", r"off|flush(,nosmt|,nowarn)?|full(,force)?"),
    "mds": ("off", "off|full(,nosmt)?"), "tsx_async_abort": ("off", "off|full(,nosmt)?"), "mmio_stale_data": ("off", "off|full(,nosmt)?"),
    "tsx": ("on", "on|off|auto"), "reg_file_data_sampling": ("off", "on|off"), "gather_data_sampling": ("off", "off|force"),
    "srbds": ("off", "on|off"),
    "spec_rstack_overflow": ("off|microcode|ibpb-vmexit", "off|microcode|safe-ret|ibpb|ibpb-vmexit"),
    "indirect_target_selection": ("off|vmexit", "on|off|force|vmexit|stuff"), "tsa": ("off|user|vm", "on|off|user|vm"),
    "vmscape": ("off", "on|off|auto|ibpb|force"), "stf_barrier": ("off", "on|off|auto|eieio|hwsync|fallback"),
    "kvm_intel.vmentry_l1d_flush": ("never", "auto|never|cond|always"), "kpti": ("[nNfF0].*|[oO][fF].*", "[nNfF0yYtT1].*|[oO][fFnN].*"),
    "kvm.nx_huge_pages": ("never|[nNF0].*|f(?!orce).*|[oO][fF].*", "force|auto|never|[nNfF0yYtT1].*|[oO][fFnN].*"),
    "retbleed": (r"(.*,)?off(,.*)?", ".*"),
    "spectre_v2_heuristics": (r"(.*,)?(skylake=|ssbd=)?off(,.*)?", ".*"),
    "microcode": (r"(.*,)?dis_ucode_ldr(,.*)?", ".*"),
    "mitigations": ("off", r"(off|auto|auto,nosmt)([,;].*)?"),
}
_FLAGS = frozenset(("nospectre_v1", "nospectre_v2", "nospectre_bhb", "nospec", "nospec_store_bypass_disable", "noibrs", "noibpb", "no_stf_barrier",
                    "no_entry_flush", "no_uaccess_flush", "no_rfi_flush", "dis_ucode_ldr"))
# Parts that stay although a later word of the same name says nothing of them.
_STAYING = {"mitigations": r"no_(user_kernel|user_user|guest_host|guest_guest|cross_thread)",
            "clearcpuid": r"ibrs|ibpb|stibp|ssbd|virt_ssbd|md_clear|flush_l1d|arch_capabilities|ibrs_enhanced|spec_ctrl|intel_stibp|pti|"
                          r"235|428|43[01]|44[01]|586|60[23457]"}


def words(line: str) -> list[str]:
    """The kernel's own words, as they stand."""
    found = [match.group() for match in _WORD.finditer(line)]
    end = next((place for place, word in enumerate(found) if word.strip('"') == "--"), len(found))
    return found[:end]


def plain(word: str) -> str:
    """A word without its quotes, dashes in its name as underscores."""
    name, equals, value = word.replace('"', "").partition("=")
    name = name.replace("-", "_")
    if name == "module.sig_enforce":
        return name if re.match("$|[yY1tT]|[oO][nN]", value) else f"{name}=N"
    return name + equals + value


def _name(text: str) -> str:
    return text.partition("=")[0]


def in_force(line: str) -> list[str]:
    """The words that count, in one spelling: the last of a name, the strongest of what only gets stronger, each of what adds."""
    said = [plain(word) for word in words(line)]
    flags = {"spectre_v2": "nospectre_v2", "spec_store_bypass_disable": "nospec_store_bypass_disable"}
    kept = []
    for place, text in enumerate(said):
        name = _name(text)
        order = _ONLY_STRONGER.get(name, [])
        rest = [other for other in said[place + 1:] if _name(other) == name]
        if any(fnmatchcase(name, pattern) for pattern in _EACH):
            kept.append(text)
        elif order:
            ranks = [order.index(other) if other in order else -1 for other in said if _name(other) == name]
            kept += [text] if (order.index(text) if text in order else -1) == max(ranks) and text not in kept else []
        elif not rest and flags.get(name) not in said:
            kept.append(text)
    return kept


def gives(line: str, word: str) -> bool:
    """Whether a word counts for the kernel, or stands behind the kernel's own words."""
    text, counting = plain(word), in_force(line)
    order = _ONLY_STRONGER.get(_name(text), [])
    stronger = order[order.index(text):] if text in order else [text]
    return any(other in counting for other in stronger) or word in [match.group() for match in _WORD.finditer(line)][len(words(line)) + 1:]


def _weakens(name: str, value: str, later: list[str]) -> bool:
    """Whether a value of a name weakens, given the values of that name behind it."""
    staying = _STAYING.get(name)
    if staying and any(re.fullmatch(staying, part) for part in re.split("[,;]", value)):
        return True
    if name not in _CHOICES:
        return False
    weak, known = _CHOICES[name]
    return bool(re.fullmatch(weak, value)) and not any(re.fullmatch(known, other) for other in later)


def _weak_places(said: list[tuple[str, str]]) -> Iterator[int]:
    for place, (name, value) in enumerate(said):
        later = [other for known, other in said[place + 1:] if known == name]
        if name in _FLAGS or _weakens(name, value, later):
            yield place


def weakening(line: str) -> list[str]:
    """The words that leave the processor less protected than the kernel's default."""
    given = words(line)
    texts = ["pti=off" if plain(word) == "nopti" else plain(word) for word in given]
    return [given[place] for place in _weak_places([(text.partition("=")[0], text.partition("=")[2]) for text in texts])]
