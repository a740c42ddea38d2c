# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role stale_userspace under a real systemd: restarts in order, what waits waits, and what was restarted in vain is told. Needs root."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from booted_host import BootedHost
from workshop import REPOSITORY

FOLDER = "/usr/local/lib/fb-role"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libz.so.1"
LOADS = f"/usr/bin/python3 -c \"import ctypes, time; ctypes.CDLL('{FOLDER}/plain.so'); time.sleep(9999)\""
# It comes up once, and never again.
ONCE = f"""#!/usr/bin/python3
import ctypes, pathlib, time
pathlib.Path("/run/fb-once").touch(exist_ok=False)
ctypes.CDLL("{FOLDER}/plain.so")
time.sleep(9999)
"""
UNITS = {
    "fb-a.service": f"[Unit]\nAfter=fb-z.service\n[Service]\nExecStart={LOADS}\n",
    "fb-z.service": f"[Service]\nExecStart={LOADS}\n",
    "fb-window.service": f"[Service]\nExecStart={LOADS}\n",
    "fb-refuses.service": f"[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart={LOADS}\n",
    "fb-once.service": f"[Service]\nExecStart=/usr/bin/python3 {FOLDER}/once\n",
}
PLAY = """- name: Restart what is stale
  hosts: localhost
  gather_facts: false
  roles:
    - firebreak.fleet.stale_userspace
"""
SECONDS = 300.0


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BootedHost]:
    folder, files = tmp_path_factory.mktemp("booted"), tmp_path_factory.mktemp("files")
    for name, text in {**{f"etc/systemd/system/{name}": text for name, text in UNITS.items()}, "root/play.yml": PLAY}.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(text, encoding="utf-8")
    (files / FOLDER.lstrip("/")).mkdir(parents=True)
    (files / FOLDER.lstrip("/") / "once").write_text(ONCE, encoding="utf-8")
    (files / FOLDER.lstrip("/") / "plain.so").write_bytes(Path(LIBRARY).read_bytes())
    booted = BootedHost(folder, files, REPOSITORY)
    booted.run("systemctl start fb-a fb-z fb-window fb-refuses fb-once")
    booted.run(f"until grep -l {FOLDER}/plain.so /proc/[0-9]*/maps 2>/dev/null | wc -l | grep -qx 5; do sleep 0.1; done")
    booted.run(f"cp -p {FOLDER}/plain.so {FOLDER}/new; mv {FOLDER}/new {FOLDER}/plain.so")
    yield booted
    booted.end()


def play(host: BootedHost, **variables: object) -> tuple[int, str]:
    """(status, output) of the role on the copy itself."""
    extra = json.dumps({"ansible_python_interpreter": sys.executable, **variables})
    playbook = Path(sys.executable).parent / "ansible-playbook"
    settings = "HOME=/root ANSIBLE_HOME=/root/.ansible ANSIBLE_CONFIG=\"$1/ansible.cfg\""
    host.run(f"rm -f /root/status; ({settings} \"$2\" -c local -i localhost, /root/play.yml -e \"$3\" >/root/output 2>&1 </dev/null; "
             "echo $? >/root/status) &", (str(REPOSITORY), str(playbook), extra))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        status = host.run("cat /root/status 2>/dev/null", check=False).strip()
        if status:
            return int(status), " ".join(host.run("cat /root/output").split())
        time.sleep(0.2)
    raise AssertionError(host.run("cat /root/output", check=False))


def started(host: BootedHost, unit: str) -> int:
    return int(host.run(f"systemctl show --value --property=ExecMainStartTimestampMonotonic {unit}"))


def test_what_is_stale_is_restarted_in_order_waits_or_is_left_to_a_reboot(host: BootedHost) -> None:
    before = {unit: started(host, unit) for unit in UNITS}
    policy = {"fb-window.service": "window", "fb-once.service": "leave", "fb-*": "restart", "*": "leave"}
    status, said = play(host, stale_userspace_policy=policy)
    assert status == 0, said
    after = {unit: started(host, unit) for unit in UNITS}
    assert {unit for unit in UNITS if after[unit] != before[unit]} == {"fb-a.service", "fb-z.service"}, said
    # By name it would be the other way round.
    assert after["fb-z.service"] < after["fb-a.service"]
    assert "a reboot replaces fb-refuses.service: it refuses a restart by hand" in said
    assert "fb-window.service: its restart cuts off more than itself; it waits for its window" in said

    status, said = play(host, stale_userspace_policy=policy)
    assert status == 0 and "changed=0" in said, said
    status, said = play(host, stale_userspace_policy=policy, stale_userspace_window=True)
    assert status == 0 and started(host, "fb-window.service") != after["fb-window.service"], said


def test_a_service_that_does_not_come_up_again_is_named(host: BootedHost) -> None:
    status, said = play(host, stale_userspace_policy={"fb-once.service": "restart", "*": "leave"})
    assert status != 0 and "localhost: restarted, and failed: fb-once.service" in said, said
