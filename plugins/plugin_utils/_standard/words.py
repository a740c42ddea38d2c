# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that no host can ever have, in a standard written by hand: a misspelt weakness, an operator in a text, a rule's name without its form.

Each would judge a whole fleet by a mistake, or match no host in silence. A check says what would be right, or nothing where all is well.
Closed words are errors; of names that grow with the world (weaknesses) only those are that look like a known one misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase

from ...module_utils._boot.trust.known import CERTIFICATES
from . import names

FAMILIES = ("debian", "redhat", "suse", "other")
UNIT_KINDS = (".service", ".socket", ".timer")
CONTAINER_FIELDS = ("image", "name", "namespace", "engine", "runtime")
PROTECTIONS = ("protected", "stale", "at_risk", "unprotected", "not_applicable", "unknown")
PROVIDERS = ("kpatch", "amazon", "canonical", "suse", "ksplice", "kernelcare", "self_built", "none")

_KVM_MODULES = ("kvm", "kvm_intel", "kvm_amd", "kvm_hv", "kvm_pr")

# A word is an operator only before a version: flavours of kernels are called lt, lt-rt and max-perf.
_OPERATOR = re.compile(r"^\W*(?:(?:[<>=!~^]=?|=[<>])[\s:]*|"
                       r"(?:at least|at most|newer than|older than|other than|not|from|since|minimum|min|maximum|max|g[et]|l[et])[\s:=(]+(?=v?\d))"
                       r"(.*?)[\s)]*$", re.IGNORECASE)
# What a minimum would turn into its opposite.
_NO_MINIMUM = re.compile(r"^\W*(?:[<!]|=<|at most|older|other|not|max|l[et])", re.IGNORECASE)
_OPEN_END = re.compile(r"^(\S+)\s+(?:(?:or|and) (?:newer|later|above|higher|up)|onwards?)$|^(\d+(?:\.\d+)?)\+$", re.IGNORECASE)
_SEVERAL = re.compile(r"\s*[,|;][\s|]*(?:or\s+)?|\s+or\s+|(?<=\d)/(?=\d)")
_PATTERN = re.compile(r"[*?\[\]%$^\\]|\.[xX](?:\.|$)")
_SHELL = re.compile(r"[*?\[\]]")
_PACKAGE = re.compile(r"^(?:BOOT_IMAGE=)?(?:\S*/)?(?:linux-image-(?:unsigned-)?|linux[ -]|kernel-(?:core-|default-|uek-)?|vmlinuz-|initrd(?:\.img)?-|"
                      r"initramfs-)(?=\d)|^v(?=\d)|(?:\.(?:rpm|deb|img)|-unsigned)$", re.IGNORECASE)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z_-]*[-_ ]v?(?=\d+\.\d)")
_SERVICE_PACK = re.compile(r"(1[125])[-_ ]?SP(\d)", re.IGNORECASE)
_LINE_OF_PACKAGES = re.compile(r"^(?:linux-image-|linux-|kernel-(?=[a-z])|-)(?=\w)", re.IGNORECASE)
# The runtime's name in containerd, and what people call the handler by it.
_RUNTIME_OF_SHIM = re.compile(r"io\.containerd\.([a-z0-9-]+)\.v\d")
_V_OF_PEOPLE = re.compile(r"v(?:[5-9](?:\.\d+)?|1[23]|15\.\d|\d\d\.(?:04|10))")
_LATEST = {"latest": "newest_available", "newest": "newest_installed", "current": "newest_installed"}
_NOTHING = ("any", "all", "every", "anything", "everything", "whatever", "na", "n/a", "null", "nil", "undefined", "unset", "optional", "ignore")
_NOT_WRITTEN = ("tbd", "todo", "fixme", "xxx", "changeme", "change-me", "change_me", "placeholder", "example", "?", "??", "???", "-", "--", "...")
_SUITES = ("stable", "oldstable", "oldoldstable", "testing", "unstable", "lts")
_MODULE_FILE = re.compile(r"(?:.*/)?([A-Za-z0-9_-]{1,64})\.ko(?:\.(?:gz|xz|zst))?")
_RULES = ("newest_installed", "newest_available", "running", "installed")

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
        low = re.sub(r"\s+", "_", text.lower().strip())
        begun = low.replace("-", "_") + "_"
        meant = others.get(low) or others.get(begun[:-1]) or next((word for word in words if f"{word.replace('-', '_')}_".startswith(begun)), None)
        meant = meant or next(iter(get_close_matches(low, words, n=1, cutoff=0.8)), None)
        return f"{what}, such as {_quoted(meant)}" if meant else None

    return check


def _under(text: str) -> str | None:
    """What a host runs under, by the words of a scan: its own name of the hypervisor, else the one that some word of the text means."""
    if text in names.HYPERVISORS:
        return None
    low = text.lower().strip()
    words = [low, re.sub(r"[-_\s]+", "-", low), re.sub(r"[\s\d.]+$", "", low), *re.findall(r"[a-z]+", low), *re.findall(r"[a-z0-9]+", low)]
    known = {**{name: name for name in names.HYPERVISORS}, **names.HYPERVISORS_BY_OTHER_NAMES}
    meant = [known[word] for word in words if word in known] or get_close_matches(
        low, [name for name in names.HYPERVISORS if 3 < len(name) < len(low) + 3], n=1, cutoff=0.8)
    if meant:
        # The bare metal of a cloud is bare metal.
        return f"what a scan calls it, such as {_quoted('none' if 'none' in meant else meant[0])}"
    return f"what a scan calls it, one of {', '.join(names.HYPERVISORS)}; whether a host runs guests of its own is hypervisor.is_host"


def _folded(text: str) -> str:
    return re.sub(r"[-_\s]+", "", text.lower())


def _turned(text: str) -> str:
    return text[:1].lower() + "".join(sorted(text[1:].lower()))


def _meaning(words: tuple[str, ...], others: dict[str, str]) -> Check:
    """The known word that is meant: by its other names, by capitals and dashes, or with letters that changed places; None for one that may be new.

    No other likeness counts: "tlinux" is no misspelt "alinux". Only words of those that have no near relation may have a letter wrong.
    """
    exact = {word: word for word in words}
    folded = {**{_folded(name): word for name, word in others.items()}, **{_folded(word): word for word in words}}
    turned = {_turned(word): word for word in words if len(word) > 4}

    def near(text: str) -> str | None:
        return next((word for word in names.WITHOUT_RELATIONS if word in words and _is_one_letter_off(_folded(text), _folded(word))), None)

    return lambda text: exact.get(text) or folded.get(_folded(text)) or turned.get(_turned(text)) or near(text)


def _is_one_letter_off(text: str, word: str) -> bool:
    """Whether one letter is another, too much or missing."""
    if abs(len(text) - len(word)) > 1:
        return False
    start = next((place for place, (one, other) in enumerate(zip(text, word, strict=False)) if one != other), min(len(text), len(word)))
    return any(text[start + mine:] == word[start + its:] for mine, its in ((1, 1), (1, 0), (0, 1)))


def _lower(what: str) -> Check:
    """A word of os-release, which has no capitals and no blanks."""

    def check(text: str) -> str | None:
        problem = _value(text)
        if problem or re.fullmatch(r"[a-z0-9._+-]+", text):
            return problem
        meant = re.sub(r"[^a-z0-9._+-]+", "-", text.strip().lower())
        return f"{what} as os-release has it, without capitals and blanks, such as {_quoted(meant)}"

    return check


def _distribution(text: str) -> str | None:
    """The ID of a distribution: neither its name as people say it, nor one with the release in it."""
    return _value(text) or _other_distribution(text) or _plain(text) or (
        None if re.fullmatch(r"[A-Za-z0-9._+-]+", text) else "the distribution as os-release has it: letters, digits, dots and dashes")


def _other_distribution(text: str) -> str | None:
    """What a text means that is not an ID itself; IDs have no capitals, but for a few, so that others may come."""
    if _folded(text.rstrip("0123456789.")) in names.NO_DISTRIBUTIONS:
        return "a distribution of Linux, as its os-release has it, such as \"debian\""
    release = re.fullmatch(r"(\D+?)[-_\s]?v?\d[\d.]*(?:[-_\s]?sp\d|s)?", text, re.IGNORECASE)
    bare = re.sub(r"(?i)[\s_-]*(?:gnu/linux|linux|server|lts|gnu)\b", "", release[1] if release else text)
    meant = next(filter(None, map(_DISTRIBUTION, [text, *([release[1]] if release else []), *([bare] if bare else [])])), None)
    return None if meant in (None, text) else f"the distribution as os-release has it, such as {_quoted(str(meant))}"


def _matched_distribution(pattern: str) -> str | None:
    if not _SHELL.search(pattern):
        return _other_distribution(pattern)
    if any(fnmatchcase(name, pattern) for name in names.DISTRIBUTIONS):
        return None
    meant = next((name for name in names.DISTRIBUTIONS if fnmatchcase(name.lower(), pattern.lower())), None)
    return f"a pattern of the word as os-release has it, such as {_quoted(meant)}" if meant else None


def _code_name(text: str) -> str | None:
    if text.lower() in _SUITES:
        return 'the code name, such as "bookworm"; a suite is none'
    meant = _CODE_NAME(text)
    if meant and meant != text:
        return f"the code name as os-release has it, such as {_quoted(meant)}"
    return _lower("the code name")(text) or (None if re.search(r"[a-z]", text) else "a code name; the release's number is version_id")


def _plain(text: str, has_minimum: bool = False) -> str | None:
    """A value without blanks, and neither a comparison nor a pattern."""
    return _value(text, has_minimum) or ("text without blanks" if re.search(r"\s", text) else None)


def _value(text: str, has_minimum: bool = False) -> str | None:
    compared = _OPERATOR.match(text) or _OPEN_END.match(text)
    whole = "a whole value, {minimum: ...} or {any_of: [...]}" if has_minimum else "a whole value or {any_of: [...]}"
    if compared:
        version = next(filter(None, compared.groups()), "6.1")
        least = f"{{minimum: {_quoted(version)}}} or {{any_of: [...]}}" if has_minimum and not _NO_MINIMUM.match(text) else whole
        return f"{least}: there are no operators in texts"
    if _PATTERN.search(text):
        return f"{whole}: there are no patterns in it"
    several = list(filter(None, _SEVERAL.split(text)))
    return f"{{any_of: [{', '.join(map(_quoted, several))}]}}" if len(several) > 1 else None


def _version(text: str) -> str | None:
    """A version, which has digits."""
    bare = re.sub(r"^v(?=\d)", "", _PRODUCT.sub("", text, count=1) if _PRODUCT.match(text) else text)
    if bare != text:
        return f"a version, such as {_quoted(bare)}"
    return _plain(text, has_minimum=True) or (None if re.search(r"\d", text) else "a version, which has digits")


_A_RELEASE = 'a release as uname -r prints it, such as "6.1.0-41-amd64"'


def _whole_release(text: str) -> str | None:
    """A release that is to be met exactly: the kernel's own Makefile gives each three numbers."""
    if re.match(r"\d+\.\d+\.\d", text):
        return None
    return _A_RELEASE + (f", or {{minimum: {_quoted(text)}}}" if re.match(r"\d+\.\d", text) else "")


def _release(rules: tuple[str, ...]) -> Check:
    """A kernel's release as uname -r prints it."""

    def check(text: str) -> str | None:
        word = re.sub(r"^\{?\s*rule\s*[:=]\s*|\s*\}$", "", text.strip().lower()).replace("-", "_").replace(" ", "_")
        rule = word if word in _RULES else _LATEST.get(word)
        if rule:
            return f"{{rule: {rule}}}" if rule in rules else f"{{rule: {rules[0]}}}" if rules else "a release such as \"6.1.0-41-amd64\""
        release = _PACKAGE.sub("", text.strip())
        if release != text:
            return f"the release as uname -r prints it: {_quoted(release)}"
        return _plain(text, has_minimum=True) or (None if re.match(r"\d+(?!\d|>)", text) else _A_RELEASE)

    return check


def _release_of_os(text: str) -> str | None:
    return _other_release(text) or _plain(text, has_minimum=True) or (None if _is_release(text) else "a version, which has digits")


def _other_release(text: str) -> str | None:
    """Kylin says V10 or v10, Talos v1.7.0; no distribution that numbers like Debian, RHEL or Ubuntu has a v.

    SUSE's service packs are minor numbers.
    """
    pack = _SERVICE_PACK.fullmatch(text)
    low = text.lower() if text.lower() in names.RELEASES_WITHOUT_NUMBERS else None
    meant = f"{pack[1]}.{pack[2]}" if pack else text[1:] if _V_OF_PEOPLE.fullmatch(text) else low
    return None if meant in (None, text) or text in names.RELEASES_WITHOUT_NUMBERS else f"the release as os-release has it, such as {_quoted(meant)}"


def _is_release(text: str) -> bool:
    return bool(re.search(r"\d", text)) or text in names.RELEASES_WITHOUT_NUMBERS


def _architecture(text: str) -> str | None:
    wanted = "the name that uname -m prints"
    if not re.fullmatch(r"[A-Za-z0-9_]+", last := text.rpartition("/")[2]) and not _MACHINE(last):
        return _plain(text) or f"{wanted}: letters, digits and underscores"
    begun = next((name for name in names.MACHINES if len(last) > 3 and name.startswith(last)), None)
    meant = _MACHINE(last) or begun or last.lower()
    return _plain(text) or (None if meant == text else f"{wanted}, such as {_quoted(meant)}")


def _flavour(text: str) -> str | None:
    """The line of kernels, which is neither a package's name nor a release."""
    if re.match(r"\d+\.\d", text) or text.lower() in _LATEST:
        return 'the line of kernels, such as "amd64" or "generic"'
    bare = _LINE_OF_PACKAGES.sub("", text)
    meant = bare.lower() if bare.lower() in names.FLAVOURS else bare
    return f"the line of kernels, such as {_quoted(meant)}" if meant != text else _plain(text)


def _manager(text: str) -> str | None:
    """A service that updates by itself; the package managers that it calls are none."""
    if text.lower() in ("apt", "apt-get", "dpkg", "dnf", "yum", "rpm", "zypper", "pacman"):
        return 'a service that updates by itself, such as "unattended-upgrades" or "dnf-automatic"'
    if re.search(r"[_A-Z]|\.(?:service|timer)$", text):
        return f"the name as a scan has it, such as {_quoted(re.sub(r'[.](service|timer)$', '', text.lower()).replace('_', '-'))}"
    return _no_pattern(text)


def _handler(text: str) -> str | None:
    """The name of a handler, not that of the runtime that it starts."""
    runtime = _RUNTIME_OF_SHIM.fullmatch(text)
    return f"the handler's own name, such as {_quoted(runtime[1])}" if runtime else _no_pattern(text)


def _unit(text: str) -> str | None:
    if re.fullmatch(SHAPES["services.required"], text):
        return None
    wanted = "the whole name of a service, socket or timer"
    bare = text.strip().rpartition("/")[2]
    if bare.endswith((".path", ".mount", ".target", ".slice", ".scope", ".device", ".swap", ".automount")):
        return f"{wanted}: other units are not judged"
    if "@." in bare or bare.endswith("@"):
        return f"{wanted}, with its instance: {_quoted(bare.partition('@')[0] + '@NAME.service')}"
    stem = re.sub(r"(?i)\.(service|socket|timer)$", lambda kind: kind[0].lower(), bare)
    whole = stem if stem.endswith(UNIT_KINDS) else f"{stem}.service"
    return f"{wanted}, such as {_quoted(whole)}" if re.fullmatch(SHAPES["services.required"], whole) else f"{wanted} in each item, without patterns"


def _one_word(text: str) -> str | None:
    return "one word of the command line in each item" if re.search(r"\s", text.strip()) else None


def _forbidden_word(text: str) -> str | None:
    if text.strip() == "*":
        return "a word, or a shell pattern of words: each host has some word"
    return _one_word(text) or ("a shell pattern such as \"nospectre_*\"; there are no other patterns" if re.match(r"\s*[!/^]", text) else None)


def _whole_word(text: str) -> str | None:
    name = text.strip().partition("=")[0]
    if name.startswith("GRUB_CMDLINE"):
        return "the words themselves, one in each item: not the line of a boot loader's file"
    if re.search(r"[,;]", name) or (name.startswith("-") and name.strip("-")):
        several = ", ".join(_quoted(word.strip("-")) for word in re.split(r"[,;]", name) if word)
        return f"one word of the command line in each item, such as {several}"
    is_pattern = re.search(r"^[^=]*[*?]|^\s*[!/^]", text)
    return _one_word(text) or ("a whole word, as the kernel reads it: there are no patterns in it" if is_pattern else None)


def _level(text: str) -> str | None:
    return "the level's own name, such as \"121.4\"" if text.lower() in _LATEST else _plain(text)


def _day(text: str) -> str | None:
    """A day in the one form whose texts have the order of days."""
    try:
        return None if date.fromisoformat(text).isoformat() == text else 'a day as YYYY-MM-DD, such as "2026-01-31"'
    except ValueError:
        return 'a day as YYYY-MM-DD, such as "2026-01-31"'


def _module_name(text: str) -> str | None:
    """A module's name as lsmod has it."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        return None
    file = _MODULE_FILE.fullmatch(text) or re.fullmatch(r"(?:blacklist|install|modprobe)\s+([A-Za-z0-9_-]{1,64})(?:\s.*)?", text)
    return "a module's name in each item, " + (f"such as {_quoted(file[1])}" if file else "without patterns and options, such as \"algif_aead\"")


def _certificate(text: str) -> str | None:
    """A certificate's name in the collection's table, or its SHA-256 as records have it."""
    known = sorted({*CERTIFICATES.values()})
    if text in known or re.fullmatch(r"[0-9a-f]{64}", text):
        return None
    bare = re.sub(r"[:\s]", "", text.lower())
    if re.fullmatch(r"[0-9a-f]{64}", bare):
        return f"its SHA-256 without colons and capitals: {_quoted(bare)}"
    close = get_close_matches(re.sub(r"[-\s]+", "_", text.lower()), known, n=1, cutoff=0.6)
    return "64 hexadecimal digits, or one of " + ", ".join(known) + (f"; did you mean {_quoted(close[0])}?" if close else "")


def _no_pattern(text: str) -> str | None:
    return "one name in each item: there are no patterns in it" if _SHELL.search(text) or re.search(r"[\s,]", text.strip()) else None


def _container(text: str) -> str | None:
    field, separator, pattern = text.partition(":")
    if separator and field in CONTAINER_FIELDS and pattern.strip():
        return None if pattern == pattern.strip() else f"a shell pattern without blanks around it: {_quoted(f'{field}:{pattern.strip()}')}"
    example = "namespace:kube-system" if separator else f"image:{text}"
    return f"one of {', '.join(f'{name}:' for name in CONTAINER_FIELDS)} and a shell pattern, such as {_quoted(example)}"


# What a schema can say of it: keys that take closed words, and those whose words have one shape.
CLOSED: dict[str, tuple[str, ...]] = {
    "hypervisor.under": names.HYPERVISORS,
    "live_patch.protection": PROTECTIONS, "live_patch.provider": PROVIDERS, "containers.engines": (
        "containerd", "docker", "crio", "podman", "lxc", "incus", "lxd", "nspawn", "libvirt_lxc", "apptainer"),
}
SHAPES = {
    "os.firmware_date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "kernel.modules_blocked": r"^[A-Za-z0-9_-]{1,64}$",
    "boot.trust.certificates": rf"^([0-9a-f]{{64}}|{'|'.join(sorted({*CERTIFICATES.values()}))})$",
    # The characters that systemd.unit(5) allows; a template alone is no unit.
    "os.version_id": rf"[0-9]|^({'|'.join(names.RELEASES_WITHOUT_NUMBERS)})$",
    "services.required": r"^(?!.*@\.)[A-Za-z0-9:_.\\@-]+\.(service|socket|timer)$",
    "containers.shared_kernel_allowed": rf"^({'|'.join(CONTAINER_FIELDS)}):.*\S",
    # A value may hold patterns of the kernel's own, such as slub_debug=P,kmalloc-*.
    "boot.cmdline_required": r"^\s*(?=\S)(?![!/^]|-+[^-\s=])[^\s*?=,;]*(=\S*)?\s*$",
    "boot.cmdline_forbidden": r"^\s*(?![!/^]|\*\s*$)\S+\s*$",
}

SHAPES_OF_KINDS = {"version": "[0-9]"}

# The check of each key that has one; keys with free names are found by the part before them.
CHECKS: dict[str, Check] = {
    "os.id": _distribution,
    "os.version_id": _release_of_os,
    "os.version_codename": _code_name,
    "os.architecture": _architecture,
    "kernel.running": _release(("newest_installed", "newest_available")),
    "kernel.default_boot": _release(("newest_installed", "newest_available", "running")),
    "kernel.running_version": _release(()),
    "os.firmware_date": _day,
    "kernel.flavour": _flavour,
    "kernel.modules_blocked": _module_name,
    "kernel.managers": _manager,
    "boot.trust.certificates": _certificate,
    "kata.handlers": _handler,
    "kata.isolation": _handler,
    "boot.cmdline_required": _whole_word,
    "boot.cmdline_forbidden": _forbidden_word,
    **{path: _closed(known) for path, known in CLOSED.items()},
    "live_patch.level": _level,
    "hypervisor.under": _under,
    "containers.shared_kernel_allowed": _container,
    "kata.version": _version,
    "kata.guest_kernel": _release(()),
    "services.required": _unit,
}


def check(path: str, kind: str, text: str, form: str = "exact") -> str | None:
    """What would be right in the place of a text that no host can have; None where all is well."""
    own = CHECKS.get(path) or (_running if path.endswith(".running") else _version if kind == "version" else None)
    problem = own(text) if own else None
    if not problem and path in ("kernel.running", "kernel.default_boot") and form in ("exact", "any_of"):
        problem = _whole_release(text)
    if kind == "words" and text.strip().lower() in ("none", "nothing") and not path.startswith("boot.cmdline_"):
        return "a list without items where there must be none: []"
    # Each word of a command line is somebody's, and "any" is one of the levels of a weakness.
    is_free = kind in ("text", "version", "words") and not path.startswith("boot.cmdline_")
    return problem or (_no_value(path, text) if is_free else None)


def _no_value(path: str, text: str) -> str | None:
    """What people write where they mean nothing: in a standard a key that is left out is not judged."""
    word = text.strip().lower()
    if word in _LATEST and path.startswith("os.") and not path.startswith("os.image."):
        return "the value itself: only of kernels and of monitors there is a newest one"
    if word in _NOTHING or word == "*":
        return "a value that hosts have; a key that is left out is not judged, so leave it out"
    return "the value itself" if word in _NOT_WRITTEN else None


_running = _release(("installed",))
_WEAKNESS = _open((*names.WEAKNESSES, "all"), names.WEAKNESSES_BY_OTHER_NAMES, "the kernel's own name of a weakness")
_DISTRIBUTION = _meaning(names.DISTRIBUTIONS, names.DISTRIBUTIONS_BY_OTHER_NAMES)
_CODE_NAME = _meaning(names.CODE_NAMES, {})
_MACHINE = _meaning(names.MACHINES, names.MACHINES_BY_OTHER_NAMES)
_PARAMETER = _open(names.PARAMETERS_OF_KVM, {}, "the name of a parameter of KVM")
_MODULE = _open(_KVM_MODULES, {name.replace("_", "-"): name for name in _KVM_MODULES}, "the name of a module of KVM")
_FREE_NAMES: dict[str, tuple[Check, ...]] = {"cpu.vulnerabilities.": (_WEAKNESS,), "hypervisor.kvm.": (_MODULE, _PARAMETER)}


def check_path(path: str) -> tuple[str, str] | None:
    """The same of the free names in a key: the first that no host has, and what would be right."""
    _first, _second, *free = path.split(".")
    checks = next((each for start, each in _FREE_NAMES.items() if path.startswith(start)), ())
    return next(((name, wanted) for check_one, name in zip(checks, free, strict=False) if (wanted := check_one(name))), None)


def check_match(fact: str, pattern: str) -> str | None:
    """The same of a pattern in a match, which may hold * and ?."""
    if fact == "family":
        if any(fnmatchcase(family, pattern) for family in FAMILIES):
            return None
        return _closed(FAMILIES)(pattern) or f"one of {', '.join(FAMILIES)}"
    if pattern.strip().lower() in _NOTHING:
        return f"a match without {fact}, which every host has; or a shell pattern"
    several = list(filter(None, _SEVERAL.split(pattern)))
    if len(several) > 1:
        return f"a list: [{', '.join(map(_quoted, several))}]"
    if fact == "architecture" and not _SHELL.search(pattern):
        return _architecture(pattern)
    if fact == "architecture" and pattern != pattern.lower():
        return f"the word as uname -m prints it, without capitals: {_quoted(pattern.lower())}"
    if _OPERATOR.match(pattern):
        return f"a shell pattern such as {_quoted('12*')}: there are no operators in a match"
    if re.search(r"\s", pattern):
        return f"a word without blanks, as os-release has it: {_quoted('-'.join(pattern.split()))}"
    if fact == "id":
        return _matched_distribution(pattern)
    return None if _SHELL.search(pattern) else _matched_release(pattern)


def _matched_release(pattern: str) -> str | None:
    if _PATTERN.search(pattern):
        return f"a shell pattern such as {_quoted(re.sub('(?i)x(?=[.]|$)', '*', pattern))}"
    wanted = "a release's number as os-release has it, or a shell pattern; code names are not matched"
    return _other_release(pattern) or (None if _is_release(pattern) else wanted)
