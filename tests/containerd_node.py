# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node as k3s configures it, for a containerd of any generation, and what must hold of a registration there, whether it is made or refused."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._containers.engines import said_version
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers import containerd_config, containerd_files
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd import NAME, Containerd
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_files import REPLACES
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.placing import Placing, until_read
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost

KATA = Handler("kata", "/opt/kata/bin/shim", "/opt/kata/q.toml")
OLD_CRI, CRI, IMAGES = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"
# The tables that k3s' template has since containerd 2.0, and had before (pkg/agent/templates/templates_linux.go).
OWN = """version = %(version)d
imports = ["%(drop_ins)s/*.toml"]
root = "/var/lib/rancher/k3s/agent/containerd"
state = "/run/k3s/containerd"

[grpc]
  address = "/run/k3s/containerd/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/rancher/k3s/agent/containerd"

[plugins."%(cri)s"]
  enable_selinux = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
%(images)s
[plugins."%(cri)s".cni]
  bin_dir = "/var/lib/rancher/k3s/data/cni"
  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"

[plugins."%(cri)s".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."%(cri)s".containerd.runtimes.runc.options]
  SystemdCgroup = true

[plugins."%(cri)s".containerd.runtimes.nvidia]
  runtime_type = "io.containerd.runc.v2"

[plugins."%(cri)s".containerd.runtimes.nvidia.options]
  BinaryName = "/usr/bin/nvidia-container-runtime"
  SystemdCgroup = true
"""
_OLD_IMAGES = '  stream_server_address = "127.0.0.1"\n  stream_server_port = "10010"\n  sandbox_image = "rancher/mirrored-pause:3.6"\n'
_IMAGES = f"""
[plugins."{OLD_CRI}"]
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"

[plugins."{IMAGES}".pinned_images]
  sandbox = "rancher/mirrored-pause:3.6"

[plugins."{IMAGES}".registry]
  config_path = "/var/lib/rancher/k3s/agent/etc/containerd/certs.d"
"""


@dataclass(frozen=True)
class Node:
    """The folder of a node's containerd."""

    folder: Path
    program: str

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def placing(self) -> Placing:
        return Placing(LiveHost(), "k3s", self.program or None, said_version, str(self.config))

    @property
    def engine(self) -> Containerd:
        return Containerd(LiveHost(), str(self.config), "containerd.service", self.program)

    def is_old(self) -> bool:
        return self.placing.generation() == REPLACES

    def drop_ins(self) -> Path:
        return self.folder / ("config.toml.d" if self.is_old() else "config-v3.toml.d")

    def register(self) -> bool:
        """As the module does; whether something was changed."""
        made, _waits = until_read(str(self.folder.parent / "pending"), lambda: self.placing.register([KATA], False), False)
        return bool(made["changed"])

    def all_there_is(self) -> dict[str, tuple[bytes, int, int]]:
        """Every file of the node, and what a try-out may leave behind."""
        paths = [*self.folder.parent.rglob("*"), *Path(tempfile.gettempdir()).glob("firebreak-*/config.toml")]
        return {str(path): (path.read_bytes() if path.is_file() else b"", path.stat().st_mode, path.stat().st_mtime_ns) for path in sorted(paths)}


def node(place: Path, program: str) -> Node:
    """A node whose k3s wrote its configuration for this containerd."""
    made = Node(place / "node", program)
    made.folder.mkdir()
    is_old, drop_ins = made.is_old(), made.drop_ins()
    drop_ins.mkdir()
    words = {"version": 2, "cri": OLD_CRI, "images": _OLD_IMAGES} if is_old else {"version": 3, "cri": CRI, "images": _IMAGES}
    made.config.write_text(OWN % {"drop_ins": drop_ins, **words})
    return made


def keep_everything_but_the_handler(place: Path, program: str) -> None:
    """With containerd 1.x nothing is written, for it would be lost; with 2.x the same dump shows the handler besides, and a second time nothing."""
    made = node(place, program)
    before, there = made.engine.dump(str(made.config)), made.all_there_is()
    if made.is_old():
        with pytest.raises(Refused, match=r"1\.x, which lets a drop-in wipe"):
            made.register()
        assert made.all_there_is() == there
        (made.drop_ins() / NAME).write_text(containerd_config.drop_in(2, [KATA]))
        wiped = containerd_config.lost(before, made.engine.dump(str(made.config)), ["kata"])
        assert {"cni.bin_dir", "cni.conf_dir", "containerd.runtimes.runc.options.SystemdCgroup", "enable_selinux", "sandbox_image"} <= {
            line.split(" = ")[0].rpartition("cri.")[2] for line in wiped}
        return
    assert made.register() is True
    after = made.engine.dump(str(made.config))
    assert containerd_config.missing(after, [KATA]) == [] and containerd_config.lost(before, after, ["kata"]) == []
    assert containerd_config.lost(after, before, ["kata"]) == []
    assert made.register() is False
    assert set(made.all_there_is()) - set(there) == {str(made.drop_ins() / NAME), str(made.folder.parent / "pending")}


def _beside(name: str, text: str) -> Callable[[Node], None]:
    def act(made: Node) -> None:
        (made.drop_ins() / name).write_text(text)

    return act


def _without_import(made: Node) -> None:
    made.config.write_text("".join(line for line in made.config.read_text().splitlines(True) if not line.startswith("imports")))


_ANOTHER = f'version = 3\n[plugins."{CRI}".containerd.runtimes.kata]\n  runtime_type = "io.containerd.kata.v2"\n  runtime_path = "/usr/bin/other"\n'
_SECOND = f'version = 2\n[plugins."{OLD_CRI}".containerd.runtimes.crun]\n  runtime_type = "io.containerd.runc.v2"\n'
# What an operator has, and what the refusal says of it.
REFUSALS: dict[str, tuple[Callable[[Node], None], str]] = {
    "a later file has the last word": (_beside("60-own.toml", _ANOTHER), r"runtime_path is '/usr/bin/other'"),
    "a later file is none": (_beside("60-own.toml", "broken = [\n"), r"cannot read it|wanted"),
    "no import": (_without_import, r"does not import"),
}


def refuse_and_leave_everything(place: Path, program: str, kind: str) -> None:
    """Nothing of the node has changed, not even a time, and its containerd reads the same, if it could read it before."""
    made = node(place, program)
    act, says = REFUSALS[kind]
    act(made)
    there = made.all_there_is()
    with pytest.raises(Refused, match=r"1\.x, which lets a drop-in wipe" if made.is_old() else says):
        made.register()
    assert made.all_there_is() == there


def lose_what_is_said_to_be_lost(place: Path, program: str) -> None:
    """With an operator's file of the former schema that is read last: the containerd has the runtimes that the scan says it has, and no others."""
    made = node(place, program)
    (made.drop_ins() / "60-own.toml").write_text(_SECOND)
    said = containerd_files.runtimes(containerd_files.read(LiveHost(), str(made.config)).files, made.placing.generation())
    assert {one.name for one in said if one.lost} == ({"runc", "nvidia"} if made.is_old() else {"crun"})
    assert {one.name for one in said if not one.lost} == set(containerd_config.runtimes(made.engine.dump(str(made.config))))


def keep_all_of_the_operators_own_file(place: Path, program: str) -> None:
    """The way that the engine containerd goes with 1.x, and by hand that of k3s' template."""
    made = node(place, program)
    dump = made.engine.dump(str(made.config))
    trial = made.engine.try_out(made.engine.wanted(made.engine.now(), dump, [KATA]))
    assert containerd_config.missing(trial, [KATA]) == [] and containerd_config.lost(dump, trial, ["kata"]) == []
