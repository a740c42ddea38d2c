# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot trust as facts of the section ``boot``: what firmware and shim go by, what lies on the partitions, and whether the next boot is allowed."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ..._formats import x509
from ..._formats.sbat import Level
from ..._formats.signature_lists import Lists
from ..._host import witness
from ..target import NoAnswerError
from . import fwupd, inventory, known, modules_wanted, next_boot, next_kernel, places, root_modules, rules, sbat, variables
from .components import Component
from .next_boot import Prediction
from .places import Programs
from .variables import State

UEFI_CA_2011, UEFI_CA_2023, KEK_2023 = "microsoft_uefi_ca_2011", "microsoft_uefi_ca_2023", "microsoft_kek_2k_ca_2023"
_TEST_KEY = re.compile(r"(?i)DO NOT (?:TRUST|SHIP)")
_ANSWERS = {True: "allowed", False: "refused", None: "unknown"}


class _Seen:
    """All that was read of a host, each part or why it was not."""

    def __init__(self, host: Any) -> None:
        self.host = host
        self.programs = Programs(host)
        self.store = variables.of_host(host)
        self.state = variables.state(self.store)
        self.prediction: Optional[Prediction] = None
        self.why_not: Optional[NoAnswerError] = None

    def shim(self) -> Optional[Component]:
        """The shim on the way of the next boot; None where there is none."""
        path = self.prediction.shim if self.prediction is not None else ""
        return self.programs.at(path) if path else None


def put(host: Any, section: Any, facts: List[str]) -> None:
    """Write trust.* into the section ``boot``."""
    try:
        seen = _seen(host)
    except NoAnswerError as why:
        for fact in facts:
            section.cannot_say(fact, why.reason, str(why))
        _put_modules_without_variables(host, section)
        return
    known_partitions = _predict(seen)
    _put_state(section, seen)
    _hold_without_root(seen, *_put_modules(section, seen.host, seen.state))
    _put_prediction(section, seen, known_partitions)
    _put_programs(section, seen, known_partitions)


def _seen(host: Any) -> _Seen:
    """What the variables say. Raises NoAnswerError where one of them was lost."""
    with witness.apart(host) as lost:
        seen = _Seen(host)
        if lost:
            raise NoAnswerError(lost[0].reason, lost[0].detail)
    return seen


def _predict(seen: _Seen) -> Any:
    """Fill in the prediction; the partitions, or why they cannot be told."""
    with witness.apart(seen.host) as lost:
        partitions: Any = None
        try:
            partitions = places.partitions(seen.host)
            seen.prediction = next_boot.predict(seen.host, seen.store, seen.state, partitions, seen.programs)
            if lost:
                raise NoAnswerError(lost[0].reason, lost[0].detail)
        except NoAnswerError as problem:
            seen.why_not = problem
        except ValueError as problem:
            seen.why_not = NoAnswerError("unparsable", str(problem))
    return partitions if partitions is not None else seen.why_not


def _put_state(section: Any, seen: _Seen) -> None:
    state, source = seen.state, seen.store.source
    section.put("trust.mode", state.mode, source)
    section.put("trust.data_as_of", known.AS_OF, "the collection's own data")
    section.put("trust.pk", _certificates(state.of("PK")), source)
    section.put("trust.kek", _certificates(state.of("KEK")), source)
    section.put("trust.certificates", _certificates(state.of("db")), source)
    if state.of("dbDefault").certificates:
        section.put("trust.factory_certificates", _names(state.of("dbDefault")), source)
    else:
        section.cannot_say("trust.factory_certificates", "absent", "dbDefault: this firmware does not say what it came with; its maker would tell")
    section.put("trust.dbx", _dbx(state.of("dbx"), places.machine_of(seen.host)), source)
    section.put("trust.mok", _certificates(state.of("MokListRT")), source)
    section.put("trust.mok_forbidden", {"certificates": _names(state.of("MokListXRT")), "digests": len(state.of("MokListXRT").digests)}, source)
    section.put("trust.pending", list(state.pending), source)
    section.put("trust.kek_2023", KEK_2023 in _names(state.of("KEK")), source)
    section.put("trust.pk_test_key", any(_TEST_KEY.search(name) for name in _common_names(state.of("PK"))), source)
    writable = _is_writable(seen.host)
    section.put("trust.updatable", writable, "/proc/1/mountinfo")
    section.put("trust.kek_updatable", writable and bool(state.of("PK").certificates), source)
    section.put("trust.ready_for_2023_shim", is_ready(state), source)
    _put_fwupd(section, seen.host)
    if state.mode in ("off", "setup"):
        section.cannot_say("trust.sbat_level", "not_applicable", "Secure Boot is off: shim takes the level back to its first at each start")
    elif state.level is None:
        section.cannot_say("trust.sbat_level", "absent", "SbatLevelRT: no shim has run, or not one that keeps a level; a start by shim would tell")
    else:
        section.put("trust.sbat_level", str(state.level), "SbatLevelRT")


def _put_fwupd(section: Any, host: Any) -> None:
    with witness.apart(host):
        try:
            version = fwupd.version(host)
        except NoAnswerError as problem:
            section.cannot_say("trust.fwupd", problem.reason, str(problem))
            return
    if version is None:
        section.cannot_say("trust.fwupd", "absent", "no fwupd is installed")
    else:
        section.put("trust.fwupd", version, "its folder of plugins")


def _certificates(lists: Lists) -> List[Dict[str, Any]]:
    return [{"name": rules.name(each), "sha256": each.sha256, "not_after": each.not_after} for each in lists.certificates]


def _names(lists: Lists) -> List[str]:
    return [rules.name(each) for each in lists.certificates]


def _common_names(lists: Lists) -> List[str]:
    return [each.name for each in lists.certificates] + [x509.common_name(each.issuer) for each in lists.certificates]


def _dbx(lists: Lists, machine: str) -> Dict[str, Any]:
    digests = {digest[:known.DIGEST_BYTES] for algorithm, digest in lists.digests if algorithm == "sha256"}
    versions = sorted(filter(None, (known.windows_version(digest) for _algorithm, digest in lists.digests)))
    return {"digests": len(lists.digests) - len(versions), "windows_versions": versions,
            "certificates": _names(lists), "certificate_digests": len(lists.certificate_digests),
            "missing": len(known.revoked(machine) - digests)}


def is_ready(state: State) -> bool:
    """Whether the firmware would start what Microsoft's UEFI CA 2023 alone has signed."""
    found = [each for each in state.of("db").certificates if known.CERTIFICATES.get(each.sha256) == UEFI_CA_2023]
    forbidden = {each.sha256 for each in state.of("dbx").certificates}
    return any(each.sha256 not in forbidden and rules.told(each, state.of("dbx")) is None for each in found)


def survives(first: Component, state: State, name: str = UEFI_CA_2011) -> bool:
    """Whether the firmware would still start a program if a certificate, by its name, came into dbx."""
    carried = [certificate for each in first.signatures if each is not None for certificate in each.certificates]
    meant = [each for each in carried + list(state.of("db").certificates) if rules.name(each) == name]
    if not meant:
        return True
    dbx = state.of("dbx")
    lists = dict(state.lists, dbx=dbx._replace(certificates=dbx.certificates + (meant[0],)))
    return rules.firmware(first, state._replace(lists=lists)).by != "dbx"


def _is_writable(host: Any) -> bool:
    """Variables can be changed by the running system: without that, efivarfs is mounted for reading alone."""
    answer = host.read("/proc/1/mountinfo")
    mounted = re.findall(r" - efivarfs \S+ (\S+)$", answer.value, re.MULTILINE) if answer.value is not None else []
    return bool(mounted) and "ro" not in mounted[-1].split(",")


def _put_prediction(section: Any, seen: _Seen, partitions: Any) -> None:
    found, why = seen.prediction, seen.why_not
    paths = ("next_boot", "next_boot_stage", "next_boot_outcome", "next_boot_reason", "entry", "kernels", "fallbacks", "survives_2011_revocation",
             "sbat_level_next")
    if why is not None or found is None:
        for path in paths:
            section.cannot_say("trust." + path, why.reason if why is not None else "absent", str(why))
        return
    source = "%s and the files that it names" % seen.store.source
    section.put("trust.next_boot", found.answer, source)
    after_kexec = "; a kernel waits in kexec, which passes all of them by: this is about the boot after" if section.facts.get("kexec_loaded") else ""
    section.put("trust.next_boot_reason", found.reason + after_kexec, source)
    for path, value in (("next_boot_stage", found.stage), ("next_boot_outcome", found.outcome)):
        if value:
            section.put("trust." + path, value, source)
        else:
            section.cannot_say("trust." + path, "not_applicable", "nothing stops it")
    section.put("trust.entry", {"name": found.entry or None, "shim": found.shim or None, "loader": found.loader or None,
                                "kernel": found.kernel or None}, source)
    _put_menu(section, found, source)
    _put_fallbacks(section, seen, found, partitions)
    _put_survival(section, seen, found.shim or found.loader)
    level, problem = _level_after(seen)
    if level is not None:
        section.put("trust.sbat_level_next", str(level), found.shim)
    elif problem:
        section.cannot_say("trust.sbat_level_next", "unparsable", "%s: %s" % (found.shim, problem))
    else:
        section.cannot_say("trust.sbat_level_next", "absent", "no shim starts: nobody looks at a level" if not found.shim else found.shim)


def _put_menu(section: Any, found: Prediction, source: str) -> None:
    """Each kernel that somebody at the console, or a fallback, could choose."""
    if found.menu:
        rows = [{"image": each.image, "answer": _ANSWERS[each.allowed], "reason": each.why} for each in found.menu]
        section.put("trust.kernels", rows, source)
    else:
        section.cannot_say("trust.kernels", "not_applicable", found.reason or "no loader shows a menu")


def _put_fallbacks(section: Any, seen: _Seen, found: Prediction, partitions: Any) -> None:
    """What a firmware that lost its entry, or that disk, would start instead."""
    with witness.apart(seen.host):
        rows = next_boot.fallbacks(seen.host, seen.state, partitions, seen.programs, found.shim or found.loader)
    answers = [{"path": each.image, "answer": _ANSWERS[each.allowed], "reason": each.why} for each in rows]
    section.put("trust.fallbacks", answers, ", ".join(partition.folder for partition in partitions))


def _put_survival(section: Any, seen: _Seen, path: str) -> None:
    with witness.apart(seen.host):
        try:
            first = seen.programs.at(path)
            answer = survives(first, seen.state) if first is not None else None
        except NoAnswerError as problem:
            section.cannot_say("trust.survives_2011_revocation", problem.reason, str(problem))
            return
    if answer is None:
        section.cannot_say("trust.survives_2011_revocation", "absent", path)
    else:
        section.put("trust.survives_2011_revocation", answer, path)


def _level_after(seen: _Seen) -> Tuple[Optional[Level], str]:
    """(the level once the next boot's shim has run, why it cannot be told). With Secure Boot off: what a start with it on would make of it."""
    shim = seen.shim()
    state = seen.state if seen.state.shim_judges else seen.state._replace(level=None)
    try:
        return (sbat.after(state, shim).level if shim is not None else None), ""
    except ValueError as error:
        return None, str(error)


def _put_programs(section: Any, seen: _Seen, partitions: Any) -> None:
    facts = ("trust.components", "trust.revoked_components")
    with witness.apart(seen.host):
        try:
            if isinstance(partitions, NoAnswerError):
                raise partitions
            paths = places.programs(seen.host, partitions)
            rows = inventory.rows_of(seen.host, paths, seen.programs)
            revoked = _revoked(seen, [row["path"] for row in rows if row["role"] != "unreadable"])
        except NoAnswerError as problem:
            for fact in facts:
                section.cannot_say(fact, problem.reason, str(problem))
            return
    source = ", ".join([partition.folder for partition in partitions] + ["/boot"])
    if not partitions:
        section.cannot_say(facts[0], "absent", "no EFI system partition is mounted; nothing is mounted to be read, and a mounted one would tell")
        section.cannot_say(facts[1], "absent", "no EFI system partition is mounted; nothing is mounted to be read, and a mounted one would tell")
        return
    section.put(facts[0], rows, source)
    section.put(facts[1], revoked, source)


def _revoked(seen: _Seen, paths: List[str]) -> List[Dict[str, Any]]:
    shim = seen.shim()
    level, problem = _level_after(seen) if shim is not None else (seen.state.level, "")
    level = level if seen.state.shim_judges else None
    found: List[Dict[str, Any]] = []
    for path in paths:
        component = seen.programs.at(path)
        row = inventory.revoked(component, seen.state, level, None if problem else shim) if component is not None else None
        found += [row] if row is not None else []
    return found


def _hold_without_root(seen: _Seen, refused: List[str], doubtful: List[str]) -> None:
    """A next boot that all let in, and whose kernel then refuses what its root file system stands on, or may."""
    found = seen.prediction
    if found is None or found.answer != "allowed" or not refused + doubtful:
        return
    with witness.apart(seen.host) as lost:
        try:
            held = root_modules.needed(seen.host, refused + doubtful)
        except NoAnswerError as problem:
            held, seen.why_not = [], problem
    stands_on = [name for name in held if name in refused]
    if stands_on:
        reason = "the kernel refuses %s, which the root file system stands on" % ", ".join(stands_on)
        seen.prediction = found._replace(answer="refused", stage="kernel", outcome="initrd_prompt", reason=reason)
    elif held:
        seen.why_not = NoAnswerError("unsupported", "whether the kernel takes %s, which the root file system stands on, is not known; modinfo -F "
                                     "signer would tell" % ", ".join(held))
    elif lost:
        seen.why_not = NoAnswerError(lost[0].reason, lost[0].detail)


def _put_modules(section: Any, host: Any, state: Optional[State]) -> Tuple[List[str], List[str]]:
    """The modules that the next kernel refuses, and those of which that is not known."""
    facts = ("trust.modules_refused", "trust.modules_refused_if_enforced")
    modules: List[str] = []
    with witness.apart(host):
        try:
            mode = state.mode if state is not None else "enforced"
            kernel = next_kernel.of_host(host, mode)
            modules = modules_wanted.wanted(host, kernel.release)
            whatif = kernel._replace(enforces=kernel.enforces or mode != "enforced", keeps_mok=kernel.keeps_db)
            answers = [_refused(host, each, state, modules) for each in (kernel, whatif)]
        except NoAnswerError as problem:
            for fact in facts:
                section.cannot_say(fact, problem.reason, str(problem))
            return [], modules
    for fact, (rows, unknown) in zip(facts, answers):  # noqa: B905 (3.6 knows no strict)
        if unknown and not rows:
            section.cannot_say(fact, "unsupported", "; ".join(unknown.values())[:300])
        else:
            section.put(fact, rows, "/proc/modules, the modules of the next boot's kernel and its keyrings")
    return [row["module"] for row in answers[0][0]], list(answers[0][1])


def _refused(host: Any, kernel: next_kernel.Kernel, state: Optional[State], modules: List[str]) -> Tuple[List[Dict[str, Any]], Dict[str, str]]:
    if not modules:
        return [], {}
    from . import module_keys
    return module_keys.judge(host, kernel, state, modules)


def _put_modules_without_variables(host: Any, section: Any) -> None:
    """The kernel was told not to ask the firmware: its keyrings hold what is built in, and lockdown may hold all the same."""
    if next_kernel.holds_without_firmware(host):
        _put_modules(section, host, None)
