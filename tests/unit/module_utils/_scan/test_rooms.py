# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host code that is compiled as it is wanted does what it does when Python compiles all of it at once."""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import rooms
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import payload

_NUMBER = count()


@pytest.fixture
def packed(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Makes a module of a source, as the host's half would."""
    name = f"packed_{next(_NUMBER)}"
    finders: list[rooms.Memory] = []

    def made(source: str) -> Any:
        finders.append(rooms.Memory({name: source}))
        sys.meta_path.insert(0, finders[0])
        return importlib.import_module(name)

    yield made
    sys.modules.pop(name, None)
    sys.meta_path.remove(finders[0])


def test_all_of_the_host_code_is_parted_as_python_parts_it() -> None:
    sources = {name: source for name, source in payload.sources().items() if source}
    assert len(sources) > 100
    for name, source in sources.items():
        frame, functions = rooms.parts(source)
        top = ast.parse(source).body
        plain = {node.name: node for node in top if isinstance(node, ast.FunctionDef) and not node.decorator_list}
        assert list(functions) == list(plain), name
        expected = source.split("\n")
        for word, node in plain.items():
            (lines, text), end = functions[word], node.end_lineno or 0
            assert (lines, text.rstrip("\n").split("\n")) == (node.lineno - 1, expected[lines:end]), (name, word)
            expected[lines:end] = [""] * (end - lines)
        assert frame.split("\n") == expected, name


@pytest.mark.parametrize(("source", "names"), [
    ("def a(): return 1\ndef b(\n    x,\n):\n    return 2\n\n\n# why\nC = 3\n", ["a", "b"]),
    ("@cached\ndef a():\n    return 1\n\ndef b():\n    return 2", ["b"]),
    ("class A:\n    def a(self):\n        return 1\n", []),
    ('A = """\ndef a():\n    return 1\n"""\n\ndef b():\n    return 2\n', ["b"]),
    ("def a():\n    def b():\n        return 1\n    return b\n", ["a"]),
])
def test_a_source_in_parts(source: str, names: list[str]) -> None:
    assert list(rooms.parts(source).functions) == names


def test_what_is_not_called_is_not_compiled(packed: Any) -> None:
    room = packed("def used():\n    return TEN\n\ndef other():\n    this is no Python\n\nTEN = 10\n")
    assert room.used() == 10


def test_a_room_of_which_only_functions_are_taken_is_not_compiled(packed: Any) -> None:
    room = packed("this is no Python\n\ndef a():\n    return 1\n")
    taken = room.a
    with pytest.raises(SyntaxError):
        taken()


def test_a_table_of_functions_that_stands_before_them_and_after(packed: Any) -> None:
    room = packed("def one(x=1):\n    return two(x)\n\nTABLE = {'one': one}\n\ndef two(x):\n    return x * 2\n")
    assert (room.TABLE["one"](), room.TABLE["one"](4), room.one(x=5)) == (2, 8, 10)


def test_a_constant_is_what_a_function_before_it_says(packed: Any) -> None:
    assert packed("def twice(x):\n    return x * 2\n\nTEN = twice(5)\n").TEN == 10


def test_what_a_room_has_not_is_an_error_as_ever(packed: Any) -> None:
    room = packed("A = 1\n")
    with pytest.raises(AttributeError, match="missing"):
        _ = room.missing
    assert not hasattr(room, "__wrapped__")


def test_functions_that_are_generators_or_change_what_is_global(packed: Any) -> None:
    room = packed("SEEN = 0\n\ndef see(*names, **more):\n    global SEEN\n    SEEN += len(names) + len(more)\n    yield from names\n")
    assert (list(room.see("a", "b", c=1)), room.SEEN) == (["a", "b"], 3)


def test_a_traceback_names_the_line(packed: Any) -> None:
    room = packed("A = 1\n\n\ndef fail():\n    x = 1\n    raise ValueError(x)\n")
    with pytest.raises(ValueError, match="1") as caught:
        room.fail()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno) == (f"{room.__name__}.py", 6)
