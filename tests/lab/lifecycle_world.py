# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first process of a small world: starts a lab in it, ends it in one of several ways, and compares what was with what is.

``lifecycle_world.py down|interrupt|kill|locked FLEET_FILE``; exit status 0 where nothing is left.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from firebreak_lab import census, state


def reap() -> None:
    """Take the exit status of what was left to us, as a first process must."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def wait_for(what: str, condition: Callable[[], object], seconds: float = 120) -> None:
    """Until the condition holds; ends the world where it does not within that time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"no {what} within {seconds:.0f} s")
        time.sleep(0.1)


def lab(*words: str) -> "subprocess.Popen[bytes]":
    """Begin a command of the lab, which belongs to this world: no process outside of it has an id in here."""
    return subprocess.Popen([sys.executable, "-m", "firebreak_lab", *words], env={**os.environ, state.OWNER_SETTING: str(os.getpid())})


def begin(fleet: str) -> "subprocess.Popen[bytes]":
    """Start the fleet until its machine and at least one container run; the containers are up, the machine is still booting."""
    up = lab("up", "--fleet", fleet)
    mine = state.current_lab()
    wait_for("container", lambda: any(mine.run_state(name)["pid"] for name in ("box", "other")))
    wait_for("machine", lambda: mine.run_state("machine")["pid"] if "machine" in mine.names() else None)
    return up


def end_by(ending: str, fleet: str) -> None:
    """Start the fleet and end it in the asked way."""
    up = begin(fleet)
    if ending == "interrupt":
        up.send_signal(signal.SIGINT)
        if up.wait(120) != 130:
            sys.exit(f"an interrupted up ended with {up.returncode}, want 130")
        return
    if ending == "kill":
        up.kill()
        up.wait()
        # The hosts' own processes die hard as well: one supervisor at once, the others by lab-down.
        victim = state.current_lab().supervisor("machine")
        if victim:
            os.kill(victim.pid, signal.SIGKILL)
    if ending == "locked" and lab("reboot", "box").wait(60) != 1:
        sys.exit("a second command worked on a lab in use")
    if lab("down").wait(180) != 0:
        sys.exit("down failed")
    if ending in ("down", "locked"):
        up.wait(60)


def take() -> census.Census:
    """Everything that there is in this world."""
    reap()
    return census.take(state.current_lab().name, state.PORTS, marker="")


def main(ending: str, fleet: str) -> None:
    """Before, the ending, after."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    before = take()
    end_by(ending, fleet)
    left = census.settle(before, take)
    if left or state.current_lab().folder.exists():
        sys.exit("left behind:\n" + "\n".join([*left, *map(str, state.current_lab().folder.glob("**/*"))]))
    print("nothing is left")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
