# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenario left on each host, by the host's own commands."""

from typing import Any


def test_one_release_is_in_force(host: Any) -> None:
    assert host.file("/opt/kata").linked_to == "/opt/kata-4.1.0"
    assert host.file("/opt/kata/VERSION").content_string == "4.1.0\n"


def test_files_are_roots_own(host: Any) -> None:
    assert host.check_output("find /opt/kata/ ! -user root -o -perm /7022 ! -type l") == ""
    assert host.file("/opt/kata/bin/containerd-shim-kata-v2").mode == 0o755


def test_nothing_unfinished_stays(host: Any) -> None:
    assert host.check_output("find /opt /var/tmp -maxdepth 1 -name '.kata*' -o -maxdepth 1 -name 'kata-static*'") == ""


def test_an_unused_release_beyond_those_kept_is_gone(host: Any) -> None:
    assert not host.file("/opt/kata-4.0.0").exists


def test_containerd_knows_the_handler_and_all_it_knew_before(host: Any) -> None:
    dump = host.check_output("containerd config dump")
    assert 'containerd.runtimes.kata]' in dump
    assert 'runtime_path = "/opt/kata/bin/containerd-shim-kata-v2"' in dump
    assert 'containerd.runtimes.runc]' in dump
    assert 'bin_dir = "/usr/lib/cni"' in dump
    assert host.service("containerd").is_running


def test_no_trial_stays(host: Any) -> None:
    assert host.check_output("find /etc/containerd -name '.firebreak*'") == ""
