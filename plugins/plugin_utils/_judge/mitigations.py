# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which words of a command line leave a processor less protected than the kernel's default, by the table of ``_data/cpu_options.yml``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...module_utils._formats.cmdline import Parameter, read_word
from .._data.loading import table

_YES, _NO = "yes", "no"


def _truth(value: str | None) -> str | None:
    """A value as the kernel's kstrtobool reads it, by its first letters alone; None for one that it refuses."""
    lowered = (value or "").lower()
    if lowered[:1] in ("y", "t", "1") or lowered[:2] == "on":
        return _YES
    return _NO if lowered[:1] in ("n", "f", "0") or lowered[:2] == "of" else None


def _parts(value: str | None) -> list[str]:
    return re.split("[,;]", value or "")


def _aliased(parameter: Parameter, options: Mapping[str, Any]) -> Parameter:
    """The parameter under the name that it stands for: ``nopti`` is ``pti=off``."""
    other = options.get(parameter.name, {}).get("as")
    return parameter if other is None else read_word(other)._replace(word=parameter.word)


def _is_known(parameter: Parameter, option: Mapping[str, Any]) -> bool:
    """Whether the kernel takes the value: it keeps what it had where it does not."""
    kind, values = option["kind"], option.get("values", ())
    if kind in ("choice", "switch"):
        return parameter.value in values or (kind == "switch" and _truth(parameter.value) is not None)
    if values:
        return parameter.value is not None and any(re.match(re.escape(value) + r"(?:[,;]|\Z)", parameter.value) for value in values)
    return True


def _is_weak(parameter: Parameter, option: Mapping[str, Any]) -> bool:
    kind, weak, value = option["kind"], option.get("weak", ()), parameter.value
    if kind == "flag":
        return True
    if kind == "switch":
        return value in weak or (value not in option.get("values", ()) and _truth(value) in weak)
    return value in weak if kind in ("choice", "sticky") else any(part in weak for part in _parts(value))


def _weak_of(found: Sequence[Parameter], option: Mapping[str, Any]) -> Iterator[Parameter]:
    """Of one parameter's occurrences, those that count and weaken."""
    counting = found if option["kind"] == "flag" else [one for one in found if _is_known(one, option)][-1:]
    sticky = option.get("weak_parts", ())
    for parameter in found:
        if any(part in sticky for part in _parts(parameter.value)) or (parameter in counting and _is_weak(parameter, option)):
            yield parameter


def weakening(words: Sequence[str]) -> list[str]:
    """The words, in their order, that switch a mitigation off or leave a part of it out."""
    options = table("cpu_options")["options"]
    given = [_aliased(read_word(word), options) for word in words]
    weak = [parameter for name, option in options.items() for parameter in _weak_of([one for one in given if one.name == name], option)]
    return [parameter.word for parameter in given if any(parameter is one for one in weak)]
