# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sandboxes with rootless monitors leave on a host: kata-containers 4.0.0, virtcontainers/utils and kata-sys-util (CreateVmmUser)."""

from __future__ import annotations

from typing import Any

import pytest
from containers_world import World

ROOT = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000:Alice:/home/alice:/bin/bash\n"
KATAS = 'kata-2811:x:1001:1001:"Kata Containers temporary hypervisor user":/home/kata-2811:/sbin/nologin\n'
NAMESAKE = "kata-1:x:1002:1002:Kata Smith:/home/k:/bin/bash\n"


def world(passwd: str, *folders: str, release: bool = True) -> World:
    made = World().file("/etc/passwd", passwd).folder("/run/user", *folders)
    return made.release("4.1.0") if release else made


def left(made: World) -> Any:
    return [(row["user"], row["uid"], row["folder"]) for row in made.kata().facts["leftovers"]]


@pytest.mark.parametrize(("passwd", "folders", "expected"), [
    (ROOT + KATAS, ("1000", "1001"), [("kata-2811", 1001, "/run/user/1001")]), (ROOT + KATAS, (), [("kata-2811", 1001, None)]),
    # The user goes when a sandbox ends in order, the folder never.
    (ROOT, ("1000", "1001"), [(None, 1001, "/run/user/1001")]), (ROOT + NAMESAKE, ("0", "1002", "x"), []), ("damaged\n::\n", (), []),
])
def test_users_and_folders_of_no_living_sandbox(passwd: str, folders: tuple[str, ...], expected: list[Any]) -> None:
    assert left(world(passwd, *folders)) == expected


def test_a_person_of_a_directory_service_has_a_file_system_of_his_own() -> None:
    made = world(ROOT, "70001")
    made.recording["read"]["/proc/mounts"] += "tmpfs /run/user/70001 tmpfs rw,uid=70001 0 0\n"
    assert left(made) == []


def test_a_living_monitors_user_is_not_left_over() -> None:
    made = world(ROOT + KATAS, "1001")
    qemu = "/opt/kata-4.1.0/bin/qemu-system-x86_64"
    assert left(made.process(101, qemu, [qemu, "-name", "sandbox-p1"], user=1001)) == []


def test_without_kata_a_folder_says_nothing_and_a_user_does() -> None:
    assert left(world(ROOT, "1001", release=False)) == []
    assert left(world(ROOT + KATAS, "1001", release=False)) == [("kata-2811", 1001, "/run/user/1001")]


def test_what_may_not_be_read_is_not_taken_for_none() -> None:
    made = world(ROOT)
    made.recording["listdir"]["/run/user"] = {"problem": "needs_root", "detail": "Permission denied"}
    assert made.kata().facts["leftovers"] is None
