# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k3s, rke2, k0s and CRI-O: where their drop-in goes and what it says, or why it would not be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tomllib
from ansible_collections.firebreak.fleet.plugins.module_utils._containers.engines import said_version
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.toml import merged
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers import containerd_files
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.arguments import handlers_of
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd import Containerd
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_files import MIGRATES, REPLACES
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.crio_files import Places
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.drop_in import placed
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.placing import Placing, until_read
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer, LiveHost, Run

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
    made = placed(engine, config, [KATA], MIGRATES)
    assert made.path == path
    assert tomllib.loads(made.text)["plugins"][plugin]["containerd"]["runtimes"]["kata"]["runtime_path"] == KATA.shim


@pytest.mark.parametrize(
    ("engine", "config", "says"),
    [
        ("k3s", "version = 3\n", r"does not import .*/config-v3.toml.d/\*.toml: add .* to config-v3.toml.tmpl"),
        ("rke2", 'version = 2\nimports = ["/etc/containerd/config-v3.toml.d/*.toml"]\n', "config.toml.tmpl beside it and restart rke2"),
        ("k3s", None, "start k3s once"),
        ("k0s", "[plugins]\n", "version = 1, wanted one of"),
        # Whose version is not known is not taken for the better one, unless its schema is one that 1.x does not know.
        ("k3s", f'version = 2\nimports = ["{K3S}/config.toml.d/*.toml"]\n', "the version of its containerd could not be asked"),
    ],
)
def test_what_would_not_be_read(engine: str, config: str | None, says: str) -> None:
    """Nothing is written to where nobody looks."""
    with pytest.raises(Refused, match=says):
        placed(engine, config, [KATA], None if "could not be asked" in says else MIGRATES)


@pytest.mark.parametrize("engine", ["k3s", "rke2"])
def test_containerd_1_would_lose_the_whole_configuration_of_cri(engine: str) -> None:
    """containerd#5837, #7982, #9968: an import replaces a plugin's whole table. The way by hand is the distribution's template."""
    folder = K3S if engine == "k3s" else RKE2
    with pytest.raises(Refused, match=r"1\.x, which lets a drop-in wipe") as refused:
        placed(engine, f'version = 2\nimports = ["{folder}/config.toml.d/*.toml"]\n', [KATA], REPLACES)
    assert f"{folder}/config.toml.tmpl" in str(refused.value)
    assert '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]' in str(refused.value)


@pytest.mark.parametrize(("schema", "generation", "fits"), [(2, REPLACES, True), (3, MIGRATES, True), (2, MIGRATES, False), (3, REPLACES, False)])
def test_k0s_wants_the_schema_of_its_containerd(schema: int, generation: str, fits: bool) -> None:
    """k0s 1.36 does not start with a drop-in of schema 2."""
    if fits:
        assert f"version = {schema}\n" in placed("k0s", f"version = {schema}\n", [KATA], generation).text
    else:
        with pytest.raises(Refused, match="restart k0s"):
            placed("k0s", f"version = {schema}\n", [KATA], generation)


class Engine(LiveHost):
    """A host whose containerd says what it makes of a configuration by a function of its text, or of the files that it imports."""

    def __init__(self, version: str, keeps: bool = True) -> None:
        super().__init__()
        self.version, self.keeps, self.asked = version, keeps, 0

    def run(self, argv: Sequence[str], timeout: float = 0.0, limit: int = 0) -> Answer:
        if list(argv[1:]) == ["--version"]:
            return Answer(Run(0, f"containerd github.com/containerd/containerd {self.version} abc\n", ""), None, "")
        self.asked += 1
        main = containerd_files.read(LiveHost(), argv[2])
        if main.problem or main.missing:
            return Answer(Run(1, "", main.detail or main.missing), None, "")
        tables = merged({}, main.files[0].table)
        for file in main.files[1:]:
            tables = merged(tables, file.table)
            if not self.keeps and file.path.endswith(NAME):
                tables["plugins"] = file.table["plugins"]
        return Answer(Run(0, dumped(tables), ""), None, "")


def dumped(table: dict[str, Any], above: str = "") -> str:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    text = (f"[{above}]\n" if above else "") + "".join(f"{key} = {json.dumps(value)}\n" for key, value in plain.items())
    return text + "".join(dumped(value, f'{above}{"." if above else ""}{json.dumps(key)}') for key, value in table.items() if isinstance(value, dict))


OWN = f"""version = 3
imports = ["config-v3.toml.d/*.toml"]
[plugins."{NEW}"]
enable_selinux = true
[plugins."{NEW}".cni]
bin_dir = "/var/lib/rancher/k3s/data/cni"
[plugins."{NEW}".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"""


def node(tmp_path: Path, text: str = OWN) -> Path:
    config = tmp_path / "config.toml"
    config.write_text(text)
    (tmp_path / "config-v3.toml.d").mkdir()
    (tmp_path / "config-v3.toml.d" / "other.toml").write_text(f'version = 3\n[plugins."{NEW}".registry]\nconfig_path = "/certs"\n')
    return tmp_path / "config-v3.toml.d" / NAME


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_a_node_keeps_is_tried_out_before_anything_is_written(tmp_path: Path, check_mode: bool) -> None:
    placed_at, host = node(tmp_path), Engine("v2.1.4")
    before = sorted(path.name for path in tmp_path.iterdir())
    made = Placing(host, "k3s", "/x/containerd", said_version, str(tmp_path / "config.toml")).register([KATA], check_mode)
    assert (made["changed"], made["path"], placed_at.exists()) == (True, str(placed_at), not check_mode)
    assert (host.asked, sorted(path.name for path in tmp_path.iterdir())) == (2, before)
    if not check_mode:
        assert Placing(host, "k3s", "/x/containerd", said_version, str(tmp_path / "config.toml")).register([KATA], False)["changed"] is False
        assert Placing(host, "k3s", None, said_version, str(tmp_path / "config.toml")).register([], False)["changed"] is True
        assert not placed_at.exists()


@pytest.mark.parametrize(("host", "text", "says"), [
    (Engine("v2.1.4", keeps=False), OWN, "lost: plugins.io.containerd.cri.v1.runtime.cni.bin_dir"),
    (Engine("v1.7.24"), OWN.replace("version = 3", "version = 2"), "1.x, which lets a drop-in wipe"),
    (Engine("v2.1.4"), OWN.replace("*.toml", "*.toml", 1).replace("imports = [", 'imports = ["gone.toml", '), "cannot read it"),
])
def test_a_refused_registration_leaves_everything_as_it_was(
    tmp_path: Path, host: Engine, text: str, says: str,
) -> None:
    placed_at = node(tmp_path, text)
    before = {path: path.read_text() for path in tmp_path.rglob("*.toml")}
    with pytest.raises(Refused, match=says) as refused:
        Placing(host, "k3s", "/x/containerd", said_version, str(tmp_path / "config.toml")).register([KATA], False)
    assert "By hand" in str(refused.value)
    assert {path: path.read_text() for path in tmp_path.rglob("*.toml")} == before
    assert not placed_at.exists()


def test_crio() -> None:
    """As a virtual machine, with its configuration."""
    shim = "/opt/kata/bin/containerd-shim-kata-v2"
    made = placed("crio", None, [KATA._replace(shim=shim), Handler("bare", shim, "")])
    assert made.path == "/etc/crio/crio.conf.d/50-firebreak-kata.conf"
    both = tomllib.loads(made.text)["crio"]["runtime"]["runtimes"]
    assert both["kata"] == {"runtime_path": shim, "runtime_type": "vm", "runtime_root": "/run/vc",
                            "runtime_config_path": "/opt/kata/q.toml", "privileged_without_host_devices": True}
    assert "runtime_config_path" not in both["bare"]


def test_crio_passes_over_a_shim_that_is_not_called_so() -> None:
    """cri-o, config.go (RuntimeTypeVMBinaryPattern): it warns of such a handler, and starts without it."""
    with pytest.raises(Refused, match="handler kata: shim /opt/kata/bin/shim, wanted a program that is called containerd-shim-"):
        placed("crio", None, [KATA])


class Crio(LiveHost):
    """A CRI-O that says all that is below the folder that it is told to read."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[list[str]] = []

    def run(self, argv: Sequence[str], timeout: float = 0.0, limit: int = 0) -> Answer:
        self.told.append([word for word in argv[1:-1] if word.startswith("--config=")])
        folder = Path(argv[list(argv).index("--config-dir") + 1])
        return Answer(Run(0, "".join(path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()), ""), None, "")


def test_handlers_go_where_crio_was_told_to_read(tmp_path: Path) -> None:
    """cri-o, criocli.go: what lies in the usual folder nobody reads then."""
    shim, folder = "/opt/kata/bin/containerd-shim-kata-v2", tmp_path / "crio.d"
    (folder / "own").mkdir(parents=True)
    (folder / "own" / "runc").write_text('[crio.runtime.runtimes.runc]\nruntime_path = "/usr/bin/runc"\n')
    host = Crio()
    left = tmp_path / "usual" / "50-firebreak-kata.conf"
    left.parent.mkdir()
    left.touch()
    placing = Placing(host, "crio", "/usr/bin/crio", said_version, "", Places(f"{tmp_path}/crio.conf", str(folder)), str(left.parent))
    made = placing.register([KATA._replace(shim=shim)], False)
    assert (made["changed"], made["path"]) == (True, str(folder / "50-firebreak-kata.conf"))
    assert tomllib.loads(Path(made["path"]).read_text())["crio"]["runtime"]["runtimes"]["kata"]["runtime_path"] == shim
    assert not left.exists()
    assert host.told == [[f"--config={tmp_path}/crio.conf"]] * 2
    assert placing.register([KATA._replace(shim=shim)], False)["changed"] is False
    assert placing.register([], False)["changed"] is True
    assert [path.name for path in folder.iterdir()] == ["own"]


@pytest.mark.parametrize(("places", "says"), [
    (Places("", ""), "CONTAINER_CONFIG_DIR is empty, wanted a folder"),
    (Places("", "", "needs_root", "/proc/7/environ: what CRI-O was told to read"), r"/proc/7/environ: what CRI-O was told to read \(needs_root\)"),
])
def test_where_crio_reads_nothing_or_nobody_knows_nothing_is_written(places: Places, says: str) -> None:
    with pytest.raises(Refused, match=says):
        Placing(Crio(), "crio", "/usr/bin/crio", said_version, crios=places).register([KATA], False)


@pytest.mark.parametrize(("config", "says"), [
    ("/var/lib/rancher/k3s/agent/etc/containerd/config.toml", "use the engine k3s"), ("/etc/k0s/containerd.toml", "use the engine k0s"),
    ("/var/snap/microk8s/current/args/containerd.toml", "containerd-template.toml"),
])
def test_a_file_that_is_written_anew_at_each_start_is_not_edited(config: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        Containerd(Engine("v2.1.4"), config, "containerd.service").register([KATA], False)


@pytest.mark.parametrize("name", ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"])
def test_where_cri_is_disabled_nobody_would_be_served(tmp_path: Path, name: str) -> None:
    """kata#5321: so is the file that Docker's package of containerd brings."""
    config = tmp_path / "config.toml"
    config.write_text(f'disabled_plugins = ["{name}"]\n')
    with pytest.raises(Refused, match="disabled_plugins, so no handler"):
        Containerd(LiveHost(), str(config), "containerd.service").register([KATA], False)
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_a_wrapper_that_names_a_configuration_is_no_shim(tmp_path: Path) -> None:
    """kubespray's containerd-shim-kata-fc-v2: since 4.0.0 it starts nothing, and before the shim in Rust took it before the engine's."""
    wrapper = tmp_path / "containerd-shim-kata-fc-v2"
    wrapper.write_text('#!/bin/bash\nKATA_CONF_FILE=/etc/kata-containers/configuration-fc.toml /opt/kata/bin/containerd-shim-kata-v2 "$@"\n')
    with pytest.raises(Refused, match=r"KATA_CONF_FILE=/etc/kata-containers/configuration-fc\.toml, with which no shim"):
        handlers_of({"handlers": [{"name": "kata-fc", "shim": str(wrapper), "config": ""}], "tree": ""}, False)


def test_what_k0s_keeps_is_tried_out_in_the_file_that_it_makes(tmp_path: Path) -> None:
    cri, config = tmp_path / "containerd-cri.toml", tmp_path / "containerd.toml"
    cri.write_text(f'version = 3\n[plugins."{NEW}".containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n'
                   f'[plugins."{NEW}".containerd.runtimes.kata]\nruntime_type = "old"\n')
    config.write_text(f'version = 3\nimports = ["{cri}"]\n')
    assert Placing(Engine("v2.1.4"), "k0s", "/x/containerd", said_version, str(config)).register([KATA], True)["changed"] is True
    config.write_text("version = 3\n")
    with pytest.raises(Refused, match="not found"):
        Placing(Engine("v2.1.4"), "k0s", "/x/containerd", said_version, str(config)).register([KATA], True)


@pytest.mark.parametrize(("moment", "waits"), [("before it wrote", False), ("after it wrote", True)])
def test_a_run_that_is_killed_before_the_engine_reads_is_made_good(moment: str, waits: bool, tmp_path: Path) -> None:
    pending, drop_in = tmp_path / "pending", tmp_path / "drop-in"

    def register(killed: bool = False) -> dict[str, Any]:
        changed = not drop_in.exists()
        if killed and moment == "before it wrote":
            raise KeyboardInterrupt
        drop_in.touch()
        if killed:
            raise KeyboardInterrupt
        return {"changed": changed}

    with pytest.raises(KeyboardInterrupt):
        until_read(str(pending), lambda: register(killed=True), False)
    assert until_read(str(pending), register, False) == ({"changed": not waits}, True)
    assert until_read(str(pending), register, True) == ({"changed": False}, True)
    pending.unlink()
    assert until_read(str(pending), register, False) == ({"changed": False}, False)
    assert not pending.exists()


def test_what_is_refused_leaves_nothing_to_wait_for(tmp_path: Path) -> None:
    def register() -> dict[str, Any]:
        raise Refused("CRI-O would read of it: nothing")

    with pytest.raises(Refused):
        until_read(str(tmp_path / "pending"), register, False)
    assert not list(tmp_path.iterdir())
