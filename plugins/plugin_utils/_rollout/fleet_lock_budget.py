# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One budget for the hosts of a rollout and for those that ask a FleetLock server: each counts as down for the other. Pure.

A group of the lock is a domain or a group of the rollout by its name.
"""

from __future__ import annotations

from .fleet_lock import Holders, Order
from .journal import Host, State
from .waves import Places, refused


def guests(state: State, held: Holders) -> list[Host]:
    """Who holds slots, as hosts that are down; those that the rollout itself counts as out are none."""
    groups: dict[str, set[str]] = {}
    for group, holders in held.items():
        for name in holders:
            groups.setdefault(name, set()).add(group)
    return [_guest(state, name, named) for name, named in sorted(groups.items()) if not _is_out(state, name)]


def refusal(state: State, held: Holders, order: Order) -> str:
    """Why this client may not go down beside the rollout; '' where it may, or where no rollout is open."""
    # A host in its wave, or one that failed there, has its place already.
    if state.is_over or _is_out(state, order.id):
        return ""
    others = [one for one in guests(state, held) if one.name != order.id]
    return refused(state) or Places(state, others).refusal(_guest(state, order.id, {order.group}))


def slots(state: State, group: str) -> int:
    """How many of a group may be down at once: one of a domain, what a quorum leaves, what the rollout may have out; one where nothing is said."""
    if _is_domain(state, group):
        return 1
    least = dict(state.settings.quorum).get(group)
    if least is not None:
        size = state.sizes.get(group, 0)
        return max(0, size - least.at_least(size))
    return state.settings.max_down.of_at_least_one(len(state.hosts)) if state.settings.max_down else 1


def _guest(state: State, name: str, groups: set[str]) -> Host:
    """A client of the lock as a host: with what the inventory says of it, and with the groups that it names."""
    known = state.hosts.get(name, Host(name))
    domains = {*known.domains, *(group for group in groups if _is_domain(state, group))}
    return Host(name, tuple(sorted(domains)), known.groups | groups)


def _is_out(state: State, name: str) -> bool:
    return name in state.hosts and state.hosts[name].is_out


def _is_domain(state: State, name: str) -> bool:
    return any(name in host.domains for host in state.hosts.values())
