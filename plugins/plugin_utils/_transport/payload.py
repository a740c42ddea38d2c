# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host code as one compressed payload, the command that runs it from standard input, and the reading of what comes back.

One round trip: a line of shell finds a Python that really runs, a loader of a few lines reads the payload, checks its hash, and imports it
as a package that exists in memory only. Nothing is written on the host. The answer stands between two markers that no banner can forge.
"""

from __future__ import annotations

import binascii
import functools
import hashlib
import json
import re
import shlex
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...module_utils._host.look import PASSING
from ...module_utils._host.record import SCHEMA

HOST_CODE = Path(__file__).resolve().parents[2] / "module_utils"
PACKAGE = "firebreak_host"
ENTRIES = ("_scan.rooms", "_scan.scan", "_host.look")

# What the loader's exit status says. Anything else is an interpreter that did not get as far: the next one is tried.
DONE, FAILED, TOO_OLD = 0, 70, 75

# Tried in this order where nobody named an interpreter. The first is RHEL 8's own, which stays when python3 is removed.
INTERPRETERS = (("/usr/libexec/platform-python",), ("python3",), ("/usr/bin/python3",), *((f"python3.{minor}",) for minor in range(14, 5, -1)))

# zlib's effort: 9 takes half as much time again, in each run, for half a percent of the bytes.
_EFFORT = 6

# Bytes of one answer: encoded as it comes, and decompressed.
ENCODED_LIMIT = 4 * 1024 * 1024
DECODED_LIMIT = 8 * 1024 * 1024

# Values of one answer. A list of millions of empty lists is small as text and gigabytes in memory; the largest record of a real host has 20,000.
VALUES_LIMIT = 400_000
# What a record has beside its sections, each of which is a mapping.
_FRAME = ("schema", "scanned_at", "scanner", "seconds", "evidence", "nulls")

# Runs on any Python down to 2.6 far enough to say that it is too old. It holds no single quote, and no line end
# in a text: it travels in shell quotes, in which fish takes two backslashes for one.
LOADER = """\
import sys
if sys.version_info < (3, 6):
    sys.exit(75)
import binascii, json, os, zlib
try:
    from _sha256 import sha256
except ImportError:
    try:
        from _sha2 import sha256
    except ImportError:
        from hashlib import sha256
nonce, digest, length = sys.argv[1:4]
data = sys.stdin.buffer.read()
code, options = data[:int(length)], data[int(length):]
if sha256(code).hexdigest() != digest:
    sys.stderr.write("firebreak: the payload arrived damaged: %d bytes read" % len(data) + chr(10))
    sys.exit(70)
sources = json.loads(zlib.decompress(code).decode("utf-8"))
rooms = {}
exec(sources["firebreak_host._scan.rooms"], rooms)
sys.meta_path.insert(0, rooms["Memory"](sources))
try:
    from firebreak_host._host.host import LiveHost
    from firebreak_host._host.look import answer
    from firebreak_host._scan.scan import scan
    options = json.loads(options.decode("utf-8"))
    answer = json.dumps(answer(scan(LiveHost(), options["sections"], options), options.get("known"), sha256), separators=(",", ":"))
    answer = binascii.b2a_base64(zlib.compress(answer.encode("ascii"), 6)).decode("ascii").strip()
    sys.stdout.write(chr(10) + "firebreak:%s:%s:end" % (nonce, answer) + chr(10))
    sys.stdout.flush()
    os._exit(0)
except Exception as error:
    sys.stderr.write("firebreak: %s: %s" % (type(error).__name__, error) + chr(10))
    sys.exit(70)
"""

# ``from ..wing.room import ...``, or ``from ..wing import room, other`` with or without parentheses.
_RELATIVE = re.compile(r"^[ \t]*from (\.+)([\w.]*) import (\([^)]*\)|[^\n#]*)", re.MULTILINE)

# What a shell can tell of a host without Python, between the probe's own markers: release, machine, node name, what was tried, os-release.
_PROBE = (
    r"printf '\nfirebreak-probe:%s:begin\n' {nonce}; uname -r; uname -m; uname -n; printf '%s\n' \"$s\"; "
    r"head -c 8192 /etc/os-release 2>/dev/null || head -c 8192 /usr/lib/os-release 2>/dev/null; printf '\nfirebreak-probe:%s:end\n' {nonce}"
)


class Payload(NamedTuple):
    """The compressed host code and the SHA-256 of these bytes."""

    data: bytes
    sha256: str


class Probe(NamedTuple):
    """What the shell told of a host on which no Python could run the scan."""

    release: str
    machine: str
    node: str
    tried: str
    os_release: str


class Reply(NamedTuple):
    """What a host answered: exactly one of record, look, probe and error is set. ``look`` says that the record is the known one, of ``digest``."""

    record: dict[str, Any] | None = None
    probe: Probe | None = None
    error: str | None = None
    look: dict[str, Any] | None = None
    digest: str = ""


class ReplyError(ValueError):
    """What came back is not a record."""


class Import(NamedTuple):
    """One relative import: the dotted module that it names below the host code, and what it takes out of it."""

    module: str
    names: list[str]


def relative_imports(module: str, source: str) -> list[Import]:
    """What a module of the host code, by its dotted name, imports from the host code.

    By a pattern: to parse all of it took 0.15 s of the controller's CPU in each run. A test holds it against Python's own parser.
    """
    found = []
    for dots, below, listed in _RELATIVE.findall(source):
        at = module.split(".")[:-len(dots)] + ([below] if below else [])
        names = [name.split()[0] for name in re.sub(r"#.*|[()]", "", listed).split(",") if name.strip()]
        found.append(Import(".".join(at), names))
    return found


def sources(directory: Path = HOST_CODE, entries: Sequence[str] = ENTRIES) -> dict[str, str]:
    """Module name -> source of everything that ``entries`` need, as the package ``firebreak_host``. A package's source is empty."""
    found = {PACKAGE: ""}
    wanted = [*entries]
    while wanted:
        name = wanted.pop()
        if f"{PACKAGE}.{name}" in found:
            continue
        found.update((f"{PACKAGE}.{'.'.join(parents)}", "") for parents in _packages_of(name))
        text = found[f"{PACKAGE}.{name}"] = (directory / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")
        for module, names in relative_imports(name, text):
            is_package = not module or (directory / module.replace(".", "/")).is_dir()
            wanted += [f"{module}.{name}".lstrip(".") for name in names] if is_package else [module]
    return found


def _packages_of(module: str) -> list[list[str]]:
    parts = module.split(".")
    return [parts[:size] for size in range(1, len(parts))]


@functools.lru_cache(maxsize=1)
def payload() -> Payload:
    """The host code of this collection; built once in a process, and before the workers are forked where the caller imports early."""
    data = zlib.compress(json.dumps(sources(), sort_keys=True).encode(), _EFFORT)
    return Payload(data, hashlib.sha256(data).hexdigest())


def standard_input(code: Payload, options: Mapping[str, Any], known: str = "") -> bytes:
    """What is sent to the loader: the payload, then the scan's options as JSON, with the digest of the record that need not be sent again."""
    return code.data + json.dumps({**options, "known": known}).encode()


def command(code: Payload, nonce: str, interpreters: Sequence[Sequence[str]] = INTERPRETERS) -> str:
    """One line of POSIX shell that runs the loader with the first interpreter that works, and else tells what a shell can tell."""
    program = "exec(" + json.dumps(LOADER) + ")"
    arguments = shlex.join(["-IBSc", program, nonce, code.sha256, str(len(code.data))])
    attempt = (
        f'f() {{ command -v "$1" >/dev/null 2>&1 || return 0; "$@" {arguments}; r=$?; '
        f'case $r in {DONE}|{FAILED}) exit $r;; *) s="$s$* ($("$@" -V 2>&1 </dev/null | head -n 1 | head -c 80)): status $r; ";; esac; }}; s=; '
    )
    attempts = "; ".join("f " + shlex.join(words) for words in interpreters)
    return f"{attempt}{attempts}; {probe_command(nonce)}; exit {TOO_OLD}"


def probe_command(nonce: str) -> str:
    """The line of shell that tells what can be told without Python."""
    return _PROBE.replace(r"\"", '"').replace("{nonce}", shlex.quote(nonce))


def parse_reply(stdout: str, stderr: str, status: int, nonce: str) -> Reply:
    """The record, the shell's probe or the error in what a host printed; whatever is around the markers is ignored."""
    found = re.search(rf"firebreak:{re.escape(nonce)}:([A-Za-z0-9+/=]*):end", stdout)
    if found:
        try:
            return _replied(decode(found.group(1)))
        except ReplyError as error:
            return Reply(error=f"the host's answer is no record: {error}")
    probe = _parse_probe(stdout, nonce)
    if probe:
        return Reply(probe=probe)
    last = _last_words(stderr) or _last_words(stdout) or "nothing was printed"
    return Reply(error=f"the scan ended with status {status} and without a record: {last}")


def _last_words(text: str) -> str:
    """The last line that says something, printable and bounded."""
    lines = [line.strip() for line in text[-8192:].splitlines() if line.strip()]
    return "".join(letter if letter.isprintable() else "?" for letter in lines[-1])[:300] if lines else ""


def _replied(answer: object) -> Reply:
    """What an answer says; ReplyError where it is of another shape than the host's half gives it."""
    if not isinstance(answer, dict):
        raise ReplyError(f"a mapping is wanted, seen {type(answer).__name__}")
    if "same" in answer:
        return Reply(look=_check_look(answer))
    digest = answer.pop("digest", "")
    return Reply(record=check_shape(answer), digest=digest if isinstance(digest, str) else "")


def _check_look(answer: dict[str, Any]) -> dict[str, Any]:
    """The words of a look at a host that is as it was; ReplyError for what could not be such."""
    kinds = {"same": str, "scanned_at": str, "seconds": dict, "passing": dict}
    strange = [name for name, kind in kinds.items() if not isinstance(answer.get(name), kind)]
    passing = {} if strange else answer["passing"]
    strange += [path for path, value in passing.items() if path not in PASSING or isinstance(value, bool) or not isinstance(value, int)]
    if strange:
        raise ReplyError(f"{strange[0][:60]!r}: not as it is of a record that is the same")
    return answer


def decode(encoded: str) -> object:
    """The answer in base64 of compressed JSON; ReplyError where it is too large or damaged."""
    if len(encoded) > ENCODED_LIMIT:
        raise ReplyError(f"{len(encoded)} bytes, at most {ENCODED_LIMIT} are read")
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(binascii.a2b_base64(encoded), DECODED_LIMIT)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise ReplyError(f"truncated, or more than {DECODED_LIMIT} bytes of JSON")
        if sum(text.count(sign) for sign in (b"[", b"{", b",")) > VALUES_LIMIT:
            raise ReplyError(f"more than {VALUES_LIMIT} values")
        answer: object = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (zlib.error, binascii.Error, ValueError, RecursionError) as error:
        raise ReplyError(str(error)[:300]) from error
    return answer


def _no_constant(name: str) -> None:
    raise ReplyError(f"{name} is not JSON")


def _finite(text: str) -> float:
    """A number that JSON can say again: 1e999 reads as infinity, for which it has no word."""
    number = float(text)
    if number - number != 0:
        raise ReplyError(f"{text[:40]} is no finite number")
    return number


def check_shape(record: object) -> dict[str, Any]:
    """The record itself if its frame is that of a record (its facts are not looked at); ReplyError otherwise."""
    if not isinstance(record, dict):
        raise ReplyError(f"a mapping is wanted, seen {type(record).__name__}")
    if record.get("schema") != SCHEMA:
        raise ReplyError(f"schema: {str(record.get('schema'))[:60]!r} seen, {SCHEMA!r} wanted")
    for key, kind in (("scanned_at", str), ("scanner", dict), ("seconds", dict), ("evidence", dict), ("nulls", list)):
        if not isinstance(record.get(key), kind):
            raise ReplyError(f"{key}: {kind.__name__} wanted, seen {type(record.get(key)).__name__}")
    strange = [key for key, facts in record.items() if key not in _FRAME and not isinstance(facts, dict)]
    if strange:
        raise ReplyError(f"{strange[0][:60]!r}: no section")
    for null in record["nulls"]:
        if not isinstance(null, dict) or not isinstance(null.get("fact"), str) or not isinstance(null.get("reason"), str):
            raise ReplyError("nulls: mappings with a fact and a reason are wanted")
    return record


def _parse_probe(stdout: str, nonce: str) -> Probe | None:
    marker = f"firebreak-probe:{nonce}:"
    _before, begun, rest = stdout.partition(f"{marker}begin")
    said, ended, _after = rest.partition(f"\n{marker}end")
    if not begun or not ended:
        return None
    lines = said[:16384].replace("\r", "").split("\n")[1:]
    lines += [""] * (4 - len(lines))
    release, machine, node, tried = (_last_words(line) for line in lines[:4])
    return Probe(release, machine, node, tried, "\n".join(lines[4:]))
