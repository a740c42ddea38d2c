# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of ``key = value`` lines brought to what is wanted, with everything else in them left as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_SECTION = re.compile(r"\s*\[([^\]]+)\]\s*\Z")
_KEY = re.compile(r"\s*([A-Za-z][\w.-]*)\s*=")


def with_settings(text: str, wanted: Mapping[str, Mapping[str, str]], spaced: bool = True) -> str:
    """The file's text with these keys in these sections ('' is what stands before the first). An empty value takes the key out.

    Lines that already say it are kept letter by letter; a key that is new goes to the end of its section, a section that is new to the end.
    """
    missing = {section: {key: value for key, value in keys.items() if value != ""} for section, keys in wanted.items()}
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        heading = _SECTION.match(line)
        if heading:
            _append(lines, missing.pop(section, {}), spaced)
            section = heading.group(1)
        kept = _kept(line, section, wanted, missing, spaced)
        if kept is not None:
            lines.append(kept)
    _append(lines, missing.pop(section, {}), spaced)
    for name, keys in missing.items():
        if keys and name:
            lines += ["", f"[{name}]"] if lines else [f"[{name}]"]
        _append(lines, keys, spaced)
    return "".join(line + "\n" for line in lines)


def _kept(line: str, section: str, wanted: Mapping[str, Mapping[str, str]], missing: Mapping[str, dict[str, str]], spaced: bool) -> str | None:
    """The line as it is to stand there; None for one that goes."""
    match = _KEY.match(line)
    key = match.group(1) if match else ""
    if key not in wanted.get(section, {}):
        return line
    value = wanted[section][key]
    # A second line of the same key would win over the first.
    if value == "" or key not in missing.get(section, {}):
        return None
    del missing[section][key]
    return line if line.partition("=")[2].strip() == value else _line(key, value, spaced)


def _append(lines: list[str], keys: Mapping[str, str], spaced: bool) -> None:
    """Put the keys behind the section's last line that is not empty."""
    at = len(lines)
    while at and not lines[at - 1].strip():
        at -= 1
    lines[at:at] = [_line(key, value, spaced) for key, value in keys.items()]


def _line(key: str, value: str, spaced: bool) -> str:
    return f"{key} = {value}" if spaced else f"{key}={value}"


def changed_words(current: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    """``key=value`` for what is not as wanted. A key that is not there is as good as one that is empty."""
    for key, value in wanted.items():
        if current.get(key, "") != value:
            yield f"{key}={value}"
