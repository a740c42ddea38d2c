# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node as k3s configures it, with this machine's own containerd: what the role writes loses nothing, and what would is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._containers.engines import said_version
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers import containerd_config
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd import NAME, Containerd
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_files import REPLACES
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.placing import Placing
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost

KATA = Handler("kata", "/opt/kata/bin/shim", "/opt/kata/q.toml")
CONTAINERD = shutil.which("containerd") or ""
OWN = """version = %d
imports = ["%s/*.toml"]
[plugins."%s"]
  enable_selinux = true
[plugins."%s".cni]
  bin_dir = "/var/lib/rancher/k3s/data/bin"
  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"
[plugins."%s".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."%s".containerd.runtimes.runc.options]
  SystemdCgroup = true
"""


def node(folder: Path, is_old: bool) -> Path:
    """The configuration that k3s wrote for a containerd of 1.x or of 2.x."""
    plugin = "io.containerd.grpc.v1.cri" if is_old else "io.containerd.cri.v1.runtime"
    drop_ins = folder / ("config.toml.d" if is_old else "config-v3.toml.d")
    drop_ins.mkdir()
    (folder / "config.toml").write_text(OWN % (2 if is_old else 3, drop_ins, plugin, plugin, plugin, plugin))
    return drop_ins


def test_a_nodes_configuration_of_cri_is_kept(tmp_path: Path) -> None:
    """With containerd 1.x nothing is written, for it would be lost; with 2.x the same dump shows the handler besides."""
    placing = Placing(LiveHost(), "k3s", CONTAINERD, said_version, str(tmp_path / "config.toml"))
    is_old = placing.generation() == REPLACES
    drop_ins = node(tmp_path, is_old)
    engine = Containerd(LiveHost(), str(tmp_path / "config.toml"), "containerd.service", CONTAINERD)
    before = engine.dump(engine.config)
    if is_old:
        with pytest.raises(Refused, match=r"1\.x, which lets a drop-in wipe"):
            placing.register([KATA], False)
        assert list(drop_ins.iterdir()) == []
        (drop_ins / NAME).write_text(containerd_config.drop_in(2, [KATA]))
        wiped = containerd_config.lost(before, engine.dump(engine.config), ["kata"])
        assert [line.split(" = ")[0].rpartition("cri.")[2] for line in wiped] == [
            "cni.bin_dir", "cni.conf_dir", "containerd.runtimes.runc.options.SystemdCgroup", "containerd.runtimes.runc.runtime_type",
            "enable_selinux"]
    else:
        assert placing.register([KATA], False)["changed"] is True
        after = engine.dump(engine.config)
        assert containerd_config.missing(after, [KATA]) == [] and containerd_config.lost(before, after, ["kata"]) == []


def test_a_block_in_the_operators_own_file_keeps_all_of_it(tmp_path: Path) -> None:
    """The way that the engine containerd goes with 1.x, and by hand that of k3s' template."""
    node(tmp_path, True)
    engine = Containerd(LiveHost(), str(tmp_path / "config.toml"), "containerd.service", CONTAINERD)
    dump = engine.dump(engine.config)
    trial = engine.try_out(engine.wanted(engine.now(), dump, [KATA]))
    assert containerd_config.missing(trial, [KATA]) == [] and containerd_config.lost(dump, trial, ["kata"]) == []
