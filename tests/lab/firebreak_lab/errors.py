# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong in the lab, each as one message for a person."""


class LabError(Exception):
    """Something is missing or did not come; the message names it and says how to get it."""


class BootError(LabError):
    """A host did not come up; ``console`` is the end of what it printed."""

    def __init__(self, message: str, console: str) -> None:
        super().__init__(message)
        self.console = console
