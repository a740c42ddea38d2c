# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``cpu``: processors, their vulnerabilities and mitigations, SMT and microcode."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set

from .._boot.target import NoAnswerError
from .._formats import cmdline
from .._host.witness import apart
from . import early_image, microcode, texts, vulnerabilities

CPUINFO = "/proc/cpuinfo"
CMDLINE = "/proc/cmdline"
VULNERABILITIES = "/sys/devices/system/cpu/vulnerabilities"
SMT = "/sys/devices/system/cpu/smt"

# 4096 processors say about 1.5 KiB each.
CPUINFO_LIMIT = 32 * 1024 * 1024
_VULNERABILITY_FILES = 256
_VULNERABILITY_BYTES = 4096


class Processors(NamedTuple):
    """What /proc/cpuinfo says of all processors together."""

    vendor: Optional[str]
    model: Optional[str]
    logical_cpus: int
    flags: List[str]
    revisions: List[str]
    consistent: bool
    family: Optional[int] = None
    kinds: Dict[str, List[str]] = {}  # noqa: RUF012


# Arm's implementer codes (Main ID Register), as far as servers carry them.
_IMPLEMENTERS = {"0x41": "ARM", "0x42": "Broadcom", "0x43": "Cavium", "0x44": "DEC", "0x46": "Fujitsu", "0x48": "HiSilicon", "0x49": "Infineon",
                 "0x4d": "Motorola", "0x4e": "NVIDIA", "0x50": "Ampere (APM)", "0x51": "Qualcomm", "0x53": "Samsung", "0x56": "Marvell",
                 "0x61": "Apple", "0x66": "Faraday", "0x68": "HXT", "0x69": "Intel", "0x6d": "Microsoft", "0x70": "Phytium", "0xc0": "Ampere"}

_SMT_CONTROLS = ("on", "off", "forceoff", "notsupported", "notimplemented")


def _blocks(text: str) -> List[Dict[str, str]]:
    """The paragraphs of /proc/cpuinfo as mappings; keys in lower case."""
    blocks = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        pairs = (line.partition(":") for line in paragraph.splitlines() if ":" in line)
        block = {key.strip().lower(): value.strip() for key, _unused, value in pairs}
        if block:
            blocks.append(block)
    return blocks


def _first(blocks: List[Dict[str, str]], *keys: str) -> Optional[str]:
    return next((block[key] for key in keys for block in blocks if block.get(key)), None)


def _kind(block: Dict[str, str]) -> str:
    """Family, model and stepping of an x86 processor as its microcode's files are named; '' for another one."""
    numbers = [block.get(key, "") for key in ("cpu family", "model", "stepping")]
    return "-".join("%02x" % int(number) for number in numbers) if all(re.match(r"[0-9]{1,5}\Z", number) for number in numbers) else ""


def _vendor(blocks: List[Dict[str, str]]) -> Optional[str]:
    implementer = _first(blocks, "cpu implementer")
    if implementer:
        return _IMPLEMENTERS.get(implementer.lower(), implementer)
    named = _first(blocks, "vendor_id")
    if named:
        return named
    # POWER names its line ('POWER9 (raw), altivec supported'), LoongArch its family, RISC-V the maker before the core ('sifive,u74-mc').
    if (_first(blocks, "cpu") or "").startswith("POWER"):
        return "IBM"
    if (_first(blocks, "cpu family") or "").startswith("Loongson"):
        return "Loongson"
    maker, comma, _core = (_first(blocks, "uarch") or "").partition(",")
    return maker if comma else None


def parse_cpuinfo(text: str) -> Processors:
    """The processors of /proc/cpuinfo (x86, Arm, POWER, s390, RISC-V, LoongArch); ValueError where none is listed."""
    blocks = _blocks(text)
    count = len(re.findall(r"(?m)^processor[ \t]*(?:\d+[ \t]*)?:", text))
    if not count:
        raise ValueError("no line 'processor : N'")
    kinds: Dict[str, Set[str]] = {}
    for block in blocks:
        if block.get("microcode"):
            kinds.setdefault(_kind(block), set()).add(block["microcode"])
    family = _first(blocks, "cpu family") or ""
    return Processors(
        _vendor(blocks), _first(blocks, "model name", "cpu", "uarch"), count, (_first(blocks, "flags", "features") or "").split(),
        sorted(set().union(*kinds.values())) if kinds else [], all(len(seen) == 1 for seen in kinds.values()),
        int(family) if re.match(r"[0-9]{1,5}\Z", family) else None, {kind: sorted(seen) for kind, seen in sorted(kinds.items())})


def parse_smt_control(text: str) -> str:
    """The word in smt/control; ValueError for one that the kernel does not document."""
    word = text.strip()
    if word in _SMT_CONTROLS or re.match(r"[1-9][0-9]{0,3}\Z", word):
        return word
    raise ValueError("%r is none of %s and no number of threads" % (word[:40], ", ".join(_SMT_CONTROLS)))


def parse_flag(text: str) -> bool:
    """The truth of a file that holds 0 or 1; ValueError for anything else."""
    word = text.strip()
    if word not in ("0", "1"):
        raise ValueError("%r is neither 0 nor 1" % word[:40])
    return word == "1"


def mitigation_options(line: str) -> List[str]:
    """The words of a kernel command line that change a mitigation, in their order; which of several counts is for the judge to say."""
    return [parameter.word for parameter in cmdline.parse(line).parameters if parameter.name in texts.OPTIONS]


def collect(host: Any, section: Any, options: Dict[str, Any]) -> None:
    """Write the facts of the section ``cpu``."""
    family = _collect_processors(host, section)
    _collect_vulnerabilities(host, section, family)
    section.put_answer("smt.control", host.read(SMT + "/control", 64), SMT + "/control", parse_smt_control)
    section.put_answer("smt.active", host.read(SMT + "/active", 64), SMT + "/active", parse_flag)
    section.put_answer("mitigation_options", host.read(CMDLINE), CMDLINE, mitigation_options)


_ON_DISK = ("microcode.installed", "microcode.pending", "microcode.next_boot", "microcode.left_behind")
_MICROCODE = ("microcode.revisions", "microcode.consistent", "microcode.processors")


def _collect_processors(host: Any, section: Any) -> Optional[int]:
    """One read of /proc/cpuinfo serves every fact about the processors; their family, None where it is not known."""
    answer = host.read(CPUINFO, CPUINFO_LIMIT)
    count = section.put_answer("logical_cpus", answer, CPUINFO, lambda text: parse_cpuinfo(text).logical_cpus)
    if count is None:
        why = section.nulls[-1]
        for path in ("vendor", "model") + _ON_DISK + _MICROCODE:
            section.cannot_say(path, why["reason"], why["detail"])
        return None
    processors = parse_cpuinfo(answer.value)
    for path, value in (("vendor", processors.vendor), ("model", processors.model)):
        if value:
            section.put(path, value, CPUINFO)
        else:
            section.cannot_say(path, "absent", "%s does not name it on this architecture" % CPUINFO)
    kinds = [{"processor": kind or None, "revisions": seen} for kind, seen in processors.kinds.items()]
    known = {"revisions": processors.revisions, "consistent": processors.consistent, "processors": kinds}
    for path in _MICROCODE:
        if processors.revisions:
            section.put(path, known[path.partition(".")[2]], CPUINFO)
        else:
            section.cannot_say(path, "absent", "%s names no microcode" % CPUINFO)
    _collect_installed(host, section, processors)
    return processors.family


_LOADABLE = ("GenuineIntel", "AuthenticAMD")


def _collect_installed(host: Any, section: Any, processors: Processors) -> None:
    """What waits on disk; a virtual machine has no microcode to load, nor have processors that keep none on disk."""
    named = [kind for kind in processors.kinds if kind]
    if processors.vendor not in _LOADABLE or "hypervisor" in processors.flags or not named:
        for path in _ON_DISK:
            section.cannot_say(path, "not_applicable", "this is a virtual machine, or a processor whose microcode is not loaded from a disk")
        return
    found = microcode.installed(host, processors.vendor, named)
    newer = [one for one in found if _is_older(processors, one.processor, one.revision)]
    _collect_next_boot(host, section, processors, found)
    source = ", ".join(one.path for one in found) or "/lib/firmware"
    section.put("microcode.installed", [{"processor": one.processor, "revision": hex(one.revision), "path": one.path} for one in found], source)
    platform = host.read(microcode.PLATFORM, 64)
    if newer and processors.vendor == "GenuineIntel" and platform.problem:
        section.cannot_say("microcode.pending", platform.problem, "%s: %s" % (microcode.PLATFORM, platform.detail))
    else:
        section.put("microcode.pending", bool(newer), source + ", " + CPUINFO)


def _is_older(processors: Processors, kind: str, revision: int) -> bool:
    """Whether a processor of this kind runs an older revision."""
    return any(re.match(r"0x[0-9a-fA-F]{1,8}\Z", text) and revision > int(text, 16) for text in processors.kinds[kind])


def _collect_next_boot(host: Any, section: Any, processors: Processors, installed: List[microcode.Waiting]) -> None:
    """What the initrd of the next boot has. Where it has less than the disk, and what runs is as new, the firmware may have brought that."""
    named = [kind for kind in processors.kinds if kind]
    try:
        with apart(host) as lost:
            images = _initrds(host)
            found = early_image.loaded(host, images, str(processors.vendor), named)
        if lost:
            raise early_image.UnreadableError(lost[0].reason, lost[0].detail)
    except (early_image.UnreadableError, NoAnswerError) as error:
        for path in ("microcode.next_boot", "microcode.left_behind"):
            section.cannot_say(path, error.reason, str(error))
        return
    source = ", ".join(images)
    section.put("microcode.next_boot", [{"processor": one.processor, "revision": hex(one.revision), "path": one.path} for one in found], source)
    loaded = {one.processor: one.revision for one in found}
    less = [one for one in installed if loaded.get(one.processor, 0) < one.revision]
    left = [one for one in less if _is_older(processors, one.processor, one.revision)]
    if less and not left:
        section.cannot_say("microcode.left_behind", "absent", "%s: not the microcode that runs, which the firmware may have brought" % source)
    else:
        section.put("microcode.left_behind", bool(left), source)


def _initrds(host: Any) -> List[str]:
    """The initrds of the next boot, in the order in which its entry names them; NoAnswerError."""
    # The readers of loaders are loaded where there is something to be asked of them.
    from .._boot import loaders
    from .._kernel.initrd import Initrds
    target = loaders.find_targets(host).default
    if target.initrds:
        return list(target.initrds)
    release, why = loaders.release_of_target(host, target)
    path = Initrds(host, [release]).paths.get(release) if release else None
    if path is None:
        raise NoAnswerError("absent", "no initrd of the next boot is known: %s" % (why if release is None else release))
    return [path]


def _collect_vulnerabilities(host: Any, section: Any, family: Optional[int]) -> None:
    listed = host.listdir(VULNERABILITIES, _VULNERABILITY_FILES)
    if listed.problem:
        section.cannot_say("vulnerabilities", listed.problem, "%s: %s" % (VULNERABILITIES, listed.detail))
        return
    found = {}
    for name in listed.value:
        answer = host.read("%s/%s" % (VULNERABILITIES, name), _VULNERABILITY_BYTES)
        if answer.problem:
            # A file that exists and cannot be read must not look like one that says nothing is wrong.
            found[name] = vulnerabilities.unreadable(answer.problem)
        else:
            found[name] = vulnerabilities.as_record(answer.value, vulnerabilities.judge(name, answer.value, family))
    section.put("vulnerabilities", found, VULNERABILITIES)
