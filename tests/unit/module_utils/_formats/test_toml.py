# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of TOML against Python's own, and what it says of text that is none."""

from __future__ import annotations

from typing import Any

import pytest
import tomllib
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.toml import TomlError, merged, parse

CONTAINERD = """\
version = 3 # the schema
imports = [
  "/etc/containerd/conf.d/*.toml", # all
  '/etc/other.toml',
]

[plugins]
  [plugins."io.containerd.cri.v1.runtime"]
    max = 0x1F
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.kata]
      runtime_type = "io.containerd.kata.v2"
      pod_annotations = ["io.katacontainers.*"]
      options = { ConfigPath = "/opt/kata/\\u0061.toml", deep.er = true }

[[proxy.images]]
name = "a"
[[proxy.images]]
name = "b"
[proxy.images.inner]
x = -1.5e3
"""
TEXTS = [
    CONTAINERD,
    "",
    "# only a comment",
    "a.b.c = 1\na.b.d = 1_000\n",
    'a = """\nfirst\\\n   second "quoted"\n"""\nb = \'\'\'\nraw \\n\'\'\'\n',
    "a = [[1, 2], ['x', \"y\"], [], {b = [false]}]\n",
    'a = "tab\\t quote\\" \\U0001F600"\r\nb = \'\'\r\n',
    "a = +7\nb = -0\nc = 0b11\nd = 0o17\ne = 6.02E+23\n",
    "[a]\n[a.b]\nc = 1\n[d.e.f]\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_reads_as_python_does(text: str) -> None:
    """The same nested values, booleans and numbers told apart."""
    assert repr(parse(text)) == repr(tomllib.loads(text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = 1\nb = \n", "line 2: '\\n', wanted a value"),
        ("broken = [", "line 1: '', wanted a value"),
        ("a = yes", "line 1: 'yes', wanted a value"),
        ("a = 1 b = 2", "line 1: ' b = 2', wanted the end of the line"),
        ("a = 'x\n", "line 1: a text without its end '"),
        ("a = 1\na = 2", "line 2: a is there twice"),
        ("[a]\n[b]\n[a]\n", "line 3: [a] is there twice"),
        ("a = 1\n[a.b]\n", "line 2: a.b is a value, and a table too"),
        ('a = "\\q"', "line 1: \\q is no escape"),
        ('a = "\\UFFFFFFFF"', "line 1: \\UFFFFFFFF is no character"),
        ("= 1", "line 1: '= 1', wanted a key"),
        ("a", "line 1: '', wanted '='"),
        ("a = 01", "line 1: '01', wanted a value"),
        ("[a]\nb=1\n[[a]]\n", "line 3: a is a table, and an array of tables too"),
        ("a = " + "[" * 100, "line 1: nested deeper than 64"),
    ],
)
def test_what_is_no_toml(text: str, says: str) -> None:
    """The line, what is there and what was wanted; Python's reader refuses it too."""
    with pytest.raises(TomlError) as error:
        parse(text)
    assert str(error.value).startswith(says)
    if "nested" not in says:
        with pytest.raises(tomllib.TOMLDecodeError):
            tomllib.loads(text)


def test_dates_stay_text() -> None:
    """No configuration of an engine means one."""
    assert parse("a = 2026-11-24T10:00:00Z\n") == {"a": "2026-11-24T10:00:00Z"}


def test_merged() -> None:
    """Tables merge at every depth, arrays are replaced, and neither document is changed."""
    base: dict[str, Any] = {"a": {"b": {"c": 1, "d": [1, 2]}}, "e": 1}
    over: dict[str, Any] = {"a": {"b": {"d": [3]}}, "f": 2}
    assert merged(base, over) == {"a": {"b": {"c": 1, "d": [3]}}, "e": 1, "f": 2}
    assert base == {"a": {"b": {"c": 1, "d": [1, 2]}}, "e": 1}
