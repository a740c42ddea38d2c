# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one key of the standard may demand: an exact value, ``{minimum: ...}``, ``{maximum: ...}``, ``{any_of: [...]}`` or ``{rule: ...}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from . import mitigations

TEXT_LIMIT = 256
LIST_LIMIT = 200
FORMS = ("minimum", "maximum", "any_of", "rule")

_CHECKSUM = re.compile(r"([0-9a-f]{64}) [ *](?:\./)?([^/\s]\S*)")
# A standard is inventory data, which Ansible templates: a value taken over from a host must not bring a template with it.
_UNSAFE = re.compile(r"\{\{|\{%|\{#|[^\x20-\x7e]")


class RequirementError(ValueError):
    """A value that a key does not take: ``seen`` describes it, ``wanted`` says what would do."""

    def __init__(self, seen: str, wanted: str) -> None:
        super().__init__(f"{seen}; wanted: {wanted}")
        self.seen = seen
        self.wanted = wanted


@dataclass(frozen=True)
class Requirement:
    """A promise in one normal form; ``form`` is exact, minimum, maximum, any_of or rule, and any_of holds a tuple."""

    form: str
    value: Any

    def values(self) -> tuple[Any, ...]:
        """The accepted values of an exact or any_of requirement."""
        return self.value if self.form == "any_of" else (self.value,)

    def __str__(self) -> str:
        if self.form == "any_of":
            return "one of " + ", ".join(map(str, self.value)) if self.value else "none"
        if self.form == "rule":
            return "the " + str(self.value).replace("_", " ")
        return {"minimum": "at least ", "maximum": "at most "}.get(self.form, "") + str(self.value)


@dataclass(frozen=True)
class Exemption:
    """Files that may be stale until a day: shell patterns of their unit and path, and who answers for it."""

    unit: str
    path: str
    owner: str
    reason: str
    expires: date

    def __str__(self) -> str:
        return f"{self.unit}: {self.path}, owner {self.owner}, until {self.expires}"


def shown(value: object) -> str:
    """A value as an error message quotes it: short, with its type where that is the mistake."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: Any) -> str:
    if isinstance(value, float):
        raise RequirementError(f"{shown(value)} (a number: YAML has dropped the zeros at its end, if there were any)",
                               'text: write it in quotes as you meant it, as in "22.10"')
    if isinstance(value, list | tuple):
        raise RequirementError(shown(value), "text, or {any_of: [...]} where several are right")
    if isinstance(value, bool):
        raise RequirementError(f"{shown(value)} (YAML reads a bare on, off, yes or no as a truth value)", "text, in quotes")
    if isinstance(value, int):
        raise RequirementError(f"{shown(value)} (a number or truth value)", f'text: write it in quotes, as in "{value}"')
    if not isinstance(value, str) or not value.strip():
        raise RequirementError(shown(value), "text")
    if len(value) > TEXT_LIMIT or _UNSAFE.search(value):
        raise RequirementError(shown(value), f"at most {TEXT_LIMIT} printable ASCII characters without a Jinja opening")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
        raise RequirementError(shown(value), "a whole number from 0 to 1000000")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise RequirementError(shown(value), "true or false")
    return value


def _revision(value: Any) -> str:
    text = _text(value)
    if not re.fullmatch(r"0x[0-9a-f]{1,16}", text):
        raise RequirementError(shown(value), 'a microcode revision as the kernel prints it, such as "0x2b000643"')
    return text


def _checksum(value: Any) -> str:
    """A line of sha256sum's about a file below one folder, in one form: the hash, two blanks, the path."""
    found = _CHECKSUM.fullmatch(_text(value))
    if not found or ".." in found[2].split("/"):
        raise RequirementError(shown(value), "a line as sha256sum prints it in the release's folder: 64 hexadecimal digits, two blanks, "
                               "and the path of a file there, such as bin/qemu-system-x86_64")
    return f"{found[1]}  {found[2]}"


def _exemption(value: Any) -> Exemption:
    wanted = "a mapping with unit, path or both, and owner, reason and expires (a day such as 2027-03-31)"
    fields = ("unit", "path", "owner", "reason", "expires")
    given = set(value) if isinstance(value, Mapping) else set()
    if given - set(fields) or not {"owner", "reason", "expires"} <= given or not {"unit", "path"} & given:
        raise RequirementError(shown(value), wanted)
    texts = {name: _text(value.get(name, "*")) for name in fields}
    try:
        return Exemption(texts["unit"], texts["path"], texts["owner"], texts["reason"], date.fromisoformat(texts["expires"]))
    except ValueError:
        raise RequirementError(f"expires: {shown(value['expires'])}", wanted) from None


def _mitigation(value: Any) -> mitigations.Mitigation:
    try:
        return mitigations.parse(value, _text)
    except mitigations.WrongError as wrong:
        raise RequirementError(wrong.seen, wrong.wanted) from None


def _parameter(value: Any) -> Any:
    return value if isinstance(value, bool) else _text(value)


def _list_of(read: Callable[[Any], Any], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) > LIST_LIMIT:
        raise RequirementError(shown(value), f"a list of at most {LIST_LIMIT} values")
    return tuple(read(item) for item in value)


# How a single value of each kind is read.
KINDS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "version": _text,
    "number": _whole,
    "truth": _truth,
    "revision": _revision,
    "parameter": _parameter,
}

# How a single value of a kind that is a plain list is read.
LISTS: dict[str, Callable[[Any], Any]] = {"words": _text, "checksums": _checksum, "exceptions": _exemption,
                                          "mitigations": _mitigation}


def _choice(value: Any, choices: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    seen = shown(value) + (" (YAML reads a bare on, off, yes or no as a truth value)" if isinstance(value, bool) else "")
    raise RequirementError(seen, "one of " + ", ".join(choices))


def _reader(kind: str, choices: tuple[str, ...]) -> Callable[[Any], Any]:
    return KINDS[kind] if kind in KINDS else lambda value: _choice(value, choices)


def wanted(kind: str, forms: tuple[str, ...], choices: tuple[str, ...], rules: tuple[str, ...]) -> str:
    """The allowed forms of a key in words, for messages and for docs."""
    single = {"text": "text", "version": "a version as text", "number": "a whole number", "truth": "true or false",
              "revision": "a microcode revision such as \"0x2b000643\"", "parameter": "text, true or false", "words": "a list of text",
              "checksums": "a list of lines as sha256sum prints them",
              "exceptions": "a list of mappings with unit, path, owner, reason and expires",
              "mitigations": f"a list, each {mitigations.WANTED}"}
    value = "one of " + ", ".join(choices) if kind == "choice" else single.get(kind, "a list of " + ", ".join(choices))
    parts = [value] if "exact" in forms else []
    parts += [f"{{{form}: ...}}" for form in ("minimum", "maximum") if form in forms]
    parts += ["{any_of: [...]}"] if "any_of" in forms else []
    parts += ["{rule: " + "|".join(rules) + "}"] if "rule" in forms else []
    return " or ".join(parts)


def _with_example(allowed: str, example: Any) -> str:
    """What is wanted, with the form filled in where the key has an example of one."""
    if isinstance(example, Mapping) and len(example) == 1:
        form, value = next(iter(example.items()))
        told = f'"{value}"' if isinstance(value, str) else str(value)
        return allowed.replace(f"{{{form}: ...}}", f"{{{form}: {told}}}")
    return allowed


def parse(raw: Any, kind: str, forms: tuple[str, ...], choices: tuple[str, ...] = (), rules: tuple[str, ...] = (), example: Any = None
          ) -> Requirement:
    """The Requirement that ``raw`` states; RequirementError where the key does not take it. ``example`` is a value that it takes."""
    allowed = _with_example(wanted(kind, forms, choices, rules), example)
    if kind in LISTS:
        return Requirement("any_of", _list_of(LISTS[kind], raw))
    if kind == "choices":
        return Requirement("any_of", _list_of(lambda value: _choice(value, choices), raw))
    if not isinstance(raw, Mapping):
        if "exact" not in forms:
            raise RequirementError(shown(raw), allowed)
        return Requirement("exact", _reader(kind, choices)(raw))
    if len(raw) != 1:
        raise RequirementError(f"{len(raw)} forms at once" if raw else "an empty mapping", allowed)
    form, value = next(iter(raw.items()))
    if form not in FORMS or form not in forms:
        raise RequirementError(f"form {shown(form)}", allowed)
    if form == "rule":
        return Requirement("rule", _choice(value, rules))
    if form == "any_of":
        return Requirement("any_of", _list_of(_reader(kind, choices), value))
    return Requirement(form, _reader(kind, choices)(value))
