# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k3s, rke2, k0s and CRI-O: where their drop-in goes and what it says, or why it would not be read."""

from __future__ import annotations

import pytest
import tomllib
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.drop_in import placed
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused

KATA = Handler("kata", "/opt/kata/bin/shim", "/opt/kata/q.toml")
K3S, RKE2 = "/var/lib/rancher/k3s/agent/etc/containerd", "/var/lib/rancher/rke2/agent/etc/containerd"
OLD, NEW = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"
NAME = "50-firebreak-kata.toml"


@pytest.mark.parametrize(
    ("engine", "config", "path", "plugin"),
    [
        ("k3s", f'version = 3\nimports = ["{K3S}/config-v3.toml.d/*.toml"]\n', f"{K3S}/config-v3.toml.d/{NAME}", NEW),
        ("k3s", f'version = 2\nimports = ["{K3S}/config.toml.d/*.toml"]\n', f"{K3S}/config.toml.d/{NAME}", OLD),
        ("rke2", f'version = 3\nimports = ["{RKE2}/config-v3.toml.d/*.toml"]\n', f"{RKE2}/config-v3.toml.d/{NAME}", NEW),
        ("k0s", "version = 3\n", f"/etc/k0s/containerd.d/{NAME}", NEW),
    ],
)
def test_kubernetes_distributions(engine: str, config: str, path: str, plugin: str) -> None:
    """In the schema that the distribution wrote last."""
    made = placed(engine, config, [KATA])
    assert made.path == path
    assert tomllib.loads(made.text)["plugins"][plugin]["containerd"]["runtimes"]["kata"]["runtime_path"] == KATA.shim


@pytest.mark.parametrize(
    ("engine", "config", "says"),
    [
        ("k3s", "version = 3\n", r"does not import .*/config-v3.toml.d/\*.toml: add .* to config-v3.toml.tmpl"),
        ("rke2", 'version = 2\nimports = ["/etc/containerd/config-v3.toml.d/*.toml"]\n', "config.toml.tmpl beside it and restart rke2"),
        ("k3s", None, "start k3s once"),
        ("k0s", "[plugins]\n", "version = 1, wanted one of"),
    ],
)
def test_what_would_not_be_read(engine: str, config: str | None, says: str) -> None:
    """Nothing is written to where nobody looks."""
    with pytest.raises(Refused, match=says):
        placed(engine, config, [KATA])


def test_crio() -> None:
    """As a virtual machine, with its configuration."""
    made = placed("crio", None, [KATA, Handler("bare", "/opt/kata/bin/shim", "")])
    assert made.path == "/etc/crio/crio.conf.d/50-firebreak-kata.conf"
    both = tomllib.loads(made.text)["crio"]["runtime"]["runtimes"]
    assert both["kata"] == {"runtime_path": "/opt/kata/bin/shim", "runtime_type": "vm", "runtime_root": "/run/vc",
                            "runtime_config_path": "/opt/kata/q.toml", "privileged_without_host_devices": True}
    assert "runtime_config_path" not in both["bare"]
