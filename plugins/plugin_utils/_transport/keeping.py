# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the history is that an action feeds, looked at before the action does anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from .._history import feeding
from .._history.database import beside
from .._history.errors import HistoryError


def kept_in(value: Any, directory: Path) -> feeding.Setting:
    """Where the history is that a report's directory feeds; what is wrong with the setting is said before anything is done."""
    found = feeding.setting(value, beside(directory))
    try:
        feeding.check(found)
    except HistoryError as error:
        raise AnsibleActionFail(str(error)) from None
    return found
