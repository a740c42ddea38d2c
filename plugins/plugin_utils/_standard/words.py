# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that no host can ever have, in a standard written by hand: a misspelt weakness, an operator in a text, a rule's name without its form.

Each would judge a whole fleet by a mistake, or match no host in silence. A check says what would be right, or nothing where all is well.
Closed words are errors; of names that grow with the world (weaknesses, hypervisors) only those are that look like a known one misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

FAMILIES = ("debian", "redhat", "suse", "other")
UNIT_KINDS = (".service", ".socket", ".timer")
CONTAINER_FIELDS = ("image", "name", "namespace", "engine", "runtime")
PROTECTIONS = ("protected", "stale", "at_risk", "unprotected", "not_applicable", "unknown")
PROVIDERS = ("kpatch", "amazon", "canonical", "suse", "ksplice", "kernelcare", "self_built", "none")

# The kernel's names in /sys/devices/system/cpu/vulnerabilities, by its Documentation/ABI of November 2026; later kernels add to them.
WEAKNESSES = (
    "gather_data_sampling", "ghostwrite", "indirect_target_selection", "itlb_multihit", "l1tf", "mds", "meltdown", "mmio_stale_data", "old_microcode",
    "reg_file_data_sampling", "retbleed", "spec_rstack_overflow", "spec_store_bypass", "spectre_v1", "spectre_v2", "srbds", "tsa",
    "tsx_async_abort", "vmscape")
_WEAKNESSES_BY_OTHER_NAMES = {"srso": "spec_rstack_overflow", "inception": "spec_rstack_overflow", "downfall": "gather_data_sampling",
                              "gds": "gather_data_sampling", "rfds": "reg_file_data_sampling", "its": "indirect_target_selection",
                              "taa": "tsx_async_abort", "ssb": "spec_store_bypass", "zombieload": "mds", "foreshadow": "l1tf"}
HYPERVISORS = ("none", "kvm", "qemu", "vmware", "xen", "microsoft", "virtualbox", "parallels", "bhyve", "amazon", "google", "firecracker",
               "cloud-hypervisor", "apple", "powervm", "zvm", "unknown")
_HYPERVISORS_BY_OTHER_NAMES = {"hyper-v": "microsoft", "hyperv": "microsoft", "azure": "microsoft", "aws": "amazon", "ec2": "amazon",
                               "nitro": "amazon", "gcp": "google", "gce": "google", "esxi": "vmware", "metal": "none", "bare metal": "none",
                               "baremetal": "none", "bare-metal": "none", "physical": "none"}
_ARCHITECTURES_BY_OTHER_NAMES = {"amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64", "x86": "i686", "i386": "i686", "arm64": "aarch64",
                                 "armv8": "aarch64", "ppc64el": "ppc64le"}
_KVM_MODULES = ("kvm", "kvm_intel", "kvm_amd", "kvm_hv", "kvm_pr")

_OPERATOR = re.compile(r"^\s*(<=|>=|==|!=|<|>|=|~|\^)\s*(.*)$")
_PATTERN = re.compile(r"[*?\[\]]")
_PACKAGE = re.compile(r"^(?:linux-image-(?:unsigned-)?|kernel-(?:core-|default-|uek-)?|vmlinuz-)(?=\d)")
_LATEST = {"latest": "newest_available", "newest": "newest_installed", "current": "newest_installed"}

Check = Callable[[str], "str | None"]


def _quoted(word: str) -> str:
    return f'"{word}"'


def _closed(words: Iterable[str]) -> Check:
    """One of these words and no other."""
    known = tuple(words)

    def check(text: str) -> str | None:
        if text in known:
            return None
        close = get_close_matches(text.lower().replace("-", "_"), known, n=1, cutoff=0.6)
        return f"one of {', '.join(known)}" + (f"; did you mean {_quoted(close[0])}?" if close else "")

    return check


def _open(words: tuple[str, ...], others: dict[str, str], what: str) -> Check:
    """A word that may be newer than this list, but neither a known one misspelt nor another name of one."""

    def check(text: str) -> str | None:
        if text in words:
            return None
        low = text.lower()
        meant = others.get(low) or (low if low in words else next(iter(get_close_matches(low, words, n=1, cutoff=0.8)), None))
        return f"{what}, such as {_quoted(meant)}" if meant else None

    return check


def _lower(what: str) -> Check:
    """A word of os-release, which has no capitals and no blanks."""

    def check(text: str) -> str | None:
        problem = _value(text)
        if problem or re.fullmatch(r"[a-z0-9._+-]+", text):
            return problem
        meant = re.sub(r"[^a-z0-9._+-]+", "-", text.strip().lower())
        return f"{what} as os-release has it, without capitals and blanks, such as {_quoted(meant)}"

    return check


def _plain(text: str) -> str | None:
    """A value without blanks, and neither a comparison nor a pattern."""
    return _value(text) or ("text without blanks" if re.search(r"\s", text) else None)


def _value(text: str) -> str | None:
    found = _OPERATOR.match(text)
    if found:
        return f"{{minimum: {_quoted(found[2] or '6.1')}}} or {{any_of: [...]}}: there are no operators in texts"
    if _PATTERN.search(text):
        return "a whole value, {minimum: ...} or {any_of: [...]}: there are no patterns in it"
    return None


def _release(rules: tuple[str, ...]) -> Check:
    """A kernel's release as uname -r prints it."""

    def check(text: str) -> str | None:
        rule = text if text in ("newest_installed", "newest_available", "running", "installed") else _LATEST.get(text.lower())
        if rule:
            return f"{{rule: {rule}}}" if rule in rules else f"{{rule: {rules[0]}}}" if rules else "a release such as \"6.1.0-41-amd64\""
        package = _PACKAGE.match(text)
        return f"the release as uname -r prints it: {_quoted(text[package.end():])}" if package else _plain(text)

    return check


def _architecture(text: str) -> str | None:
    meant = _ARCHITECTURES_BY_OTHER_NAMES.get(text.lower()) or (text.lower() if text != text.lower() else None)
    return f"the name that uname -m prints, such as {_quoted(meant)}" if meant else _plain(text)


def _unit(text: str) -> str | None:
    if text.endswith(UNIT_KINDS) and not re.search(r"\s", text):
        return None
    if text.endswith((".path", ".mount", ".target", ".slice", ".scope", ".device", ".swap", ".automount")):
        return "the whole name of a service, socket or timer: other units are not judged"
    return f"the whole name of a service, socket or timer, such as {_quoted(text.strip() + '.service')}"


def _one_word(text: str) -> str | None:
    return "one word of the command line in each item" if re.search(r"\s", text.strip()) else None


def _container(text: str) -> str | None:
    field, separator, pattern = text.partition(":")
    if separator and field in CONTAINER_FIELDS and pattern.strip():
        return None
    example = "namespace:kube-system" if separator else f"image:{text}"
    return f"one of {', '.join(f'{name}:' for name in CONTAINER_FIELDS)} and a shell pattern, such as {_quoted(example)}"


# What a schema can say of it: keys that take closed words, and those whose words have one shape.
CLOSED: dict[str, tuple[str, ...]] = {
    "live_patch.protection": PROTECTIONS, "live_patch.provider": PROVIDERS, "containers.engines": (
        "containerd", "docker", "crio", "podman", "lxc", "incus", "lxd", "nspawn", "libvirt_lxc", "apptainer"),
}
SHAPES = {
    "services.required": r"^\S+\.(service|socket|timer)$",
    "containers.shared_kernel_allowed": rf"^({'|'.join(CONTAINER_FIELDS)}):.*\S",
    "boot.cmdline_required": r"^\s*\S+\s*$",
    "boot.cmdline_forbidden": r"^\s*\S+\s*$",
}

# The check of each key that has one; keys with free names are found by the part before them.
CHECKS: dict[str, Check] = {
    "os.id": _lower("the distribution"),
    "os.version_id": _lower("the release"),
    "os.version_codename": _lower("the code name"),
    "os.architecture": _architecture,
    "kernel.running": _release(("newest_installed", "newest_available")),
    "kernel.default_boot": _release(("newest_installed", "newest_available", "running")),
    "kernel.running_version": _release(()),
    "kernel.flavour": _plain,
    "boot.cmdline_required": _one_word,
    "boot.cmdline_forbidden": _one_word,
    **{path: _closed(known) for path, known in CLOSED.items()},
    "live_patch.level": _plain,
    "hypervisor.under": _open(HYPERVISORS, _HYPERVISORS_BY_OTHER_NAMES, "what a scan calls it"),
    "containers.shared_kernel_allowed": _container,
    "kata.version": _plain,
    "kata.guest_kernel": _release(()),
    "services.required": _unit,
}


def check(path: str, kind: str, text: str) -> str | None:
    """What would be right in the place of a text that no host can have; None where all is well."""
    own = CHECKS.get(path)
    if own is not None:
        return own(text)
    return _running(text) if path.endswith(".running") else _value(text) if kind == "version" else None


_running = _release(("installed",))
_WEAKNESS = _open((*WEAKNESSES, "all"), _WEAKNESSES_BY_OTHER_NAMES, "the kernel's own name of a weakness")
_MODULE = _open(_KVM_MODULES, {name.replace("_", "-"): name for name in _KVM_MODULES}, "the name of a module of KVM")


def check_path(path: str) -> str | None:
    """The same of the free names in a key."""
    parts = path.split(".")
    if path.startswith("cpu.vulnerabilities."):
        return _WEAKNESS(parts[2])
    return _MODULE(parts[2]) if path.startswith("hypervisor.kvm.") else None


def check_match(fact: str, pattern: str) -> str | None:
    """The same of a pattern in a match, which may hold * and ?."""
    if fact == "family":
        if any(fnmatchcase(family, pattern) for family in FAMILIES):
            return None
        return _closed(FAMILIES)(pattern) or f"one of {', '.join(FAMILIES)}"
    if fact == "architecture" and not _PATTERN.search(pattern):
        return _architecture(pattern)
    if pattern != pattern.lower():
        return f"the word as os-release has it, without capitals: {_quoted(pattern.lower())}"
    found = _OPERATOR.match(pattern)
    return f"a shell pattern such as {_quoted('12*')}: there are no operators in a match" if found else None
