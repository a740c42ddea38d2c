# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd's configuration: the operator's bytes stay, and what would be lost is named."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import (
    Handler,
    absent_files,
    check_handlers,
    drop_in,
    ensure_import,
    imported,
    lost,
    missing,
    plugin,
    runtimes,
    schema,
    with_block,
)
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused

PATTERN = "/etc/containerd/conf.d/*.toml"
KATA = Handler("kata", "/opt/kata/bin/shim", "/opt/kata/q.toml")
OPERATORS = """version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "pause:3.9" # ours
"""
DUMP = """version = 2
imports = ["/etc/containerd/config.toml"]
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "pause:3.9"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes]
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
        runtime_path = ""
        runtime_type = "io.containerd.runc.v2"
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
          SystemdCgroup = true
          IoGid = 0
  [plugins."io.containerd.internal.v1.opt"]
    path = "/opt/containerd"
"""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("version = 3\n[a]\n", f'version = 3\nimports = ["{PATTERN}"]\n[a]\n'),
        ("", f'imports = ["{PATTERN}"]\n'),
        ("version = 3", f'version = 3\nimports = ["{PATTERN}"]\n'),
        ("imports = []\nversion = 3\n", f'imports = ["{PATTERN}"]\nversion = 3\n'),
        ('imports = ["/a"] # mine\n', f'imports = ["{PATTERN}", "/a"] # mine\n'),
        ('imports = [\n  "/a",\n]\n[b]\n', f'imports = ["{PATTERN}", \n  "/a",\n]\n[b]\n'),
        (f"imports = ['{PATTERN}']\n", f"imports = ['{PATTERN}']\n"),
        (f'# imports = ["{PATTERN}"]\nversion = 3\n', f'# imports = ["{PATTERN}"]\nversion = 3\nimports = ["{PATTERN}"]\n'),
    ],
)
def test_import(text: str, wanted: str) -> None:
    """One line, where it counts, and only once."""
    assert ensure_import(text, PATTERN) == wanted
    assert PATTERN in imported(wanted)
    assert ensure_import(wanted, PATTERN) == wanted


def test_block_leaves_every_other_byte() -> None:
    """It comes with the runtime that it would take away, it is the same the second time, and it goes without a trace."""
    once = with_block(OPERATORS, 2, [KATA], DUMP)
    assert once.startswith(OPERATORS)
    assert with_block(once, 2, [KATA], DUMP) == once
    assert with_block(once, 2, [], DUMP) == OPERATORS
    ours = {"runtime_type": "io.containerd.kata.v2", "runtime_path": "/opt/kata/bin/shim", "ConfigPath": "/opt/kata/q.toml"}
    assert runtimes(once) == {"runc": {"runtime_type": "io.containerd.runc.v2", "runtime_path": ""}, "kata": ours}
    assert "SystemdCgroup = true\nIoGid = 0\n" in once
    own = OPERATORS + '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]\nruntime_type = "mine"\n'
    assert with_block(own, 2, [KATA], DUMP).count("runtimes.runc]") == 1


def test_a_torn_block_is_refused() -> None:
    """Whoever removed its end must say what of the rest is his."""
    with pytest.raises(Refused, match="mend it by hand"):
        with_block(with_block(OPERATORS, 2, [KATA], DUMP).replace("# END", "# end"), 2, [KATA], DUMP)


def test_drop_in() -> None:
    """In the schema's own words."""
    text = drop_in(3, [KATA])
    assert schema(text) == 3
    assert '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.kata.options]\nConfigPath = "/opt/kata/q.toml"' in text
    assert missing(text, [KATA]) == []
    assert missing(text, [KATA._replace(config="/opt/kata/other.toml")]) == [
        "handler kata: ConfigPath is '/opt/kata/q.toml', wanted '/opt/kata/other.toml'"]
    assert len(missing("", [KATA])) == 2


def test_schema() -> None:
    """A file without a version is of schema 1, which cannot be written for."""
    assert [schema(text) for text in ("", "version = 2 # x\n", "[a]\nversion = 3\n")] == [1, 2, 1]
    with pytest.raises(Refused, match=r"config\.toml: version = 1, wanted one of 2, 3, 4"):
        plugin(1, "/etc/containerd/config.toml")


def test_what_is_lost() -> None:
    """A setting that is gone or another, but not one that was never made, and not a handler of ours."""
    assert lost(DUMP, DUMP, []) == []
    assert lost(DUMP, DUMP.replace("        runtime_path = \"\"\n", ""), []) == []
    assert lost(DUMP, DUMP.replace("pause:3.9", "pause:3.8"), []) == ['plugins.io.containerd.grpc.v1.cri.sandbox_image = pause:3.9']
    without = DUMP[:DUMP.index('      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]')]
    assert len(lost(DUMP, without, [])) == 3
    assert lost(DUMP, without, ["runc"]) == ['plugins.io.containerd.internal.v1.opt.path = /opt/containerd']


@pytest.mark.parametrize(
    ("handlers", "problem"),
    [
        ([KATA._replace(name="Kata")], "'Kata': wanted lower-case"),
        ([KATA._replace(name="runc")], "not runc"),
        ([KATA, KATA], "each name once"),
        ([KATA._replace(shim="bin/shim")], "wanted an absolute path"),
        ([KATA._replace(config='/a"\nb')], "wanted an absolute path"),
    ],
)
def test_handlers_that_are_refused(handlers: Any, problem: str) -> None:
    """What would not be a name in Kubernetes, or would write another line into the file."""
    with pytest.raises(Refused, match=problem):
        check_handlers(handlers)


def test_files_that_a_release_lacks() -> None:
    """Looked for in the release that is about to be in force."""
    assert absent_files([KATA], "/opt/kata", "/opt/kata-4.1.0", {"/opt/kata-4.1.0/bin/shim"}.__contains__) == [
        "handler kata: /opt/kata/q.toml: no such file in /opt/kata-4.1.0"]
    assert absent_files([Handler("x", "/usr/bin/shim", "")], "/opt/kata", "/opt/kata-4.1.0", lambda path: False) == []
