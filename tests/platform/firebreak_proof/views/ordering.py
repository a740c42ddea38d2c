# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of versions by the host's own package manager: one more round trip, for the versions that the promises compare."""

from __future__ import annotations

import functools
import itertools
import shlex
from collections.abc import Iterable, Mapping

from ..asking import Question

# dpkg says one pair at a time; rpm's own Lua compares epoch, version and release of all pairs in one process.
_SHELL = r"""
if command -v dpkg >/dev/null; then
  for pair in {pairs}; do
    one=${{pair%% *}}; other=${{pair#* }}
    for sign in lt eq gt; do
      if dpkg --compare-versions "$one" "$sign" "$other"; then printf '%s\t%s\t%s\n' "$one" "$other" "$sign"; break; fi
    done
  done
elif command -v rpm >/dev/null; then
  PAIRS={lines} rpm --eval '%{{lua:
    local function parts(text)
      local epoch, rest = text:match("^(%d+):(.*)$")
      local version, release = (rest or text):match("^(.-)%-([^-]*)$")
      return epoch or "0", version or rest or text, release or ""
    end
    for one, other in os.getenv("PAIRS"):gmatch("(%S+) (%S+)") do
      local e, v, r = parts(one)
      local oe, ov, orel = parts(other)
      local order = rpm.vercmp(e, oe)
      if order == 0 then order = rpm.vercmp(v, ov) end
      if order == 0 and r ~= "" and orel ~= "" then order = rpm.vercmp(r, orel) end
      print(one .. "\t" .. other .. "\t" .. ({{[-1] = "lt", [0] = "eq", [1] = "gt"}})[order] .. "\n")
    end }}'
else exit 3; fi
"""


class UnknownOrderError(Exception):
    """The host did not say which of two versions is the newer one."""


def question(groups: Iterable[Iterable[str]]) -> Question | None:
    """Asks for the order of every two versions of each group; None where there is nothing to compare."""
    pairs = dict.fromkeys(f"{one} {other}" for group in groups
                          for one, other in itertools.combinations(sorted(version for version in set(group) if _is_plain(version)), 2))
    if not pairs:
        return None
    return Question("order", ("*",), _SHELL.format(pairs=" ".join(map(shlex.quote, pairs)), lines=shlex.quote("\n".join(pairs))), 120)


def _is_plain(version: str) -> bool:
    return bool(version) and all(sign.isalnum() or sign in ".:~^+-_" for sign in version)


class Order:
    """What the host said about pairs of versions."""

    def __init__(self, said: str = "") -> None:
        lines = (line.split("\t") for line in said.splitlines())
        self._signs: Mapping[tuple[str, str], str] = {(cells[0], cells[1]): cells[2] for cells in lines if len(cells) == 3}

    def compare(self, one: str, other: str) -> int:
        """Below, at or above 0 for older, equal and newer; UnknownOrderError where the host did not say."""
        if one == other:
            return 0
        number = {"lt": -1, "eq": 0, "gt": 1}
        if (one, other) in self._signs:
            return number[self._signs[one, other]]
        if (other, one) in self._signs:
            return -number[self._signs[other, one]]
        raise UnknownOrderError(f"its package manager gives no order between {one} and {other}")

    def newest(self, versions: Iterable[str]) -> str:
        """The newest of some versions."""
        return max(versions, key=functools.cmp_to_key(self.compare))
