# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a host what GRUB will boot: which grub.cfg is in use, its environment block, its BLS entries, and whether the configuration is stale."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import bls as bls_entries
from .._formats import grubenv
from .._formats.shell_words import assignments
from . import grub_menu
from .grub_menu import Entry, Outcome
from .target import NoAnswerError, Target, Targets, on_host

_FOLDERS = ("/boot/grub2", "/boot/grub")
_EFI_SYSTEM_PARTITIONS = ("/boot/efi", "/efi")
_BLS_FOLDER = "/boot/loader/entries"
_DEFAULTS = "/etc/default/grub"
_DEFAULTS_FOLDER = "/etc/default/grub.d"

# Vendor folder of the EFI system partition, where it is not the ID of os-release.
_VENDORS = {"rhel": "redhat", "ol": "redhat", "amzn": "amzn", "opensuse-leap": "opensuse", "opensuse-tumbleweed": "opensuse", "sled": "sles"}

# A configuration as found: its path, text, the environment block's path, and what runs when it is read.
Configuration = NamedTuple("Configuration", [("path", str), ("text", str), ("platform", str)])


def targets(host: Any, efi: bool, os_id: str) -> Optional[Targets]:
    """What GRUB will boot; None where the host has no grub.cfg. Raises NoAnswerError."""
    configuration = _configuration(host, efi, os_id)
    if configuration is None:
        return None
    environment, files = _environment(host, configuration.path)
    entries, listing = bls_entries.read_entries(host, _BLS_FOLDER)
    bls = [Entry(entry.title, entry.id, entry.path, None, True, entry.fields.get("options", "")) for entry in bls_entries.grub_order(entries)]
    usual, once = usual_environment(environment)
    outcome = _run(configuration, usual, files, bls)
    if outcome.uses_bls and listing.problem:
        raise NoAnswerError(listing.problem, "%s: %s" % (_BLS_FOLDER, listing.detail))
    default = _target(host, configuration, outcome)
    next_target = _target(host, configuration, _run(configuration, environment, files, bls)) if once else None
    # A mark in the place of the saved entry shows where the configuration would use it.
    marked = _run(configuration, {"saved_entry": "${saved_entry}"}, dict(files, grubenv=""), bls)
    stale, stale_source, problem = _stale(host, marked.assigned)
    return Targets(configuration.path, default, next_target, stale, stale_source, problem)


def entry_path(host: Any, efi: bool, os_id: str, image: str) -> Optional[str]:
    """What GRUB_DEFAULT must be for this image's file name to boot; None where the menu has no entry for it. Raises NoAnswerError."""
    configuration = _configuration(host, efi, os_id)
    if configuration is None:
        return None
    environment, files = _environment(host, configuration.path)
    return grub_menu.path_to(_run(configuration, environment, files, []).entries, image)


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


def _run(configuration: Configuration, environment: Dict[str, str], files: Dict[str, str], bls: List[Entry]) -> Outcome:
    try:
        return grub_menu.run(configuration.text, environment, files, bls, configuration.platform)
    except ValueError as error:
        raise NoAnswerError("unparsable", "%s: %s" % (configuration.path, error)) from error


def _configuration(host: Any, efi: bool, os_id: str) -> Optional[Configuration]:
    """The grub.cfg in use. On EFI the partition holds either the whole configuration, or a stub that hands over to the one below /boot."""
    stubs: List[str] = []
    platform = "efi" if efi else "pc"
    for path in _partition_paths(host, os_id) if efi else []:
        answer = host.read(path)
        if answer.problem:
            continue
        configuration = Configuration(path, answer.value, platform)
        outcome = _run(configuration, {}, {}, [])
        if outcome.entries or outcome.uses_bls:
            return configuration
        stubs += outcome.handed_to
    folders = sorted(_FOLDERS, key=lambda folder: not any(stub.endswith(folder[len("/boot"):] + "/grub.cfg") for stub in stubs))
    for folder in folders:
        path = folder + "/grub.cfg"
        answer = host.read(path)
        if answer.problem and answer.problem != "absent":
            raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
        if not answer.problem:
            return Configuration(path, answer.value, platform)
    return None


def _partition_paths(host: Any, os_id: str) -> List[str]:
    """Each vendor's grub.cfg on the EFI system partition, this system's vendor first."""
    own = _VENDORS.get(os_id, os_id)
    paths = []
    for root in _EFI_SYSTEM_PARTITIONS:
        vendors = host.listdir(root + "/EFI", 100).value or []
        paths += ["%s/EFI/%s/grub.cfg" % (root, vendor) for vendor in sorted(vendors, key=lambda name: (name.lower() != own, name))]
    return paths


def _environment(host: Any, configuration_path: str) -> Tuple[Dict[str, str], Dict[str, str]]:
    """(the environment block, files beside grub.cfg by name). A block that GRUB would refuse counts as empty, as it does for GRUB."""
    folder = configuration_path.rsplit("/", 1)[0]
    files = {}
    custom = host.read(folder + "/custom.cfg")
    if not custom.problem:
        files["custom.cfg"] = custom.value
    path = folder + "/grubenv"
    answer = host.read(path, 65536)
    if answer.problem == "absent":
        return {}, files
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    files["grubenv"] = answer.value
    try:
        environment = grubenv.parse(answer.value)
    except ValueError:
        return {}, files
    return (_outside_block(host) if environment.get("env_block") else environment), files


def _outside_block(host: Any) -> Dict[str, str]:
    """On btrfs the real block lies outside any file; GRUB's own tool knows where."""
    answer = host.run(["grub2-editenv", "list"])
    if answer.problem:
        raise NoAnswerError(answer.problem, "grub2-editenv list: %s" % answer.detail)
    if answer.value.rc != 0:
        raise NoAnswerError("tool_failed", "grub2-editenv list: %s" % answer.value.err.strip()[:200])
    return grubenv.parse_list(answer.value.out)


def _target(host: Any, configuration: Configuration, outcome: Outcome) -> Target:
    try:
        entry, names, how = grub_menu.select(outcome.entries, outcome.default)
    except ValueError as error:
        raise NoAnswerError("unparsable", "%s: %s" % (configuration.path, error)) from error
    return Target(names, on_host(host, entry.path), "%s: default=%r is its %s" % (configuration.path, outcome.default, how),
                  "grub-bls" if entry.bls else "grub", entry.options)


def _stale(host: Any, assigned: List[str]) -> Tuple[Optional[bool], str, str]:
    """(whether grub.cfg was made from another GRUB_DEFAULT, or None; the source; why not known)."""
    answer = host.read(_DEFAULTS, 65536)
    if answer.problem:
        return None, _DEFAULTS, answer.problem
    if not assigned:
        return None, "grub.cfg never sets 'default'", "not_applicable"
    snippets = [name for name in host.listdir(_DEFAULTS_FOLDER, 1000).value or [] if name.endswith(".cfg")]
    texts = [host.read("%s/%s" % (_DEFAULTS_FOLDER, name), 65536).value or "" for name in snippets]
    try:
        wanted = wanted_default([answer.value] + texts)
    except ValueError as error:
        return None, "%s: %s" % (_DEFAULTS, error), "unparsable"
    return wanted not in assigned, "%s GRUB_DEFAULT against grub.cfg" % _DEFAULTS, ""
