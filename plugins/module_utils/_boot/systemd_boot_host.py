# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a host what systemd-boot will start: the partitions it reads, its entries and images, and its EFI variables."""

from typing import Any, Dict, List, Optional, Tuple

from .._formats import bls, efi, mountinfo, shell_words
from . import kernel_image, systemd_boot
from .systemd_boot import Choice
from .target import NoAnswerError, Target, Targets

_LOADER = "systemd-boot"
# The EFI system partition's usual places, and the extended boot partition.
_PARTITIONS = ("/efi", "/boot/efi", "/boot")
_NOT_FIRMWARES = ("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "overlay", "tmpfs")
# parse_boolean of its util.c
_NO = ("0", "no", "n", "false", "f", "off")
_VARIABLES = ("LoaderEntryOneShot", "LoaderEntryDefault", "LoaderEntryPreferred", "LoaderEntryLastBooted")


def installed(host: Any) -> bool:
    """Whether the loader itself lies on a partition that firmware reads."""
    for root in _PARTITIONS:
        names = host.listdir(root + "/EFI/systemd", 100).if_there([])
        if any(name.startswith("systemd-boot") and name.endswith(".efi") for name in names):
            return True
    return False


def targets(host: Any, loader_info: str = "") -> Targets:
    """What systemd-boot will start. Raises NoAnswerError."""
    partitions, loader = _partitions(host), systemd_boot.version_of(loader_info)
    choices = systemd_boot.in_order(_all_choices(host, partitions, loader))
    configured, source = _configuration(host)
    automatic = () if configured.get("auto-entries") in _NO else _automatic(host, partitions)
    variables = _loader_variables(host)
    try:
        default, how = systemd_boot.default_of(choices, configured, variables, automatic, loader)
    except ValueError as error:
        raise NoAnswerError("absent", "systemd-boot: %s below %s; bootctl list would tell" % (error, ", ".join(_PARTITIONS))) from error
    wanted = variables.get("LoaderEntryOneShot", "")
    once: Optional[Target] = None
    if wanted:
        choice = systemd_boot.find(choices + list(automatic), wanted, loader)
        once = _target(choice, "EFI variable LoaderEntryOneShot") if choice else Target(wanted, "", "EFI variable LoaderEntryOneShot", _LOADER, None)
    images = tuple(choice.path for choice in choices if choice.path and not choice.profile)
    return Targets(source, _target(default, how), once, None, "systemd-boot reads its configuration as it is", "not_applicable", images)


def _target(choice: Choice, how: str) -> Target:
    return Target(choice.id, choice.path, how, _LOADER, choice.options, choice.version)


def _partitions(host: Any) -> List[str]:
    """The places whose file system firmware reads: an ext4 /boot holds no entries for it, unless a driver for that lies beside the loader."""
    known = mountinfo.of_host(host)
    drivers = any(host.listdir(root + "/EFI/systemd/drivers", 100).value for root in _PARTITIONS)
    kinds = {root: mountinfo.covering(known, root) for root in _PARTITIONS}
    return [root for root in _PARTITIONS if drivers or kinds[root] is None or kinds[root].kind not in _NOT_FIRMWARES]  # type: ignore[union-attr]


def _automatic(host: Any, partitions: List[str]) -> Tuple[Choice, ...]:
    found = []
    for name, title, files in systemd_boot.AUTOMATIC:
        paths = [root + path for root in partitions for path in files if not host.stat(root + path).problem]
        if paths and not (name == "auto-efi-default" and _is_systemd_boot(host, paths[0])):
            found.append(Choice(name, title, "", "", "", "", None))
    return tuple(found)


def _is_systemd_boot(host: Any, path: str) -> bool:
    try:
        return bool(kernel_image.pe_section(host, path, ".sdmagic", 64))
    except ValueError:
        return False


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


def _all_choices(host: Any, partitions: List[str], loader: int) -> List[Choice]:
    """The entries that exist for the loader: it opens an entry's image as it reads the entry, and passes over those without."""
    choices: List[Choice] = []
    for root in partitions:
        entries, answer = bls.read_entries(host, root + "/loader/entries")
        if answer.problem and answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s/loader/entries: %s" % (root, answer.detail))
        for entry in entries:
            image = "%s/%s" % (root, entry.path.replace("\\", "/").lstrip("/")) if "uki-url" not in entry.fields else ""
            if systemd_boot.exists_for(entry, host.uname()[4], loader) and (not image or host.stat(image).problem != "absent"):
                choices.append(systemd_boot.choice_of_entry(entry, image))
        choices += _unified_images(host, root + "/EFI/Linux", loader >= systemd_boot.PROFILES_SINCE)
    return choices


def _unified_images(host: Any, folder: str, with_profiles: bool) -> List[Choice]:
    """The images in a folder that the loader shows: those that hold an os-release with a name, and each of their profiles."""
    found = []
    for name in [name for name in host.listdir(folder, 5000).if_there([]) if name.lower().endswith(".efi")][:200]:
        release = _image_os_release(host, "%s/%s" % (folder, name))
        if not name.lower().startswith(("auto-", ".")) and any(release.get(key) for key in ("PRETTY_NAME", "IMAGE_ID", "NAME", "ID")):
            image = systemd_boot.choice_of_image(name, "%s/%s" % (folder, name), release)
            profiles = kernel_image.profiles_of(host, image.path) if with_profiles else []
            found += [image] + [image._replace(id="%s@%s" % (image.id, one), profile=number) for number, one in enumerate(profiles, 1)]
    return found


def _image_os_release(host: Any, path: str) -> Dict[str, str]:
    """The os-release in a unified kernel image, empty where it cannot be read."""
    try:
        return shell_words.assignments(kernel_image.pe_section(host, path, ".osrel", 16384).decode("utf-8", "replace"))
    except ValueError:
        return {}
