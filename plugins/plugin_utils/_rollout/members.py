# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a rollout and their groups, as an inventory has them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .settings import Settings, SettingsError

_NAMED = 6


def check_room(asked: Settings) -> None:
    """SettingsError where no host could ever be changed. It is asked where a run begins: journals that say so can still be read."""
    if asked.max_down is not None and asked.max_down.amount == 0:
        raise SettingsError("firebreak_max_down: seen 0; wanted at least one host, since nobody can be changed where none may be out "
                            "(playbooks/rollout_pause.yml holds a rollout)")


def of_groups(groups: Mapping[str, Collection[str]], asked: Settings) -> dict[str, frozenset[str]]:
    """The hosts of each group that the settings name, those of its children included; ``all`` is a group like any other. SettingsError where there
    is no such group, or no host in that of the canaries."""
    wanted = {name for name, _least in asked.quorum} | ({asked.canary} if asked.canary else set())
    missing = sorted(wanted - set(groups))
    if missing:
        raise SettingsError(f"{', '.join(missing)}: no such group in the inventory; firebreak_canary and firebreak_quorum name groups")
    if asked.canary and not groups[asked.canary]:
        raise SettingsError(f"firebreak_canary: the group {asked.canary} has no host; wanted one with the hosts that go first")
    return {name: frozenset(groups[name]) for name in wanted}


def doubts(members: Mapping[str, Mapping[str, Any]], asked: Settings) -> Iterator[str]:
    """What an operator may have forgotten: nothing is wrong with it, and it protects less than it seems to."""
    bare = sorted(name for name, words in members.items() if not words.get("domains"))
    if bare and len(bare) < len(members):
        more = f" and {len(bare) - _NAMED} more" if len(bare) > _NAMED else ""
        yield (f"{', '.join(bare[:_NAMED])}{more}: no firebreak_domain, while other hosts have one: "
               "nothing there is kept from being down together with anything")
    if asked.canary and not any(asked.canary in words.get("groups", ()) for words in members.values()):
        yield f"no host of the canary group {asked.canary} is in this run: nobody goes first in it"
