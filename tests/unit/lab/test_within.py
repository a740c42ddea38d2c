# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of CI has its minutes, and takes its labs down however it ends."""

import os
import subprocess
import sys
from pathlib import Path

import leaving_nothing
from firebreak_lab import processes, state

LAB = Path(leaving_nothing.__file__).parent
GIVE = "from firebreak_lab import state; state.Lab(state.labs_folder() / 'molecule-template').give_to(state.current_owner())"


def start(home: Path, script: str) -> "subprocess.Popen[str]":
    """``within`` around a shell script, with no labs but those below ``home``, and with what earlier parts left over in a file."""
    spare = home / "spare"
    spare.write_text("5\n")
    environment = {name: value for name, value in os.environ.items() if name != state.OWNER_SETTING} | {
        "XDG_STATE_HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONPATH": str(LAB), "LAB_PYTHON": sys.executable, "LAB_SPARE": str(spare)}
    return subprocess.Popen([LAB / "within", "template", "sh", "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, start_new_session=True)


def test_labs_of_a_part_end_with_it_and_its_status_stays(tmp_path: Path) -> None:
    with start(tmp_path, f"'{sys.executable}' -c \"{GIVE}\"; exit 3") as part:
        assert "lab molecule-template is down" in part.communicate()[0]
        assert part.returncode == 3
    assert not (tmp_path / "firebreak/lab/molecule-template").exists()


def test_what_a_part_leaves_over_is_kept_for_the_next(tmp_path: Path) -> None:
    with start(tmp_path, "true") as part:
        assert "seconds for template: " in part.communicate()[0]
    assert 5 < int((tmp_path / "spare").read_text()) <= 65


def test_a_part_that_is_killed_takes_its_command_with_it(tmp_path: Path) -> None:
    # The pause: timeout passes nothing on before its fork has returned.
    with start(tmp_path, "trap 'exit 0' INT; sleep 0.5; echo $$; while :; do sleep 0.1; done") as part:
        assert part.stdout
        command = processes.identify(int(part.stdout.readline()))
        part.kill()
        assert processes.wait_gone([command], 20)
