# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the host code lives in a host's memory: nothing of it is compiled before it is wanted.

Compiling is most of what Python itself costs in a scan, and a host needs less than half of the code. So a room (a module of the host code) is
compiled when something of it but a function is first wanted, or one of its functions is first called, and each function by itself at its
first call. Whatever a host has no trace of is then never read by Python. Annotations want nothing.
"""

import __future__

import re
import sys
from typing import Any, Callable, Dict, List, NamedTuple, Optional

FLAGS = __future__.annotations.compiler_flag if hasattr(__future__, "annotations") else 0

# A function at the left edge: all lines until the next one that begins there, but for the bracket that ends its arguments.
_FUNCTION = re.compile(r"^((?:@.*\n)*)def (\w+)\(.*\n(?:[ \t)].*\n|\n)*", re.MULTILINE)
_QUOTES = re.compile("[\"]{3}|[']{3}")


class Text(NamedTuple):
    """A piece of a source and the number of lines before it."""

    lines: int
    text: str


class Parts(NamedTuple):
    """A source without its functions, each of its lines where it was, and the functions by their names; decorated ones stay where they are."""

    frame: str
    functions: Dict[str, Text]


def parts(source: str) -> Parts:
    """The source in parts; each line keeps its number, so that a traceback tells the right one. A program in a long text is a text."""
    frame: List[str] = []
    functions: Dict[str, Text] = {}
    end = lines = quotes = 0
    for match in _FUNCTION.finditer(source):
        before, text = source[end:match.start()], match.group()
        is_quoted = (quotes + len(_QUOTES.findall(before))) % 2
        if match.group(1) or is_quoted:
            continue
        quotes += len(_QUOTES.findall(before + text))
        lines += before.count("\n")
        functions[match.group(2)] = Text(lines, text)
        height = text.count("\n")
        frame += [before, "\n" * height]
        lines += height
        end = match.end()
    return Parts("".join(frame) + source[end:], functions)


class Unread:
    """What of a room is not compiled yet."""

    def __init__(self, space: Dict[str, Any], source: str) -> None:
        self._space, self._source = space, source
        self._frame: Optional[str] = None
        self._file = space["__name__"].replace(".", "/") + ".py"

    def give(self, word: str) -> Any:
        """What the room has by this name; AttributeError where it has nothing."""
        if self._frame is None:
            self._frame, functions = parts(self._source)
            self._space.update((name, self._later(name, text)) for name, text in functions.items())
        if word not in self._space:
            self._furnish()
        try:
            return self._space[word]
        except KeyError:
            raise AttributeError(word) from None

    def _furnish(self) -> None:
        """Everything but the functions is there from now on."""
        frame, self._frame = self._frame, ""
        if frame:
            self._compile(frame)

    def _compile(self, text: str) -> None:
        exec(compile(text, self._file, "exec", FLAGS, True), self._space)

    def _later(self, name: str, text: Text) -> Callable[..., Any]:
        """Stands in for a function until its first call, and for whoever took it before then, always."""
        compiled: List[Callable[..., Any]] = []

        def function(*words: Any, **named: Any) -> Any:
            if not compiled:
                self._furnish()
                self._compile("\n" * text.lines + text.text)
                compiled.append(self._space[name])
            return compiled[0](*words, **named)

        return function


class Room(type(sys)):  # type: ignore[misc]
    """A module of which nothing but the source is there at first."""

    def __getattr__(self, word: str) -> Any:
        if word[:2] == "__":
            raise AttributeError(word)
        return self.__dict__["__unread__"].give(word)


class Memory:
    """Finds the modules of the host code in a mapping of their names to their sources; a package's source is empty."""

    def __init__(self, sources: Dict[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """As importlib wants it."""
        loader: Any = self
        return type(sys.__spec__)(name, loader, is_package=not self._sources[name]) if name in self._sources else None

    def create_module(self, spec: Any) -> Any:
        """An unread room."""
        return Room(spec.name)

    def exec_module(self, module: Any) -> None:
        """Leave its source where it is read when something is wanted of it."""
        module.__dict__["__unread__"] = Unread(module.__dict__, self._sources[module.__name__])
