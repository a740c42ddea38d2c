# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that the kernel's command line must hold or must not hold: what a line lacks, and how GRUB's input files are told. Text in, text out."""

import re
from typing import List, NamedTuple, Sequence

from .._formats import cmdline, shell_words

# present: words, as they stand on the line; absent: words, or shell patterns of words. A word of present stays even where absent matches it.
Wish = NamedTuple("Wish", [("present", Sequence[str]), ("absent", Sequence[str])])

# What a shell would take for more than a part of a word, and what cannot stand in GRUB's files as it is.
_FORBIDDEN = re.compile(r"[^!-}]|[\"'\\$`;&|<>(){}#]")
_VARIABLES = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
_LINE = re.compile(r"^(\s*(?:export\s+)?(GRUB_CMDLINE_LINUX|GRUB_CMDLINE_LINUX_DEFAULT)=)(.*)$")

_SNIPPET = '''# Firebreak: words that the kernel command line must hold, and words that it must not.
firebreak_words() {
    set -f
    for firebreak_word in $1; do
        case "$firebreak_word" in
            %s) ;;
            *) printf '%%s ' "$firebreak_word" ;;
        esac
    done
}
GRUB_CMDLINE_LINUX="$(firebreak_words "$GRUB_CMDLINE_LINUX")%s"
GRUB_CMDLINE_LINUX_DEFAULT="$(firebreak_words "$GRUB_CMDLINE_LINUX_DEFAULT")"
'''


def checked(name: str, words: Sequence[str]) -> List[str]:
    """The words, without those that stand twice; ValueError for one that is no single word of a command line."""
    for word in words:
        if not word or _FORBIDDEN.search(word):
            raise ValueError("%s has %.80r; wanted: words without white space, quotes and the shell's own characters" % (name, word))
    return sorted(set(words), key=list(words).index)


def unwanted(line: str, wish: Wish) -> List[str]:
    """The words of a command line that must not be there, whether a later one replaces them or not."""
    kept = {cmdline.read_word(word).text for word in wish.present}
    given = [parameter for parameter in cmdline.parse(line).parameters if parameter.text not in kept]
    return [parameter.word for parameter in given if cmdline.is_like(parameter, wish.absent)]


def missing(line: str, wish: Wish) -> List[str]:
    """The words that are not in force by a command line."""
    read = cmdline.parse(line)
    return [word for word in wish.present if not cmdline.is_given(read, word)]


def is_granted(line: str, wish: Wish) -> bool:
    """Whether a command line is as it should be."""
    return not unwanted(line, wish) and not missing(line, wish)


def granted(line: str, wish: Wish) -> str:
    """A command line with the wish granted: unwanted words gone, missing ones at the end of the kernel's own, where they count."""
    read, gone = cmdline.parse(line), unwanted(line, wish)
    words = [parameter.word for parameter in read.parameters if parameter.word not in gone] + missing(line, wish)
    return " ".join(words + (["--"] + read.init if read.init else []))


def snippet(wish: Wish) -> str:
    """A file for /etc/default/grub.d, which a shell reads after /etc/default/grub; '' where nothing is wished."""
    if not wish.present and not wish.absent:
        return ""
    patterns = ['"%s"' % word for word in wish.present] + list(wish.absent) + _other_values(wish.present)
    return _SNIPPET % (" | ".join(patterns), " ".join(wish.present))


def _other_values(present: Sequence[str]) -> List[str]:
    """Patterns of words that would win over these by standing behind them: what the menu adds comes later."""
    names = {word.partition("=")[0] for word in present if "=" in word and not cmdline.is_adding(cmdline.read_word(word).name)}
    return sorted({re.sub("[-_]", "[-_]", name) + "=*" for name in names})


def given_by(text: str) -> List[str]:
    """The words that such a file puts on the command line."""
    match = re.search(r'^GRUB_CMDLINE_LINUX="\$\([^)]*\)([^"]*)"$', text, re.MULTILINE)
    return cmdline.split(match.group(1)) if match else []


def edited_defaults(text: str, wish: Wish) -> str:
    """/etc/default/grub with the wish granted; ValueError where a line is one that only a shell can work out."""
    lines = text.splitlines()
    found = [(at, match) for at, match in enumerate(map(_LINE.match, lines)) if match]
    values = {at: _value(match.group(2), match.group(3)) for at, match in found}
    held = " ".join(values.values())
    last = max([at for at, match in found if match.group(2) == _VARIABLES[1]], default=-1)
    for at, match in found:
        gone = unwanted(values[at], wish)
        given = cmdline.split(values[at])
        words = [word for word in given if word not in gone] + (missing(held, wish) if at == last else [])
        if words != given:
            lines[at] = match.group(1) + _quoted(" ".join(words))
    if last < 0 and missing(held, wish):
        lines.append("%s=%s" % (_VARIABLES[1], _quoted(" ".join(missing(held, wish)))))
    return "\n".join(lines) + "\n"


def _value(name: str, text: str) -> str:
    value = shell_words.unquote(text.strip())
    if "$" in value or "`" in value:
        raise ValueError("%s is computed by the shell: %.80r" % (name, value))
    return value


def _quoted(value: str) -> str:
    return '"%s"' % re.sub(r'(["\\])', r"\\\1", value)
