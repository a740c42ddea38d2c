# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round trip: many questions as one shell script, and its output as answers. A question that hangs or fails costs only itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import NamedTuple


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


# The host's own folders only, so that nothing put in front of its tools answers in their place.
_HEAD = """\
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset BASH_ENV ENV CDPATH LD_PRELOAD LD_LIBRARY_PATH
nonce={nonce}
exec 3>&1
ask() {{
  name=$1 seconds=$2 shell=$3; shift 3
  printf '\\n%s asked %s %s\\n' "$nonce" "$name" "$(date +%s)"
  err=$(timeout -k 2 "$seconds" sh -c "$shell" "$name" "$@" 2>&1 >&3 3>&- </dev/null); status=$?
  printf '\\n%s ended %s\\n%s\\n' "$nonce" "$status" "$err"
}}
"""


def script(questions: Iterable[Question], nonce: str) -> str:
    """A shell script that asks all questions; ``nonce`` is a word that no answer can know."""
    asked = [shlex.join(["ask", question.name, str(question.seconds), question.shell, *question.arguments]) for question in questions]
    return "\n".join([_HEAD.format(nonce=nonce), *asked, f"printf '\\n%s done\\n' {nonce}", ""])


def answers(output: str, nonce: str) -> dict[str, Answer]:
    """The answers in what the script printed; one that was cut off in the middle is not among them."""
    found: dict[str, Answer] = {}
    pattern = rf"\n{nonce} asked (\w+) (\d*)\n(.*?)\n{nonce} ended (\d+)\n(.*?)(?=\n{nonce} )"
    for name, at, out, status, err in re.findall(pattern, "\n" + without_secrets(output), re.DOTALL):
        found[name] = Answer(out, err.strip(), int(status), int(at or 0))
    return found


def without_secrets(text: str) -> str:
    """A text without what may be a secret in it: logins in addresses, and the values of options that are named for one."""
    text = re.sub(r"(://)[^/@\s]+@", r"\1(removed)@", text)
    text = re.sub(r"(?im)^(\s*password(?:_pbkdf2)?\s).*$", r"\1(removed)", text)
    return re.sub(r"(?i)\b([\w.-]*(?:password|passwd|secret|token|passphrase)[\w.-]*=)\S+", r"\1(removed)", text)


def is_whole(output: str, nonce: str) -> bool:
    """Whether the script came to its end."""
    return f"\n{nonce} done" in output


def fields(text: str) -> Mapping[str, str]:
    """The lines of an answer of the form ``name value`` by name; of a name that comes twice the last."""
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name: value.strip() for name, _space, value in pairs if name}


def rows(text: str) -> list[list[str]]:
    """The lines of an answer of tab-separated cells."""
    return [line.split("\t") for line in text.splitlines() if line.strip()]
