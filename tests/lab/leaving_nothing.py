# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``leaving_nothing.py COMMAND...``: runs a command and compares what is on this computer afterwards with what was before.

The exit status is the command's; 1 where it left something behind, which is named on standard error. An interrupt is the command's
to answer: the comparison is made after it, however it ended.
"""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable

from firebreak_lab import census, state
from firebreak_lab.control_group import PREFIX
from firebreak_lab.processes import identify

# Whatever a run starts inherits it, so that its processes are known from anybody else's.
MARKER = "FIREBREAK_LAB_RUN"


def take(marker: str) -> census.Census:
    """All that carries the marker, and what cannot carry one, without what belongs to other labs: a person's own, and those of other runs."""
    labs = state.all_labs()
    ours = [lab for lab in labs if lab.owner() == identify(os.getpid())]
    others = [lab for lab in labs if lab not in ours]
    processes = census.processes(marker)
    return {
        "process": {f"{pid} {command}" for pid, command in processes.items()},
        "namespace": census.namespaces(set(processes)) - census.namespaces({os.getpid()}),
        "mount": census.mounts(),
        "loop device": census.loops(),
        "port": census.listening(state.PORTS) - {str(lab.load(host).port) for lab in others for host in lab.names()},
        "control group": stray_groups(census.control_groups(), [lab.name for lab in others]),
        "lab": {lab.name for lab in ours},
    }


def stray_groups(groups: set[str], others: list[str]) -> set[str]:
    """The control groups of labs that are not among the others; the groups of other programs come and go."""
    return {group for group in groups if PREFIX in group and not any(f"{PREFIX}{name}-" in group for name in others)}


def run(command: list[str], marker: str) -> int:
    """The command's exit status; a signal that ends programs goes to it, and we stay."""
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        # The terminal itself sends SIGINT to both of us.
        for process in started:
            if number != signal.SIGINT:
                process.send_signal(number)

    # Before the command begins: it may be interrupted at once. A handler, unlike SIG_IGN, is not inherited.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    # A kill -9 cannot be passed on; the kernel tells the command that we are gone.
    guarded = ["setpriv", "--pdeathsig", "TERM", *command]
    started.append(subprocess.Popen(guarded, env={**os.environ, MARKER: marker, state.OWNER_SETTING: str(os.getpid())}))
    return started[0].wait()


def main(command: list[str], look: Callable[[str], census.Census] = take, patience: float = 20) -> int:
    """Before, the command, after; what is ending has ``patience`` seconds for it."""
    marker = uuid.uuid4().hex
    before = look(marker)
    status = run(command, marker)
    left = census.settle(before, lambda: look(marker), patience)
    for line in left:
        print(f"left behind: {line}", file=sys.stderr)
    if not left:
        print("compared with before: no process, mount, loop device, namespace, port, control group or lab is left behind")
    return status or int(bool(left))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
