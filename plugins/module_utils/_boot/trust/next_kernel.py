# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel of the next boot, as far as modules go by it: whether it asks for signatures, and what its keyrings will be made of."""

import re
from typing import Any, List, NamedTuple

from ..._os import section as os_section
from .. import loaders
from ..target import NoAnswerError

_LOCKDOWN, _ENFORCE = "/sys/kernel/security/lockdown", "/sys/module/module/parameters/sig_enforce"
# As the kernel reads a truth (kstrtobool), and a level of lockdown.
_ASKED = re.compile(r"module\.sig_enforce(?:=(?:[eEyYtT1].*|[oO][nN].*))?\Z|lockdown=(?:integrity|confidentiality)\Z")
# Debian's -rt-, Red Hat's .rt7. and +rt, SUSE's -rt, Ubuntu's -realtime.
_REAL_TIME = re.compile(r"[-.+]rt(?:\d|[-.+]|\Z)|realtime")


class Kernel(NamedTuple):
    """``enforces``: it loads no module without a good signature; ``keeps_mok`` and ``keeps_db``: which of the firmware's keys it will hold."""

    release: str
    family: str
    enforces: bool
    keeps_mok: bool
    keeps_db: bool


def of_host(host: Any, mode: str) -> Kernel:
    """As it will be started. Raises NoAnswerError."""
    release, target, _current = loaders.default_release(host)
    if release is None:
        raise NoAnswerError("absent", "the release that the next boot gives is not known; what kernel.default_boot.release lacks would tell")
    identity = os_section.os_identity(host)[0]
    family = os_section.family_of(identity.get("ID", ""), identity.get("ID_LIKE", "").split())
    words = (target.options or "").split()
    blind = _asks_no_firmware(words, bool(_REAL_TIME.search(release)))
    enforces = _asks(words) or (_is_built_so(host) if mode != "enforced" else not (release == host.uname()[2] and _lets_all_in(host)))
    return Kernel(release, family, enforces, mode == "enforced" and not blind, not blind)


def _asks(words: List[str]) -> bool:
    """In names of parameters - and _ are one."""
    for word in words:
        name, equals, value = word.partition("=")
        if _ASKED.match(name.replace("-", "_") + equals + value):
            return True
    return False


def _asks_no_firmware(words: List[str], real_time: bool) -> bool:
    """Whether a kernel never calls the firmware, and so gets no keys of it; those for real time do not unless they are told to."""
    said = [part for word in words if word.startswith("efi=") for part in word[4:].split(",")]
    return "noefi" in words or "noruntime" in said or (real_time and "runtime" not in said)


def _lets_all_in(host: Any) -> bool:
    """The kernel that runs was started with Secure Boot on as well, and asks for nothing. Of another kernel that tells nothing."""
    lockdown, enforce = host.read(_LOCKDOWN, 256), host.read(_ENFORCE, 16)
    return bool(lockdown.value) and "[none]" in lockdown.value and bool(enforce.value) and enforce.value.strip() == "N"


def _is_built_so(host: Any) -> bool:
    """The kernel that runs asks for signatures though neither firmware nor its command line wants it."""
    enforce, cmdline = host.read(_ENFORCE, 16), host.read("/proc/cmdline", 65536)
    return bool(enforce.value) and enforce.value.strip() == "Y" and cmdline.value is not None and not _asks(cmdline.value.split())


def holds_without_firmware(host: Any) -> bool:
    """Whether the kernel that runs asks no firmware and holds all the same, by its lockdown or by its word on signatures."""
    lockdown, enforce, cmdline = host.read(_LOCKDOWN, 256), host.read(_ENFORCE, 16), host.read("/proc/cmdline", 65536)
    locked = bool(lockdown.value) and "[none]" not in lockdown.value
    words = cmdline.value.split() if cmdline.value is not None else []
    blind = _asks_no_firmware(words, "PREEMPT_RT" in host.uname()[3])
    return blind and (locked or (bool(enforce.value) and enforce.value.strip() == "Y"))
