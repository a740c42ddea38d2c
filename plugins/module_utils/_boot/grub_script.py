# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of GRUB's script language (grub.cfg): text in, a tree of commands out. What the commands do is grub_menu's matter.

As grub-core/script/yylex.l and parser.y have it: && || | & < > and [[ are words of the language that no command may hold, so 1>2 needs quotes.
"""

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple, Union

# A part of a word: ("text" | "variable", its text or name, whether it stood in quotes).
Part = Tuple[str, str, bool]
Word = List[Part]

# parts of a word, or an operator; line counts from 1.
Token = NamedTuple("Token", [("operator", str), ("word", Word), ("line", int)])

# A command; block is its last argument, in braces.
Command = NamedTuple("Command", [("words", List[Word]), ("block", Optional["Tree"])])
If = NamedTuple("If", [("branches", List[Tuple["Tree", "Tree"]]), ("otherwise", "Tree")])
For = NamedTuple("For", [("variable", str), ("words", List[Word]), ("body", "Tree")])
# while (wanted True) and until.
Loop = NamedTuple("Loop", [("condition", "Tree"), ("wanted", bool), ("body", "Tree")])
Function = NamedTuple("Function", [("name", str), ("body", "Tree")])
Node = Union[Command, If, For, Loop, Function]
Tree = List[Node]

_LIMIT_TOKENS = 200000
_LIMIT_DEPTH = 40
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = re.compile(r"\$(?:\{(%s|[0-9]+|[?#*@])\}|(%s|[0-9]+|[?#*@]))" % (_NAME, _NAME))
_BLANK = re.compile(r"(?:[ \t\r]|\\\n)+")
_PLAIN = re.compile(r"[^\s\\'\"$;|&<>{}]+")
_SINGLE = re.compile(r"'([^']*)'")
_QUOTED = re.compile(r'[^"\\$]+')
_OPERATOR = re.compile(r"\|\||&&|;;|[\n;|&<>{}]")
_DELIMITERS = (";", "\n")
# What ends a list of commands, and so begins none.
_RESERVED = ("case", "do", "done", "elif", "else", "esac", "fi", "in", "select", "then")
_ENDS = _RESERVED + ("}",)
_STARTING = ("for", "function", "if", "until", "while")
_FORBIDDEN = ("[[", "]]")


class _Words:
    """Reads the words of a script one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1

    def _take(self, pattern: "re.Pattern[str]") -> "Optional[re.Match[str]]":
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
            self.line += match.group().count("\n")
        return match

    def tokens(self) -> List[Token]:
        """All tokens; ValueError for a quote that is not closed or a script beyond reason."""
        found: List[Token] = []
        while True:
            self._take(_BLANK)
            if self.at >= len(self.text):
                return found
            if len(found) > _LIMIT_TOKENS:
                raise ValueError("more than %d words" % _LIMIT_TOKENS)
            line = self.line
            if self.text[self.at] == "#":
                self.at = (self.text + "\n").index("\n", self.at)
                continue
            operator = self._take(_OPERATOR)
            if operator:
                found.append(Token(operator.group(), [], line))
            else:
                found.append(Token("", self._word(), line))

    def _word(self) -> Word:
        parts: Word = []
        while self.at < len(self.text) and self.text[self.at] not in " \t\r\n;|&<>{}":
            plain = self._take(_PLAIN)
            if plain:
                parts.append(("text", plain.group(), False))
            elif self.text[self.at] == "'":
                parts.append(("text", self._single(), True))
            elif self.text[self.at] == '"':
                parts.extend(self._double())
            elif self.text[self.at] == "\\":
                following = self.text[self.at + 1:self.at + 2]
                self.at += 2
                self.line += following == "\n"
                parts.append(("text", following if following != "\n" else "", True))
            elif self.text.startswith('$"', self.at):
                # A text that GRUB translates.
                self.at += 1
                parts.extend(self._double())
            elif self.text[self.at] == "$":
                parts.append(self._dollar(False))
            else:
                # A control character that counts as a blank elsewhere.
                parts.append(("text", self.text[self.at], False))
                self.at += 1
        return parts

    def _single(self) -> str:
        match = self._take(_SINGLE)
        if not match:
            raise ValueError("line %d: a single quote is not closed" % self.line)
        return match.group(1)

    def _dollar(self, quoted: bool) -> Part:
        variable = self._take(_VARIABLE)
        if variable:
            return ("variable", variable.group(1) or variable.group(2), quoted)
        raise ValueError("line %d: want the name of a variable after $" % self.line)

    def _double(self) -> Word:
        parts: Word = [("text", "", True)]
        start = self.line
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            plain = self._take(_QUOTED)
            if plain:
                parts.append(("text", plain.group(), True))
            elif self.text[self.at] == "$":
                parts.append(self._dollar(True))
            else:
                following = self.text[self.at + 1:self.at + 2]
                self.line += following == "\n"
                kept = following if following in '"\\$' else "" if following == "\n" else "\\" + following
                parts.append(("text", kept, True))
                self.at += 2
        if self.at >= len(self.text):
            raise ValueError("line %d: a double quote is not closed" % start)
        self.at += 1
        return parts


def keyword(word: Word) -> str:
    """The text of a word without quotes or variables, else ''."""
    return word[0][1] if len(word) == 1 and word[0][0] == "text" and not word[0][2] else ""


def _shown(words: Sequence[str]) -> str:
    return " or ".join("a new line" if word == "\n" else word for word in words)


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: List[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def _peek(self) -> str:
        """The operator or plain keyword that comes next, '' for any other word, 'end' at the end."""
        if self.at >= len(self.tokens):
            return "end"
        token = self.tokens[self.at]
        return token.operator or keyword(token.word)

    def _expect(self, *wanted: str) -> str:
        seen = self._peek()
        if seen not in wanted or self.at >= len(self.tokens):
            line = self.tokens[min(self.at, len(self.tokens) - 1)].line if self.tokens else 1
            raise ValueError("line %d: want %s, seen %s" % (line, _shown(wanted), _shown([seen or "a word"])))
        self.at += 1
        return seen

    def _skip_newlines(self) -> None:
        while self._peek() == "\n":
            self.at += 1

    def tree(self, *ends: str, undelimited: bool = False) -> Tree:
        """Commands up to (not including) one of the words in ``ends``, the last one maybe ``undelimited``, or to the end of the script."""
        self.depth += 1
        if self.depth > _LIMIT_DEPTH:
            raise ValueError("blocks are nested more than %d deep" % _LIMIT_DEPTH)
        nodes: Tree = []
        self._skip_newlines()
        while self.at < len(self.tokens) and (not nodes or self._peek() not in _ENDS):
            nodes.append(self._node())
            if self._peek() != "}" or not undelimited:
                self._end_of_command()
        if ends or self.at < len(self.tokens):
            # Seen here, consumed by the caller.
            self._expect(*ends or ("a command",))
            self.at -= 1
        self.depth -= 1
        return nodes

    def _end_of_command(self) -> None:
        if self.at < len(self.tokens):
            self._expect(*_DELIMITERS)
            self._skip_newlines()

    def _node(self) -> Node:
        first = self._peek()
        if first == "if":
            return self._if()
        if first == "for":
            return self._for()
        if first in ("while", "until"):
            self.at += 1
            condition = self.tree("do")
            self._expect("do")
            body = self.tree("done")
            self._expect("done")
            return Loop(condition, first == "while", body)
        if first == "function":
            return self._function()
        return self._command()

    def _function(self) -> Function:
        if self.depth > 1:
            raise ValueError("line %d: want no function within another command" % self.tokens[self.at].line)
        self.at += 1
        name = self._name()
        self._skip_newlines()
        return Function(name, self._block(undelimited=False))

    def _name(self) -> str:
        name = self._peek()
        if not re.match(_NAME + r"\Z", name) or name in _RESERVED + _STARTING or self.at >= len(self.tokens):
            self._expect("a name")
        self.at += 1
        return name

    def _if(self) -> If:
        branches, otherwise = [], []  # type: Tuple[List[Tuple[Tree, Tree]], Tree]
        self._expect("if")
        while True:
            condition = self.tree("then")
            self._expect("then")
            branches.append((condition, self.tree("elif", "else", "fi")))
            end = self._expect("elif", "else", "fi")
            if end == "else":
                otherwise = self.tree("fi")
                self._expect("fi")
            if end != "elif":
                return If(branches, otherwise)

    def _for(self) -> For:
        self._expect("for")
        variable = self._name()
        self._expect("in")
        words = self._words()
        self._end_of_command()
        self._expect("do")
        body = self.tree("done")
        self._expect("done")
        return For(variable, words, body)

    def _block(self, undelimited: bool = True) -> Tree:
        self._expect("{")
        body = self.tree("}", undelimited=undelimited)
        self._expect("}")
        return body

    def _words(self) -> List[Word]:
        words: List[Word] = []
        while self.at < len(self.tokens) and not self.tokens[self.at].operator and self._peek() not in _FORBIDDEN:
            words.append(self.tokens[self.at].word)
            self.at += 1
        return words

    def _command(self) -> Command:
        if self._peek() in _RESERVED:
            self._expect("a command")
        words = self._words()
        if not words:
            self._expect("a command")
        return Command(words, self._block() if self._peek() == "{" else None)


def parse(text: str) -> Tree:
    """The commands of a grub.cfg; ValueError with the line for what GRUB would refuse as well."""
    return _Parser(_Words(text).tokens()).tree()
