# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where secrets are taken out of what a host says, before it leaves the host.

Nobody can know every secret by its looks. What is taken out: logins in addresses and all of their queries, the values of options, variables
and keys that are named for a secret, everything that is put into an environment, what a boot loader asks of a person, and what has the shape
of a key, a token or a hash of a password. A name always stays, so that a person sees that something was there. Linear in the text's length.
"""

import re
from typing import Any, Iterator, List, Match, NamedTuple, Optional, Tuple

REMOVED = "(removed)"


class _Shape(NamedTuple):
    """Where one of the ``hints`` is in a text in small letters, what ``pattern`` finds becomes ``instead``."""

    hints: Tuple[str, ...]
    pattern: str
    instead: str


# Every repetition in them is bounded, or cannot begin where another one did: text of a host's own comes here.
_SHAPES = (
    _Shape(("%3a%2f%2f",), r"(?i)(%3a%2f%2f)(?:(?!%2f|%3f|%40)[^\s&]){1,500}%40", r"\1" + REMOVED + "%40"),
    # dracut's netroot=iscsi:user:password@server, and proxies without a scheme. An image's digest is no server.
    _Shape(("@",), r"(=|(?<![A-Za-z])(?:iscsi|cifs|smb|nbd|proxy)[\"']?[:=][ \t]{0,8}[\"']?)((?:iscsi|cifs|smb|nbd):)?"
                   r"[\w.%+~$-]{1,200}:(?!//|\(removed\))[^\s@\"']{1,200}@(?!sha\d)", r"\1\2" + REMOVED + "@"),
    _Shape(("password",), r"(?im)((?:^|[;{\n]|\b(?:then|do|else)\b)[ \t]{0,200}password(?:_pbkdf2)?[ \t]+)(?![=:])[^\n;}]+", r"\1" + REMOVED),
    _Shape(("grub.pbkdf2.",), r"grub\.pbkdf2\.[\w.-]+", REMOVED),
    _Shape(("cryptomount",), r"(\bcryptomount[ \t][^\n;]{0,200}?-p[ \t]+)\S+", r"\1" + REMOVED),
    # The table of dm-crypt (dm-mod.create=) holds the key itself.
    _Shape(("crypt ",), r"(?i)(\bcrypt[ \t]+[\w:().-]{1,100}[ \t]+)[0-9a-f]{16,}", r"\1" + REMOVED),
    _Shape(("setenv=",), r"(\bsystemd\.setenv=[\w.]{1,200}=)(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"']+)", r"\1" + REMOVED),
    _Shape(("setenv=",), r"(\"systemd\.setenv=[\w.]{1,200}=)[^\"\n]+", r"\1" + REMOVED),
    _Shape(("credential",), r"(?im)^([ \t]{0,200}SetCredential(?:Encrypted)?[ \t]{0,8}=[ \t]{0,8})[^\n]+", r"\1" + REMOVED),
    _Shape(("secret,",), r"(\bsecret,[^\s]{0,200}?\bdata=)[^\s,]+", r"\1" + REMOVED),
    _Shape(("authorization",), r"(?i)(authorization[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?)(?:[a-z-]{1,40}[ \t]+)?[^\s\"',]+", r"\1" + REMOVED),
    _Shape(("bearer",), r"(?i)(\bbearer[ \t]+)[\w.~+/=-]{6,}", r"\1" + REMOVED),
    _Shape(("user",), r"(--(?:proxy-)?user[ =])[^\s:]{1,200}:\S+", r"\1" + REMOVED),
    _Shape(("curl ",), r"(\bcurl[ \t][^\n|;]{0,200}?-[uU][ \t]*)[^\s:]{1,200}:\S+", r"\1" + REMOVED),
    _Shape(("private key",), r"(?s)(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(-----END|\Z)", r"\1" + REMOVED + r"\2"),
    _Shape(("$",), r"\$(?:1|2[abxy]?|5|6|7|y|gy|md5|sha1|argon2(?:id?|d)?|scrypt)\$[./\w$=,+-]{12,}", REMOVED),
    _Shape(("eyj",), r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", REMOVED),
    _Shape(("gh", "glpat-", "xox", "akia", "hvs.", "sk-", "dckr_"),
           r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|A(?:KI|SI)A[0-9A-Z]{16}|hvs\.[\w-]{16,}"
           r"|sk-[\w-]{20,}|dckr_pat_[\w-]{16,})", REMOVED),
)

# Part of a name, in small letters; of the second only where no letter stands before and nothing behind.
_NAMED = ("password", "passwort", "passwd", "passphrase", "secret", "token", "credential", "apikey", "api_key", "api-key", "accesskey", "access_key",
          "access-key", "private_key", "privatekey", "private-key", "auth_key", "authkey", "auth-key", "signing_key", "shared_key", "encryption_key",
          "cryptkey", "account_key", "accountkey")
_SHORT = ("pass", "pwd", "pw", "psk", "passcode", "cookie", "auth", "bearer", "sessionid", "session_id", "cephx_key")
_NAME = r"(?:%s)|(?<![a-z])(?:%s)(?=[\"']?[ \t]{0,8}[=:])" % ("|".join(_NAMED), "|".join(_SHORT))
# From the name on to where the value begins: name=value, name = "value", "name": value, --name value.
_TO_VALUE = r"""(?P<rest>[\w.-]{0,64})(?P<quote>["'])?(?:[ \t]{0,8}(?:=>|:=|=)[ \t]{0,8}|(?(quote)[ \t]{0,8}:[ \t]{0,8}|:[ \t]{1,8}))(?=\S)"""
_TO_WORD = r"(?P<rest>[\w-]{0,64})[ \t]{1,8}(?=[^\s-])"
_QUOTED = r"""(?s)"(?:[^"\\\n]|\\.)*"|'[^'\n]*'"""
_BARE = r"[^\s]+"
_BARE_IN_JSON = r"[^\s,;}\])]+"
_PLAIN = re.compile(r"(?i)[\"']?(?:true|false|yes|no|on|off|none|null|[01])?[\"']?[,;}\])]*$")
# A place where a secret lies is none, nor is an owner of a file, as dpkg -S puts it before the path.
_PLACE = re.compile(r"(?i).*[_-]?(?:files?|path|dir|directory|ttl|seconds|timeout|length|policy)$")
_OPTION = re.compile(r"--?[\w-]{1,64}$")


# An address as far as it goes, so that none is looked at twice.
_ADDRESS = re.compile(r"://[^\s\"'<>]*")
_LOGIN = re.compile(r"(://)(?:[^/@?#]{0,500}@)+")
# A password with a slash in it, which no address should have; a number behind the colon is a port.
_CRAMPED_LOGIN = re.compile(r"(://)[^/@:]{0,200}:(?!\d{1,5}(?:[/?#]|$))[^@]{1,200}@")


def without_secrets(text: str) -> str:
    """A text without what may be a secret in it."""
    low = text.lower()
    if "://" in low:
        text = _ADDRESS.sub(_public_address, text)
    for shape in _SHAPES:
        if any(hint in low for hint in shape.hints):
            text = re.sub(shape.pattern, shape.instead, text)
    if any(word in low for word in _NAMED + _SHORT):
        text = "".join(_without_named(text))
    return text


def cleaned(value: Any) -> Any:
    """A document as JSON has it without what may be a secret in its texts, in the values of its keys, and behind the options in its lists."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {key: _behind(str(key), found) for key, found in value.items()}
    if isinstance(value, (list, tuple)):
        return _cleaned_list(list(value))
    return value


def _cleaned_list(items: List[Any]) -> List[Any]:
    options = [""] + [item if isinstance(item, str) and _OPTION.match(item) else "" for item in items]
    return [_behind(options[at], item) if options[at] and not str(item).startswith("-") else cleaned(item) for at, item in enumerate(items)]


def _behind(name: str, value: Any) -> Any:
    """A value by the name that stands before it: a key, or an option in a list of words."""
    if isinstance(value, str) and _is_secret(name) and not _PLAIN.match(value):
        return REMOVED
    return cleaned(value)


def _is_secret(name: str) -> bool:
    low = name.lower()
    if "/" in low or " " in low or _PLACE.match(low):
        return False
    return any(word in low for word in _NAMED) or bool(re.search(r"(?<![a-z])(?:%s)$" % "|".join(_SHORT), low))


def _without_named(text: str) -> Iterator[str]:
    """The pieces of a text, the values of what is named for a secret replaced."""
    done = 0
    for word in re.finditer("(?i)" + _NAME, text):
        span = _value_span(text, word.start(), word.end()) if word.end() > done else None
        if span:
            yield text[done:span[0]]
            yield REMOVED
            done = span[1]
    yield text[done:]


def _public_address(found: Match[str]) -> str:
    """An address without its login and its query: there is no telling by name which words of a query are a signature."""
    address, mark, query = found.group().partition("?")
    address = _CRAMPED_LOGIN.sub(r"\1" + REMOVED + "@", _LOGIN.sub(r"\1" + REMOVED + "@", address))
    return address + mark + (REMOVED if query else "")


def _value_span(text: str, begin: int, end: int) -> Optional[Tuple[int, int]]:
    """Where the value begins and ends whose name has a secret's word from ``begin`` to ``end``; None where there is none, or it is no secret."""
    first = _first_of_name(text, begin)
    found = re.compile(_TO_VALUE).match(text, end)
    if not found and text[first:first + 1] == "-":
        found = re.compile(_TO_WORD).match(text, end)
    if not found or text.startswith(REMOVED, found.end()) or _PLACE.match(found.group("rest")):
        return None
    is_json = found.groupdict().get("quote") == '"'
    around = text[max(0, first - 1):first] if not is_json else ""
    value = _value(text, found.end(), is_json, around if around in ("'", '"') else "")
    if not value or _PLAIN.match(value.group()) or (":" in text[end:found.end()] and not is_json and value.group().startswith("/")):
        return None
    return value.span()


def _value(text: str, start: int, is_json: bool, around: str) -> Optional[Match[str]]:
    """A value in quotes of its own, in quotes that its name is in as well, or up to the next blank (in JSON the next mark)."""
    forms = [_QUOTED] + (["[^%s\n]+" % around] if around else []) + [_BARE_IN_JSON if is_json else _BARE]
    return next((found for found in (re.compile(form).match(text, start) for form in forms) if found), None)


def _first_of_name(text: str, begin: int) -> int:
    """Where the name begins that is at ``begin``, looking back no further than a name is long."""
    head = re.search(r"[\w.-]*$", text[max(0, begin - 64):begin])
    return begin - len(head.group()) if head else begin
