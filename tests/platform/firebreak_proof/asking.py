# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round trip: many questions as one shell script, and its output as answers. A question that hangs or fails costs only itself."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from .secrets import without_secrets


class Question(NamedTuple):
    """A question that a host's own tools and files answer.

    ``keys`` are the patterns of the standard's keys whose proof needs it; "*" is always asked. ``given`` is a key of which the shell gets the
    standard's words as its arguments.
    """

    name: str
    keys: tuple[str, ...]
    shell: str
    seconds: int = 30
    given: str = ""
    arguments: tuple[str, ...] = ()


class Answer(NamedTuple):
    """What the host said: standard output, standard error, the exit status, and the second (of its own clock) in which it was asked."""

    out: str
    err: str
    status: int
    at: int


# Bytes of one answer, and of what is said with it on standard error. Every question asks for far less.
ANSWER_LIMIT = 4 * 1024 * 1024
_ERROR_LIMIT = 2000
# What is said of a question, line by line; what stands in base64 goes on over the lines after it.
_CELLS = ("status", "out", "err")

# The host's own folders only, so that nothing put in front of its tools answers in their place. What a question prints reaches this script's
# own output in base64 alone: whatever a host's users call their files and processes, it ends no answer and begins none. On an emulated machine
# each program that is started costs more than what most questions ask for: of those below there are five for a question, not ten.
_HEAD = """\
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset BASH_ENV ENV CDPATH LD_PRELOAD LD_LIBRARY_PATH
nonce={nonce}
[ "$(printf firebreak | base64)" = ZmlyZWJyZWFr ] || {{ echo "this host has no base64, by which answers are told apart" >&2; exit 3; }}
exec 4>&1
moment() {{ {{ read -r now _ </proc/uptime && now=${{now%.*}}; }} || now=$(date +%s); }} 2>/dev/null
moment; booted=$(($(date +%s) - now))
printf '\\n%s begun\\n' "$nonce"
ask() {{
  name=$1 seconds=$2 shell=$3; shift 3
  moment; printf '%s asked %s %s\\n' "$nonce" "$name" "$((booted + now))"
  {{
    out=$({{ timeout -k 2 "$seconds" sh -c "$shell" "$name" "$@" </dev/null 2>&3 3>&- 4>&-; echo "status $?" >&4; }} | head -c {answer} | base64)
    printf 'out\\n%s\\n' "$out"
  }} 3>&1 >&4 | {{
    err=$(head -c {error}; echo .)
    [ "${{#err}}" -le {error} ] || cat >/dev/null
    err=${{err%.}}
    printf 'err\\n%s\\n' "${{err:+$(printf %s "$err" | base64)}}"
  }}
  printf '%s ended\\n' "$nonce"
}}
"""


class ConfusedError(ValueError):
    """An output that answers what was not asked, or twice: nothing of it is believed."""


def script(questions: Iterable[Question], nonce: str) -> str:
    """A shell script that asks all questions; ``nonce`` is a word that nothing before the script's own output can know."""
    asked = [shlex.join(["ask", question.name, str(question.seconds), question.shell, *question.arguments]) for question in questions]
    head = _HEAD.format(nonce=nonce, answer=ANSWER_LIMIT + 1, error=_ERROR_LIMIT)
    return "\n".join([head, *asked, f"printf '\\n%s done\\n' {nonce}", ""])


def answers(output: str, nonce: str) -> dict[str, Answer]:
    """The answers in what the script printed, each once; one that was cut off in the middle is not among them."""
    found: dict[str, Answer] = {}
    lines = iter(output.partition(f"\n{nonce} begun\n")[2].split("\n"))
    for line in lines:
        words = line.split(" ")
        if words[:2] != [nonce, "asked"] or len(words) != 4:
            continue
        cells = _cells(lines, f"{nonce} ended")
        if words[2] in found:
            raise ConfusedError(f"answers {words[2]} twice")
        if cells is not None:
            found[words[2]] = _answer(cells, words[3])
    return found


def _cells(lines: Iterator[str], end: str) -> Mapping[str, str] | None:
    """The cells up to an end that must come."""
    cells: dict[str, list[str]] = {}
    cell: list[str] = []
    for line in lines:
        if line == end:
            return {name: "".join(said) for name, said in cells.items()}
        name, _space, value = line.partition(" ")
        if name in _CELLS:
            cell = cells[name] = [value]
        else:
            cell.append(line)
    return None


def _answer(cells: Mapping[str, str], at: str) -> Answer:
    try:
        out, err = (base64.b64decode(cells[name], validate=True) for name in ("out", "err"))
        status, moment = int(cells["status"]), int(at or 0)
    except (KeyError, ValueError):
        return Answer("", "what it answered is damaged", 3, 0)
    if len(out) > ANSWER_LIMIT:
        return Answer("", f"it answers more than {ANSWER_LIMIT} bytes", 3, moment)
    return Answer(without_secrets(out.decode("utf-8", "replace")), without_secrets(err.decode("utf-8", "replace")).strip(), status, moment)


def is_whole(output: str, nonce: str) -> bool:
    """Whether the script came to its end."""
    return f"\n{nonce} done" in output


def fields(text: str) -> Mapping[str, str]:
    """The lines of an answer of the form ``name value`` by name; of a name that comes twice the last."""
    pairs = (line.partition(" ") for line in lines(text))
    return {name: value.strip() for name, _space, value in pairs if name}


def rows(text: str) -> list[list[str]]:
    """The lines of an answer of tab-separated cells."""
    return [line.split("\t") for line in lines(text) if line.strip()]


def lines(text: str) -> list[str]:
    """The lines of an answer. Only a line feed ends one: names that users choose may hold what else Python takes for an end (U+2028, U+0085)."""
    return text.removesuffix("\n").split("\n") if text else []
