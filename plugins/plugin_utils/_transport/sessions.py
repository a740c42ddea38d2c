# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ssh would tell a kept connection about one more session, from its arguments and its files of settings. Pure.

A connection that is there needs no settings of how it is made. Where anything is said that is about a session, or that is not known here, an
ssh client has to say it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

# Keywords of ssh_config(5) of OpenSSH 10.0, and those of Debian's and Fedora's GSSAPI, that say how a connection is made, checked or kept,
# how much is printed of it, or what only counts beside a keyword that is not here.
OF_CONNECTIONS = frozenset((
    "addkeystoagent", "addressfamily", "batchmode", "bindaddress", "bindinterface", "canonicaldomains", "canonicalizefallbacklocal",
    "canonicalizehostname", "canonicalizemaxdots", "canonicalizepermittedcnames", "casignaturealgorithms", "certificatefile",
    "challengeresponseauthentication", "checkhostip", "ciphers", "clearallforwardings", "compression", "connectionattempts", "connecttimeout",
    "controlpersist", "enablesshkeysign", "exitonforwardfailure", "fingerprinthash", "forwardx11timeout", "forwardx11trusted", "gatewayports",
    "globalknownhostsfile", "gssapiauthentication", "gssapiclientidentity", "gssapidelegatecredentials", "gssapikexalgorithms", "gssapikeyexchange",
    "gssapirenewalforcesrekey", "gssapiserveridentity", "gssapitrustdns", "hashknownhosts", "hostbasedacceptedalgorithms",
    "hostbasedauthentication", "hostkeyalgorithms", "hostkeyalias", "hostname", "identitiesonly", "identityagent", "identityfile", "ipqos",
    "kbdinteractiveauthentication", "kbdinteractivedevices", "kexalgorithms", "knownhostscommand", "loglevel", "macs",
    "nohostauthenticationforlocalhost", "numberofpasswordprompts", "passwordauthentication", "port", "preferredauthentications", "proxycommand",
    "proxyjump", "proxyusefdpass", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes", "pubkeyauthentication", "rekeylimit", "requiredrsasize",
    "revokedhostkeys", "securitykeyprovider", "serveralivecountmax", "serveraliveinterval", "streamlocalbindmask", "streamlocalbindunlink",
    "stricthostkeychecking", "syslogfacility", "tag", "tcpkeepalive", "updatehostkeys", "user", "userknownhostsfile", "verifyhostkeydns",
    "visualhostkey", "xauthlocation",
))
_NESTED_AT_MOST = 16
_LINE = re.compile(r"""\s*"?(\w+)"?[\s=]+(.*?)\s*$""")
_OPTION = re.compile(r"\s*(\w+)[\s=]+(.*)", re.DOTALL)


class Setting(NamedTuple):
    """One line of a file of settings, and whether it is for every host."""

    keyword: str
    value: str
    is_for_all: bool


def kept_path(words: Sequence[str]) -> str:
    """The socket of the kept connection that an ssh client with these arguments would ask for one more session.

    '' where there is none, where it is named by a pattern, or where an argument may say something about the session.
    """
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "-C":
            continue
        found = _OPTION.fullmatch(next(rest, "")) if word == "-o" else None
        if found is None:
            return ""
        options.setdefault(found.group(1).lower(), found.group(2).strip('"'))
    path = options.pop("controlpath", "")
    if options.pop("controlmaster", "") not in ("auto", "no") or not path.startswith("/") or set(path) & set("%$~") or path.lower() == "none":
        return ""
    return path if OF_CONNECTIONS.issuperset(options) else ""


def settings(text: str, included: Callable[[str], Iterable[str]], is_for_all: bool = True, depth: int = 0) -> Iterator[Setting]:
    """The lines of a file of settings and of those that it includes; ``included`` gives the texts that an Include names."""
    scope = is_for_all
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.match(line)
        keyword, value = (found.group(1).lower(), found.group(2)) if found else (line.strip(), "")
        if keyword == "host" or (keyword == "match" and value.lower() in ("all", "final all")):
            scope = is_for_all and (keyword == "match" or value == "*")
        elif keyword == "include" and depth < _NESTED_AT_MOST:
            for inner in included(value):
                yield from settings(inner, included, scope, depth + 1)
        else:
            yield Setting(keyword, value, scope)


def environment(said: Iterable[Setting], ours: Mapping[str, str]) -> list[str] | None:
    """The variables of ours that ssh would send to every host, as NAME=value; None where sessions are told more than that, or not all alike."""
    names: dict[str, None] = {}
    for setting in said:
        if setting.keyword != "sendenv":
            if setting.keyword not in OF_CONNECTIONS:
                return None
            continue
        patterns = setting.value.split()
        if any(not re.fullmatch(r"[\w*?]+", pattern) for pattern in patterns):
            return None
        sent = [name for name in ours if any(fnmatchcase(name, pattern) for pattern in patterns)]
        if sent and not setting.is_for_all:
            return None
        names.update(dict.fromkeys(sent))
    return [f"{name}={ours[name]}" for name in names]
