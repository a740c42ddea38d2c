# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan and proof on the same hosts with every kind of container: both say what is true, each by its own ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_kinds import KINDS, Host, Kind
from container_kinds_apart import KINDS_APART
from firebreak_proof.questions.containers import KATA
from firebreak_proof.questions.kata import KATA_FILES
from firebreak_proof.views import boundaries, configurations
from world_of_the_proof import Folder

ALL = KINDS | KINDS_APART


def truth(kind: Kind) -> dict[str, int]:
    return {"host_kernel": kind.host_kernel, "unknown": kind.unknown, "unexplained": kind.unexplained, "privileged": kind.privileged,
            "host_pid": kind.host_pid}


@pytest.mark.parametrize("kind", ALL.values(), ids=list(ALL))
def test_the_scan_says_what_is_true(kind: Kind) -> None:
    section = kind.build().containers()
    assert {name: section.facts["counts"][name] for name in truth(kind)} == truth(kind), section.facts["items"]
    assert kind.names <= {(item["engine"], item["name"]) for item in section.facts["items"]}


@pytest.mark.parametrize("kind", ALL.values(), ids=list(ALL))
def test_the_proof_says_what_is_true(kind: Kind, tmp_path: Path) -> None:
    host = kind.build()
    folder = Folder(tmp_path / "host", host.recording, host.tools)
    if host.tasks is not None:
        folder.with_containerd(host.tasks)
    proof = folder.proof()
    assert [answer.err for answer in proof.answers.values() if answer.status] == []
    found = boundaries.containers(proof)
    sharing = [one for one in found if one.shares_kernel() is True]
    assert {"host_kernel": len(sharing), "unknown": sum(one.shares_kernel() is None for one in found),
            "unexplained": len(boundaries.unexplained(proof)), "privileged": sum(one.privileged == "yes" for one in sharing),
            "host_pid": sum(one.processes == "host" for one in sharing)} == truth(kind), (found, proof.answers)
    assert kind.names <= {(one.engine, one.name) for one in found}


@pytest.mark.parametrize("where", ["snap/microk8s/current/bin", "var/lib/rancher/k3s/data/current/bin", "var/lib/rancher/rke2/bin"])
def test_the_tool_that_a_distribution_of_kubernetes_brings_tells_names(where: str, tmp_path: Path) -> None:
    """Without it containers would be seen, and none of their names and images (canonical/microk8s, k3s-io/k3s, rancher/rke2)."""
    host, place = KINDS["pod"].build(), tmp_path / "host"
    folder = Folder(place, host.recording, host.tools)
    folder.with_containerd(host.tasks or [])
    (place / where).mkdir(parents=True)
    (place / "bin/ctr").rename(place / where / "ctr")
    (place / where).with_name("ctr").symlink_to(place / "ctr")
    found = boundaries.containers(folder.proof())
    assert [(one.name, one.image) for one in found] == [("monitoring/exporter", "registry.example.org/exporter:1")]


NODE = """version = 2
disabled_plugins = [%s]
[plugins."io.containerd.grpc.v1.cri".registry.configs."r".auth]
  password = "S3CRET"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata-fc]
  runtime_type = "io.containerd.kata-fc.v2"
"""
HANDLERS = tuple(question for question in KATA if question.name in ("handlers", "handler_files", "engine_state"))


@pytest.mark.parametrize(("disabled", "shim", "served", "there"), [
    ("", "containerd-shim-kata-fc-v2", True, True), ('"cri"', "containerd-shim-kata-fc-v2", False, True),
    ("", "containerd-shim-kata-v2", True, False)])
def test_handlers_of_a_containerd_that_is_told_where_to_look(
    disabled: str, shim: str, served: bool, there: bool, tmp_path: Path,
) -> None:
    """k3s is its containerd too (k3s#7475), and reads what it wrote itself; kata#5321 and #3456."""
    place = tmp_path / "host"
    config = tmp_path / "config.toml"
    config.write_text(NODE % disabled)
    host = Host().put(300, 1, f"{place}/bin/k3s", argv=["containerd", "-c", str(config)])
    proof = Folder(place, host.recording, {"containerd": '#!/bin/sh\ncat "$2"\n', shim: ""}).proof(HANDLERS)
    handler, = boundaries.handlers(proof)
    assert (handler.name, handler.runtime_type, handler.is_kata(), handler.is_served) == ("kata-fc", "io.containerd.kata-fc.v2", True, served)
    assert ("there io.containerd.kata-fc.v2" in proof.says("handler_files")) is there
    assert "S3CRET" not in proof.says("handlers")
    # The recorded process began long before the file was written.
    assert proof.fields("engine_state")[f"containerd:{config}"] == "changed"


CONFIGURATIONS = tuple(question for question in KATA_FILES if question.name == "configurations")


@pytest.mark.parametrize(("text", "variable"), [
    ('#!/bin/bash\nKATA_CONF_FILE=/c/fc.toml %s/go/containerd-shim-kata-v2 "$@"\n', "/c/fc.toml"),
    ('#!/bin/sh\n# KATA_CONF_FILE=/old.toml\nexport KATA_CONF_FILE="${KATA_CONF_FILE:-/c/fc.toml}"\nexec %s/go/containerd-shim-kata-v2 "$@"\n',
     "/c/fc.toml"),
    ("#!/bin/sh\nexec containerd-shim-kata-v2 \"$@\"\n", ""),
])
def test_what_a_handlers_script_starts(text: str, variable: str, tmp_path: Path) -> None:
    """kubespray's containerd-shim-kata-v2.j2, and the documents of Kata's."""
    place, config = tmp_path / "host", tmp_path / "config.toml"
    config.write_text(NODE % "")
    go = place / "go/containerd-shim-kata-v2"
    host = Host().put(300, 1, f"{place}/bin/containerd", argv=["containerd", "--config", str(config)])
    script = text % place if "%s" in text else text
    folder = Folder(place, host.recording, {"containerd": '#!/bin/sh\ncat "$2"\n', "containerd-shim-kata-fc-v2": script})
    go.parent.mkdir()
    go.write_text("")
    go.chmod(0o755)
    (place / "bin/containerd-shim-kata-v2").symlink_to(go)
    rows = folder.proof(CONFIGURATIONS).rows("configurations")
    shim = configurations.shim_of("io.containerd.kata-fc.v2", rows)
    assert (shim.program, shim.variable, shim.is_default, shim.is_rust) == (str(go), variable, False, False)
