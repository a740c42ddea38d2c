# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a host what systemd-boot will start: the partitions it reads, its entries and images, and its EFI variables."""

from typing import Any, Dict, List, Optional, Tuple

from .._formats import bls, efi, shell_words
from . import kernel_image, systemd_boot
from .systemd_boot import Choice
from .target import NoAnswerError, Target, Targets

_LOADER = "systemd-boot"
# The EFI system partition's usual places, and the extended boot partition.
_PARTITIONS = ("/efi", "/boot/efi", "/boot")
_VARIABLES = ("LoaderEntryOneShot", "LoaderEntryDefault", "LoaderEntryPreferred", "LoaderEntryLastBooted")


def installed(host: Any) -> bool:
    """Whether the loader itself lies on a partition that firmware reads."""
    for root in _PARTITIONS:
        names = host.listdir(root + "/EFI/systemd", 100).value or []
        if any(name.startswith("systemd-boot") and name.endswith(".efi") for name in names):
            return True
    return False


def targets(host: Any) -> Targets:
    """What systemd-boot will start. Raises NoAnswerError."""
    choices = systemd_boot.in_order(_all_choices(host))
    configured, source = _configuration(host)
    variables = _loader_variables(host)
    try:
        default, how = systemd_boot.default_of(choices, configured, variables)
    except ValueError as error:
        raise NoAnswerError("absent", "systemd-boot: %s below %s" % (error, ", ".join(_PARTITIONS))) from error
    wanted = variables.get("LoaderEntryOneShot", "")
    once: Optional[Target] = None
    if wanted:
        choice = systemd_boot.find(choices, wanted)
        once = _target(choice, "EFI variable LoaderEntryOneShot") if choice else Target(wanted, "", "EFI variable LoaderEntryOneShot", _LOADER, None)
    return Targets(source, _target(default, how), once, None, "systemd-boot reads its configuration as it is", "not_applicable")


def _target(choice: Choice, how: str) -> Target:
    return Target(choice.id, choice.path, how, _LOADER, choice.options)


def _configuration(host: Any) -> Tuple[Dict[str, str], str]:
    for root in _PARTITIONS:
        path = root + "/loader/loader.conf"
        answer = host.read(path, 65536)
        if not answer.problem:
            return systemd_boot.parse_loader_conf(answer.value), path
        if answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    return {}, "loader/entries"


def _loader_variables(host: Any) -> Dict[str, str]:
    found = {}
    for name in _VARIABLES:
        answer = efi.read(host, name, efi.BOOT_LOADER)
        if answer.problem and answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s: %s" % (efi.path_of(name, efi.BOOT_LOADER), answer.detail))
        try:
            found[name] = efi.parse_text(answer.value) if answer.value is not None else ""
        except ValueError:
            # The loader passes over a variable that is no text, too.
            found[name] = ""
    return found


def _all_choices(host: Any) -> List[Choice]:
    choices: List[Choice] = []
    for root in _PARTITIONS:
        entries, answer = bls.read_entries(host, root + "/loader/entries")
        if answer.problem and answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s/loader/entries: %s" % (root, answer.detail))
        choices += [systemd_boot.choice_of_entry(entry, root + "/" + entry.path.lstrip("/") if entry.path else "") for entry in entries]
        folder = root + "/EFI/Linux"
        names = [name for name in host.listdir(folder, 5000).value or [] if name.lower().endswith(".efi")]
        choices += [systemd_boot.choice_of_image(name, folder + "/" + name, _image_os_release(host, folder + "/" + name)) for name in names[:200]]
    return choices


def _image_os_release(host: Any, path: str) -> Dict[str, str]:
    """The os-release in a unified kernel image, empty where it cannot be read."""
    try:
        return shell_words.assignments(kernel_image.pe_section(host, path, ".osrel", 16384).decode("utf-8", "replace"))
    except ValueError:
        return {}
