# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload runs wherever a Python 3.6 is, tells what it can where none is, and trusts nothing that comes back."""

from __future__ import annotations

import ast
import base64
import binascii
import hashlib
import json
import subprocess
import sys
import textwrap
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import sections
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import payload
from hypothesis import given
from hypothesis import strategies as st

NONCE = "0123456789abcdef"
OPTIONS = {"sections": ["os"]}
RECORD = {"schema": "firebreak.record/1", "scanned_at": "", "scanner": {}, "seconds": {}, "evidence": {}, "nulls": []}


def _run(interpreters: list[list[str]], code: payload.Payload | None = None) -> payload.Reply:
    whole = code or payload.payload()
    command = payload.command(whole, NONCE, interpreters)
    done = subprocess.run(["/bin/sh", "-c", command], input=payload.standard_input(whole, OPTIONS), capture_output=True, timeout=60, check=False)
    return payload.parse_reply(done.stdout.decode(), done.stderr.decode(), done.returncode, NONCE)


def _decoded(encoded: str) -> dict[str, Any]:
    return payload.check_shape(payload.decode(encoded))


def _encode(value: object) -> str:
    return binascii.b2a_base64(zlib.compress(json.dumps(value).encode()), newline=False).decode()


def _script(path: Path, text: str) -> list[str]:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return [str(path)]


def _by_parser(module: str, source: str) -> list[payload.Import]:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level]
    return [payload.Import(".".join(module.split(".")[:-node.level] + ([node.module] if node.module else [])), [alias.name for alias in node.names])
            for node in found]


def test_imports_of_the_host_code_are_found_as_python_finds_them() -> None:
    paths = sorted(payload.HOST_CODE.rglob("*.py"))
    assert len(paths) > 50
    for path in paths:
        source, module = path.read_text(encoding="utf-8"), ".".join(path.relative_to(payload.HOST_CODE).with_suffix("").parts)
        assert sorted(payload.relative_imports(module, source)) == sorted(_by_parser(module, source)), path


@pytest.mark.parametrize(("source", "module", "names"), [
    ("from . import (  # why\n    a,\n    b as c,\n)\n", "_wing", ["a", "b"]),
    ("    from .late import x\n", "_wing.late", ["x"]),
    ("from .providers import a, b  # why\n", "_wing.providers", ["a", "b"]),
    ("from .._other.room import x\n", "_other.room", ["x"]),
    ("from .. import _other\n", "", ["_other"]),
])
def test_each_form_of_an_import(source: str, module: str, names: list[str]) -> None:
    found = payload.relative_imports("_wing.room", source)
    assert found == [payload.Import(module, names)] == _by_parser("_wing.room", textwrap.dedent(source))


def test_what_is_not_of_the_host_code_is_no_import_of_it() -> None:
    assert payload.relative_imports("_wing.room", "from ansible import x\nimport os\n# from . import no\n") == []


def test_payload_holds_every_section_and_nothing_of_the_controller() -> None:
    sources = payload.sources()
    assert {f"firebreak_host._{name}.section" for name in sections.SECTIONS} <= set(sources)
    assert not any("import ansible" in text or "from ansible" in text for text in sources.values())


def test_only_packages_are_empty_in_the_payload() -> None:
    """The loader takes what is empty for a package."""
    sources = payload.sources()
    empty = {name for name, text in sources.items() if not text}
    assert empty == {name.rpartition(".")[0] for name in sources if "." in name} | {"firebreak_host._live_patch.providers"}


def test_scans_in_one_go() -> None:
    record = _run([[sys.executable]]).record
    assert record is not None
    assert list(record["seconds"]) == ["os"]
    assert record["scanner"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_a_room_that_nothing_is_wanted_of_is_not_compiled() -> None:
    sources = payload.sources()
    broken = {name: text + "\nthis is no Python\n" if text and "._kata." in name else text for name, text in sources.items()}
    data = zlib.compress(json.dumps(broken).encode())
    record = _run([[sys.executable]], payload.Payload(data, hashlib.sha256(data).hexdigest())).record
    assert record is not None
    assert record["os"]["hostname"]


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
    code = payload.payload()
    damaged = payload.Payload(code.data[:-1] + bytes([code.data[-1] ^ 1]), code.sha256)
    error = _run([[sys.executable]], damaged).error
    assert error is not None
    assert "the payload arrived damaged" in error


def test_loader_travels_in_shell_quotes() -> None:
    assert "'" not in payload.LOADER
    assert "\n" not in payload.command(payload.payload(), NONCE)


def test_noise_around_the_markers_is_ignored() -> None:
    noise = f"Welcome!\nfirebreak:ffff:{_encode({})}:end\n\x1b[2J"
    reply = payload.parse_reply(f"{noise}firebreak:{NONCE}:{_encode(RECORD)}:end\r\nbye", "warning: x", 0, NONCE)
    assert reply.record == RECORD


LOOK = {"schema": "firebreak.record/1", "same": "0" * 64, "scanned_at": "", "seconds": {}, "passing": {"boot.uptime_seconds": 7}}


def _reply(answer: object) -> payload.Reply:
    return payload.parse_reply(f"firebreak:{NONCE}:{_encode(answer)}:end", "", 0, NONCE)


def test_the_digest_travels_with_the_record_and_is_none_of_it() -> None:
    assert _reply({**RECORD, "digest": "0" * 64}) == payload.Reply(record=RECORD, digest="0" * 64)
    assert _reply({**RECORD, "digest": [1]}).digest == ""


def test_a_look_at_what_is_known() -> None:
    assert _reply(LOOK) == payload.Reply(look=LOOK)


@pytest.mark.parametrize("wrong", [
    {"same": 1}, {"scanned_at": None}, {"seconds": []}, {"passing": []}, {"passing": {"os.id": "debian"}}, {"passing": {"os.id": 1}},
    {"passing": {"boot.uptime_seconds": "7"}}, {"passing": {"boot.uptime_seconds": True}}, {"passing": {"services.examined": {"a": 1}}},
])
def test_a_look_says_nothing_but_what_passes(wrong: dict[str, Any]) -> None:
    assert "not as it is of a record that is the same" in str(_reply({**LOOK, **wrong}).error)


@pytest.mark.parametrize(("stdout", "stderr", "words"), [
    ("", "a\nbash: python3: \x1b[31mdenied\n", "status 1 and without a record: bash: python3: ?[31mdenied"),
    ("last login", "", "last login"),
    ("", "", "nothing was printed"),
    (f"firebreak:{NONCE}:AAAA:end", "", "no record"),
])
def test_no_record_is_one_clear_error(stdout: str, stderr: str, words: str) -> None:
    error = payload.parse_reply(stdout, stderr, 1, NONCE).error
    assert error is not None
    assert words in error
    assert error.isprintable()


@pytest.mark.parametrize("value", [
    [], "x", None, {}, {**RECORD, "schema": "firebreak.record/99"}, {**RECORD, "nulls": {}}, {**RECORD, "nulls": [1]},
    {**RECORD, "nulls": [{"fact": 1, "reason": "x"}]}, {**RECORD, "seconds": []}, {**RECORD, "evidence": None}, {**RECORD, "os": float("inf")},
])
def test_other_shapes_are_refused(value: object) -> None:
    with pytest.raises(payload.ReplyError):
        _decoded(_encode(value))


def _deep() -> bytes:
    return b'{"schema":' + b"[" * 200000 + b"]" * 200000 + b"}"


@pytest.mark.parametrize("text", [b"", b"{", b'{"schema": 1e999}', _deep(), b"\xff\xfe"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(payload.ReplyError):
        _decoded(binascii.b2a_base64(zlib.compress(text)).decode())


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compressobj(9)
    data = b"".join(bomb.compress(b" " * (1 << 20)) for _ in range(70)) + bomb.flush()
    with pytest.raises(payload.ReplyError, match="more than"):
        _decoded(binascii.b2a_base64(data).decode())


def test_a_truncated_answer_is_refused() -> None:
    whole = zlib.compress(json.dumps(RECORD).encode())
    with pytest.raises(payload.ReplyError, match="truncated"):
        _decoded(binascii.b2a_base64(whole[:-6]).decode())


@given(st.text(), st.text())
def test_any_output_has_an_answer(stdout: str, stderr: str) -> None:
    reply = payload.parse_reply(stdout, stderr, 0, NONCE)
    assert reply.record is None
    assert reply.error


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_a_record_or_refused(value: Any) -> None:
    try:
        assert _decoded(_encode(value))["schema"] == RECORD["schema"]
    except payload.ReplyError as error:
        assert str(error)


@pytest.mark.parametrize(("text", "problem"), [
    ('{"schema": "firebreak.record/1", "z": [' + "[]," * 3_000_000 + "[]]}", "truncated, or more than 8388608 bytes"),
    ('{"schema": "firebreak.record/1", "z": [' + "[]," * 500_000 + "[]]}", "more than 400000 values"),
    ('{"schema": "firebreak.record/1", "z": {' + ",".join(f'"{number}":1' for number in range(500_000)) + "}}", "more than 400000 values"),
    ('{"schema": "firebreak.record/1", "scanned_at": "", "scanner": {}, "seconds": {}, "evidence": {}, "nulls": [], "z": [[]]}', "'z': no section")])
def test_an_answer_that_is_small_as_text_costs_no_gigabytes(text: str, problem: str) -> None:
    encoded = base64.b64encode(zlib.compress(text.encode())).decode()
    with pytest.raises(payload.ReplyError, match=problem):
        _decoded(encoded)


@pytest.mark.parametrize("piece", ["firebreak-probe:f00d:begin\n", "firebreak:f00d:", "firebreak:f00d:AAAA", "\nfirebreak-probe:f00d:end"])
def test_a_megabyte_of_markers_is_read_in_linear_time(piece: str) -> None:
    began = time.process_time()
    payload.parse_reply(piece * (1024 * 1024 // len(piece)), "", 0, "f00d")
    assert time.process_time() - began < 5
