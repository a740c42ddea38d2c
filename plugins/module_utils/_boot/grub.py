# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a host what GRUB will boot: which grub.cfg is in use, its environment block, its BLS entries, and whether the configuration is stale."""

import re
from collections import OrderedDict
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Set, Tuple

from .._formats import bls as bls_entries
from .._formats import grubenv, mountinfo
from .._formats.shell_words import assignments
from . import grub_default, grub_menu
from .grub_menu import Disk, Entry, Outcome
from .target import NoAnswerError, System, Target, Targets, existing, on_host

_FOLDERS = ("/boot/grub2", "/boot/grub")
_EFI_SYSTEM_PARTITIONS = ("/boot/efi", "/efi")
_OWN_PLACES = ("/", "/boot") + _EFI_SYSTEM_PARTITIONS
_DEFAULTS = "/etc/default/grub"
_DEFAULTS_FOLDER = "/etc/default/grub.d"

# Vendor folder of the EFI system partition, where it is not the ID of os-release.
_VENDORS = {"rhel": "redhat", "ol": "redhat", "amzn": "amzn", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse", "sled": "sles"}

# The grub.cfg that firmware's GRUB begins with, as found: its path and text.
Configuration = NamedTuple("Configuration", [("path", str), ("text", str)])

# search.fs_uuid UUID root, or search --fs-uuid --set=dev UUID
_FILE_SYSTEM = re.compile(r"^[ \t]*search[^\n]*fs.uuid[^\n]*?[ \t]'?([0-9A-Fa-f]{4,8}-[0-9A-Fa-f-]{4,28})(?:'|[ \t]|$)", re.MULTILINE)
# What GRUB calls the machines that it starts without UEFI and that are no PC; on IBM Z it runs in a Linux that zipl starts.
_PLATFORMS = {"s390x": "emu", "ppc64le": "ieee1275", "ppc64": "ieee1275"}
_RED_HATS_MODULE = re.compile(r"^\s*insmod\s+blscfg\s*$", re.MULTILINE)
_ROUNDS = 12
_VARIANTS = 24


class Reader:
    """Reads one host's GRUB configuration: which files exist is asked of the host, what they come to of grub_menu."""

    def __init__(self, host: Any, efi: bool, system: System, root: str = "", vendor: str = "") -> None:
        self.host = host
        self.platform = "efi" if efi else _PLATFORMS.get(system.machine, "pc")
        self.processor = system.machine
        self.redhat = bls_entries.is_red_hats(system.os_id, system.family)
        self.branch = bls_entries.branch_of(system.os_id, system.version_id, system.family, system.platform)
        self.unnamed = system.family == "other" and not self.redhat
        self.root = root
        self.own_vendor = _VENDORS.get(system.os_id, system.os_id)
        self.vendor = vendor or self.own_vendor
        self.disk = Disk({}, {}, {}, {}, {})

    def configuration(self) -> Optional[Configuration]:
        """The file that this system's GRUB begins with: the own vendor's on the EFI system partition, else below /boot, else another vendor's."""
        paths = self._partition_paths() if self.platform == "efi" else []
        own = [path for path in paths if path.rsplit("/", 2)[1].lower() == self.vendor]
        for path in own + ["%s%s/grub.cfg" % (self.root, folder) for folder in _FOLDERS] + [path for path in paths if path not in own]:
            answer = self.host.read(path)
            if answer.problem and answer.problem != "absent" and path not in paths:
                raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
            if not answer.problem:
                if path in own:
                    self._refuse_foreign(path, answer.value)
                return Configuration(path, answer.value)
        return None

    def _refuse_foreign(self, path: str, text: str) -> None:
        """NoAnswerError for a file that hands over to a file system that is not of the system that runs."""
        named = _FILE_SYSTEM.search(text)
        device = self._device_of(named.group(1)) if named else None
        if named is None or (device is None and self.vendor == self.own_vendor):
            return
        ours = self._devices(("/", "/boot")) - {None, "", "/dev/root"}
        if ours and (device is None or device not in ours):
            raise NoAnswerError("unsupported", "%s is of another system: it hands over to the file system %s; a scan of that would tell" % (
                path, named.group(1)))

    def _device_of(self, file_system: str) -> Optional[str]:
        return self.host.realpath("/dev/disk/by-uuid/" + file_system).value  # type: ignore[no-any-return]

    def _devices(self, places: Tuple[str, ...]) -> Set[str]:
        """The devices of the file systems at these places, by each of their names."""
        known = mountinfo.of_host(self.host)
        mounts = [mount for mount in (mountinfo.covering(known, place) for place in places) if mount]
        sources = {mount.source for mount in mounts} | {self.host.realpath(mount.source).value for mount in mounts}
        return sources | {self._device_of_number(mount.number) for mount in mounts}

    def _device_of_number(self, number: str) -> str:
        block = self.host.realpath("/sys/dev/block/" + number).value
        return "/dev/" + block.rsplit("/", 1)[-1] if block else ""

    def _is_foreign(self, entry: Entry) -> bool:
        """Whether an entry's files lie on a device that is here and holds nothing of the system that runs.

        Of file systems without one device of their own (btrfs, bcachefs and ZFS over several, overlays) that is not known.
        """
        device = self._device_of(entry.file_system) if entry.file_system else None
        if device is None:
            return False
        known = mountinfo.of_host(self.host)
        mounts = [mountinfo.covering(known, place) for place in _OWN_PLACES]
        single = all(mount is not None and mount.kind != "btrfs" and self._is_told(mount) for mount in mounts)
        return single and device not in self._devices(_OWN_PLACES)

    def _is_told(self, mount: mountinfo.Mount) -> bool:
        """Whether it has one device, and that is known. bcachefs names all of its own with colons between them."""
        named = mount.source.startswith("/dev/") and mount.source != "/dev/root" and ":" not in mount.source
        return bool(self._device_of_number(mount.number)) or (named and not mount.number.startswith("0:"))

    def _partition_paths(self) -> List[str]:
        """Each vendor's grub.cfg on the EFI system partition."""
        return ["%s/EFI/%s/grub.cfg" % (root, vendor) for root in _EFI_SYSTEM_PARTITIONS
                for vendor in self.host.listdir(root + "/EFI", 100).if_there([])]

    def on_host(self, path: str) -> str:
        """The host's path for a path that GRUB sees; partitions of firmware belong to no snapshot."""
        root = "" if path.startswith(tuple(folder + "/EFI/" for folder in _EFI_SYSTEM_PARTITIONS)) else self.root
        return on_host(self.host, path, root)

    def outcome(self, configuration: Configuration, blocks: Optional[Dict[str, Dict[str, str]]] = None,
                denied: FrozenSet[str] = frozenset()) -> Outcome:
        """What the configuration comes to, every file that it asks for looked up; ``blocks``: other environment blocks than the disk's."""
        self._note_lineage(configuration.text)
        for _round in range(_ROUNDS):
            disk = self.disk if blocks is None else self.disk._replace(blocks=blocks)
            try:
                outcome = grub_menu.run(configuration.text, disk, self.platform, configuration.path, denied, self.processor)
            except ValueError as error:
                raise NoAnswerError("unparsable", "%s: %s" % (configuration.path, error)) from error
            missing = [(kind, path) for kind, path in outcome.wanted if blocks is None or kind != "blocks"]
            if not missing:
                return outcome
            for kind, path in missing:
                getattr(self.disk, kind)[path] = getattr(self, "_look_up_" + kind)(path)
        raise NoAnswerError("unparsable", "%s: its files ask for ever more files" % configuration.path)

    def _note_lineage(self, text: Optional[str]) -> None:
        """Red Hat's blscfg is a module of that name, which its grub-mkconfig loads; upstream's is in blsuki. TencentOS, OpenCloudOS ..."""
        if self.unnamed and text and _RED_HATS_MODULE.search(text):
            self.redhat, self.branch = True, bls_entries.FEDORA

    def _look_up_texts(self, path: str) -> Optional[str]:
        answer = self.host.read(self.on_host(path))
        if answer.problem and answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        self._note_lineage(answer.value)
        return answer.value  # type: ignore[no-any-return]

    def _look_up_exists(self, path: str) -> bool:
        return existing(self.host, self.on_host(path))

    def _look_up_blocks(self, path: str) -> Dict[str, str]:
        return _block(self.host, self.on_host(path))

    def _look_up_entries(self, path: str) -> List[Entry]:
        return self._entries(path, self.branch)

    def _look_up_upstream(self, path: str) -> List[Entry]:
        return self._entries(path, bls_entries.UPSTREAM)

    def _entries(self, path: str, branch: Optional[bls_entries.Branch]) -> List[Entry]:
        folder = self.on_host(path)
        parse = bls_entries.parse_upstream_entry if branch is bls_entries.UPSTREAM else bls_entries.parse_grub_entry
        entries, answer = bls_entries.read_entries(self.host, folder, parse)
        if answer.problem and answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s: %s" % (folder, answer.detail))
        return [Entry(entry.fields.get("title", entry.path), entry.id, entry.path, None, True, entry.fields.get("options"), entry.version,
                      entry.initrds, "") for entry in bls_entries.grub_order(entries, branch)]

    def target(self, configuration: Configuration, blocks: Optional[Dict[str, Dict[str, str]]] = None) -> Tuple[Target, Outcome]:
        """What it boots; NoAnswerError where that rests on what only the machine knows when it starts."""
        outcome = self.outcome(configuration, blocks)
        target = self._target(outcome)
        guessed = outcome.guessed[:_VARIANTS]
        for denied in [frozenset([guess]) for guess in guessed] + [frozenset(guessed)] * (len(guessed) > 1):
            other = self._target(self.outcome(configuration, blocks, denied))
            if (other.image, other.options) != (target.image, target.options):
                raise NoAnswerError("unsupported", "%s: it depends on what GRUB finds with %s; those commands at GRUB's own prompt would tell" % (
                    configuration.path, " and ".join(sorted(denied))))
        return target, outcome

    def assigned_by_saved_entry(self, configuration: Configuration) -> List[str]:
        """What is assigned to 'default' where an environment block holds a mark in the place of the saved entry."""
        paths = [path for path in list(self.disk.exists) + list(self.disk.blocks) if path.endswith("/grubenv")]
        self.disk.exists.update((path, True) for path in paths)
        return self.outcome(configuration, {path: {"saved_entry": "${saved_entry}"} for path in paths}).assigned

    def images(self, entries: List[Entry]) -> List[str]:
        """The kernels of all entries, each once."""
        found: List[str] = []
        for entry in entries:
            told = entry.path and grub_menu.UNKNOWN not in entry.path
            found += self.images(entry.children) if entry.children else [self.on_host(entry.path)] if told else []
        return list(OrderedDict.fromkeys(found))

    def _target(self, outcome: Outcome) -> Target:
        source = self.on_host(outcome.source)
        if outcome.ended:
            raise NoAnswerError("unsupported", "%s: it ends GRUB by its command %s; what that starts would tell" % (source, outcome.ended))
        if outcome.handed_to:
            raise NoAnswerError("unsupported", "%s hands over to %s, which is not followed and would tell" % (
                source, ", ".join(outcome.handed_to[:3])))
        try:
            entry, names, how = grub_default.select(outcome.entries, outcome.default, self.redhat)
        except ValueError as error:
            raise NoAnswerError("unparsable", "%s: %s" % (source, error)) from error
        if entry.path.startswith((grub_menu.UNKNOWN + "(", grub_menu.UNKNOWN + "/")):
            raise NoAnswerError("unsupported", "%s: its entry %s loads %.200s from a device that is not known for a disk of the host (a file, "
                                "memory, the network); what lies there would tell" % (source, names, entry.path[1:]))
        if grub_menu.UNKNOWN in outcome.default + entry.path:
            raise NoAnswerError("unsupported", "%s: it depends on a variable that GRUB sets when it starts; set at its prompt would tell" % source)
        if self._is_foreign(entry):
            raise NoAnswerError("unsupported", "%s: its entry %s is of another system, on the file system %s; a scan of that would tell" % (
                source, names, entry.file_system))
        return Target(names, self.on_host(entry.path), "%s: default=%r is its %s" % (source, outcome.default, how),
                      "grub-bls" if entry.bls else "grub", entry.options, entry.version, tuple(map(self.on_host, entry.initrds)))


def targets(host: Any, efi: bool, system: System, root: str = "", vendor: str = "") -> Optional[Targets]:
    """What GRUB will boot; None where the host has no grub.cfg. Raises NoAnswerError."""
    reader = Reader(host, efi, system, root, vendor)
    configuration = reader.configuration()
    if configuration is None:
        return None
    reader.outcome(configuration)
    changed = {path: usual_environment(block) for path, block in reader.disk.blocks.items()}
    usual = {path: block for path, (block, _once) in changed.items()}
    default, outcome = reader.target(configuration, usual)
    next_target = reader.target(configuration)[0] if any(once for _block, once in changed.values()) else None
    stale, stale_source, problem = _stale(host, root, reader.assigned_by_saved_entry(configuration))
    return Targets(reader.on_host(outcome.source), default, next_target, stale, stale_source, problem, tuple(reader.images(outcome.entries)))


def entry_path(host: Any, efi: bool, system: System, image: str) -> Optional[str]:
    """What GRUB_DEFAULT must be for this image's file name to boot; None where the menu has no entry for it. Raises NoAnswerError."""
    reader = Reader(host, efi, system)
    configuration = reader.configuration()
    return None if configuration is None else grub_default.path_to(reader.outcome(configuration).entries, image)


def usual_environment(environment: Dict[str, str]) -> Tuple[Dict[str, str], bool]:
    """(the environment of all boots but the next, whether the next differs): an older grub-reboot kept the usual entry in prev_saved_entry."""
    usual = dict(environment)
    next_entry = usual.pop("next_entry", "")
    previous = usual.pop("prev_saved_entry", "")
    if previous:
        usual["saved_entry"] = previous
    return usual, bool(next_entry or previous)


def wanted_default(texts: List[str]) -> str:
    """What grub-mkconfig would assign to 'default' from /etc/default/grub and its snippets, in order; ValueError where a shell must tell."""
    value = ""
    for text in texts:
        try:
            value = assignments(text).get("GRUB_DEFAULT", value)
        except ValueError:
            # A snippet of nothing but comments.
            continue
    if "$" in value or "`" in value:
        raise ValueError("GRUB_DEFAULT is computed by the shell: %.80r" % value)
    return "${saved_entry}" if value == "saved" else value or "0"


def with_saved_default(text: str) -> str:
    """/etc/default/grub with GRUB_DEFAULT=saved, so that the menu boots the entry that grub2-set-default saves."""
    if wanted_default([text]) == "${saved_entry}":
        return text
    lines = [line for line in text.splitlines() if not re.match(r"\s*(?:export\s+)?GRUB_DEFAULT=", line)]
    return "\n".join(lines + ["GRUB_DEFAULT=saved"]) + "\n"


def _block(host: Any, path: str) -> Dict[str, str]:
    """The variables of an environment block. One that GRUB would refuse counts as empty, as it does for GRUB."""
    answer = host.read(path, 65536)
    if answer.problem == "absent":
        return {}
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    try:
        environment = grubenv.parse(answer.value)
    except ValueError:
        return {}
    return _outside_block(host) if environment.get("env_block") else environment


def _outside_block(host: Any) -> Dict[str, str]:
    """On btrfs the real block lies outside any file; GRUB's own tool knows where."""
    answer = host.run(["grub2-editenv", "list"])
    if answer.problem:
        raise NoAnswerError(answer.problem, "grub2-editenv list: %s" % answer.detail)
    if answer.value.rc != 0:
        raise NoAnswerError("tool_failed", "grub2-editenv list: %s" % answer.value.err.strip()[:200])
    return grubenv.parse_list(answer.value.out)


def _stale(host: Any, root: str, assigned: List[str]) -> Tuple[Optional[bool], str, str]:
    """(whether grub.cfg was made from another GRUB_DEFAULT, or None; the source; why not known)."""
    answer = host.read(root + _DEFAULTS, 65536)
    if answer.problem:
        return None, _DEFAULTS, answer.problem
    if not assigned:
        return None, "grub.cfg never sets 'default'", "not_applicable"
    snippets = [name for name in host.listdir(root + _DEFAULTS_FOLDER, 1000).if_there([]) if name.endswith(".cfg")]
    texts = [host.read("%s%s/%s" % (root, _DEFAULTS_FOLDER, name), 65536).if_there("") for name in snippets]
    try:
        wanted = wanted_default([answer.value] + texts)
    except ValueError as error:
        return None, "%s: %s" % (_DEFAULTS, error), "unparsable"
    return wanted not in assigned, "%s GRUB_DEFAULT against grub.cfg" % _DEFAULTS, ""
