# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for ssh: a host whose name begins with "good" is this machine's shell; any other does its worst, by the kind in its name.

The worst knows the nonce, as the host that is asked does, so that what it says is taken for an answer as far as it can be.
"""

from __future__ import annotations

import base64
import os
import re
import sys
import time
import zlib
from collections.abc import Callable
from typing import NoReturn

MEGABYTE = 1024 * 1024


def say(*pieces: bytes) -> None:
    """Print bytes as they are."""
    sys.stdout.buffer.write(b"".join(pieces))
    sys.stdout.buffer.flush()


def endless(_nonce: str, _asked: list[str]) -> NoReturn:
    """It never comes to an end."""
    while True:
        say(b"firebreak\n" * 4096)


def quadratic(nonce: str, asked: list[str]) -> None:
    """One megabyte of what a careless pattern takes hours for, within the marks of an answer."""
    if not asked:
        say((f"firebreak:{nonce}:begin\n" * (MEGABYTE // 30)).encode())
        return
    text = base64.b64encode(b"password.a." * (MEGABYTE // 11))
    say(f"\n{nonce} begun\n".encode())
    for name in asked:
        say(f"{nonce} asked {name} 1\nstatus 0\nout ".encode(), text if name == asked[0] else b"", f"\nerr \n{nonce} ended\n".encode())
    say(f"\n{nonce} done\n".encode())


def brackets(nonce: str, asked: list[str]) -> None:
    """Sixty-four megabytes of brackets, which are 1.6 GB to a reader of JSON; to the scan in eighty kilobytes."""
    if asked:
        say(*[b"[]," * (MEGABYTE // 3)] * 64)
        return
    packer = zlib.compressobj(9)
    megabyte = b"[]," * (MEGABYTE // 3)
    parts = [packer.compress(piece) for piece in (b'{"z":[', *[megabyte] * 64, b"[]]}")] + [packer.flush()]
    say(f"firebreak:{nonce}:".encode(), base64.b64encode(b"".join(parts)), b":end\n")


def forged(nonce: str, asked: list[str]) -> None:
    """Marks of other hosts' answers, and its own answers twice."""
    say(b"firebreak:0123456789abcdef:AAAA:end\n", f"firebreak:{nonce}:AAAA:end\n".encode())
    for name in asked * 2:
        say(f"\n{nonce} begun\n{nonce} asked {name} 1\nstatus 0\nout Zm9yZ2Vk\nerr \n{nonce} ended\n\n{nonce} done\n".encode())


def escapes(_nonce: str, _asked: list[str]) -> NoReturn:
    """It writes to the terminal of whoever asked."""
    sys.stderr.write("\x1b]0;owned\x07\x1b[2J\u202egood0: all promises hold\x00\n")
    sys.exit(255)


def hanging(_nonce: str, _asked: list[str]) -> None:
    """It says nothing at all, for longer than anybody waits."""
    time.sleep(3600)


def gone(_nonce: str, _asked: list[str]) -> NoReturn:
    """It cannot be reached."""
    sys.stderr.write("ssh: connect to host: No route to host\n")
    sys.exit(255)


WORST: dict[str, Callable[[str, list[str]], None]] = {act.__name__: act for act in (endless, quadratic, brackets, forged, escapes, hanging, gone)}


def main() -> None:
    """Find the host among ssh's words, and be it."""
    command = sys.argv[-1]
    host = next((word.rpartition("@")[2] for word in sys.argv[1:] if word.rpartition("@")[2].rstrip("0123456789") in ("good", *WORST)), "")
    if not host:
        return
    if host.startswith("good"):
        os.execv("/bin/sh", ["sh", "-c", command])
    told = "" if "firebreak:" in command else sys.stdin.read()
    nonce = re.search(r"\b[0-9a-f]{16}\b", command) if not told else re.search(r"(?<=nonce=)\w+", told)
    WORST[host.rstrip("0123456789")](nonce.group() if nonce else "", re.findall(r"(?m)^ask (\w+)", told))


main()
