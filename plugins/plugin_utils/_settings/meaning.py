# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person means by the settings of a run, however they arrive: from a command line, a file, or a survey that knows only text.

This is imported before a playbook can say that its ansible-core is too old, so it also runs on Python 3.9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import yaml

PREFIX = "firebreak_"
TRUE = ("true", "yes", "on", "1", "y", "t")
FALSE = ("false", "no", "off", "0", "n", "f")
_TEMPLATE = re.compile(r"\{\{|\{%")
_SHOWN = 80


class SettingError(ValueError):
    """A setting means nothing; the message names it, what was seen and what is wanted."""


class Setting(NamedTuple):
    """One setting: how its value is read, and what a blank stands for."""

    kind: str
    default: Any
    choices: tuple[str, ...] = ()
    wanted: str = ""


SETTINGS: Mapping[str, Setting] = {
    "firebreak_hosts": Setting("pattern", "all"),
    "firebreak_golden_host": Setting("pattern", "all"),
    "firebreak_serial": Setting("waves", ["100%"]),
    "firebreak_report_dir": Setting("path", ""),
    "firebreak_reports_keep": Setting("number", 0, wanted="0, which keeps all, or how many reports to keep"),
    "firebreak_fail_on": Setting("choice", "never", ("never", "drift", "unknown")),
    "firebreak_sections": Setting("names", []),
    "firebreak_details": Setting("flag", False),
    "firebreak_metrics": Setting("path", ""),
    "firebreak_metrics_mode": Setting("mode", "0644"),
    "firebreak_hypervisor_probe": Setting("choice", "device", ("device", "vm", "vcpu", "guest")),
    "firebreak_transport": Setting("choice", "auto", ("auto", "ansible")),
    "firebreak_runs": Setting("names", []),
    "firebreak_hosts_expected": Setting("names", []),
    "firebreak_partial": Setting("flag", False),
    "firebreak_artifact_bytes": Setting("number", 4_000_000),
    "firebreak_compare_before": Setting("path", ""),
    "firebreak_compare_after": Setting("path", ""),
    "firebreak_host_timeout": Setting("number", 300),
    "firebreak_evidence": Setting("path", ""),
    "firebreak_evidence_key": Setting("path", ""),
    "firebreak_leave_out": Setting("names", []),
    "firebreak_standard_file": Setting("path", "firebreak_standard.yml"),
    "firebreak_standard_name": Setting("text", "adopted"),
    "firebreak_standard_replace": Setting("flag", False),
    "firebreak_kata_files": Setting("names", None),
    "firebreak_engine": Setting("choice", "containerd", ("containerd", "docker")),
    "firebreak_require_kvm": Setting("flag", True),
    "firebreak_snapshotter": Setting("text", ""),
}


def meaning(name: str, value: Any) -> Any:
    """The value of a setting as it was meant, its default for a blank; SettingError where it means nothing."""
    setting = SETTINGS[name]
    if value is None or (isinstance(value, (str, list, tuple)) and not "".join(map(str, value)).strip()):
        return setting.default
    if is_template(value):
        raise SettingError(f"{name} is {_shown(value)}, a template that was not rendered; wanted its value (AWX renders no template "
                           "in launch and survey values, only in the job template's own variables)")
    return _READERS[setting.kind](name, setting, value)


def is_template(value: Any) -> bool:
    """Whether there is still a template in a value that has been templated: it came from somewhere that renders none."""
    if isinstance(value, str):
        return bool(_TEMPLATE.search(value))
    return isinstance(value, (list, tuple)) and any(map(is_template, value))


def meanings(variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Every setting by its name without the prefix, and what is wrong with those that mean nothing."""
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for name, setting in SETTINGS.items():
        try:
            found[name[len(PREFIX):]] = meaning(name, variables.get(name))
        except SettingError as error:
            found[name[len(PREFIX):]] = setting.default
            wrong.append(str(error))
    return found, wrong


def listed(name: str, value: Any) -> list[str]:
    """A list, or the text of one: JSON, YAML, lines, or commas."""
    if isinstance(value, (list, tuple)):
        return [str(item).strip() for item in value if str(item).strip()]
    text = str(value).strip()
    if text.startswith(("[", "- ")):
        try:
            found = yaml.safe_load(text)
        except yaml.YAMLError:
            found = None
        if not isinstance(found, list):
            raise _wrong(name, value, "a list, its lines, or words with commas between them")
        return listed(name, found)
    return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]


def _text(name: str, setting: Setting, value: Any) -> str:
    if isinstance(value, (list, tuple, Mapping, bool)):
        raise _wrong(name, value, "a text")
    return str(value).strip()


def _path(name: str, setting: Setting, value: Any) -> str:
    text = _text(name, setting, value)
    if len(text.splitlines()) != 1 or "\0" in text:
        raise _wrong(name, value, "one path")
    return text


def _choice(name: str, setting: Setting, value: Any) -> str:
    text = str(value).strip().lower()
    if text not in setting.choices:
        raise _wrong(name, value, f"{', '.join(setting.choices[:-1])} or {setting.choices[-1]}")
    return text


def _number(name: str, setting: Setting, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", text):
        raise _wrong(name, value, setting.wanted or "a whole number, 0 or more")
    return int(text)


def _flag(name: str, setting: Setting, value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in TRUE + FALSE:
        raise _wrong(name, value, "true or false")
    return text in TRUE


def _mode(name: str, setting: Setting, value: Any) -> str:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"0?o?[0-7]{3,4}", text) or int(text.replace("o", ""), 8) > 0o777:
        raise _wrong(name, value, "octal digits such as 0644, in quotes")
    return text.replace("o", "")


def _names(name: str, setting: Setting, value: Any) -> list[str]:
    return listed(name, value)


def _pattern(name: str, setting: Setting, value: Any) -> str:
    """A pattern of hosts; a list, lines or blanks stand for commas. A pattern may itself begin with a bracket or hold one."""
    if isinstance(value, str) and not value.strip().startswith(("[", "- ")):
        return ",".join(re.split(r"[\s,]+", value.strip(" \t\r\n,")))
    return ",".join(listed(name, value))


def _waves(name: str, setting: Setting, value: Any) -> list[Any]:
    sizes = [value] if isinstance(value, int) else listed(name, value)
    if isinstance(value, bool) or not all(re.fullmatch(r"0*[1-9][0-9]{0,8}|0*(?:100|[1-9][0-9]?)%", str(size)) for size in sizes):
        raise _wrong(name, value, "hosts for each wave: a number, a share such as 10%, or a list of them")
    return [str(size) if str(size).endswith("%") else int(size) for size in sizes]


_READERS: Mapping[str, Callable[[str, Setting, Any], Any]] = {
    "text": _text, "path": _path, "choice": _choice, "number": _number, "flag": _flag, "mode": _mode, "names": _names, "pattern": _pattern,
    "waves": _waves,
}


def _wrong(name: str, value: Any, wanted: str) -> SettingError:
    return SettingError(f"{name} is {_shown(value)}; wanted {wanted}")


def _shown(value: Any) -> str:
    if isinstance(value, str) and value.isprintable() and len(value) <= _SHOWN:
        return value
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
