# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where this machine gets Debian's packages from: the lab uses the same places, whatever mirror or proxy they are."""

import os
import re
import subprocess

from firebreak_lab.errors import LabError

# The parts of apt's configuration that belong to the machine and its network.
SETTINGS = ("Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::https::CAInfo")
SETTING = "FIREBREAK_LAB_MIRROR"


def configured_archives() -> list[tuple[str, str]]:
    """(URI, codename) of each index that apt itself is configured with."""
    argv = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"apt-get does not tell its sources ({error}); name a Debian mirror in {SETTING}") from error
    pairs = (line.split() for line in done.stdout.splitlines())
    return [(pair[0].rstrip("/"), pair[1]) for pair in pairs if len(pair) == 2]


def pick_archives(archives: list[tuple[str, str]], named: str) -> tuple[str, str]:
    """The URIs of Debian's main and security archives: a mirror named by the user, else what apt uses."""
    if named:
        mirror = named.rstrip("/")
        return mirror, re.sub(r"debian$", "debian-security", mirror)
    main = [uri for uri, _ in archives if uri.endswith("/debian")]
    security = [uri for uri, _ in archives if uri.endswith("/debian-security")]
    if not main:
        raise LabError(f"apt on this machine has no source that ends in /debian (seen: {archives or 'none'}); "
                       f"run apt-get update, or name a Debian mirror in {SETTING}")
    return main[0], security[0] if security else re.sub(r"debian$", "debian-security", main[0])


def own_settings() -> list[str]:
    """How this machine's apt reaches and trusts its archives, as lines of an apt.conf: an image is made the same way."""
    done = subprocess.run(["apt-config", "dump", "--no-empty", "--format", '%f "%v";%n', *SETTINGS], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def source_lines(suite: str, with_security: bool) -> str:
    """The sources.list of a suite: main archive, and security archive where it is wanted."""
    main, security = pick_archives([] if SETTING in os.environ else configured_archives(), os.environ.get(SETTING, ""))
    lines = [f"deb {main} {suite} main"]
    if with_security:
        lines.append(f"deb {security} {suite}-security main")
    return "\n".join(lines) + "\n"
