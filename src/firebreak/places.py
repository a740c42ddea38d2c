# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are: the collection's playbooks, the inventory that is meant, and the folders of runs."""

from __future__ import annotations

import configparser
import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

RUNS = Path(".firebreak/runs")
# What a run was asked, in its folder.
NOTE = "run.json"
KEYS_CHECKED = "ANSIBLE_HOST_KEY_CHECKING"
THIS_MACHINE = """\
all:
  hosts:
    localhost:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""


class MissingError(Exception):
    """Something that is needed is not there; the message says what."""


def collection() -> Path:
    """The folder of the collection: this checkout's, or the one that was installed beside this package."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "galaxy.yml").is_file() and (checkout / "playbooks").is_dir():
        links = checkout / "collections/ansible_collections/firebreak/fleet"
        if not (links / "plugins").is_dir():
            raise MissingError(f"{links} is missing: the links below collections/ did not survive the way here (an archive, a copy without "
                               "links). Use git clone, or pip install firebreak-fleet")
        return checkout
    spec = importlib.util.find_spec("ansible_collections")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "firebreak/fleet/playbooks").is_dir():
            return Path(place) / "firebreak/fleet"
    named = [Path(place).expanduser() for place in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep) if place]
    for installed in (*named, Path("~/.ansible/collections").expanduser(), Path("/usr/share/ansible/collections")):
        if (installed / "ansible_collections/firebreak/fleet/playbooks").is_dir():
            return installed / "ansible_collections/firebreak/fleet"
    raise MissingError(f"the collection firebreak.fleet is not in this Python ({sys.executable}); install it with: "
                       "pip install 'firebreak-fleet[cli]'")


def importable(home: Path) -> Path:
    """The folder from which Python imports ansible_collections."""
    links = home / "collections"
    return links if links.is_dir() else home.parents[2]


def environment(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """What Ansible is started with: its own programs first, and this collection before any other."""
    more = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}", "ANSIBLE_FORCE_COLOR": "false",
            KEYS_CHECKED: keys_checked(given)}
    links = home / "collections"
    if links.is_dir():
        more["ANSIBLE_COLLECTIONS_PATH"] = os.pathsep.join(filter(None, (str(links), given.get("ANSIBLE_COLLECTIONS_PATH"),
                                                                          "~/.ansible/collections", "/usr/share/ansible/collections")))
    # Where nobody configured anything, do as ansible.cfg of the checkout does.
    if configuration(given) is None:
        more |= {"ANSIBLE_PIPELINING": "true", "ANSIBLE_FORKS": given.get("ANSIBLE_FORKS", "20"), "ANSIBLE_INJECT_FACT_VARS": "false"}
    return more


def keys_checked(given: Mapping[str, str]) -> str:
    """Whether hosts' keys are checked, in the user's own words: ansible-runner switches it off where no variable of the environment says so."""
    parser = settings(given)
    named = [parser[section]["host_key_checking"] for section in ("defaults", "ssh_connection") if parser.has_option(section, "host_key_checking")]
    return given.get(KEYS_CHECKED) or (named[-1] if named else "true")


def configuration(given: Mapping[str, str]) -> Path | None:
    """The configuration file that Ansible will read, if any."""
    named = given.get("ANSIBLE_CONFIG")
    places = [Path(named).expanduser()] if named else []
    places += [Path("ansible.cfg"), Path("~/.ansible.cfg").expanduser(), Path("/etc/ansible/ansible.cfg")]
    return next((place / "ansible.cfg" if place.is_dir() else place for place in places if place.exists()), None)


def has_inventory(given: Mapping[str, str]) -> bool:
    """Whether Ansible has an inventory of its own to use where none is named on the command line."""
    if given.get("ANSIBLE_INVENTORY") or Path("/etc/ansible/hosts").exists():
        return True
    return settings(given).has_option("defaults", "inventory")


def settings(given: Mapping[str, str]) -> configparser.ConfigParser:
    """What the configuration file says; nothing where there is none, or Ansible itself will say that it cannot be read."""
    parser, path = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",)), configuration(given)
    with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
        parser.read(path or (), encoding="utf-8")
    return parser


def new_run(now: datetime | None = None) -> Path:
    """A new folder for the runner's own files of one run, which nobody else may read: they hold variables."""
    stamp = (now or datetime.now(timezone.utc)).strftime("%Y%m%dT%H%M%S.%fZ")
    path = RUNS / stamp
    for folder in (*reversed(path.parents), path):
        folder.mkdir(mode=0o700, exist_ok=True)
    ignore = RUNS.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return path.absolute()


def sliced_run(command: str) -> Path:
    """The newest run of a command that was in slices, to be resumed: one that was not has no parts that came to their end."""
    for path in sorted(RUNS.glob("*"), reverse=True):
        try:
            note = json.loads((path / NOTE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if note.get("command") == command and note.get("slices", 1) > 1:
            return path.absolute()
    raise MissingError(f"there is no run of firebreak {command} with --slices to resume in {RUNS}")
