# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file of a guest's variables, read as the guest's own firmware and shim would read it."""

from typing import Any, Dict

from .._boot.target import NoAnswerError
from .._boot.trust import facts, rules, variables
from .._formats import efi_store

_HEAD = 128


def read(host: Any, path: str, limit: int) -> Dict[str, Any]:
    """The row's own part, or ``problem`` alone."""
    try:
        head = _piece(host, path, _HEAD)
        found = efi_store.parse(_piece(host, path, min(efi_store.end_of(head), limit)))
        state = variables.state(variables.Store(path, tuple(found), lambda name, vendor: found.get((name, vendor))), outside=True)
    except efi_store.NoStoreError as problem:
        return {"mode": "setup", "problem": str(problem)} if problem.empty else {"problem": str(problem)}
    except (NoAnswerError, ValueError) as problem:
        return {"problem": str(problem)[:200]}
    return {"mode": state.mode, "certificates": [rules.name(each) for each in state.of("db").certificates], "pending": list(state.pending),
            "ready_for_2023_shim": facts.is_ready(state), "sbat_level": str(state.level) if state.level is not None else None}


def _piece(host: Any, path: str, size: int) -> bytes:
    answer = host.read_bytes(path, size)
    if answer.problem:
        raise NoAnswerError(answer.problem, "%s: %s" % (path, answer.detail))
    return bytes(answer.value)
