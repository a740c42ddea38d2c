# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a vendor's own tool offers live patches to a host: its answer is read before anything is changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...module_utils._formats.versions import RPM, sort_key
from ...module_utils._host.errors import Refused
from ...module_utils._live_patch.providers.amazon import parse_support
from . import vendors

_REQUIRE = re.compile(r"^kernel(?:-uname-r)? = (\d\S*)$", re.MULTILINE)
_SHOWN = 3
_KERNELS = vendors.FACTS["canonical"]["source"]
# The products of SUSE that the version of the system stands with.
_BASES = ("SLES", "SLES_SAP")


class Question(NamedTuple):
    """The tool's standard output, what it complained of, the running kernel, and whether a secret was given."""

    answer: str
    complaint: str
    release: str
    secret: bool


def eligible_kernels(answer: str) -> list[str]:
    """The kernels that packages of patches on offer require, oldest first."""
    return sorted(set(_REQUIRE.findall(answer)), key=sort_key(RPM))


def kpatch(asked: Question) -> None:
    """The answer of ``dnf repoquery --requires 'kpatch-patch-*'``: each package requires the one kernel that it is for."""
    kernels = eligible_kernels(asked.answer)
    if not kernels:
        raise Refused(f"no enabled repository has packages kpatch-patch-*{_because(asked)}; "
                      "wanted: a registered host with RHEL's BaseOS repository")
    if asked.release not in kernels:
        raise Refused(f"Red Hat makes no live patches for the running kernel {asked.release}; "
                      f"eligible: {', '.join(kernels[-_SHOWN:])}")


def amazon(asked: Question) -> None:
    """The answer of ``dnf kernel-livepatch support``."""
    try:
        until = parse_support(asked.answer)
    except ValueError as error:
        raise Refused(f"dnf kernel-livepatch does not say whether {asked.release} gets live patches: {error}{_because(asked)}") from None
    if until == "ended":
        raise Refused(f"the running kernel {asked.release} gets no live patches any more; eligible: the newest kernel, after a reboot")


def canonical(asked: Question) -> None:
    """The answer of ``pro status --format json``."""
    document = _decoded(asked, "pro status", dict)
    if document.get("attached") is not True and not asked.secret:
        raise Refused("this host is not attached to Ubuntu Pro; wanted: its token in live_patching_token_file or live_patching_token_env")
    services = document.get("services")
    rows = [row for row in services if isinstance(row, Mapping)] if isinstance(services, list) else []
    service = next((row for row in rows if row.get("name") == "livepatch"), {})
    if document.get("attached") is True and service.get("entitled") == "no":
        raise Refused("the Ubuntu Pro subscription of this host includes no Livepatch")
    blocked = _uncovered(service) or ("" if service.get("status") != "n/a" and service.get("available") != "no" else "it is not available")
    if blocked:
        raise Refused(f"Livepatch does not cover the running kernel {asked.release}: {blocked}; eligible: the kernels at {_KERNELS}")


def _uncovered(service: Mapping[str, Any]) -> str:
    """What Ubuntu Pro's client says against Livepatch on this host, in its own words; '' where it says nothing.

    The description that takes the usual one's place is in the host's language and says one thing only: the running kernel is not covered.
    """
    blockers = service.get("blocked_by")
    rows = [row for row in blockers if isinstance(row, Mapping)] if isinstance(blockers, list) else []
    warning = service.get("warning")
    code = str(warning.get("code")) if isinstance(warning, Mapping) else ""
    said = [f"{row.get('reason') or row.get('name')} ({row.get('reason_code')})" for row in rows]
    if isinstance(warning, Mapping) and code.startswith("livepatch-kernel-"):
        said.append(f"{warning.get('message') or code}")
    if not said and service.get("description_override"):
        said.append(str(service["description_override"]))
    return " ".join(" ".join(said).split())[:400].rstrip(".")


def ksplice(asked: Question) -> None:
    """The answer of ``dnf repoquery ksplice``, and whether there is an access key."""
    if not re.search(r"^(?:ksplice|uptrack)", asked.answer, re.MULTILINE):
        raise Refused(f"no enabled repository has the package ksplice{_because(asked)}; "
                      "wanted: a channel olN_ARCH_ksplice of Oracle's Unbreakable Linux Network, or its mirror")
    if not asked.secret:
        raise Refused("the online client of Ksplice has no access key; wanted: the key in live_patching_token_file or "
                      "live_patching_token_env, or live_patching_offline: true")


def suse(asked: Question) -> None:
    """The answer of ``SUSEConnect --status``."""
    rows = [row for row in _decoded(asked, "SUSEConnect --status", list) if isinstance(row, Mapping)]
    registered = {row.get("identifier") for row in rows if row.get("status") == "Registered"}
    if not registered:
        raise Refused("this host is not registered with SUSE; wanted: a registered system (SUSEConnect -r CODE)")
    needed = vendors.enabled_by("suse", next((str(row.get("version")) for row in rows if row.get("identifier") in _BASES), "15"))
    if needed.get("module") and needed["module"] not in registered and not asked.secret:
        raise Refused("the module sle-module-live-patching is not registered; "
                      "wanted: its registration code in live_patching_token_file or live_patching_token_env")


def kernelcare(asked: Question) -> None:
    """The content of /etc/sysconfig/kcare/systemid, which a registration writes. ``secret`` stands for a licence by address."""
    if "server_id=" not in asked.answer and not asked.secret:
        raise Refused("this host is not registered with KernelCare, and its client takes a key on the command line only, where others could "
                      "read it; wanted: a host registered by hand (kcarectl --register KEY), or live_patching_ip_license: true")


def _because(asked: Question) -> str:
    said = " ".join(asked.complaint.split())[:200]
    return f" ({said})" if said else ""


def _decoded(asked: Question, command: str, kind: type) -> Any:
    try:
        document = json.loads(asked.answer)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, kind):
        raise Refused(f"{command} gave no answer that can be read{_because(asked)}")
    return document


OFFERS: dict[str, Callable[[Question], None]] = {
    "kpatch": kpatch, "amazon": amazon, "canonical": canonical, "ksplice": ksplice, "suse": suse, "kernelcare": kernelcare}


def refusal(provider: str, asked: Question) -> str | None:
    """Why the vendor gives this host nothing; None where it does."""
    try:
        OFFERS[provider](asked)
    except Refused as reason:
        return str(reason)
    return None
