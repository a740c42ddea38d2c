# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person means by the settings of a run, however they arrive: from a command line, a file, or a survey that knows only text.

This is imported before a playbook can say that its ansible-core is too old, so it also runs on Python 3.9.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import yaml

PREFIX = "firebreak_"
# What enforce_platform.yml does, part by part; each is a tag.
PARTS = ("mitigations", "kernel", "live_patching", "hypervisor", "kata")
# As like a part as a misspelt one is, by difflib.
_LIKE = 0.7
TRUE = ("true", "yes", "on", "1", "y", "t")
FALSE = ("false", "no", "off", "0", "n", "f")
_TEMPLATE = re.compile(r"\{\{|\{%")
_SHELL = re.compile(r"\$[\w{(]|`")
_YAML_LIST = ("[", "- ")
# A survey's question for a decimal sends 5.0 where 5 was typed.
_WHOLE = re.compile(r"([0-9]{1,9})(?:\.0+)?")
_QUOTED = re.compile(r"""^(["'])(.*)\1$""")
_SHOWN = 80
_SIZE = "a number of hosts such as 1, or a share such as 5%"


class SettingError(ValueError):
    """A setting means nothing; the message names it, what was seen and what is wanted."""


class Setting(NamedTuple):
    """One setting: how its value is read, and what a blank stands for. A word is of choices that only what reads it knows."""

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
    "firebreak_leave_out": Setting("names", [], PARTS),
    "firebreak_standard_file": Setting("path", "firebreak_standard.yml"),
    "firebreak_standard_name": Setting("text", "adopted"),
    "firebreak_standard_replace": Setting("flag", False),
    "firebreak_kata_files": Setting("names", None),
    "firebreak_engine": Setting("choice", "containerd", ("containerd", "docker")),
    "firebreak_require_kvm": Setting("flag", True),
    "firebreak_snapshotter": Setting("text", ""),
    "firebreak_history": Setting("place", ""),
    "firebreak_history_days": Setting("number", 0),
    "firebreak_history_do": Setting("word", "feed"),
    "firebreak_history_file": Setting("path", ""),
    "firebreak_history_hosts": Setting("names", []),
    "firebreak_history_keep_days": Setting("number", 0),
    "firebreak_history_report_dir": Setting("path", ""),
    "firebreak_slice": Setting("text", ""),
    "firebreak_slices": Setting("names", []),
    "firebreak_fail_on_missing": Setting("flag", False),
    "cve": Setting("names", []),
    "firebreak_answer_days": Setting("number", 0),
    "firebreak_answer_kernel_only": Setting("flag", False),
    "firebreak_feeds": Setting("feeds", []),
    "firebreak_feed_max_age_hours": Setting("number", 24),
    "firebreak_evidence_signers": Setting("path", ""),
    "firebreak_evidence_signer": Setting("text", ""),
    "firebreak_max_disruption": Setting("word", "", wanted="none, or the most that a step may cost, such as reboot"),
    "firebreak_kev": Setting("path", ""),
    "firebreak_hosts_per_day": Setting("amount", 0.0),
    "firebreak_rollout_dir": Setting("path", "reports/rollout"),
    "firebreak_waves": Setting("names", []),
    "firebreak_max_failed": Setting("text", "0", wanted=_SIZE),
    "firebreak_max_down": Setting("text", "", wanted=_SIZE),
    "firebreak_quorum": Setting("mapping", {}),
    "firebreak_canary": Setting("text", "", wanted="the name of one group"),
    "firebreak_windows": Setting("lines", []),
    "firebreak_step_minutes": Setting("amount", 30.0),
    "firebreak_soak_minutes": Setting("amount", 0.0),
    "firebreak_approval": Setting("word", "none", wanted="none, pause or stop"),
    "firebreak_only_drifted": Setting("flag", False),
    "firebreak_lock_hours": Setting("amount", 12.0),
    "firebreak_owner": Setting("text", ""),
    "firebreak_release": Setting("names", []),
    "firebreak_skip": Setting("flag", False),
    "firebreak_why": Setting("text", ""),
    "firebreak_busy_retries": Setting("number", 60),
    "firebreak_heal_per_day": Setting("number", 4),
    "firebreak_heal_wait_minutes": Setting("number", 720),
    "firebreak_awx_forks": Setting("number", 20),
    "firebreak_unwind": Setting("names", []),
    "firebreak_unwind_keep": Setting("number", 2),
    "firebreak_unwind_holds": Setting("names", []),
    "firebreak_unwind_tasks": Setting("names", []),
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


def strange_tags(given: Mapping[str, Sequence[str]], own: Sequence[str]) -> list[str]:
    """What is wrong with tags, by the option that has them: a part that is misspelt is not run, or not left out, in silence.

    ``own`` are those that a playbook of one's own has given. Tags that are like no part are of somebody else's plays (molecule skips its own).
    """
    return [f"{option} is {tag}, which nothing here has; wanted any of {', '.join(PARTS)} (parts of enforce_platform.yml)"
            for option, tags in given.items() for tag in tags if tag not in (*PARTS, *own) and get_close_matches(tag, PARTS, 1, _LIKE)]


def is_template(value: Any) -> bool:
    """Whether there is still a template in a value that has been templated: it came from somewhere that renders none."""
    if isinstance(value, str):
        return bool(_TEMPLATE.search(value))
    if isinstance(value, Mapping):
        return any(map(is_template, value.values()))
    return isinstance(value, (list, tuple)) and any(map(is_template, value))


def meanings(variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Every setting by its name without the prefix, and what is wrong with those that mean nothing."""
    found: dict[str, Any] = {}
    wrong: list[str] = []
    for name, setting in SETTINGS.items():
        try:
            found[name.removeprefix(PREFIX)] = meaning(name, variables.get(name))
        except SettingError as error:
            found[name.removeprefix(PREFIX)] = setting.default
            wrong.append(str(error))
    return found, wrong


def listed(name: str, value: Any) -> list[str]:
    """A list, or the text of one: JSON, YAML, lines, or commas."""
    found = _lines(name, value)
    if isinstance(value, (list, tuple)) or str(value).strip().startswith(_YAML_LIST):
        return found
    parts = (part.strip() for line in found for part in line.split(","))
    return [part for part in (_QUOTED.sub(r"\2", part) for part in parts) if part]


def _lines(name: str, value: Any) -> list[str]:
    """A list, or the text of one: JSON, YAML, or lines."""
    if isinstance(value, (list, tuple)):
        return [str(item).strip() for item in value if str(item).strip()]
    text = str(value).strip()
    if text.startswith(_YAML_LIST):
        found = _yaml(text)
        if not isinstance(found, list):
            raise _wrong(name, value, "a list, its lines, or words with commas between them")
        return _lines(name, found)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _yaml(text: str) -> Any:
    """What a text of YAML, of which JSON is a part, holds; None where it is none."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        # A day that no calendar has and a number of thousands of digits are ValueErrors, brackets in brackets without end a RecursionError.
        return None


def _text(name: str, setting: Setting, value: Any) -> str:
    if isinstance(value, (list, tuple, Mapping, bool)):
        raise _wrong(name, value, setting.wanted or "a text")
    return str(value).strip()


def _path(name: str, setting: Setting, value: Any) -> str:
    """One path. What a shell would fill in nobody does here: it would become a folder of that name, which runs then share."""
    text = _line(name, value)
    if _SHELL.search(text):
        raise _wrong(name, value, "a path without a variable of a shell's, which nothing fills in here")
    return text


def _line(name: str, value: Any) -> str:
    text = _text(name, SETTINGS[name], value)
    if len(text.splitlines()) != 1 or "\0" in text:
        raise _wrong(name, value, "one path")
    return text


def _choice(name: str, setting: Setting, value: Any) -> str:
    text = str(value).strip().lower()
    if text not in setting.choices:
        raise _wrong(name, value, f"{', '.join(setting.choices[:-1])} or {setting.choices[-1]}")
    return text


def _number(name: str, setting: Setting, value: Any) -> int:
    found = _WHOLE.fullmatch(str(value).strip())
    if isinstance(value, bool) or not found:
        raise _wrong(name, value, setting.wanted or "a whole number, 0 or more")
    return int(found[1])


def _amount(name: str, setting: Setting, value: Any) -> float:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text):
        raise _wrong(name, value, "a number, 0 or more")
    return float(text)


def _word(name: str, setting: Setting, value: Any) -> str:
    return _text(name, setting, value).lower()


def _place(name: str, setting: Setting, value: Any) -> Any:
    """A path, an address, or true or false."""
    return value if isinstance(value, bool) else _line(name, value)


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
    found = listed(name, value)
    strange = [word for word in found if setting.choices and word not in setting.choices]
    if strange:
        raise _wrong(name, ", ".join(strange), f"any of {', '.join(setting.choices)}")
    return found


def _mapping(name: str, setting: Setting, value: Any) -> dict[str, Any]:
    found = _yaml(value) if isinstance(value, str) else value
    if not isinstance(found, Mapping):
        raise _wrong(name, value, "a mapping, such as {etcd: 2}")
    return dict(found)


def _feeds(name: str, setting: Setting, value: Any) -> list[Any]:
    """Paths, addresses and mappings; in a text they are YAML or JSON where it begins so, else lines or between commas."""
    found = _yaml(value) if isinstance(value, str) and re.match(r"\s*(?:[\[{]|- |\w+:\s)", value) else value
    if isinstance(found, Mapping):
        return [found]
    if isinstance(found, (list, tuple)):
        return [item.strip() if isinstance(item, str) else item for item in found if str(item).strip()]
    return listed(name, value)


def _of_lines(name: str, setting: Setting, value: Any) -> list[str]:
    return _lines(name, value)


def _pattern(name: str, setting: Setting, value: Any) -> str:
    """A pattern of hosts; a list, lines or blanks stand for commas. A pattern may itself begin with a bracket or hold one."""
    if isinstance(value, str) and not value.strip().startswith(_YAML_LIST):
        return ",".join(re.split(r"[\s,]+", value.strip(" \t\r\n,")))
    return ",".join(listed(name, value))


def _waves(name: str, setting: Setting, value: Any) -> list[Any]:
    sizes = [_WHOLE.sub(r"\1", size) for size in listed(name, value if isinstance(value, (list, tuple)) else str(value))]
    if isinstance(value, bool) or not all(re.fullmatch(r"0*[1-9][0-9]{0,8}|0*(?:100|[1-9][0-9]?)%", str(size)) for size in sizes):
        raise _wrong(name, value, "hosts for each wave: a number, a share such as 10%, or a list of them")
    return [str(size) if str(size).endswith("%") else int(size) for size in sizes]


_READERS: Mapping[str, Callable[[str, Setting, Any], Any]] = {
    "text": _text, "path": _path, "choice": _choice, "number": _number, "flag": _flag, "mode": _mode, "names": _names, "pattern": _pattern,
    "waves": _waves, "amount": _amount, "word": _word, "place": _place, "mapping": _mapping, "feeds": _feeds,
    "lines": _of_lines,
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
