# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages the configuration of dnf keeps from coming: what it excludes, and what alone it lets in (dnf 4.14 and dnf5 5.4, as they behave)."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator, Mapping
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


def kept_away(files: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """The patterns that keep one of these packages away, each with its file; ``files``: every file of dnf's configuration, by its path."""
    read: dict[str, dict[str, Options]] = {}
    for path, text in files.items():
        parser = configparser.ConfigParser(interpolation=None, strict=False, empty_lines_in_values=False, default_section="")
        try:
            parser.read_string(text)
        except configparser.Error:
            return [f"nothing: dnf cannot read {path}"]
        read[path] = {section: dict(parser[section]) for section in parser.sections()}
    settings = [(path, read[path]["main"]) for path in _settings(read) if "main" in read[path]]
    spared = {word for _path, options in settings for word in _words(options, ("disable_excludes",))}
    known = list(names)
    found = [] if spared & {"all", "*", "main"} else _of(settings, known, True)
    return found if spared & {"all", "*"} else found + list(_of_repositories(read, _folders(settings), spared, known))


def _settings(read: Mapping[str, object]) -> list[str]:
    """The files that speak for all repositories, in dnf5's order: drop-ins by name, the administrator's for the vendor's of the same, its own last."""
    drop_ins = {path.rpartition("/")[2]: path for path in sorted(read, key=lambda path: path.startswith("/etc/")) if "conf.d/" in path}
    return [path for _name, path in sorted(drop_ins.items())] + [_MAIN if _MAIN in read else _OF_OLD] * (bool({_MAIN, _OF_OLD} & set(read)))


def _folders(settings: list[tuple[str, Options]]) -> list[str]:
    told = [word for _path, options in settings for word in _words(options, ("reposdir",))]
    return [folder.rstrip("/") for folder in told] or ["/etc/yum.repos.d", "/etc/distro.repos.d", "/usr/share/dnf5/repos.d"]


def _of_repositories(read: Mapping[str, dict[str, Options]], folders: list[str], spared: set[str], names: list[str]) -> Iterator[str]:
    overriding = {path.rpartition("/")[2]: path for path in sorted(read, key=lambda path: path.startswith("/etc/")) if "repos.override.d/" in path}
    overrides = [(path, pattern, options) for _name, path in sorted(overriding.items()) for pattern, options in read[path].items()]
    met: set[str] = set()
    for path, sections in read.items():
        for repository, options in sections.items() if path.rpartition("/")[0] in folders else ():
            steps = [(path, options), *((other, more) for other, pattern, more in overrides if fnmatchcase(repository, pattern))]
            met |= {pattern for _other, pattern, _more in overrides if fnmatchcase(repository, pattern)}
            switch = [step["enabled"] for _path, step in steps if "enabled" in step]
            if (not switch or switch[-1].lower() not in _OFF) and not any(fnmatchcase(repository, word) for word in spared):
                yield from _of(steps, names, _HAS_KERNELS.fullmatch(repository) is not None)
    # For a repository that is defined elsewhere: on the command line, by a plug-in.
    yield from _of([(path, options) for path, pattern, options in overrides if pattern not in met], names, False)


def _of(steps: list[tuple[str, Options]], names: list[str], has_kernels: bool) -> list[str]:
    """Of options of one kind, one after the other: a list goes on from step to step, until one of them begins with nothing."""
    excluded: list[tuple[str, str]] = []
    only: list[tuple[str, str]] = []
    for path, options in steps:
        for keys, kept in ((_EXCLUDES, excluded), (_INCLUDES, only)):
            for key in keys:
                if key in options and not options[key].split(",")[0].strip():
                    kept.clear()
            kept += [(word, path) for word in _words(options, keys)]
    found = [f"{word} ({path})" for word, path in excluded if any(_names(word, name) for name in names)]
    if has_kernels and only and not any(_names(word, name) for word, _path in only for name in names):
        found += [f"all but {word} ({path})" for word, path in only]
    return found


def _words(options: Options, keys: Iterable[str]) -> list[str]:
    return [word for key in keys for word in re.split(r"[\s,]+", options.get(key, "")) if word]


def _names(pattern: str, name: str) -> bool:
    """Whether a pattern may mean a package of this name: as it stands, or with an architecture or a version behind the name."""
    forms = [pattern]
    for at, sign in enumerate(pattern):
        rest = pattern[at + 1:]
        if sign == "." and _ARCHITECTURE.fullmatch(rest):
            forms.append(pattern[:at])
        if sign == "-" and _VERSION.match(rest):
            # A star there may stand for more of the name, too.
            forms += [pattern[:at], *([pattern[:at + 2]] if rest.startswith("*") else [])]
    return any(fnmatchcase(name, form) for form in forms)
