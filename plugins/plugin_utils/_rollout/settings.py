# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator asks of a rollout, read once and checked: sizes of waves, budget, quorums, windows, soak and approval. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._fleet.host import DISRUPTIONS
from .windows import Window, WindowError, read

APPROVALS = ("none", "pause", "stop")
_SIZE = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)\s*(%?)")


class SettingsError(ValueError):
    """A setting that cannot be meant; the message names the variable, what was seen and what is wanted."""


class Size(NamedTuple):
    """A number of hosts, or a share of them in percent."""

    amount: float
    is_share: bool

    def of(self, total: int) -> int:
        """How many of ``total``; a share is rounded down, as Ansible's serial does it."""
        return total * round(self.amount * 1000) // 100_000 if self.is_share else int(self.amount)

    def at_least(self, total: int) -> int:
        """How many of ``total`` are no less than this; a share is rounded up."""
        return -(-total * round(self.amount * 1000) // 100_000) if self.is_share else int(self.amount)

    def of_at_least_one(self, total: int) -> int:
        """How many of ``total``, and one where the share of so few is less."""
        return max(1, self.of(total))


_ALL, _NONE = Size(100, True), Size(0, False)


@dataclass(frozen=True)
class Settings:
    """How a rollout goes. ``quorum`` says for groups how many of their hosts stay up at least; ``max_down`` is None for no bound."""

    waves: tuple[Size, ...] = (_ALL,)
    max_failed: Size = _NONE
    max_down: Size | None = None
    quorum: tuple[tuple[str, Size], ...] = ()
    canary: str = ""
    windows: tuple[Window, ...] = ()
    step_minutes: int = 30
    max_disruption: str = "none"
    soak_minutes: float = 0
    approval: str = "none"
    only_drifted: bool = False


def size(value: Any, name: str) -> Size:
    """A size such as 1, '5%' or '12'."""
    found = None if isinstance(value, bool) else _SIZE.fullmatch(str(value).strip())
    if not found or (not found[2] and float(found[1]) % 1) or (found[2] and float(found[1]) > 100):
        raise SettingsError(f"{name}: seen {value!r}; wanted a number of hosts such as 1, or a share such as 5%")
    return Size(float(found[1]), bool(found[2]))


def settings(raw: Mapping[str, Any]) -> Settings:
    """The settings from the variables of a playbook; what is absent, null or empty keeps its default."""
    given = {name: value for name, value in raw.items() if value is not None and value not in ("", [], {})}
    strange = sorted(set(given) - set(Settings.__dataclass_fields__))
    if strange:
        raise SettingsError(f"settings: unknown {', '.join(strange)}; wanted: {', '.join(Settings.__dataclass_fields__)}")
    try:
        windows = read([str(text) for text in _listed(given.get("windows", []))])
    except WindowError as error:
        raise SettingsError(str(error)) from None
    return Settings(
        waves=_waves(given.get("waves", "100%")),
        max_failed=size(given.get("max_failed", 0), "firebreak_max_failed"),
        max_down=size(given["max_down"], "firebreak_max_down") if "max_down" in given else None,
        quorum=_quorum(given.get("quorum", {})),
        canary=str(given.get("canary", "")),
        windows=windows,
        step_minutes=math.ceil(_number(given.get("step_minutes", 30), "firebreak_step_minutes")),
        max_disruption=_choice(given.get("max_disruption", "none"), "firebreak_max_disruption", DISRUPTIONS),
        soak_minutes=_number(given.get("soak_minutes", 0), "firebreak_soak_minutes"),
        approval=_choice(given.get("approval", "none"), "firebreak_approval", APPROVALS),
        only_drifted=_truth(given.get("only_drifted", False), "firebreak_only_drifted"),
    )


def domains(value: Any) -> list[str]:
    """The words of a host's firebreak_domain: a list, or a text with commas."""
    words = [] if value is None else _listed(value)
    if isinstance(value, (bool, Mapping)) or any(isinstance(word, bool) or not isinstance(word, (str, int, float)) for word in words):
        raise SettingsError(f"firebreak_domain: seen {value!r}; wanted words such as rack1, of which never two hosts are down")
    return list(dict.fromkeys(word for one in words if (word := str(one).strip())))


def _listed(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    text = str(value).strip().strip("[]")
    return [part.strip().strip("'\"") for part in text.split(",") if part.strip()]


def _waves(value: Any) -> tuple[Size, ...]:
    found = tuple(size(one, "firebreak_waves") for one in _listed(value))
    if not found or any(one.amount == 0 for one in found):
        raise SettingsError(f"firebreak_waves: seen {value!r}; wanted sizes of at least one host, such as [1, '5%', '25%', '100%']")
    return found


def _quorum(value: Any) -> tuple[tuple[str, Size], ...]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"firebreak_quorum: seen {value!r}; wanted groups with how many of their hosts stay up, such as {{etcd: 2}}")
    return tuple((str(group), size(least, f"firebreak_quorum.{group}")) for group, least in sorted(value.items()))


def _number(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number <= 100_000:
        raise SettingsError(f"{name}: seen {value!r}; wanted a number of minutes")
    return number


def _choice(value: Any, name: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise SettingsError(f"{name}: seen {value!r}; wanted one of {', '.join(choices)}")
    return str(value)


def _truth(value: Any, name: str) -> bool:
    text = str(value).lower()
    if text not in ("true", "false", "yes", "no", "1", "0"):
        raise SettingsError(f"{name}: seen {value!r}; wanted true or false")
    return text in ("true", "yes", "1")
