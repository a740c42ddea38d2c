# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``cpu_mitigations`` has to do on one host: words of the command line, multithreading, microcode; and what none of them can mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ...module_utils._host.errors import Refused
from .._data.loading import table
from .._judge.facts import CannotSay, Facts, printable
from .._judge.mitigations import weakening
from .._standard.requirement import Requirement

SMT = ("", "active", "inactive")
_NO_SMT = "nosmt"
_SMT_WORDS = ("nosmt", "nosmt=*")
# As the kernel's kstrtobool reads them.
_SWITCHES = {"no": ("n*", "N*", "f", "false", "F*", "0*", "of*")}


@dataclass(frozen=True)
class Asked:
    """``present`` and ``absent`` are words of the command line, ``keep`` weak ones that stay; ``smt`` is one of SMT, '' for the standard's."""

    present: Sequence[str] = ()
    absent: Sequence[str] = ()
    keep: Sequence[str] = ()
    smt: str = ""
    microcode: bool = True


@dataclass
class Plan:
    """``smt_now``: what to write into the running kernel, '' for nothing; ``install``: packages; ``pending`` waits for a reboot.

    ``firmware`` says what nothing on this host mends; ``said`` is the rest of what a person must know.
    """

    present: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    smt_now: str = ""
    install: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    firmware: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def plan(record: Mapping[str, Any], promises: Mapping[str, Requirement], asked: Asked) -> dict[str, Any]:
    """The plan as plain data; Refused where there is none."""
    facts = Facts(record)
    if facts.raw("os.container") not in (None, "none"):
        raise Refused(f"this is a container ({printable(str(facts.raw('os.container')))}); its processors are its host's")
    if asked.smt not in SMT:
        raise Refused(f"cpu_mitigations_smt is {asked.smt}; wanted: active, inactive, or nothing for what the standard promises")
    made = Plan(list(asked.present), list(asked.absent))
    try:
        _words(facts, asked, made)
        _smt(facts, _wanted_smt(promises, asked), made)
        if asked.microcode:
            _microcode(facts, made)
        _vulnerabilities(facts, made)
    except CannotSay as lost:
        raise Refused(f"the processors' mitigations are not known: {lost}; wanted: a scan with the sections os, boot, kernel, cpu and "
                      "hypervisor") from None
    return asdict(made)


def _words(facts: Facts, asked: Asked, made: Plan) -> None:
    """Words that switch mitigations off are kept away, whether they are there or not, but for those that stay by the operator's word.

    What is kept away must not hang on what is seen: a file that names a word only while it is there would be gone with it, and bring it back.
    """
    options = facts.raw("kernel.default_boot.options")
    lines = [facts.text("boot.cmdline")] + ([options] if isinstance(options, str) else [])
    weak = list(dict.fromkeys(word for line in lines for word in weakening(line.split())))
    stays = [word for word in weak if word in asked.present or any(fnmatchcase(word, pattern) for pattern in asked.keep)]
    made.said += [f"{printable(word)} switches mitigations off, and stays: it was asked for" for word in stays]
    spared = [*stays, *asked.keep]
    made.absent += [pattern for pattern in weak_patterns() if not any(fnmatchcase(word, pattern) for word in spared)]
    running = facts.text("boot.cmdline").split()
    gone = [word for word in running if word not in made.present and any(fnmatchcase(word, pattern) for pattern in made.absent)]
    missing = [word for word in made.present if word not in running]
    if gone or missing:
        parts = [f"{verb} {printable(' '.join(words))}" for verb, words in (("without", gone), ("with", missing)) if words]
        made.pending.append(f"a reboot gives the kernel its command line {' and '.join(parts)}")


def weak_patterns() -> list[str]:
    """Shell patterns of every word that leaves a processor less protected than the kernel's default."""
    found: list[str] = []
    for plain, option in table("cpu_options")["options"].items():
        # The kernel takes a dash in a name for an underscore (kernel/params.c, parameq).
        name = plain.replace("_", "[-_]")
        found += [name] if option["kind"] == "flag" else list(_weak_values(name, option))
    return found


def _weak_values(name: str, option: Mapping[str, Any]) -> Iterator[str]:
    for value in option.get("weak", ()):
        if option["kind"] == "switch" and value in _SWITCHES:
            yield from (f"{name}={begin}" for begin in _SWITCHES[value])
        else:
            yield f"{name}=*{value}*" if option["kind"] == "parts" else f"{name}={value}"
    yield from (f"{name}=*{part}*" for part in option.get("weak_parts", ()))


def _wanted_smt(promises: Mapping[str, Requirement], asked: Asked) -> str:
    if asked.smt:
        return asked.smt
    promised = promises.get("cpu.smt")
    return str(promised.value) if promised is not None and promised.form == "exact" else ""


def _smt(facts: Facts, wanted: str, made: Plan) -> None:
    if not wanted:
        return
    control = facts.text("cpu.smt.control")
    is_active = facts.truth("cpu.smt.active")
    # Without the word the next boot brings the threads back.
    if wanted == "inactive" and control not in ("notsupported", "notimplemented"):
        if not any(fnmatchcase(word, pattern) for word in made.present for pattern in _SMT_WORDS):
            made.present.append(_NO_SMT)
        made.smt_now = "off" if is_active else ""
    elif wanted == "active":
        made.absent += [pattern for pattern in _SMT_WORDS if pattern not in made.absent]
        _switch_on(control, is_active, made)


def _switch_on(control: str, is_active: bool, made: Plan) -> None:
    if is_active:
        return
    if control == "forceoff":
        made.pending.append("multithreading was switched off for this boot (nosmt=force): a reboot brings it back")
    elif control in ("notsupported", "notimplemented"):
        made.firmware.append("multithreading is not there: the processor has none, or the firmware switched it off")
    else:
        made.smt_now = "on"


def _microcode(facts: Facts, made: Plan) -> None:
    """The vendor's package where none of its microcode lies on disk; a virtual machine runs its hypervisor's."""
    vendor = facts.raw("cpu.vendor")
    family, distribution = str(facts.raw("os.family")), str(facts.raw("os.id"))
    if facts.raw("hypervisor.is_guest") is not False:
        return
    packages = table("microcode_packages")
    package = packages["distributions"].get(distribution, {}).get(vendor) or packages["families"].get(family, {}).get(vendor)
    if package is None and any(vendor in family for family in packages["families"].values()):
        made.said.append(f"no package is known here that brings microcode for {printable(str(vendor))} on {printable(distribution)}: "
                         "none is installed")
    if package and not facts.items("cpu.microcode.installed"):
        made.install.append(package)
        made.pending.append(f"a reboot loads the microcode of {package}")
    elif facts.raw("cpu.microcode.left_behind") is True:
        made.pending.append("the initrd of the next boot lacks the newer microcode that lies on disk: make it anew (update-initramfs -u, "
                            "dracut --force), then reboot")
    elif facts.raw("cpu.microcode.pending") is True:
        made.pending.append("a reboot loads microcode that is newer than what a processor runs")


def _vulnerabilities(facts: Facts, made: Plan) -> None:
    for name, entry in sorted(facts.table("cpu.vulnerabilities").items()):
        if not isinstance(entry, Mapping) or entry.get("state") in ("not_affected", "mitigated"):
            continue
        raw = printable(str(entry.get("raw")), 160)
        if entry.get("state") == "unknown":
            made.said.append(f"{printable(name, 60)}: the kernel cannot say ({raw})")
            continue
        told = next(_remedies(name, entry, facts, made), None)
        if told is None:
            made.firmware.append(f"{printable(name, 60)}: {raw}: nothing that this host has installed mends it: newer microcode from the machine's "
                                 "maker, a newer kernel, or another processor")
        else:
            made.said.append(f"{printable(name, 60)}: {raw}: {told}")


def _remedies(name: str, entry: Mapping[str, Any], facts: Facts, made: Plan) -> Iterator[str]:
    """What mends it, the nearest first."""
    is_guest = facts.raw("hypervisor.is_guest") is True
    lacks_microcode = "microcode" in str(entry.get("raw")).lower()
    if made.pending and weakening(facts.text("boot.cmdline").split()):
        yield "the next boot's command line leaves its mitigation on"
    only_threads = entry.get("smt") == "vulnerable" and "vulnerable" not in (entry.get("host"), entry.get("guest_to_host"))
    if only_threads:
        yield "its threads are switched off" if made.smt_now == "off" else "threads that share a core are not kept apart; without them it is " \
            "mitigated (cpu_mitigations_smt: inactive)"
    if lacks_microcode and is_guest:
        yield "the host of this virtual machine must have the microcode, and show it to its guests"
    if lacks_microcode and (made.install or (facts.raw("cpu.microcode.pending") is True and facts.raw("cpu.microcode.left_behind") is not True)):
        yield "the microcode that the next boot loads may mend it"
