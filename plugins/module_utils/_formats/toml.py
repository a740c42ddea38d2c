# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads TOML, as container engines and Kata Containers are configured in it. Python has a reader only since 3.11.

Text in, nested dicts out. Dates stay text. A value's type is what the language gives it, so a boolean is never a number.
"""

import re
from typing import Any, Dict, List, NoReturn, Set, Tuple

Table = Dict[str, Any]

_BLANK = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LITERAL = re.compile(r"'([^'\n]*)'")
_BASIC = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LITERAL_LINES = re.compile(r"'''\r?\n?(.*?)'''(?!')", re.S)
_BASIC_LINES = re.compile(r'"""\r?\n?((?:[^\\]|\\.)*?)"""(?!")', re.S)
_WORD = re.compile(r"[A-Za-z0-9_+:.-]+(?: [0-9]{2}:[0-9:.+Zz-]+)?")
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)\Z")
_BASED = re.compile(r"0(?:x[0-9A-Fa-f]+|o[0-7]+|b[01]+)\Z")
_FLOAT = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|inf|nan)\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}")
_ESCAPE = re.compile(r"\\(?:([btnfr\"\\])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([ \t]*\r?\n[ \t\r\n]*)|(.|\Z))", re.S)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_CONSTANTS = {"true": True, "false": False}
# Deeper than any configuration, shallower than Python's own stack.
_DEPTH = 64


class TomlError(ValueError):
    """The text is no TOML; ``line`` counts from 1."""

    def __init__(self, line: int, what: str) -> None:
        ValueError.__init__(self, "line %d: %s" % (line, what))
        self.line = line


class _Reader(object):
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def fail(self, what: str) -> NoReturn:
        raise TomlError(self.text.count("\n", 0, self.at) + 1, what)

    def skip(self, pattern: Any) -> None:
        self.at = pattern.match(self.text, self.at).end()

    def peek(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def take(self, token: str) -> bool:
        found = self.peek(token)
        self.at += len(token) if found else 0
        return found

    def expect(self, token: str) -> None:
        if not self.take(token):
            self.fail("%r, wanted %r" % (self.text[self.at:self.at + 20], token))

    def end_of_line(self) -> None:
        found = _REST_OF_LINE.match(self.text, self.at)
        if not found:
            self.fail("%r, wanted the end of the line" % self.text[self.at:self.at + 20])
        self.at = found.end()

    def key(self) -> List[str]:
        """A key with its dots: each part bare or in quotes."""
        parts: List[str] = []
        while not parts or self.take("."):
            self.skip(_BLANK)
            bare = _BARE.match(self.text, self.at)
            if bare:
                parts.append(bare.group())
                self.at = bare.end()
            elif self.peek('"') or self.peek("'"):
                parts.append(self.string())
            else:
                self.fail("%r, wanted a key" % self.text[self.at:self.at + 20])
            self.skip(_BLANK)
        return parts

    def string(self) -> str:
        for opening, pattern, basic in (('"""', _BASIC_LINES, True), ("'''", _LITERAL_LINES, False), ('"', _BASIC, True), ("'", _LITERAL, False)):
            if self.peek(opening):
                found = pattern.match(self.text, self.at)
                if not found:
                    self.fail("a text without its end %s" % opening)
                said = self.unescaped(found.group(1)) if basic else found.group(1)
                self.at = found.end()
                return str(said)
        self.fail("%r, wanted a text" % self.text[self.at:self.at + 20])

    def unescaped(self, text: str) -> str:
        def replaced(found: Any) -> str:
            letter, short, long, _folded, unknown = found.groups()
            if unknown is not None:
                self.fail("\\%s is no escape" % unknown)
            if letter:
                return _ESCAPED[letter]
            code = short or long
            try:
                return chr(int(code, 16)) if code else ""
            except (ValueError, OverflowError):
                self.fail("\\U%s is no character" % code)
        return _ESCAPE.sub(replaced, text)

    def value(self) -> Any:
        if self.depth > _DEPTH:
            self.fail("nested deeper than %d" % _DEPTH)
        self.depth += 1
        try:
            if self.peek('"') or self.peek("'"):
                return self.string()
            if self.peek("["):
                return self.array()
            return self.inline() if self.peek("{") else self.word()
        finally:
            self.depth -= 1

    def word(self) -> Any:
        found = _WORD.match(self.text, self.at)
        word = found.group() if found else ""
        plain = re.sub(r"(?<=[0-9A-Fa-f])_(?=[0-9A-Fa-f])", "", word)
        if word in _CONSTANTS:
            said: Any = _CONSTANTS[word]
        elif _INTEGER.match(plain):
            said = int(plain)
        elif _BASED.match(plain):
            said = int(plain, 0)
        elif _FLOAT.match(plain):
            said = float(plain)
        elif _DATE.match(word):
            said = word
        else:
            self.fail("%r, wanted a value" % self.text[self.at:self.at + 20])
        self.at += len(word)
        return said

    def array(self) -> List[Any]:
        self.expect("[")
        values = []
        self.skip(_BLANK_LINES)
        while not self.take("]"):
            values.append(self.value())
            self.skip(_BLANK_LINES)
            if not self.peek("]"):
                self.expect(",")
                self.skip(_BLANK_LINES)
        return values

    def inline(self) -> Table:
        self.expect("{")
        table: Table = {}
        self.skip(_BLANK)
        while not self.take("}"):
            self.pair(table)
            self.skip(_BLANK)
            if not self.peek("}"):
                self.expect(",")
                self.skip(_BLANK)
        return table

    def pair(self, table: Table) -> None:
        path = self.key()
        self.expect("=")
        self.skip(_BLANK)
        inner = self.inside(table, path[:-1])
        if path[-1] in inner:
            self.fail("%s is there twice" % ".".join(path))
        inner[path[-1]] = self.value()

    def inside(self, table: Table, path: List[str]) -> Table:
        """The table below another; of an array of tables the last one."""
        for part in path:
            found = table.setdefault(part, {})
            if isinstance(found, list) and found:
                found = found[-1]
            if not isinstance(found, dict):
                self.fail("%s is a value, and a table too" % ".".join(path))
            table = found
        return table

    def header(self, root: Table) -> Tuple[Table, Tuple[str, ...]]:
        many = self.take("[[")
        if not many:
            self.expect("[")
        path = self.key()
        self.expect("]]" if many else "]")
        if not many:
            return self.inside(root, path), tuple(path)
        tables = self.inside(root, path[:-1]).setdefault(path[-1], [])
        if not isinstance(tables, list):
            self.fail("%s is a table, and an array of tables too" % ".".join(path))
        tables.append({})
        return tables[-1], ()

    def document(self) -> Table:
        root: Table = {}
        table = root
        seen: Set[Tuple[str, ...]] = set()
        self.skip(_BLANK_LINES)
        while self.at < len(self.text):
            if self.peek("["):
                start = self.at
                table, path = self.header(root)
                if path and path in seen:
                    self.at = start
                    self.fail("[%s] is there twice" % ".".join(path))
                # Below an element of an array of tables a header may come again.
                seen = seen | {path} if path else set()
            else:
                self.pair(table)
            self.end_of_line()
            self.skip(_BLANK_LINES)
        return root


def parse(text: str) -> Table:
    """The document as nested dicts. Raises TomlError with the line for what is no TOML."""
    return _Reader(text).document()


def merged(base: Table, over: Table) -> Table:
    """A document with a later one over it: tables merge at every depth, all else is replaced."""
    both = dict(base)
    for key, value in over.items():
        both[key] = merged(both[key], value) if isinstance(value, dict) and isinstance(both.get(key), dict) else value
    return both
