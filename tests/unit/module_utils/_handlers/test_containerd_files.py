# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd's files as containerd reads them: every way to write a runtime, imports of imports, and what each version loses of several."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.toml import parse
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers import containerd_files
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_files import LAST_VERSION, MIGRATES, REPLACES, File
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.wrappers import Wrapper, parse_wrapper
from recorded_host import RecordedHost

NEW, OLD = 'plugins."io.containerd.cri.v1.runtime".containerd', 'plugins."io.containerd.grpc.v1.cri".containerd'


@pytest.mark.parametrize("text", [
    f'version = 3\n[{NEW}.runtimes.kata]\nruntime_type = "io.containerd.kata.v2" # Kata\n',
    f'version = 3\n[ {NEW.replace(".", " . ").replace("io . containerd . cri . v1 . runtime", "io.containerd.cri.v1.runtime")} . runtimes . kata ]\n'
    'runtime_type = "io.containerd.kata.v2"\n',
    f'version = 3\n[{NEW}.runtimes]\nkata = {{ runtime_type = "io.containerd.kata.v2" }}\n',
    f'version = 3\n[{NEW}]\nruntimes.kata.runtime_type = "io.containerd.kata.v2"\n',
    f"version = 2\n[{OLD}.runtimes.'kata']\nruntime_type = 'io.containerd.kata.v2'\n",
    '[plugins.cri.containerd.runtimes.kata]\nruntime_type = "io.containerd.kata.v2"\n',
])
def test_every_way_to_write_a_runtime(text: str) -> None:
    assert containerd_files.runtimes_of(parse(text)) == {"kata": {"runtime_type": "io.containerd.kata.v2"}}


def test_words_of_another_schema_are_none() -> None:
    assert containerd_files.runtimes_of(parse(f"version = 3\n[{OLD}.runtimes.kata]\n")) == {}


def test_imports_of_imports_each_once() -> None:
    host = RecordedHost({"read": {
        "/etc/containerd/config.toml": 'imports = ["conf.d/*.toml", "/x.toml"]', "/etc/containerd/conf.d/a.toml": 'imports = ["/y.toml"]',
        "/x.toml": "", "/y.toml": 'imports = ["/etc/containerd/config.toml"]'}})
    read = containerd_files.read(host, "/etc/containerd/config.toml")
    assert [file.path for file in read.files] == ["/etc/containerd/config.toml", "/etc/containerd/conf.d/a.toml", "/x.toml", "/y.toml"]
    assert (read.problem, read.missing) == (None, "")


def test_a_plain_import_that_is_not_there_keeps_containerd_from_starting() -> None:
    host = RecordedHost({"read": {"/c.toml": 'imports = ["/gone.toml", "/none/*.toml"]'}})
    assert containerd_files.read(host, "/c.toml").missing == "/gone.toml"


def test_a_file_that_is_no_toml_says_so() -> None:
    assert containerd_files.read(RecordedHost({"read": {"/c.toml": "= ["}}), "/c.toml").problem == "unparsable"


def files(*texts: str) -> list[File]:
    return [File(f"/{number}.toml", parse(text)) for number, text in enumerate(texts)]


KATA_OLD, KATA_NEW = f'version = 2\n[{OLD}.runtimes.kata]\na = "b"\n', f'version = 3\n[{NEW}.runtimes.kata]\na = "b"\n'
RUNC_OLD, RUNC_NEW = (text.replace("kata", "runc") for text in (KATA_OLD, KATA_NEW))


@pytest.mark.parametrize(("texts", "how", "lost"), [
    ((KATA_OLD, RUNC_OLD), REPLACES, {"kata"}), ((KATA_OLD, RUNC_OLD), LAST_VERSION, set()), ((KATA_OLD, RUNC_OLD), MIGRATES, set()),
    ((KATA_OLD, "version = 2\n[metrics]\n"), REPLACES, set()),
    # 2.0 to 2.2 merge the tables as they stand, and bring all up to date from the version of the file read last.
    ((KATA_OLD, RUNC_NEW), LAST_VERSION, {"kata"}), ((RUNC_NEW, KATA_OLD), LAST_VERSION, {"kata"}),
    ((KATA_OLD, "version = 3\n"), LAST_VERSION, {"kata"}),
    (("version = 3\n", KATA_OLD), LAST_VERSION, set()), ((RUNC_NEW, KATA_NEW), LAST_VERSION, set()), ((KATA_OLD, RUNC_NEW), MIGRATES, set()),
    ((KATA_OLD, RUNC_NEW), None, set()),
])
def test_what_each_version_loses_of_several_files(texts: tuple[str, ...], how: str | None, lost: set[str]) -> None:
    assert {one.name for one in containerd_files.runtimes(files(*texts), how) if one.lost} == lost


@pytest.mark.parametrize(("version", "how"), [
    ("1.6.20~ds1-1+deb12u3", REPLACES), ("v1.7.27", REPLACES), ("2.0.11", LAST_VERSION), ("2.2.7-0ubuntu1", LAST_VERSION), ("2.3.4", MIGRATES),
    ("", None), ("devel", None)])
def test_generations(version: str, how: str | None) -> None:
    assert containerd_files.generation(version) == how


@pytest.mark.parametrize(("text", "said"), [
    ('#!/bin/bash\nKATA_CONF_FILE=/etc/kata-containers/configuration-fc.toml /opt/kata/bin/containerd-shim-kata-v2 "$@"\n',
     Wrapper("/etc/kata-containers/configuration-fc.toml", "/opt/kata/bin/containerd-shim-kata-v2")),
    ('#!/usr/bin/env bash\nexport KATA_CONF_FILE="/a.toml"\nexec "/usr/bin/containerd-shim-kata-v2" "$@"\n',
     Wrapper("/a.toml", "/usr/bin/containerd-shim-kata-v2")),
    ("#!/bin/sh\n# KATA_CONF_FILE=/a.toml\nexec /opt/kata/bin/containerd-shim-kata-v2\n", Wrapper(None, "/opt/kata/bin/containerd-shim-kata-v2")),
    # A shim that the shell looks for, and a variable that the caller may have given (POSIX shell, 2.6.2 and 2.9.1.1).
    ("#!/bin/sh\nenv KATA_CONF_FILE='/a.toml' containerd-shim-kata-v2 \"$@\"\n", Wrapper("/a.toml", "containerd-shim-kata-v2")),
    ('#!/bin/sh\nexport KATA_CONF_FILE="${KATA_CONF_FILE:-/a.toml}"\nexec containerd-shim-kata-v2 "$@"',
     Wrapper("/a.toml", "containerd-shim-kata-v2")),
    ('#!/bin/sh\n: "${KATA_CONF_FILE:=/a.toml}"\n/opt/kata/bin/containerd-shim-kata-v2 "$@"\n',
     Wrapper("/a.toml", "/opt/kata/bin/containerd-shim-kata-v2")),
])
def test_wrappers(text: str, said: Wrapper) -> None:
    assert parse_wrapper(text) == said
