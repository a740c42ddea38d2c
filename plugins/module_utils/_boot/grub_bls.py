# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SUSE's GRUB without a grub.cfg (grub2-bls): sdbootutil's entries on the EFI system partition, the default in an EFI variable or in grubenv."""

from typing import Any, Dict, List, Optional, Tuple

from .._formats import bls, efi, grubenv
from .._formats.bls import BlsEntry, Branch
from .systemd_boot import split_counters
from .target import NoAnswerError, Target, Targets

_PARTITIONS = ("/boot/efi", "/efi", "/boot")
_SETTINGS = "/etc/sysconfig/bootloader"
# SUSE's blscfg is Fedora's of that time.
_BRANCH = Branch(False, True, True)
_LOADER = "grub2-bls"


def is_chosen(loader_type: str) -> bool:
    """Whether LOADER_TYPE of /etc/sysconfig/bootloader names this loader."""
    return loader_type == _LOADER


def targets(host: Any) -> Optional[Targets]:
    """What it will start; None where no partition of firmware holds entries. Raises NoAnswerError."""
    for root in _PARTITIONS:
        folder = root + "/loader/entries"
        entries, answer = bls.read_entries(host, folder, bls.parse_grub_entry)
        if answer.problem and answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s: %s" % (folder, answer.detail))
        entries = [entry for entry in bls.grub_order(entries, _BRANCH) if not host.stat(_image(root, entry)).problem]
        if entries:
            wanted, how = _wanted(host, root)
            once = _variable(host, "LoaderEntryOneShot")
            default = _target(root, *_choose(entries, wanted, how))
            next_target = _target(root, *_choose(entries, once, "EFI variable LoaderEntryOneShot")) if once else None
            return Targets(folder, default, next_target, None, "there is no generated configuration", "not_applicable")
    return None


def _wanted(host: Any, root: str) -> Tuple[str, str]:
    """(the id of the default, where it is kept): GRUB 2.13 and later read the variable, older ones the block."""
    variable = _variable(host, "LoaderEntryDefault")
    if variable:
        return variable, "EFI variable LoaderEntryDefault"
    for vendor in host.listdir(root + "/EFI", 100).if_there([]):
        path = "%s/EFI/%s/grubenv" % (root, vendor)
        block = _block(host, path)
        if block.get("default"):
            return block["default"], path
    return "", ""


def _block(host: Any, path: str) -> Dict[str, str]:
    try:
        return grubenv.parse(host.read(path, 65536).if_there(""))
    except ValueError:
        return {}


def _variable(host: Any, name: str) -> str:
    answer = efi.read(host, name, efi.BOOT_LOADER)
    try:
        return efi.parse_text(answer.value) if answer.value is not None else ""
    except ValueError:
        return ""


def _choose(entries: List[BlsEntry], wanted: str, how: str) -> Tuple[BlsEntry, str]:
    """(entry, how): the one that is named, with or without suffix and boot counters, else the first."""
    names = {entry.id: split_counters(entry.id + ".conf")[0][:-len(".conf")] for entry in entries}
    plain = wanted[:-len(".conf")] if wanted.endswith(".conf") else wanted
    named = next((entry for entry in entries if plain and plain in (entry.id, names[entry.id])), None)
    return (named, how) if named else (entries[0], "first entry in GRUB's order")


def _image(root: str, entry: BlsEntry) -> str:
    return "%s/%s" % (root, entry.path.lstrip("/"))


def _target(root: str, entry: BlsEntry, how: str) -> Target:
    initrds = tuple("%s/%s" % (root, path.lstrip("/")) for path in entry.initrds)
    return Target(entry.id, _image(root, entry), how, _LOADER, entry.fields.get("options", ""), entry.version, initrds)
