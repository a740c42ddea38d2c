# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where dnf 4, dnf5, yum, tdnf, urpmi, apt on rpm and zypper keep what holds kernels back, and which of it they heed."""

import fnmatch
import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

from .apt_conf import parse_apt_conf
from .dnf_files import FOR_ALL, is_on, kept_away, refusal, sections, words
from .rpm_locks import locked_by_dnf, locked_by_dnf5, locked_by_zypper, with_parts

_REPOSITORIES = ("/etc/yum.repos.d", "/etc/distro.repos.d", "/usr/share/dnf5/repos.d")
_OVERRIDES = ("/usr/share/dnf5/repos.override.d", "/etc/dnf/repos.override.d")
_DROP_INS = ("/usr/share/dnf5/libdnf.conf.d", "/etc/dnf/libdnf5.conf.d")
_TDNF, _TDNF_LOCKS = "/etc/tdnf/tdnf.conf", "/etc/tdnf/locks.d"
# A plug-in's own file, and the list that it reads unless told otherwise.
_VERSION_LOCKS = (("/etc/dnf/plugins/versionlock.conf", "/etc/dnf/plugins/versionlock.list"),
                  ("/etc/yum/pluginconf.d/versionlock.conf", "/etc/yum/pluginconf.d/versionlock.list"))
_URPMI = "/etc/urpmi/skip.list"
_APT_CONF = "/etc/apt/apt.conf"
# The repositories that bring distributions' kernels: a list of what alone may come from another says nothing of them.
_BRINGS_KERNELS = re.compile(
    r"(?:updates?(?:-testing)?|base|core|fedora|rawhide|oss|os|amazonlinux|photon(?:-updates)?|kernel.*|.*[-_]kernel|.*-official-base"
    r"|(?:.*[-_])?baseos(?:[-_].*)?|.*uekr\d+.*)\Z", re.IGNORECASE)

# A file's sections, by the file.
Configuration = NamedTuple("Configuration", [("path", str), ("sections", Dict[str, Dict[str, str]])])


def held(host: Any, names: Sequence[str], newest: Optional[Mapping[str, str]] = None) -> List[str]:
    """Every lock and exclude that holds a kernel's package, named by its file."""
    main = _main(host)
    spared = {word for one in main for section in FOR_ALL for word in words(one.sections.get(section, {}), "disable_excludes")}
    installed = with_parts(newest)
    found = _refused(host, _folders(main)) + _locks(host, names, newest, main)
    if not spared & {"all", "*", "main"}:
        found += _named(main, names, installed)
    if not spared & {"all", "*"}:
        found += _in_repositories(host, names, installed, _folders(main), spared)
    return found + _by_others(host, names)


def _refused(host: Any, folders: Sequence[str]) -> List[str]:
    """Of dnf's own files the first that it cannot read, with which it ends before it brings anything."""
    paths = _own_files(host) + [path for folder in folders for path in _files(host, folder)] + _overrides(host)
    seen = ((path, refusal(_text(host, path))) for path in paths)
    return ["dnf refuses to work: %s (%s)" % (line, path) for path, line in seen if line][:1]


def _own_files(host: Any) -> List[str]:
    """dnf5's drop-ins, of which of two of one name the administrator's counts, and then the manager's own file; yum's own is a link to dnf's."""
    drop_ins = {name: "%s/%s" % (folder, name) for folder in _DROP_INS for name in _names(host, folder, ".conf")}
    own = "/etc/dnf/dnf.conf" if not host.stat("/etc/dnf/dnf.conf").problem else "/etc/yum.conf"
    return [path for _name, path in sorted(drop_ins.items())] + [own]


def _main(host: Any) -> List[Configuration]:
    return [Configuration(path, sections(_text(host, path))) for path in _own_files(host) + [_TDNF]]


def _option(main: List[Configuration], *names: str) -> Optional[str]:
    """The last value that is given to an option for all repositories."""
    given = [one.sections[section][name] for one in main for section in FOR_ALL for name in names if name in one.sections.get(section, {})]
    return given[-1] if given else None


def _folders(main: List[Configuration]) -> List[str]:
    told = _option(main, "reposdir", "repodir")
    return re.split(r"[\s,]+", told.strip()) if told and told.strip() else list(_REPOSITORIES)


def _locks(host: Any, names: Sequence[str], newest: Optional[Mapping[str, str]], main: List[Configuration]) -> List[str]:
    found: List[str] = []
    for own, usual in _VERSION_LOCKS:
        options = sections(_text(host, own)).get("main", {})
        if is_on(options) and is_on({"enabled": _option(main, "plugins") or "1"}):
            path = options.get("locklist") or usual
            found += ["%s (%s)" % (lock, path) for lock in locked_by_dnf(_text(host, path), names)]
    for path, locks in (("/etc/dnf/versionlock.toml", locked_by_dnf5(_text(host, "/etc/dnf/versionlock.toml"), names, host.uname()[4], newest)),
                        ("/etc/zypp/locks", locked_by_zypper(_text(host, "/etc/zypp/locks"), names, newest))):
        found += ["%s (%s)" % (lock, path) for lock in locks]
    return found


def _named(main: List[Configuration], names: Sequence[str], installed: Mapping[str, str]) -> List[str]:
    """What the managers' own files exclude, or leave out; repositories may stand in them, too."""
    own, tdnfs = ([(one.path, one.sections[section]) for one in main if (one.path == _TDNF) is apart for section in FOR_ALL
                   if is_on(one.sections.get(section, {"enabled": "0"}))] for apart in (False, True))
    found = kept_away(own, names, installed) + kept_away(tdnfs, names, installed)
    others = [(one.path, options) for one in main for section, options in one.sections.items() if section not in FOR_ALL and is_on(options)]
    return found + [each for step in others for each in kept_away([step], names, installed, has_kernels=False)]


def _by_others(host: Any, names: Sequence[str]) -> List[str]:
    """The lists of tdnf (names of packages), of urpmi (names, or patterns between slashes) and of apt on rpm (patterns)."""
    locks = ["%s/%s" % (_TDNF_LOCKS, name) for name in _names(host, _TDNF_LOCKS, ".conf")]
    given = [(path, word, _exactly(word)) for path in locks for word in _lines(host, path)]
    given += [(_TDNF, word, _exactly(word)) for word in words(sections(_text(host, _TDNF)).get("main", {}), "pkglocks")]
    given += [(_URPMI, word, word[1:-1] if re.match(r"/.+/\Z", word) else _exactly(word, r"(?:-\d|\Z)")) for word in _lines(host, _URPMI)]
    parts = ["%s.d/%s" % (_APT_CONF, name) for name in _names(host, _APT_CONF + ".d", ".conf")]
    given += [(path, word, word) for path in [_APT_CONF] + parts for word in parse_apt_conf(_text(host, path)).get("rpm::hold", [])]
    return ["%s (%s)" % (word, path) for path, word, pattern in given if any(_finds(pattern, name) for name in names)]


def _exactly(word: str, end: str = r"\Z") -> str:
    return r"\A" + re.escape(word) + end


def _finds(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        # A pattern that only its own tool can read may hold anything.
        return True


def _lines(host: Any, path: str) -> List[str]:
    lines = (line.split("#", 1)[0].strip() for line in _text(host, path).split("\n"))
    return [line for line in lines if line]


def _in_repositories(host: Any, names: Sequence[str], installed: Mapping[str, str], folders: Sequence[str], spared: Set[str]) -> List[str]:
    """Lists of repositories, as dnf5's overrides leave them."""
    overrides = [(path, *one) for path in _overrides(host) for one in sections(_text(host, path)).items()]
    found: List[str] = []
    taken: Set[str] = set()
    for path in [path for folder in folders for path in _files(host, folder)]:
        for repository, options in sections(_text(host, path)).items():
            steps = [(path, options)] + [(other, changed) for other, pattern, changed in overrides if fnmatch.fnmatchcase(repository, pattern)]
            taken.update(pattern for _path, pattern, _options in overrides if fnmatch.fnmatchcase(repository, pattern))
            together = {name: value for _path, step in steps for name, value in step.items()}
            if is_on(together) and not any(fnmatch.fnmatchcase(repository, word) for word in spared):
                found += kept_away(steps, names, installed, _BRINGS_KERNELS.match(repository) is not None)
    # A repository that is defined elsewhere (a plug-in's, the command line's).
    unmet = [(path, options) for path, pattern, options in overrides if pattern not in taken and is_on(options)]
    return found + [each for step in unmet for each in kept_away([step], names, installed, has_kernels=False)]


def _overrides(host: Any) -> List[str]:
    """In the order in which they count, by name; of two of one name the administrator's."""
    paths = {path.rsplit("/", 1)[-1]: path for folder in _OVERRIDES for path in _files(host, folder)}
    return [path for _name, path in sorted(paths.items())]


def _files(host: Any, folder: str) -> List[str]:
    return ["%s/%s" % (folder, name) for name in _names(host, folder, ".repo")]


def _text(host: Any, path: str) -> str:
    """What a file holds, '' where there is none; what cannot be read is kept by the host's own witness."""
    answer = host.read(path)
    return "" if answer.problem else str(answer.value)


def _names(host: Any, folder: str, ending: str) -> List[str]:
    listed = host.listdir(folder, 1000)
    return [] if listed.problem else [name for name in listed.value if name.endswith(ending)]
