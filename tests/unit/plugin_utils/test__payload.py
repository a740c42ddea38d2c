# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload runs wherever a Python 3.6 is, tells what it can where none is, and trusts nothing that comes back."""

from __future__ import annotations

import ast
import binascii
import json
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils import _sections
from ansible_collections.firebreak.fleet.plugins.plugin_utils import _payload
from hypothesis import given
from hypothesis import strategies as st

NONCE = "0123456789abcdef"
OPTIONS = {"sections": ["os"]}
RECORD = {"schema": "firebreak.record/1", "scanned_at": "", "scanner": {}, "seconds": {}, "evidence": {}, "nulls": []}


def _run(interpreters: list[list[str]], code: _payload.Payload | None = None) -> _payload.Reply:
    whole = code or _payload.payload()
    command = _payload.command(whole, NONCE, interpreters)
    done = subprocess.run(["/bin/sh", "-c", command], input=_payload.standard_input(whole, OPTIONS), capture_output=True, timeout=60, check=False)
    return _payload.parse_reply(done.stdout.decode(), done.stderr.decode(), done.returncode, NONCE)


def _encode(value: object) -> str:
    return binascii.b2a_base64(zlib.compress(json.dumps(value).encode()), newline=False).decode()


def _script(path: Path, text: str) -> list[str]:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return [str(path)]


def _by_parser(source: str) -> list[str]:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level == 1]
    return [name for node in found for name in ([node.module] if node.module else [alias.name for alias in node.names])]


def test_imports_of_the_host_code_are_found_as_python_finds_them() -> None:
    paths = sorted(_payload.HOST_CODE.glob("*.py"))
    assert len(paths) > 50
    for path in paths:
        source = path.read_text(encoding="utf-8")
        assert sorted(_payload.siblings(source)) == sorted(_by_parser(source)), path


@pytest.mark.parametrize(("source", "names"), [
    ("from . import (  # why\n    _a,\n    _b as c,\n)\n", ["_a", "_b"]), ("    from ._late import x\n", ["_late"]),
    ("from . import _a, _b  # why\n", ["_a", "_b"]), ("from ansible import x\n# from . import _no\n", []),
])
def test_each_form_of_an_import(source: str, names: list[str]) -> None:
    assert _payload.siblings(source) == names == _by_parser(textwrap.dedent(source))


def test_payload_holds_every_section_and_nothing_of_the_controller() -> None:
    sources = _payload.sources()
    assert {f"firebreak_host._{name}" for name in _sections.SECTIONS} <= set(sources)
    assert not any("import ansible" in text or "from ansible" in text for text in sources.values())


def test_scans_in_one_go() -> None:
    record = _run([[sys.executable]]).record
    assert record is not None
    assert list(record["seconds"]) == ["os"]
    assert record["scanner"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_dead_and_old_interpreters_are_passed_over(tmp_path: Path) -> None:
    dead = _script(tmp_path / "dead", "echo 'shim: command not found' >&2; exit 127\n")
    old = _script(tmp_path / "old", "exit 75\n")
    reply = _run([["no-such-python"], dead, old, [sys.executable]])
    assert reply.record is not None


def test_an_interpreter_may_have_arguments() -> None:
    assert _run([["/usr/bin/env", sys.executable]]).record is not None


def test_without_python_the_shell_tells_what_it_can(tmp_path: Path) -> None:
    old = _script(tmp_path / "old", 'test "$1" = -V && echo Python 2.7.5 && exit; exit 75\n')
    probe = _run([["no-such-python"], old]).probe
    assert probe is not None
    assert probe.release == Path("/proc/sys/kernel/osrelease").read_text().strip()
    assert probe.tried == f"{old[0]} (Python 2.7.5): status 75;"
    assert "ID=" in probe.os_release


def test_a_damaged_payload_is_not_run() -> None:
    code = _payload.payload()
    damaged = _payload.Payload(code.data[:-1] + bytes([code.data[-1] ^ 1]), code.sha256)
    error = _run([[sys.executable]], damaged).error
    assert error is not None
    assert "the payload arrived damaged" in error


def test_loader_travels_in_shell_quotes() -> None:
    assert "'" not in _payload.LOADER
    assert "\n" not in _payload.command(_payload.payload(), NONCE)


def test_noise_around_the_markers_is_ignored() -> None:
    noise = f"Welcome!\nfirebreak:ffff:{_encode({})}:end\n\x1b[2J"
    reply = _payload.parse_reply(f"{noise}firebreak:{NONCE}:{_encode(RECORD)}:end\r\nbye", "warning: x", 0, NONCE)
    assert reply.record == RECORD


@pytest.mark.parametrize(("stdout", "stderr", "words"), [
    ("", "a\nbash: python3: \x1b[31mdenied\n", "status 1 and without a record: bash: python3: ?[31mdenied"),
    ("last login", "", "last login"),
    ("", "", "nothing was printed"),
    (f"firebreak:{NONCE}:AAAA:end", "", "no record"),
])
def test_no_record_is_one_clear_error(stdout: str, stderr: str, words: str) -> None:
    error = _payload.parse_reply(stdout, stderr, 1, NONCE).error
    assert error is not None
    assert words in error
    assert error.isprintable()


@pytest.mark.parametrize("value", [
    [], "x", None, {}, {**RECORD, "schema": "firebreak.record/99"}, {**RECORD, "nulls": {}}, {**RECORD, "nulls": [1]},
    {**RECORD, "nulls": [{"fact": 1, "reason": "x"}]}, {**RECORD, "seconds": []}, {**RECORD, "evidence": None}, {**RECORD, "os": float("inf")},
])
def test_other_shapes_are_refused(value: object) -> None:
    with pytest.raises(_payload.ReplyError):
        _payload.decode_record(_encode(value))


def _deep() -> bytes:
    return b'{"schema":' + b"[" * 200000 + b"]" * 200000 + b"}"


@pytest.mark.parametrize("text", [b"", b"{", b'{"schema": 1e999}', _deep(), b"\xff\xfe"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(_payload.ReplyError):
        _payload.decode_record(binascii.b2a_base64(zlib.compress(text)).decode())


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compressobj(9)
    data = b"".join(bomb.compress(b" " * (1 << 20)) for _ in range(70)) + bomb.flush()
    with pytest.raises(_payload.ReplyError, match="more than"):
        _payload.decode_record(binascii.b2a_base64(data).decode())


def test_a_truncated_answer_is_refused() -> None:
    whole = zlib.compress(json.dumps(RECORD).encode())
    with pytest.raises(_payload.ReplyError, match="truncated"):
        _payload.decode_record(binascii.b2a_base64(whole[:-6]).decode())


@given(st.text(), st.text())
def test_any_output_has_an_answer(stdout: str, stderr: str) -> None:
    reply = _payload.parse_reply(stdout, stderr, 0, NONCE)
    assert reply.record is None
    assert reply.error


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_a_record_or_refused(value: Any) -> None:
    try:
        assert _payload.decode_record(_encode(value))["schema"] == RECORD["schema"]
    except _payload.ReplyError as error:
        assert str(error)
