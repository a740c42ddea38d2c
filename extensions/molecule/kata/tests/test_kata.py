# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenario left on each host, by the host's own commands."""

import json
import re
from typing import Any

import tomllib

OWN = "/opt/kata/share/defaults/kata-containers/runtimes/kata"
# The plugin that has the handlers, by the schema of the configuration.
PLUGIN = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}
OURS = re.compile(r" *\[plugins\..*\.containerd\.runtimes\.kata(?:-bare)?[.\]]")


def dump_of(host: Any) -> dict[str, Any]:
    """What containerd says its configuration is."""
    return tomllib.loads(host.check_output("containerd config dump"))


def without_ours(dump: str) -> str:
    """A dump without the tables of our handlers, and without what it says of the files it was read from."""
    tables = re.split(r"(?m)^(?= *\[)", dump)
    return re.sub(r"(?m)^imports = .*\n", "", "".join(table for table in tables if not OURS.match(table)))


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


def test_containerd_speaks_the_schema_of_its_generation(host: Any) -> None:
    release, schema = {"older": (1, 2), "newer": (2, 3)}[host.backend.get_hostname()]
    assert re.search(rf" v?{release}\.\d+\.", host.check_output("containerd --version"))
    assert dump_of(host)["version"] == schema


def test_containerd_knows_the_handlers(host: Any) -> None:
    runtimes = dump_of(host)["plugins"][PLUGIN[dump_of(host)["version"]]]["containerd"]["runtimes"]
    assert set(runtimes) == {"runc", "kata", "kata-bare"} | ({"mine"} if host.backend.get_hostname() == "newer" else set())
    assert {runtimes[name]["runtime_path"] for name in ("kata", "kata-bare")} == {"/opt/kata/bin/containerd-shim-kata-v2"}
    assert runtimes["kata"]["options"] == {"ConfigPath": OWN + "/configuration-qemu.toml"}
    assert host.service("containerd").is_running


def test_containerd_knows_all_it_knew_before_and_nothing_else_is_new(host: Any) -> None:
    then, now = host.file("/srv/dump.toml").content_string, host.check_output("containerd config dump")
    assert without_ours(now) == without_ours(then.rstrip("\n"))
    assert 'bin_dir = \'/usr/lib/cni\'' in now.replace('"', "'")


def test_every_other_byte_of_the_operators_configuration_is_as_it_was(host: Any) -> None:
    then, now = (host.file(f"{folder}/config.toml").content_string for folder in ("/srv/operators", "/etc/containerd"))
    if host.backend.get_hostname() == "older":
        assert now.startswith(then + "\n# BEGIN handlers of the role kata") and now.endswith("# END handlers of the role kata\n")
    else:
        assert now == then.replace("version = 3\n", 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n')
        assert host.file("/etc/containerd/conf.d").listdir() == ["50-firebreak-kata.toml"]
        assert host.file("/etc/containerd/conf.d/50-firebreak-kata.toml").content_string.splitlines()[1] == "version = 3"
    assert host.file("/etc/containerd/config.toml").mode == host.file("/srv/operators/config.toml").mode


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
    assert host.run("pgrep -f sandbox-.*[.]probe").rc != 0
    assert host.check_output("find /tmp -name 'firebreak-*'") == ""
