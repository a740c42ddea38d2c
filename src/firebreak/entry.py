# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry point: says in one sentence what is missing where the extra was not installed."""

from __future__ import annotations

import importlib.util
import sys

NEEDED = ("click", "ansible_runner")


def main() -> None:
    """Run the command line."""
    missing = [name.replace("_", "-") for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"firebreak needs {' and '.join(missing)} in this Python ({sys.executable}); install it there with: "
                 "pip install 'firebreak-fleet[cli]'")
    from .places import MissingError

    try:
        from .cli import firebreak

        firebreak(prog_name="firebreak")
    except (MissingError, OSError) as error:
        sys.exit(f"firebreak: {error}")
