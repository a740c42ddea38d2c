# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the next boot will be allowed: along BootNext, BootOrder, shim, the loader's own entry and the kernel, by the rule of each that judges.

Nothing is guessed: what is not read ends in NoAnswerError with what stands in the way.
"""

import re
from typing import Any, List, NamedTuple, Optional, Tuple

from ..._formats import efi, signature_lists, x509
from ..._host import witness
from .. import firmware, loaders
from ..firmware import Option
from ..target import NoAnswerError, Target
from . import places, rules, sbat, variables
from .components import Component
from .places import Partition, Programs
from .rules import Judgement
from .variables import State, Store

_REMOVABLE = "/EFI/BOOT/BOOT%s.EFI"
# Names without the machine are those of shims before 12, and of SUSE's to this day (its shim-arch-independent-names).
_PLAIN = {"grub": "grub.efi", "mm": "MokManager.efi", "fb": "fallback.efi"}
_PLAIN_FIRST = re.compile(r"shim\.(?:sle|opensuse|suse)\b")
_COMPRESSED = (b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_LIST_BYTES = 65536
_MENU = 30
# A loader of shim's that keeps its mirror of dbx within the room that firmware gives to variables, or says how much there is.
_ROOM_ASKED_SINCE = 16
_LARGE_DBX = 330
_VIRTUAL = ("QEMU", "VMware, Inc.", "Amazon EC2", "Google", "Xen", "innotek GmbH", "OpenStack Foundation", "Red Hat", "KubeVirt")
_OPTION_ROMS = "what the firmware itself loads from cards (option ROMs) cannot be judged from files"


class Offered(NamedTuple):
    """A kernel of the loader's menu: whether it would be allowed, None where that cannot be told, and by which rule."""

    image: str
    allowed: Optional[bool]
    why: str


class Prediction(NamedTuple):
    """``answer`` is allowed, refused or waits. ``stage`` and ``outcome`` are '' where it is allowed. ``menu``: once a loader shows one."""

    answer: str
    stage: str
    outcome: str
    reason: str
    entry: str = ""
    shim: str = ""
    loader: str = ""
    kernel: str = ""
    menu: Tuple[Offered, ...] = ()


class _MissingError(Exception):
    """The program of an entry is not there: the firmware goes on."""


def predict(host: Any, store: Store, state: State, known: List[Partition], programs: Programs) -> Prediction:
    """By the firmware's own setup where it was asked for, else by its entries. Raises NoAnswerError, ValueError for a program that is none."""
    if not state.to_setup:
        return _by_entries(host, store, state, known, programs)
    try:
        found = _by_entries(host, store, state, known, programs)
    except (NoAnswerError, ValueError):
        found = Prediction("waits", "", "", "")
    reason = "the firmware was asked for its own setup (OsIndications), and stands there until a person leaves it"
    return found._replace(answer="waits", stage="firmware", outcome="console_box", reason=reason)


def _by_entries(host: Any, store: Store, state: State, known: List[Partition], programs: Programs) -> Prediction:
    walk = Walk(host, state, programs)
    gone: List[str] = []
    for option in entries(store):
        partition = places.of_guid(host, known, option.partition)
        if partition is None:
            gone.append("%s: no such disk" % option.name)
            continue
        path = partition.folder.rstrip("/") + (option.path or _REMOVABLE % places.machine_of(host).upper())
        try:
            return walk.from_firmware(path, option.given)._replace(entry=option.name)
        except _MissingError:
            gone.append("%s: %s" % (option.name, path))
    return _without_entries(host, walk, known, gone)


def _without_entries(host: Any, walk: "Walk", known: List[Partition], gone: List[str]) -> Prediction:
    """The firmware looks for the removable path by itself."""
    paths = [partition.folder.rstrip("/") + _REMOVABLE % places.machine_of(host).upper() for partition in known]
    there = [path for path in paths if not host.stat(path).problem]
    if len(there) != 1:
        raise NoAnswerError("absent", "no entry of the firmware leads to a program on a mounted partition%s; efibootmgr -v would tell" % (
            ": " + "; ".join(gone) if gone else ""))
    return walk.from_firmware(there[0], "")


def entries(store: Store) -> List[Option]:
    """BootNext, active or not, then BootOrder. What asks a server or a drive is passed over where this boot passed it over, else it ends the walk."""
    order = variables.boot_numbers(store, "BootOrder")
    current = variables.boot_numbers(store, "BootCurrent")[:1]
    passed = order[:order.index(current[0])] if current and current[0] in order else []
    found: List[Option] = []
    once = variables.boot_numbers(store, "BootNext")[:1]
    for place, number in enumerate(once + order):
        option = _option(store, number)
        if option is None or not option.bootable or not (option.active or place < len(once)):
            continue
        if not option.network and (option.path or option.partition):
            found.append(option)
        elif number in passed or found:
            continue
        else:
            detail = "the firmware first tries %s (%.60s), which is no program on a partition; a start would tell" % (option.name, option.title)
            raise NoAnswerError("unsupported", detail)
    return found


def fallbacks(host: Any, state: State, known: List[Partition], programs: Programs, first: str) -> List[Offered]:
    """What the firmware would take if its entry were lost: the removable path, and the same program on other partitions; by its own rule alone."""
    removable = _REMOVABLE % places.machine_of(host).upper()
    folders = [each.folder.rstrip("/") for each in known]
    same = next((first[len(folder):] for folder in folders if first.startswith(folder + "/")), removable)
    paths = [folder + path for folder in folders for path in sorted({removable, same})]
    found: List[Offered] = []
    for path in [path for path in paths if path != first]:
        try:
            program = programs.at(path)
            if program is None:
                continue
            judged = rules.firmware(program.as_told(), state) if state.firmware_judges else Judgement(True, "Secure Boot is off")
        except NoAnswerError as problem:
            judged = Judgement(None, str(problem))
        except ValueError as problem:
            judged = Judgement(False, str(problem))
        found.append(Offered(path, judged.allowed, judged.why))
    return found


def _option(store: Store, number: int) -> Optional[Option]:
    name = "Boot%04X" % number
    data = store.read(name, efi.FIRMWARE)
    try:
        return firmware.parse_option(name, data) if data is not None else None
    except ValueError:
        return None


class Walk:
    """One way from the firmware to the kernel."""

    def __init__(self, host: Any, state: State, programs: Programs) -> None:
        self._host, self._state, self._programs = host, state, programs

    def from_firmware(self, path: str, given: str) -> Prediction:
        """What the firmware does with a program, and the program then."""
        program = self._programs.at(path)
        if program is None:
            raise _MissingError(path)
        if self._state.firmware_judges:
            judged = rules.firmware(program, self._state)
            if not _told(judged, path):
                refused = Prediction("refused", "firmware", "next_entry", "%s: %s" % (path, judged.why))
                return refused._replace(shim=path) if program.role == "shim" else refused._replace(loader=path)
        if program.role == "shim":
            return self._from_shim(program, given)._replace(shim=path)
        if not self._state.firmware_judges:
            return Prediction("allowed", "", "", "Secure Boot is off", loader=path)
        return self._from_loader(program, None, None)._replace(loader=path)

    def _from_shim(self, shim: Component, given: str) -> Prediction:
        folder, name = shim.path.rsplit("/", 1)
        more, certificates = self._beside(shim, folder)
        level = sbat.after(self._state, shim, more)
        if self._state.shim_judges:
            problem = level.problem or _self_check(shim, level.level)
            if problem:
                return Prediction("refused", "shim", "power_off", "%s: %s" % (shim.path, problem))
            self._need_room(shim)
        asked = self._requests(shim, folder, level.level)
        if asked is not None:
            return asked
        fallback = self._named(shim, folder, "fb")
        if folder.upper().endswith("/EFI/BOOT") and not self._host.stat(fallback).problem:
            return self._from_fallback(shim, fallback, level.level)
        return self._second_stage(shim, _second_stage(folder, name, given) or self._named(shim, folder, "grub"), level.level, certificates)

    def _named(self, shim: Component, folder: str, what: str) -> str:
        """The program that this shim looks for beside itself."""
        paths = ["%s/%s%s.efi" % (folder, what, _machine(shim)), "%s/%s" % (folder, _PLAIN[what])]
        if any(_PLAIN_FIRST.match(row.component) for row in shim.rows):
            paths.reverse()
        return next((path for path in paths if not self._host.stat(path).problem), paths[0])

    def _beside(self, shim: Component, folder: str) -> Tuple[Tuple[Component, ...], Tuple[x509.Certificate, ...]]:
        """Files of revocations and certificates that shim takes up, each only where shim trusts it."""
        wanted = [name for name in places.names_in(self._host, folder) if re.match(r"revocations_(?:sbat|sku)|shim_certificate", name.lower())]
        if not wanted or not self._state.shim_judges:
            return (), ()
        found, certificates = [], []  # type: List[Component], List[x509.Certificate]
        for name in wanted[:16]:
            program = self._programs.at("%s/%s" % (folder, name))
            if program is None or not rules.shim(program, self._state, shim).allowed:
                continue
            found += [program] if name.lower().startswith("revocations_sbat") else []
            certificates += signature_lists.parse(program.section(".db", _LIST_BYTES)).certificates
        return tuple(found), tuple(certificates)

    def _need_room(self, shim: Component) -> None:
        """Shim copies dbx into a variable of its own; some boards have no room for it, and shim then ends. Raises NoAnswerError."""
        version = next((row.version for row in shim.rows if row.component.startswith("shim.")), "")
        number = int((re.match(r"\d{1,4}", version) or re.match(r"", "")).group() or 0)  # type: ignore[union-attr]
        count = len(self._state.of("dbx").digests)
        if count >= _LARGE_DBX and 0 < number < _ROOM_ASKED_SINCE and not _is_virtual(self._host):
            raise NoAnswerError("unsupported", "variable space: shim %s copies a dbx of %d entries; a start would tell whether there is room" % (
                version, count))

    def _requests(self, shim: Component, folder: str, level: Any) -> Optional[Prediction]:
        state = self._state
        if not state.asks:
            return None
        path = self._named(shim, folder, "mm")
        said = "%s pending" % ", ".join(state.pending)
        manager = self._programs.at(path)
        if manager is None:
            removable = folder.upper().endswith("/EFI/BOOT")
            return Prediction("refused", "mok_manager", "reset_loop" if removable else "power_off", "%s, and %s is missing" % (said, path))
        if state.shim_judges:
            judged = _both(rules.shim(manager, state, shim), sbat.judge(manager, level, bool(shim.rows)))
            if not _told(judged, path):
                return Prediction("refused", "mok_manager", "console_box", "%s: %s" % (path, judged.why))
        if state.waits:
            reason = "%s, and a time limit of -1: MokManager waits for a person, without end or for 18 hours by its version" % said
            return Prediction("waits", "mok_manager", "console_box", reason)
        return None

    def _from_fallback(self, shim: Component, path: str, level: Any) -> Prediction:
        """It makes entries of the firmware from the lists in the vendors' folders, and starts the first."""
        program = self._programs.at(path)
        if self._state.shim_judges and program is not None:
            judged = _both(rules.shim(program, self._state, shim), sbat.judge(program, level, bool(shim.rows)))
            if not _told(judged, path):
                return Prediction("refused", "loader", "console_box", "%s: %s" % (path, judged.why), loader=path)
        top = path.rsplit("/", 2)[0]
        names = ("BOOT%s.CSV" % _machine(shim).upper(), "BOOT.CSV")
        folders = ["%s/%s" % (top, name) for name in places.names_in(self._host, top) if name.upper() != "BOOT"]
        lists = [next((each + "/" + name for name in names if not self._host.stat(each + "/" + name).problem), "") for each in folders]
        found = [path for path in lists if path]
        if len(found) != 1:
            raise NoAnswerError("unsupported", "%s makes entries of the firmware from %d lists; a start would tell" % (path, len(found)))
        listed = self._host.read_bytes(found[0], 4096)
        line = listed.value.decode("utf-16", "replace").splitlines()[:1] if listed.value else []
        name = line[0].split(",")[0].strip() if line else ""
        if not re.match(r"[\w.-]{1,60}\Z", name):
            raise NoAnswerError("unparsable", found[0])
        return self.from_firmware("%s/%s" % (found[0].rsplit("/", 1)[0], name), "")

    def _second_stage(self, shim: Component, path: str, level: Any, more: Tuple[x509.Certificate, ...]) -> Prediction:
        program = self._programs.at(path)
        if program is None:
            raise NoAnswerError("absent", "%s, which shim would start; sbverify --list of it would tell" % path)
        if self._state.shim_judges:
            judged = _both(rules.shim(program, self._state, shim, more), sbat.judge(program, level, bool(shim.rows)))
            if not _told(judged, path):
                return Prediction("refused", "loader", "console_box", "%s: %s" % (path, judged.why), loader=path)
            return self._from_loader(program, shim, level, more)._replace(loader=path)
        why = "shim's own validation is switched off; %s" % _OPTION_ROMS if self._state.mode == "insecure" else "Secure Boot is off"
        return Prediction("allowed", "", "", why, loader=path)

    def _from_loader(self, loader: Component, shim: Optional[Component], level: Any, more: Tuple[x509.Certificate, ...] = ()) -> Prediction:
        """What a loader that was let in starts; ``shim`` is None where the firmware alone judges."""
        if loader.role in ("unified_image", "kernel", "fwupd"):
            kernel = loader.path if loader.role != "fwupd" else ""
            return Prediction("allowed", "", "", "%s is allowed; %s" % (loader.path, _OPTION_ROMS), kernel=kernel)
        if loader.role == "windows":
            raise NoAnswerError("unsupported", "%s is allowed by the firmware; its own check of versions (SVN) is not read; a start would tell" % (
                loader.path))
        if loader.role not in ("grub", "systemd_boot"):
            raise NoAnswerError("unsupported", "what %s starts is not read; its own configuration would tell" % loader.path)
        target, images = _kernel(self._host)
        menu = tuple(self._offered(image, image == target.image, shim, level, more) for image in images[:_MENU])
        return self._from_kernel(loader, target, shim, level, more)._replace(menu=menu)

    def _from_kernel(self, loader: Component, target: Target, shim: Optional[Component], level: Any, more: Any) -> Prediction:
        outcome = "loader_prompt" if loader.role == "grub" else "next_entry"
        refused = Prediction("refused", "kernel", outcome, "", kernel=target.image)
        try:
            kernel = self._programs.at(target.image)
        except ValueError as error:
            self._refuse_compressed(target.image)
            return refused._replace(reason="%s: %s" % (target.image, error))
        if kernel is None:
            raise NoAnswerError("absent", "%s, which %s would start; sbverify --list of it would tell" % (target.image, loader.path))
        judged = self._judged(kernel, shim, level, more)
        if not _told(judged, target.image):
            return refused._replace(reason="%s: %s" % (target.image, judged.why))
        return Prediction("allowed", "", "", "%s: %s; %s" % (target.image, judged.why, _OPTION_ROMS), kernel=target.image)

    def _refuse_compressed(self, image: str) -> None:
        """Raises NoAnswerError for a kernel that GRUB unpacks before anybody judges it (Image.gz on ARM and RISC-V)."""
        head = self._host.read_bytes(image, 8)
        if places.machine_of(self._host) not in ("x64", "ia32") and head.value is not None and head.value.startswith(_COMPRESSED):
            raise NoAnswerError("unsupported", "%s is compressed, and not unpacked here; sbverify on what is in it would tell" % image)

    def _judged(self, kernel: Component, shim: Optional[Component], level: Any, more: Any) -> Judgement:
        """By shim where there is one, else by the firmware."""
        if shim is None:
            return rules.firmware(kernel, self._state)
        return _both(rules.shim(kernel, self._state, shim, more), sbat.judge(kernel, level, False))

    def _offered(self, image: str, is_next: bool, shim: Optional[Component], level: Any, more: Any) -> Offered:
        """One kernel of the menu: what cannot be told of it is no fault of the others. Only the next boot's is read to its end."""
        with witness.apart(self._host):
            try:
                kernel = self._programs.at(image)
                judged = Judgement(None, "it is not there")
                if kernel is not None:
                    judged = self._judged(kernel if is_next else kernel.as_told(), shim, level, more)
            except NoAnswerError as problem:
                judged = Judgement(None, str(problem))
            except ValueError as problem:
                judged = self._no_program(image, problem)
        return Offered(image, judged.allowed, judged.why)

    def _no_program(self, image: str, problem: ValueError) -> Judgement:
        try:
            self._refuse_compressed(image)
        except NoAnswerError as unread:
            return Judgement(None, str(unread))
        return Judgement(False, str(problem))


def _told(judged: Judgement, path: str) -> bool:
    if judged.allowed is None:
        raise NoAnswerError("unsupported", "%s: %s" % (path, judged.why))
    return judged.allowed


def _both(first: Judgement, second: Judgement) -> Judgement:
    """What is allowed by both; the first that does not decides."""
    if first.allowed is not True:
        return first
    return second if second.allowed is not True else Judgement(True, "%s, %s" % (first.why, second.why))


def _self_check(shim: Component, level: Any) -> str:
    judged = sbat.judge(shim, level, False)
    return "" if judged.allowed else judged.why


def _machine(shim: Component) -> str:
    return shim.program.machine


def _second_stage(folder: str, name: str, given: str) -> str:
    """The file that shim is told to start: the first word of what the firmware hands over, beside shim unless it is a whole path; '' for none."""
    words = [word.replace("\\", "/") for word in given.split(" ") if word]
    if words and words[0].lower().endswith("/" + name.lower()):
        words = words[1:]
    if not words or not re.search(r"(?i)\.efi\Z|/", words[0]):
        return ""
    if re.match(r"(?i)/efi/", words[0]):
        return folder[:folder.upper().rindex("/EFI/")] + words[0] if "/EFI/" in folder.upper() else words[0]
    return "%s/%s" % (folder, words[0].lstrip("/"))


def _kernel(host: Any) -> Tuple[Target, Tuple[str, ...]]:
    """(the kernel that the loader takes next, all those of its menu). Raises NoAnswerError."""
    targets = loaders.find_targets(host)
    target = targets.once if targets.once is not None else targets.default
    if target.loader == "kexec":
        raise NoAnswerError("unsupported", "a reboot goes past the firmware, by kexec (%s); one that does not would tell" % target.how)
    if not target.image:
        raise NoAnswerError("unsupported", "the entry %.80s starts no Linux image; sbverify on what it starts would tell" % target.entry)
    if re.search(r"(?i)(?:^|/)xen[^/]*\Z", target.image):
        raise NoAnswerError("unsupported", "the entry %.80s starts Xen; sbverify on its image would tell" % target.entry)
    return target, targets.images or (target.image,)


def _is_virtual(host: Any) -> bool:
    """A virtual machine, whose firmware has the room that its maker gave it."""
    vendor = host.read("/sys/class/dmi/id/sys_vendor", 256)
    flags = host.read("/proc/cpuinfo")
    return (vendor.value is not None and vendor.value.strip() in _VIRTUAL) or bool(flags.value and re.search(r"\bhypervisor\b", flags.value))
