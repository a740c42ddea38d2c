# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands whose mounts and processes vanish with them, whatever happens."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from firebreak_lab.errors import LabError

# A mount namespace takes its mounts along; a process namespace ends with its first process; the first process dies with ``unshare``,
# and that with us, also when we are killed with SIGKILL.
CONFINED = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")


def run(argv: Sequence[str], log: Path, *, confined: bool = True, text: str = "", cwd: Path | None = None) -> None:
    """Run a command with its output appended to ``log``; LabError with the log's end where it fails."""
    command = [*(CONFINED if confined else CONFINED[:3]), *argv]
    with log.open("ab") as output:
        output.write(f"$ {' '.join(argv)}\n".encode())
        output.flush()
        process = subprocess.run(command, input=text.encode(), stdout=output, stderr=subprocess.STDOUT, cwd=cwd, check=False)
    if process.returncode:
        raise LabError(f"{argv[0]} ended with {process.returncode}; the end of {log}:\n{tail(log, 25)}")


def tail(path: Path, lines: int) -> str:
    """The last lines of a log, control characters of terminals taken out; empty where there is none."""
    if not path.exists():
        return ""
    text = path.read_bytes()[-65536:].decode("utf-8", "replace").replace("\r", "")
    printable = "".join(letter for letter in text if letter == "\n" or letter.isprintable())
    return "\n".join(printable.splitlines()[-lines:])
