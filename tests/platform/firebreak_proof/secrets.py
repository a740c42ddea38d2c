# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers without secrets: nothing that a host answered is kept, shown or signed before this has seen it. Linear in the length of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

GONE = "(removed)"

# An address: what comes before its host, and what comes behind its question mark.
_ADDRESS = re.compile(r"://(?P<authority>[^\s\"'<>/?#]*)(?P<path>[^\s\"'<>?]*)(?P<query>\?[^\s\"'<>]*)?")
_PORT = re.compile(r"[^:]*:\d{1,5}$")
_ENCODED_LOGIN = re.compile(r"(?i)(%3a%2f%2f)(?:(?!%2f|%3f|%40)[^\s&]){1,500}%40")
_BARE_LOGIN = re.compile(r"(=|(?<![A-Za-z])(?:iscsi|cifs|smb|nbd|proxy)[\"']?[:=][ \t]{0,8}[\"']?)((?:iscsi|cifs|smb|nbd):)?"
                         r"[\w.%+~$-]{1,200}:(?!//|\(removed\))[^\s@\"']{1,200}@(?!sha\d)")

# Each with the group that stays before it.
_KNOWN = tuple(re.compile(pattern) for pattern in (
    r"(?im)((?:^|[;{]|\b(?:then|do|else)\b)[ \t]{0,200}password(?:_pbkdf2)?[ \t]+)(?![=:])[^\n;}]+",
    r"()grub\.pbkdf2\.[\w.-]+",
    r"(\bcryptomount[ \t][^\n;]{0,200}?-p[ \t]+)\S+",
    r"(?i)(\bcrypt[ \t]+[\w:().-]{1,100}[ \t]+)[0-9a-f]{16,}",
    r"(\"systemd\.setenv=[\w.]{1,200}=)[^\"\n]+",
    r"(\bsystemd\.setenv=[\w.]{1,200}=)(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"']+)",
    r"(?im)(^[ \t]{0,200}SetCredential(?:Encrypted)?[ \t]{0,8}=[ \t]{0,8})[^\n]+",
    r"(\bsecret,\S{0,200}?\bdata=)[^\s,]+",
    r"(?i)(authorization[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?)(?:[a-z-]{1,40}[ \t]+)?[^\s\"',]+",
    r"(?i)(\bbearer[ \t]+)[\w.~+/=-]{6,}",
    r"(--(?:proxy-)?user[ =]|\bcurl[ \t][^\n|;]{0,200}?-[uU][ \t]*)[^\s:]{1,200}:\S+",
    r"(?s)(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?=-----END|\Z)",
    r"()\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1|argon2(?:id?|d)?|scrypt)\$[./\w$=,+-]{12,}",
    r"()\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",
    r"()\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|A[KS]IA[0-9A-Z]{16}|hvs\.[\w-]{16,}|sk-[\w-]{20,})",
))

_WORD = re.compile(
    r"(?i)pass(?:word|wort|wd|phrase)|secret|token|credential|(?:api|access|private|auth|account)[_-]?key|(?:signing|shared|encryption)_key|cryptkey"
    r"|(?<![a-z])(?:pass|pwd|pw|psk|passcode|cookie|auth|bearer|session_?id|cephx_key)(?=[\"']?[ \t]{0,8}[=:])")
# From the word on to where the value begins: name=value, name = "value", "name": value, and of an option also --name value.
_TO_VALUE = re.compile(
    r"""(?P<name>[\w.-]{0,64})(?:["']?[ \t]{0,8}(?:=>|:=|=)[ \t]{0,8}|(?P<json>"):[ \t]{0,8}|':[ \t]{0,8}|(?P<colon>:[ \t]{1,8}))(?=\S)""")
_TO_ARGUMENT = re.compile(r"(?P<name>[\w-]{0,64})[ \t]{1,8}(?=[^\s-])")
_QUOTED = re.compile(r'''(?s)"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''')
_HARMLESS = re.compile(r"(?i)[\"']?(?:true|false|yes|no|on|off|none|null|[01])?[\"']?[,;}\])]*$")
_PLACE = re.compile(r"(?i)(?:.*[_-])?(?:files?|path|dir|directory|ttl|seconds|timeout|length|policy)$")


def without_secrets(text: str) -> str:
    """A text without what may be a secret in it: logins, queries, environments, values that are named for one, and what has the shape of one."""
    text = _ADDRESS.sub(_public, text)
    text = _ENCODED_LOGIN.sub(rf"\1{GONE}%40", text)
    text = _BARE_LOGIN.sub(rf"\1\2{GONE}@", text) if "@" in text else text
    for known in _KNOWN:
        text = known.sub(rf"\1{GONE}", text)
    return "".join(_without_named(text))


def _public(found: re.Match[str]) -> str:
    authority, path, query = found["authority"], found["path"], found["query"]
    if "@" in authority:
        authority = f"{GONE}@{authority.rpartition('@')[2]}"
    elif ":" in authority and "@" in path and not _PORT.match(authority):
        authority, path = f"{GONE}@", path.rpartition("@")[2]
    return f"://{authority}{path}{'?' + GONE if query and len(query) > 1 else query or ''}"


def _without_named(text: str) -> Iterator[str]:
    done = 0
    for word in _WORD.finditer(text):
        value = _value(text, word) if word.end() > done else None
        if value:
            yield text[done:value[0]]
            yield GONE
            done = value[1]
    yield text[done:]


def _value(text: str, word: re.Match[str]) -> tuple[int, int] | None:
    """From where to where the value of a name goes; None where there is none, or it tells nothing."""
    before = text[max(0, word.start() - 64):word.start()]
    head = before[len(before.rstrip("-._abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")):]
    to = _TO_VALUE.match(text, word.end()) or (_TO_ARGUMENT.match(text, word.end()) if head.startswith("-") else None)
    if not to or text.startswith(GONE, to.end()) or _PLACE.match(to["name"]):
        return None
    kinds = to.groupdict()
    around = before[:len(before) - len(head)][-1:] if not kinds.get("json") else ""
    forms = [_QUOTED, re.compile(rf"[^{around}\n]+") if around in ('"', "'") and around else None,
             re.compile(r"[^\s,;}\])]+" if kinds.get("json") else r"\S+")]
    found = next((found for form in forms if form and (found := form.match(text, to.end()))), None)
    if not found or _HARMLESS.match(found.group()) or (kinds.get("colon") and found.group().startswith("/")):
        return None
    return found.span()
