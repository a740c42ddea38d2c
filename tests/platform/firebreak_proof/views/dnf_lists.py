# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages the configuration of dnf keeps from coming: what it excludes, and what alone it lets in (dnf 4.14 and dnf5 5.4, as they behave)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

_MAIN = "/etc/dnf/dnf.conf"
_OF_OLD = "/etc/yum.conf"
_EXCLUDES, _INCLUDES = ("exclude", "excludepkgs"), ("includepkgs",)
_OFF = ("0", "no", "false", "off")
_VERSION = re.compile(r"[\d*?\[](?=.*\d|[^A-Za-z]*\Z)")
_ARCHITECTURE = re.compile(r"x86_64|aarch64|ppc64le|s390x|i[3-6]86|[^.]*[*?][^.]*")
# What alone may come from other repositories says nothing of kernels.
_HAS_KERNELS = re.compile(
    r"(?:.*[-_])?baseos(?:[-_].*)?|(?:.*[-_])?(?:kernel|uekr\d+|official-base)(?:[-_].*)?|base|core|os|oss|fedora|rawhide|amazonlinux"
    r"|photon|(?:.*[-_])?updates?(?:-testing)?", re.IGNORECASE)

Options = dict[str, str]


def kept_away(files: Mapping[str, str], names: Iterable[str], is_old: Callable[[str], bool] = lambda version: False) -> list[str]:
    """The patterns that keep one of these packages away, each with its file; ``files``: every file of dnf's configuration, by its path.

    ``is_old``: whether what a pattern says of versions means none that is newer than the installed one.
    """
    read: dict[str, dict[str, Options]] = {}
    for path, text in files.items():
        try:
            read[path] = _read(text)
        except ValueError as problem:
            return [f"everything, since it cannot read {path}: {problem}"]
    settings = [(path, read[path]["main"]) for path in _settings(read) if "main" in read[path]]
    spared = {word for _path, options in settings for word in _words(options, ("disable_excludes",))}
    known = list(names)
    found = [] if spared & {"all", "*", "main"} else _of(settings, known, True, is_old)
    return found if spared & {"all", "*"} else found + list(_of_repositories(read, _folders(settings), spared, known, is_old))


def versions(files: Mapping[str, str]) -> set[str]:
    """What is said of versions in the patterns that exclude packages, up to the first sign of a pattern: to be put in order with the installed."""
    words = {word for text in files.values() for word in re.split(r"[\s,'\"=]+", text)}
    return {_literal(rest) for word in words for rest in re.findall(r"-(?=((?:\d+:)?\d.*))", word)}


def _literal(version: str) -> str:
    return re.sub(r"^\d+:|\.(?:x86_64|aarch64|ppc64le|s390x|i[3-6]86)$", "", re.split(r"[*?\[]", version)[0]).rstrip(".-")


def _read(text: str) -> dict[str, Options]:
    """The sections of a file; ValueError for what dnf ends at ("Missing '='", "Illegal continuation line", "Missing section header")."""
    found: dict[str, Options] = {}
    section: Options | None = None
    option = ""
    for line in text.splitlines():
        if not line.strip():
            option = option if line else ""
        elif line.startswith(("#", ";")):
            option = ""
        elif line.startswith("[") and "]" in line:
            section, option = found.setdefault(line[1:line.index("]")], {}), ""
        elif section is not None and option and line[0].isspace():
            section[option] += "\n" + line.strip()
        elif section is not None and not line.startswith(("[", "=")) and not line[0].isspace() and "=" in line:
            option, _sign, value = (part.strip() for part in line.partition("="))
            section[option] = value
        else:
            raise ValueError(line.strip()[:60])
    return {name: {key: _bare(value) for key, value in options.items()} for name, options in found.items()}


def _bare(value: str) -> str:
    """Quotes around a whole value do not count."""
    return value[1:-1] if re.fullmatch(r"'.*'|\".*\"", value, re.DOTALL) else value


def _settings(read: Mapping[str, object]) -> list[str]:
    """The files that speak for all repositories, in dnf5's order: drop-ins by name, the administrator's in the vendor's place, its own file last."""
    drop_ins = {path.rpartition("/")[2]: path for path in sorted(read, key=_is_admins) if "conf.d/" in path}
    return [path for _name, path in sorted(drop_ins.items())] + [_MAIN if _MAIN in read else _OF_OLD] * (bool({_MAIN, _OF_OLD} & set(read)))


def _is_admins(path: str) -> bool:
    return path.startswith("/etc/")


def _folders(settings: list[tuple[str, Options]]) -> list[str]:
    told = [word for _path, options in settings for word in _words(options, ("reposdir",))]
    return [folder.rstrip("/") for folder in told] or ["/etc/yum.repos.d", "/etc/distro.repos.d", "/usr/share/dnf5/repos.d"]


def _of_repositories(
    read: Mapping[str, dict[str, Options]], folders: list[str], spared: set[str], names: list[str], is_old: Callable[[str], bool],
) -> Iterator[str]:
    overriding = {path.rpartition("/")[2]: path for path in sorted(read, key=_is_admins) if "repos.override.d/" in path}
    overrides = [(path, pattern, options) for _name, path in sorted(overriding.items()) for pattern, options in read[path].items()]
    met: set[str] = set()
    for path, sections in read.items():
        for repository, options in sections.items() if path.rpartition("/")[0] in folders else ():
            steps = [(path, options), *((other, more) for other, pattern, more in overrides if fnmatchcase(repository, pattern))]
            met |= {pattern for _other, pattern, _more in overrides if fnmatchcase(repository, pattern)}
            switch = [step["enabled"] for _path, step in steps if "enabled" in step]
            if (not switch or switch[-1].lower() not in _OFF) and not any(fnmatchcase(repository, word) for word in spared):
                yield from _of(steps, names, _HAS_KERNELS.fullmatch(repository) is not None, is_old)
    # For a repository that is defined elsewhere: on the command line, by a plug-in.
    yield from _of([(path, options) for path, pattern, options in overrides if pattern not in met], names, False, is_old)


def _of(steps: list[tuple[str, Options]], names: list[str], has_kernels: bool, is_old: Callable[[str], bool]) -> list[str]:
    """Of options of one kind, one after the other: a list goes on from option to option, until one of them begins with nothing."""
    lists: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for path, options in steps:
        for key, value in options.items():
            if key in (*_EXCLUDES, *_INCLUDES):
                listed = lists[key in _EXCLUDES]
                if not value.split(",")[0].strip():
                    listed.clear()
                listed += [(word, path) for word in _words(options, (key,))]
    found = [f"{word} ({path})" for word, path in lists[True] if any(_names(word, name, is_old) for name in names)]
    only = lists[False]
    if has_kernels and only and not any(_names(word, name, lambda version: False) for word, _path in only for name in names):
        found += [f"all but {word} ({path})" for word, path in only]
    return found


def _words(options: Options, keys: Iterable[str]) -> list[str]:
    return [word for key in keys for word in re.split(r"[\s,]+", options.get(key, "")) if word]


def _names(pattern: str, name: str, is_old: Callable[[str], bool]) -> bool:
    """Whether a pattern may mean a package of this name that could come: as it stands, or with an architecture or a version behind the name."""
    if fnmatchcase(name, pattern):
        return True
    for at, sign in enumerate(pattern):
        rest, forms = pattern[at + 1:], [pattern[:at]]
        if sign == "-" and _VERSION.match(rest):
            # A star there may stand for more of the name, too.
            forms += [pattern[:at + 2]] * rest.startswith("*")
            old = rest[0].isdigit() and fnmatchcase(name, forms[0]) and is_old(rest)
        elif sign == "." and _ARCHITECTURE.fullmatch(rest):
            old = False
        else:
            continue
        if not old and any(fnmatchcase(name, form) for form in forms):
            return True
    return False


def is_behind(version: str, installed: str, compare: Callable[[str, str], int]) -> bool:
    """Whether what a pattern says of versions means none that is newer than the installed one."""
    literal, known = _literal(version), re.sub(r"^\d+:", "", installed)
    open_ended = re.search(r"[*?\[]", version) is not None
    if known != literal and known.startswith(literal + "-" * (not open_ended)):
        return False
    return compare(literal, known) <= 0
