# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What zipl, the boot loader of IBM Z, was told to start by default (man zipl.conf)."""

from __future__ import annotations

import base64
import configparser
import re

from ..promises import hold
from ..proof import Proof


def image(proof: Proof) -> str:
    """The kernel's path, links resolved; '' for a host that zipl does not start."""
    said = proof.says("boot_tools")
    conf = re.search(r"^zipl_conf (\S+)$", said, re.MULTILINE)
    if not conf:
        return ""
    doubts = re.findall(r"^zipl_doubt (.+)$", said, re.MULTILINE)
    hold(not doubts, f"{proof.host}'s zipl has not written what its files say: {', '.join(doubts)}; what boots next, nobody can tell")
    entries = {name: _decoded(text) for name, text in re.findall(r"^zipl_entry (\S+) (\S+)$", said, re.MULTILINE)}
    told = re.search(r"^zipl_number (.*)$", said, re.MULTILINE)
    path = default_image(_decoded(conf.group(1)), entries, told.group(1) if told else "")
    hold(bool(path), f"{proof.host}'s zipl has a menu that cannot be read; what boots next, nobody can tell")
    path = path if path.startswith("/boot/") else "/boot" + path
    links: dict[str, str] = dict(re.findall(r"^link (\S+) (\S+)$", said, re.MULTILINE))
    return links.get(path, path)


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace")


def default_image(conf: str, entries: dict[str, str], told: str = "") -> str:
    """The image of the section that starts, '' where that cannot be told; ``told``: what the machine is given, whose number counts first."""
    by_name = sorted(entries, key=_natural, reverse=True)
    version = {name: "".join(re.findall(r"(?m)^version[ \t]+(\S.*)$", text)[:1]) for name, text in entries.items()}
    # Older releases go by names, younger ones by versions where each entry has one.
    by_version = sorted(entries, key=lambda name: _natural(version[name]), reverse=True) if all(version.values()) else by_name
    found = {_default(conf, [_titled(entries[name]) for name in order], told) for order in (by_name, by_version)}
    return found.pop() if len(found) == 1 else ""


def _default(conf: str, added: list[tuple[str, str]], told: str) -> str:
    parser = configparser.ConfigParser(allow_no_value=True, delimiters=("=",), interpolation=None, default_section="")
    try:
        parser.read_string(re.sub(r"(?m)^[ \t]*:(\w+)[ \t]*$", r"[:\1]", re.sub(r"(?m)^[ \t]+", "", conf)))
        options = parser["defaultboot"]
    except (configparser.Error, KeyError):
        return ""
    own = {name: _bare(parser[name].get("image", "")) for name in parser.sections() if parser[name].get("image")}
    every = [*own.items(), *added]
    if len({name for name, _path in every}) != len(every) or not all(name for name, _path in every):
        return ""
    if "defaultmenu" in options and not {"default", "defaultauto", "target"} & set(options):
        called = f":{_bare(options['defaultmenu'])}"
        menu = dict(parser[called]) if parser.has_section(called) else {}
        places = {key: _bare(menu[key]) for key in menu if key.isdigit()}
        usual = _bare(menu.get("default") or next(iter(places), ""))
    elif "defaultmenu" not in options and {"defaultauto", "target"} & set(options):
        places = {str(place): name for place, (name, _path) in enumerate(every, 1)}
        usual = next((place for place, name in places.items() if name == _bare(options.get("default"))), "1")
    else:
        places, usual = ({} if "defaultmenu" in options else {"1": _bare(options.get("default"))}), "1"
    number = next((word for word in told.split() if word.strip("0") and word.lower() != "prompt"), usual)
    return dict(every).get(places.get(number, ""), "").split(",")[0]


def _bare(value: str | None) -> str:
    return (value or "").strip("\"'")


def _titled(text: str) -> tuple[str, str]:
    titles, images = (re.findall(rf"(?m)^[ \t]*{key}[ \t]+(\S.*?)[ \t]*$", text) for key in ("title", "linux"))
    return titles[0] if len(titles) == 1 else "", images[-1] if images else ""


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|\D+", text)]
