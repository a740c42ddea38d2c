# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's shell, run by a real sh with engines that only write down what they are asked."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from firebreak_proof.questions.probe import PROBE

DUMP = """[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
  runtime_path = "/opt/kata/bin/containerd-shim-kata-v2"
  runtime_type = "io.containerd.kata.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata.options]
    ConfigPath = "/opt/kata/c.toml"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata-bare]
  runtime_path = ""
  runtime_type = "io.containerd.kata-bare.v2"
"""
CTR = """echo "ctr $*" >>{log}
case "$*" in *' run '*kata-bare.v2*) echo 'ctr: it does not start' >&2; exit 1 ;; *' run '*) echo 6.18.35 ;; esac"""
DOCKER = """echo "docker $*" >>{log}
case $1 in info) echo kata-docker ;; run) echo 6.18.36 ;; import) cat >/dev/null ;; esac"""


def probed(folder: Path, programs: Mapping[str, str], *handlers: str) -> tuple[list[list[str]], str]:
    """(the rows about handlers, what the engines were asked)."""
    log = folder / "log"
    log.touch()
    work = folder / "work"
    for name, shell in {"busybox": "", "mktemp": f'/usr/bin/mktemp "$@" | tee {work}', **programs}.items():
        path = folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + shell.replace("{log}", str(log)))
        path.chmod(0o755)
    done = subprocess.run(["sh", "-c", PROBE[0].shell, "probes", *handlers], env={"PATH": f"{folder}/bin:/usr/bin:/bin"}, stdout=subprocess.PIPE,
                          text=True, check=True, timeout=60)
    assert work.read_text().startswith("/var/tmp/firebreak-proof.")
    assert not Path(work.read_text().strip()).exists()
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows[:2]] == ["host", "pinned"]
    return rows[2:], log.read_text()


def test_a_handler_is_started_as_containerd_has_it_and_removed(tmp_path: Path) -> None:
    rows, asked = probed(tmp_path, {"containerd": f"cat <<'END'\n{DUMP}END", "ctr": CTR}, "kata", "kata-bare")
    assert rows == [["probe", "kata", "containerd", "6.18.35", ""], ["probe", "kata-bare", "containerd", "", "ctr: it does not start"]]
    assert "--runtime /opt/kata/bin/containerd-shim-kata-v2 --runtime-config-path /opt/kata/c.toml " in asked
    assert "--runtime io.containerd.kata-bare.v2 /var/tmp/" in asked
    assert asked.count("containers rm firebreak-proof-") == 2
    assert asked.splitlines()[-1] == "ctr namespaces rm firebreak-proof"


def test_a_runtime_that_only_docker_has_is_started_by_docker(tmp_path: Path) -> None:
    rows, asked = probed(tmp_path, {"docker": DOCKER, "containerd": "exit 1", "ctr": CTR}, "kata-docker", "kata")
    assert rows == [["probe", "kata-docker", "docker", "6.18.36", ""], ["probe", "kata", "none", "", "neither containerd nor Docker has it"]]
    assert "run --rm --network none --runtime kata-docker --name firebreak-proof-" in asked
    assert "docker rmi --force firebreak-proof/probe\n" in asked
