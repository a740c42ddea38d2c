# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenario left on each host, by the host's own commands."""

import json
from typing import Any

import tomllib

OWN = "/opt/kata/share/defaults/kata-containers/runtimes/kata"


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


def test_drop_ins_are_ours_alone(host: Any) -> None:
    assert host.file(OWN).listdir() == ["config.d", "configuration-qemu.toml"]
    assert sorted(host.file(OWN + "/config.d").listdir()) == ["50-firebreak-hardening.toml", "60-firebreak-overrides.toml"]
    qemu = tomllib.loads(host.file(OWN + "/config.d/50-firebreak-hardening.toml").content_string)["hypervisor"]["qemu"]
    assert (qemu["enable_annotations"], qemu["rootless"], qemu["seccompsandbox"][:3]) == ([], True, "on,")
    overrides = tomllib.loads(host.file(OWN + "/config.d/60-firebreak-overrides.toml").content_string)
    assert overrides == {"hypervisor": {"qemu": {"default_memory": 512, "msize_9p": 4096}}}


def test_the_copy_is_the_release_s_own(host: Any) -> None:
    assert host.run(f"cmp {OWN}/configuration-qemu.toml {OWN}/../../configuration-qemu.toml").rc == 0


def test_containerd_gives_the_hardened_configuration(host: Any) -> None:
    assert f'ConfigPath = "{OWN}/configuration-qemu.toml"' in host.check_output("containerd config dump")


def test_docker_has_ours_beside_the_operators_own(host: Any) -> None:
    if host.backend.get_hostname() != "newer":
        assert not host.file("/etc/docker/daemon.json").exists
        return
    config = json.loads(host.file("/etc/docker/daemon.json").content_string)
    assert list(config) == ["log-level", "runtimes"]
    assert (config["log-level"], config["runtimes"]["mine"]) == ("warn", {"path": "/usr/bin/crun"})
    assert config["runtimes"]["kata"]["options"] == {"ConfigPath": OWN + "/configuration-qemu.toml"}
    assert {"mine", "kata", "kata-bare"} < set(json.loads(host.check_output("docker info --format '{{json .Runtimes}}'")))


def test_no_probe_stays(host: Any) -> None:
    assert "firebreak-probe" not in host.check_output("ctr namespaces ls --quiet")
    assert host.run("pgrep -f sandbox-probe").rc != 0
    assert host.check_output("find /tmp -name 'firebreak-*'") == ""
