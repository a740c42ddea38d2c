# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a job of AWX writes, and what of it stays. The mounts are those of a job in podman and of a container group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._settings.places import Job, Mount, job_of, mounts, outlives, run_folder, shelf

PODMAN = r"""
1031 930 0:96 / / rw,relatime - overlay overlay rw,lowerdir=/l/A,upperdir=/u,workdir=/w
1032 1031 0:99 / /proc rw,nosuid - proc proc rw
1040 1031 254:0 /tmp/awx_7_x /runner rw,relatime - ext4 /dev/vda rw
1041 1031 254:0 /srv/fire\040break /srv/fire\040break rw,relatime shared:1 - ext4 /dev/vda rw
1042 1031 0:101 / /tmp rw - tmpfs tmpfs rw
1043 1031 0:77 / /srv/nfs rw - nfs4 nas:/x rw
"""


@pytest.mark.parametrize(("variables", "job"), [
    ({}, None),
    ({"awx_job_id": 7}, Job("7", "")),
    ({"tower_job_id": "7"}, Job("7", "")),
    ({"awx_job_id": 7, "awx_workflow_job_id": 6}, Job("7", "6")),
    ({"awx_job_id": "../../etc"}, None),
    ({"awx_job_id": "{{ x }}", "tower_job_id": 8}, Job("8", "")),
    ({"awx_job_id": 7, "awx_workflow_job_id": "a/b"}, Job("7", "")),
])
def test_the_job(variables: dict[str, Any], job: Job | None) -> None:
    assert job_of(variables) == job


@pytest.mark.parametrize(("job", "folder", "link"), [
    (None, "/srv/r", "/srv"),
    (Job("7", ""), "/srv/r", "/srv"),
    (Job("7", "6"), "/srv/r/6/7", "/srv/r"),
])
def test_jobs_of_a_workflow_never_share_a_run(job: Job | None, folder: str, link: str) -> None:
    assert run_folder(Path("/srv/r"), job) == Path(folder)
    assert shelf(Path(folder), job) == Path(link)


def test_a_run_elsewhere_keeps_its_link_beside_it() -> None:
    assert shelf(Path("/runner/project/reports/20261120T060000Z"), Job("7", "6")) == Path("/runner/project/reports")


@pytest.mark.parametrize(("folder", "stays"), [
    ("/runner/project/reports/x", False),
    ("/var/lib/nowhere/x", False),
    ("/tmp/x", False),
    ("/srv/fire break/x", True),
    ("/srv/fire break", True),
    ("/srv/nfs/a/b", True),
    ("/srv/nfsx", False),
])
def test_what_outlives_a_job_in_podman(folder: str, stays: bool) -> None:
    assert outlives(Path(folder), mounts(PODMAN), ["/runner", "/tmp/awx_7_x"]) is stays


def test_a_container_group_mounts_the_private_folder_part_by_part() -> None:
    seen = [Mount("/", "overlay"), Mount("/runner/project", "ext4"), Mount("/data", "ext4")]
    assert not outlives(Path("/runner/project/reports"), seen, ["/runner"])
    assert outlives(Path("/data/reports"), seen, ["/runner"])


def test_without_a_container_nothing_is_promised() -> None:
    assert not outlives(Path("/tmp/awx_7_x/project"), [Mount("/", "ext4"), Mount("/tmp", "ext4")], ["/runner", "/tmp/awx_7_x"])
    assert not outlives(Path("/srv"), [], ["/runner"])


def test_lines_of_another_form_are_no_mounts() -> None:
    assert mounts("\nnonsense\n1 2 3 - \n") == []
