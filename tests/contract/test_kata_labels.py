# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role kata's own tasks for SELinux, with stand-ins of its tools: a release is labelled as /opt/kata once, and a second run changes nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from playing import LOCAL, PLAYBOOK, write_inventory
from workshop import REPOSITORY, clean_environment

# semanage lists local equivalences as "SOURCE = TARGET", after the local file contexts.
SEMANAGE = """#!/bin/sh
echo "semanage $*" >> {log}
case "$2" in
--list) echo '/srv/web(/.*)?    all files    system_u:object_r:httpd_sys_content_t:s0'; cat {state} ;;
--add) echo "$5 = $4" >> {state} ;;
esac
"""
RESTORECON = """#!/bin/sh
echo "restorecon $*" >> {log}
[ -e {state}.labelled ] || echo "Relabeled $3 from unconfined_u:object_r:usr_t:s0 to system_u:object_r:container_file_t:s0"
touch {state}.labelled
"""
PLAY = [{"hosts": "all", "gather_facts": False, "tasks": [
    {"ansible.builtin.include_role": {"name": "firebreak.fleet.kata", "tasks_from": "selinux.yml"}, "vars": {"kata_version": "3.32.0"}}]}]


class Labelled:
    """A host with stand-ins of semanage and restorecon."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log, self._state = folder / "log", folder / "state"
        self._state.touch()
        (folder / "bin").mkdir()
        (folder / "home").mkdir()
        for name, text in (("semanage", SEMANAGE), ("restorecon", RESTORECON)):
            (folder / "bin" / name).write_text(text.format(log=self._log, state=self._state))
            (folder / "bin" / name).chmod(0o755)
        (folder / "play.yml").write_text(yaml.safe_dump(PLAY))

    def apply(self, *words: str) -> tuple[str, list[str]]:
        """What ansible-playbook counted, and what the tools were told."""
        self._log.write_text("")
        environment = clean_environment(self._folder / "home", ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"),
                                        PATH=f"{self._folder / 'bin'}:{os.environ['PATH']}")
        command = [str(PLAYBOOK), "-i", str(write_inventory(self._folder, {"one": LOCAL})), str(self._folder / "play.yml"), *words]
        done = subprocess.run(command, env=environment, cwd=self._folder, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout
        return next(line for line in done.stdout.splitlines() if line.startswith("one ")), self._log.read_text().splitlines()


@pytest.fixture
def host(tmp_path: Path) -> Labelled:
    return Labelled(tmp_path)


LIST = "semanage fcontext --list --locallist --noheading"
ADD = "semanage fcontext --add --equal /opt/kata /opt/kata-3.32.0"
RESTORE = "restorecon -R -v /opt/kata-3.32.0"


def test_a_release_is_labelled_once(host: Labelled) -> None:
    counts, told = host.apply()
    assert told == [LIST, ADD, RESTORE] and "changed=2" in counts
    counts, told = host.apply()
    assert told == [LIST, RESTORE] and "changed=0" in counts


def test_check_mode_labels_nothing_and_says_what_it_would(host: Labelled) -> None:
    counts, told = host.apply("--check")
    assert told == [LIST] and "changed=1" in counts
    host.apply()
    counts, told = host.apply("--check")
    assert told == [LIST, "restorecon -R -v -n /opt/kata-3.32.0"] and "changed=0" in counts
