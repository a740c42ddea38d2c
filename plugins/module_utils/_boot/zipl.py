# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""zipl of IBM Z: what its last run wrote onto the disk, by the files that it reads (zipl.conf(5); zipl/src/scan.c of s390-tools, read 2026-06).

A run keeps where kernels lie on the disk. What was changed after it is not what boots, and then nothing here tells.
"""

import functools
import re
from collections import OrderedDict
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .target import NoAnswerError, Target, Targets, on_host

# A section of the configuration: its options, of a menu its numbers among them.
Section = NamedTuple("Section", [("name", str), ("is_menu", bool), ("options", Dict[str, str])])
# An entry of the Boot Loader Specification: its file's name and text.
Conf = Tuple[str, str]

_CONFIGURATIONS = ("/run/zipl/zipl.conf", "/etc/zipl.conf", "/lib/s390-tools/zipl.conf", "/usr/lib/s390-tools/zipl.conf")
# SUSE's zipl starts a kernel with GRUB in it, whose own menu decides.
_OF_GRUB = "/boot/zipl/config"
_ENTRIES = "/boot/loader/entries"
_DEFAULT = "defaultboot"
_HEAD = re.compile(r"(?:\[(?P<section>[^\]\s]+)\]|:(?P<menu>[A-Za-z0-9]+))\Z")
_OPTION = re.compile(r"(?P<name>\w+)[ \t]*(?:=[ \t]*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\"'].*|)))?\Z")
_LAST, _THIS = "/sys/firmware/reipl", "/sys/firmware/ipl"
_DEVICES = ("device", "wwpn", "lun", "fid", "nsid")


def parse(text: str) -> List[Section]:
    """The sections in their order; ValueError for what zipl refuses."""
    found: List[Section] = []
    for number, line in enumerate((line.strip(" \t") for line in text.split("\n")), 1):
        head, given = _HEAD.match(line), _OPTION.match(line)
        if not line or line.startswith("#"):
            continue
        if head:
            found.append(Section(head.group("section") or head.group("menu"), head.group("menu") is not None, OrderedDict()))
        elif given is None or not found or given.group("name") in found[-1].options:
            raise ValueError("line %d: wanted a section, or an option of one that it has not yet: %.80r" % (number, line))
        else:
            found[-1].options[given.group("name")] = given.group("double") or given.group("single") or given.group("bare") or ""
    return found


def of_entry(text: str) -> Section:
    """An entry as a section called by its title; ValueError without exactly one."""
    pairs = [line.split(None, 1) for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    known = [(words[0], words[1].strip()) for words in pairs if len(words) == 2]
    titles = [value for key, value in known if key == "title"]
    if len(titles) != 1:
        raise ValueError("an entry has %d titles, wanted 1" % len(titles))
    options = {name: value for key, value in known for name in [{"linux": "image", "options": "parameters"}.get(key)] if name}
    return Section(titles[0], False, options)


def strverscmp(one: str, two: str) -> int:
    """Below, at or above 0: glibc's order of versions, in which numbers that begin with 0 are fractions."""
    common = min(len(one), len(two))
    at = next((at for at in range(common) if one[at] != two[at]), common)
    before = re.search(r"[0-9]*\Z", one[:at]).group()  # type: ignore[union-attr]
    runs = [re.match(r"[0-9]*", text[at:]).group() for text in (one, two)]  # type: ignore[union-attr]
    plain = (one[at:at + 1] > two[at:at + 1]) - (one[at:at + 1] < two[at:at + 1])
    if before and not before.strip("0"):
        return plain if bool(runs[0]) is bool(runs[1]) else -1 if runs[0] else 1
    if before.startswith("0") or (not before and (not all(runs) or any(run.startswith("0") for run in runs))):
        return plain
    return (len(runs[0]) > len(runs[1])) - (len(runs[0]) < len(runs[1])) or plain


def orders(entries: List[Conf]) -> List[List[Section]]:
    """The entries from the top of a menu: by their files' names, as older releases have them, and by their versions where each has one."""
    versions = {name: re.search(r"(?m)^version[ \t]+(\S.*)$", text) for name, text in entries}
    keys = [{name: name for name, _text in entries}]
    if all(versions.values()):
        keys.append({name: match.group(1) for name, match in versions.items() if match})
    compare = functools.cmp_to_key(strverscmp)
    return [[of_entry(text) for name, text in sorted(entries, key=lambda conf, names=known: compare(names[conf[0]]), reverse=True)]  # type: ignore[misc]
            for known in keys]


def chosen(sections: List[Section], number: str = "") -> Section:
    """What starts: the entry of a number that the machine was given, else the default. ValueError for what zipl refuses."""
    options = _called(sections, _DEFAULT, False).options
    if "defaultmenu" in options:
        if {"default", "defaultauto", "target"} & set(options):
            raise ValueError("%s has a menu and another default beside it" % _DEFAULT)
        menu = _called(sections, options["defaultmenu"], True).options
        places = [(key, name) for key, name in menu.items() if key.isdigit()]
        default = menu.get("default") or "".join(key for key, _name in places[:1])
    elif {"defaultauto", "target"} & set(options):
        names = [one.name for one in sections if not one.is_menu and one.name != _DEFAULT and "image" in one.options]
        places = [(str(place), name) for place, name in enumerate(names, 1)]
        default = next((place for place, name in places if name == options.get("default")), "1")
    else:
        places, default = [("1", name) for name in [options.get("default")] if name], "1"
    name = dict(places).get(number or default)
    if name is None:
        raise ValueError("nothing stands at the number %s" % (number or default))
    return _called(sections, name, False)


def _called(sections: List[Section], name: str, is_menu: bool) -> Section:
    found = [one for one in sections if one.name == name and one.is_menu is is_menu]
    if len(found) != 1:
        raise ValueError("%d sections are called %.80s, wanted 1" % (len(found), name))
    return found[0]


def targets(host: Any) -> Optional[Targets]:
    """What zipl's last run made the default; None where it has no configuration, or only starts GRUB. Raises NoAnswerError."""
    path = next((path for path in _CONFIGURATIONS if not host.stat(path).problem), None)
    if path is None or not host.stat(_OF_GRUB).problem:
        return None
    number = _told(host)
    entries = _entries(host)
    try:
        given = parse(_text(host, path))
        found = [chosen(given + order, number) for order in orders(entries)]
    except ValueError as error:
        raise NoAnswerError("unparsable", "%s: %s; a run of zipl would tell" % (path, error)) from error
    if found[0] != found[-1]:
        raise NoAnswerError("unsupported", "releases of zipl order these entries by name or by version; its menu would tell")
    section = found[0]
    image = on_host(host, section.options.get("image", "").split(",")[0])
    written = "%s/bootmap" % section.options.get("target", _called(given, _DEFAULT, False).options.get("target", "/boot"))
    _refuse_changed(host, [path, image] + ["%s/%s" % (_ENTRIES, name) for name, _conf in entries], written)
    how = "%s: %s" % (path, "the number %s, which the machine is given" % number if number else "its default")
    options = None if "parmfile" in section.options else section.options.get("parameters", "")
    return Targets(path, Target(section.name, image, how, "zipl", options), None, False, "%s was written after all that zipl reads" % written, "")


def _text(host: Any, path: str) -> str:
    answer = host.read(path, 1 << 20)
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    return str(answer.value)


def _entries(host: Any) -> List[Conf]:
    listed = host.listdir(_ENTRIES, 500)
    if listed.problem not in (None, "absent"):
        raise NoAnswerError(listed.problem, "%s: %s" % (_ENTRIES, listed.detail))
    return [(name, _text(host, "%s/%s" % (_ENTRIES, name))) for name in listed.if_there([]) if name.endswith(".conf")]


def _refuse_changed(host: Any, paths: List[str], written: str) -> None:
    """NoAnswerError where something was changed since zipl ran, or where nothing tells when that was."""
    ran = host.stat(written)
    if ran.problem:
        raise NoAnswerError(ran.problem, "%s, which a run of zipl writes: %s; lsreipl and a run of zipl would tell" % (written, ran.detail))
    states = [(path, host.stat(path, follow)) for path in paths for follow in (True, False)]
    # Packages bring files with the times at which they were built: only when the inode changed tells that they are new here.
    changed = [path for path, state in states if not state.problem and max(state.value.mtime, state.value.ctime) > ran.value.mtime]
    if changed:
        raise NoAnswerError("unsupported", "%s was changed after zipl ran, and does not count until it runs again; that run would tell" % changed[0])


def _told(host: Any) -> str:
    """The number of the entry that the machine is given for its next start, '' for none. It has to start from where this start came from."""
    kind, before = (_text(host, path).strip() for path in (_LAST + "/reipl_type", _THIS + "/ipl_type"))
    folder = "%s/%s/" % (_LAST, kind)
    pairs = [(host.read(folder + name, 4096).if_there(""), host.read("%s/%s" % (_THIS, name), 4096).if_there("")) for name in _DEVICES]
    if kind != before or any(next_one and next_one != this for next_one, this in pairs):
        raise NoAnswerError("unsupported", "the machine starts from elsewhere next (%s); lsreipl would tell" % kind)
    given = [host.read(folder + name, 4096).if_there("").strip("\0 \n").lower() for name in ("loadparm", "bootprog")]
    number = next((word for word in given if word.strip("0") and word != "prompt"), "")
    if number and not number.isdigit():
        raise NoAnswerError("unsupported", "the machine is given the word %.40s for its next start; lsreipl would tell" % number)
    return number.lstrip("0")
