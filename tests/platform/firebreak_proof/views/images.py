# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that a host runs and the one that its next boot takes, by what its own tools say."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from ..promises import BrokenPromiseError
from ..proof import Proof

# Systems that are replaced as a whole by an updater of their own; the version is the image's name.
_BY_VERSION = ("flatcar", "coreos", "bottlerocket", "talos", "cos", "nixos", "guix", "steamos", "ubuntu-core")
_DEPLOYMENT = re.compile(r"ostree (?P<mark>[* -]) (?P<system>\S+) (?P<name>[0-9a-f]{64}\.\d+)(?: \((?P<state>.*)\))?")


class Image(NamedTuple):
    """Each is empty where nobody tells."""

    booted: str
    reference: str
    version: str
    following: str


def of(proof: Proof) -> Image:
    """What runs, and what comes next; a host of packages breaks the promise."""
    found = read(proof)
    if found is None:
        raise BrokenPromiseError(f"{proof.host} comes as packages, not as an image")
    return found


def read(proof: Proof) -> Image | None:
    """The same, None for a host of packages."""
    lines = proof.says("image").splitlines()
    said = dict(line.partition(" ")[::2] for line in lines if not line.startswith(("ostree ", "origin ")))
    try:
        found = _by_bootc(said) or _by_rpm_ostree(said) or _by_ostree(lines, said) or _by_version(said)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenPromiseError(f"{proof.host}'s tools name its image in a form that is not known: {error!r}") from None
    if found is None and "deployed" in said:
        raise BrokenPromiseError(f"{proof.host} runs an image of {said['deployed']}'s, and none of its tools says which")
    return found


def is_named(name: str, accepted: list[Any]) -> bool:
    """Whether an image is one of those that are promised; the number of a deployment may be left away."""
    return name in accepted or (re.fullmatch(r"[0-9a-f]{64}\.\d+", name) is not None and name.partition(".")[0] in accepted)


def _by_bootc(said: dict[str, str]) -> Image | None:
    status = json.loads(said["bootc"])["status"] if "bootc" in said else {}
    if not status.get("booted") or not status["booted"].get("image"):
        return None
    image = status["booted"]["image"]
    named = image["imageDigest"], image["image"]["image"], image.get("version") or ""
    if status.get("staged") and not status["staged"].get("downloadOnly"):
        return Image(*named, status["staged"]["image"]["imageDigest"])
    entry = status["booted"].get("composefs") or {}
    if status.get("rollback") and entry.get("bootType") in ("Uki", "uki") and entry.get("bootloader") in ("systemd", "grub-cc"):
        # bootc up to 1.16.9 calls a rollback of such entries queued where none is, and the other way round.
        return Image(*named, "")
    return Image(*named, (status["rollback"] if status.get("rollbackQueued") else status["booted"])["image"]["imageDigest"])


def _by_rpm_ostree(said: dict[str, str]) -> Image | None:
    rows = [(f"{row['checksum']}.{row['serial']}", row) for row in (json.loads(said["rpm-ostree"])["deployments"] if "rpm-ostree" in said else [])]
    booted = next(((name, row) for name, row in rows if row.get("booted")), None)
    if booted is None:
        return None
    reference = booted[1].get("container-image-reference") or booted[1].get("origin") or ""
    following = next(name for name, row in rows if not row.get("finalization-locked"))
    return Image(booted[0], reference, said.get("OSTREE_VERSION") or booted[1].get("version") or "", following)


def _by_ostree(lines: list[str], said: dict[str, str]) -> Image | None:
    """The one with a star runs; the first that is not locked is the next."""
    rows = [match for match in map(_DEPLOYMENT.fullmatch, lines) if match]
    origins = {line.split(" ")[1].removesuffix(".origin"): line.split(" ", 2)[2] for line in lines if line.startswith("origin ")}
    booted = next((row["name"] for row in rows if row["mark"] == "*"), None)
    following = next((row["name"] for row in rows if "finalization locked" not in (row["state"] or "")), "")
    return None if booted is None else Image(booted, origins.get(booted, ""), said.get("OSTREE_VERSION", ""), following)


def _by_version(said: dict[str, str]) -> Image | None:
    version = said.get("IMAGE_VERSION") or said.get("VERSION_ID", "")
    if said.get("ID") not in _BY_VERSION or not version:
        return None
    waits, known = said.get("CURRENT_OP") == "UPDATE_STATUS_UPDATED_NEED_REBOOT", said.get("NEW_VERSION", "")
    following = known if waits and known != "0.0.0.0" else version if said.get("CURRENT_OP") == "UPDATE_STATUS_IDLE" else ""
    return Image(version, said.get("GROUP") or said.get("VARIANT_ID", ""), version, following)
