# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine's own containerd as k3s runs it: one binary by links, its files below k3s' own folders, its state below /run/k3s. Needs root.

Where it is 1.x the role refuses and nothing has changed; what its refusal says to do by hand is then done, and scan and proof see it in force.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import containerd_node
import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers import containerd_config
from firebreak_proof import asking
from firebreak_proof.proof import Proof
from firebreak_proof.questions.containers import CONTAINERS, KATA
from firebreak_proof.standards import NOTHING
from firebreak_proof.views import boundaries
from layered_host import LayeredHost
from workshop import REPOSITORY

K3S = "/var/lib/rancher/k3s"
CONTAINERD, CONFIG, SOCKET = f"{K3S}/data/current/bin/containerd", f"{K3S}/agent/etc/containerd/config.toml", "/run/k3s/containerd/containerd.sock"
HANDLER = containerd_config.Handler("kata", "/opt/kata/bin/containerd-shim-kata-v2", "/opt/kata/qemu.toml")
_COMMON = """
import json, sys
sys.path.insert(0, sys.argv[1] + "/collections")
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import section as containers
from ansible_collections.firebreak.fleet.plugins.module_utils._containers.engines import program_reading, said_version
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.drop_in import ENGINES
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.placing import Placing
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import section as kata
"""
REGISTER = _COMMON + """
host, k3s = LiveHost(), ENGINES["k3s"]
try:
    Placing(host, "k3s", program_reading(host, k3s.config, k3s.programs), said_version).register([Handler(*sys.argv[2:])], False)
except Refused as refused:
    print(refused)
"""
SCAN = _COMMON + """
facts = {}
for name, module in (("containers", containers), ("kata", kata)):
    found = Section(name)
    module.collect(LiveHost(), found, {})
    facts[name] = found.facts
print(json.dumps(facts))
"""
EVERYTHING = f"cd {K3S}/agent/etc && find . -printf '%p %m %T@ %C@\\n' | sort && find . -type f | sort | xargs md5sum"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LayeredHost]:
    assert os.geteuid() == 0, f"this test must run as root, not as user {os.geteuid()}"
    files = tmp_path_factory.mktemp("files")
    programs, folder = files / f"{K3S}/data/abc/bin".lstrip("/"), files / f"{K3S}/agent/etc/containerd".lstrip("/")
    programs.mkdir(parents=True)
    shutil.copy2(os.path.realpath(shutil.which("containerd") or "containerd"), programs / "k3s")
    (programs / "containerd").symlink_to("k3s")
    (programs.parents[1] / "current").symlink_to(f"{K3S}/data/abc")
    made = containerd_node.node(tmp_path_factory.mktemp("node"), str(programs / "containerd"))
    shutil.copytree(made.folder, folder)
    (folder / "config.toml").write_text(made.config.read_text().replace(str(made.folder), CONFIG.rpartition("/")[0]))
    (folder / made.drop_ins().name.replace(".toml.d", ".toml.tmpl")).write_text('{{ template "base" . }}\n')
    for path in (HANDLER.shim, HANDLER.config):
        (files / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (files / path.lstrip("/")).write_text("")
    layered = LayeredHost(tmp_path_factory.mktemp("layered"), files, REPOSITORY)
    layered.run(f"mkdir -p {K3S}/agent/containerd /run/k3s/containerd")
    start(layered)
    yield layered
    layered.end()


def start(host: LayeredHost) -> None:
    """As k3s starts it, in the place of the one that runs."""
    # What was written just before a start is older than it by more than the clocks' grain.
    host.run("for place in /proc/[0-9]*; do case $(readlink $place/exe) in */bin/k3s) kill -9 ${place#/proc/} ;; esac; done 2>/dev/null; sleep 2")
    host.run(f"rm -f {SOCKET}; setsid {CONTAINERD} -c {CONFIG} -a {SOCKET} --state /run/k3s/containerd --root {K3S}/agent/containerd "
             ">/run/log 2>&1 </dev/null &")
    host.wait_for(f"[ -S {SOCKET} ]")
    # k3s writes its file right before each start: what changes within two seconds of one may be that.
    host.run("sleep 3")


def dump(host: LayeredHost) -> str:
    return host.run(f"{CONTAINERD} --config {CONFIG} config dump")


def test_a_registration_keeps_all_that_k3s_configured(host: LayeredHost) -> None:
    before, there = dump(host), host.run(EVERYTHING)
    refused = host.run('python3 -c "$@"', (REGISTER, str(REPOSITORY), *HANDLER))
    after = dump(host)
    if refused:
        assert "1.x, which lets a drop-in wipe all that k3s configured of CRI" in refused
        assert (host.run(EVERYTHING), after) == (there, before)
        # k3s writes what its template says: the base, and below it these lines.
        lines = refused[refused.index("[plugins."):]
        host.run(f'printf "%s\\n" "$1" >>{CONFIG}', (lines,))
        after = dump(host)
    assert containerd_config.missing(after, [HANDLER]) == []
    assert containerd_config.lost(before, after, ["kata"]) == [] and containerd_config.lost(after, before, ["kata"]) == []


def seen(host: LayeredHost) -> tuple[dict[str, Any], Proof]:
    """What the scan says, and the proof."""
    facts = json.loads(host.run('python3 -c "$1" "$2"', (SCAN, str(REPOSITORY))))
    questions = tuple(one for one in (*CONTAINERS, *KATA) if one.name in ("daemons", "handlers", "engine_state"))
    return facts, Proof("copy", NOTHING, asking.answers(host.run(asking.script(questions, "f00d")), "f00d"))


@pytest.mark.parametrize("is_restarted", [False, True])
def test_the_handler_is_in_force_once_k3s_was_restarted(host: LayeredHost, is_restarted: bool) -> None:
    """k3s#7475: its binary is called k3s, and its first word containerd."""
    if is_restarted:
        start(host)
    facts, proof = seen(host)
    assert [row["stale"] for row in facts["containers"]["engines"] if row["name"] == "containerd" and row["running"]] == [False]
    row, = (row for row in facts["kata"]["handlers"] if row["source"].startswith(K3S))
    assert (row["name"], row["shim"], row["dead"], row["loaded"]) == ("kata", HANDLER.shim, "", True if is_restarted else None)
    assert [cells[3] for cells in proof.rows("daemons") if cells[0] == "containerd"] == ["installed"]
    assert HANDLER.shim in [one.shim for one in boundaries.handlers(proof) if one.name == "kata"]
    assert proof.fields("engine_state")[f"containerd:{CONFIG}"] == ("loaded" if is_restarted else "changed")
