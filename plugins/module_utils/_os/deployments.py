# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose system comes as an image: which image runs, which waits for the next boot, which one is left to go back to.

ostree and bootc by the files that their own loader entries name, and bootc's digests by ``bootc status``; others as far as files tell.
"""

import json
import re
import struct
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import composefs
from .facts import DEPLOYMENT_FACTS

STAGED = "/run/ostree/staged-deployment"
LOCK = "/run/ostree/staged-deployment-locked"
BOOTED = "/run/ostree-booted"
# A soft reboot to another deployment was prepared (ostree 2025.3 and later).
_SOFT_REBOOTS = ("/run/ostree/nextroot-queued", "/run/ostree/nextroot-booted")
# In what ostree keeps of this boot (a GVariant of keys and values): device and inode of the folder that is the root, 32 bytes behind its key's begin.
_BACKING = b"backing-root-device-inode\0"
_BACKING_AT = 32
BOOTC = ("bootc", "status", "--format", "json")
_NAME = re.compile(r"([0-9a-f]{64}\.\d+)")
# In ostree's file of what is staged (a GVariant of keys and values, in any order once it was changed): the deployment, and that it is locked.
_TARGET = re.compile(rb"target\0+name\0+([0-9a-f]{64}\.\d+)\0")
_LOCKED = b"locked\0\0\1\0b"
_ARGUMENT = re.compile(r"(?:^|\s)ostree=(\S+)")
_ENTRIES = "/boot/loader/entries"
_PENDING_MARKS = {"flatcar": "/run/update_engine_autoupdate_completed", "coreos": "/run/update_engine_autoupdate_completed"}
_CHANNELS = {"flatcar": ("/etc/flatcar/update.conf", "/usr/share/flatcar/update.conf")}
UPDATE_ENGINE = ("update_engine_client", "-status")

# One deployment: its name (commit and number) and folder; what its origin file says.
Deployment = NamedTuple("Deployment", [("name", str), ("folder", str), ("reference", str), ("pinned", bool)])

# booted and next are None where nothing tells; reason says why.
Images = NamedTuple("Images", [
    ("booted", Optional[str]), ("reference", Optional[str]), ("version", Optional[str]), ("next", Optional[str]), ("rollback", Optional[str]),
    ("pinned", List[str]), ("soft_reboot", Optional[bool]), ("source", str)])


def parse_origin(text: str) -> Tuple[str, bool]:
    """(where a deployment is from, whether it is pinned) of its origin file."""
    given = dict(re.findall(r"^[ \t]*([\w-]+)[ \t]*=[ \t]*(\S.*?)[ \t]*$", text, re.MULTILINE))
    reference = given.get("container-image-reference") or given.get("refspec") or given.get("baserefspec") or ""
    return reference, given.get("pinned", "").lower() == "true"


def parse_bootc(text: str) -> Images:
    """What ``bootc status --format json`` says; ValueError where it is in no form that is known."""
    try:
        status = json.loads(text)["status"]
        slots = {name: status.get(name) or {} for name in ("booted", "staged", "rollback")}
        images = {name: slot.get("image") or {} for name, slot in slots.items()}
        digests = {name: image.get("imageDigest") for name, image in images.items()}
        booted = images["booted"]
        reference = (booted.get("image") or {}).get("image")
        # One with packages of its own has no digest, and comes next all the same.
        waits = slots["staged"] and slots["staged"].get("downloadOnly") is not True
        following = "staged" if waits else "" if _may_be_reversed(status) else "rollback" if status.get("rollbackQueued") else "booted"
        everything = list(slots.values()) + list(status.get("otherDeployments") or [])
        pinned = [str(slot["image"]["imageDigest"]) for slot in everything if slot.get("pinned") and (slot.get("image") or {}).get("imageDigest")]
        soft = slots["staged"].get("softRebootCapable")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("bootc status says nothing that is known: %s" % error) from error
    if not isinstance(digests["booted"], str):
        raise ValueError("bootc status names no booted image")
    return Images(digests["booted"], reference, booted.get("version"), digests.get(following), digests["rollback"], pinned,
                  soft if isinstance(soft, bool) else None, " ".join(BOOTC))


def _may_be_reversed(status: Dict[str, Any]) -> bool:
    """Whether a queued rollback may be none, and none one: bootc to 1.16.9 turned it round for unified images that entries start (bootc#2405)."""
    entry = (status.get("booted") or {}).get("composefs") or {}
    return bool(status.get("rollback")) and str(entry.get("bootType")).lower() == "uki" and entry.get("bootloader") != "grub"


def parse_staged(data: bytes) -> Tuple[str, bool]:
    """(the name of the deployment that waits, '' where none is named; whether it is locked) of ostree's file of what is staged."""
    match = _TARGET.search(data)
    other = _NAME.search(data.decode("utf-8", "replace"))
    return match.group(1).decode("ascii") if match else other.group(1) if other else "", _LOCKED in data


def is_locked(host: Any) -> bool:
    """Whether the staged deployment is only fetched: no shutdown makes it the first before it is unlocked (Zincati, bootc's --download-only)."""
    return not host.stat(LOCK).problem or parse_staged(host.read_bytes(STAGED, 65536).if_there(b""))[1]


def staged(host: Any) -> Optional[Deployment]:
    """The deployment that the shutdown makes the first; None where there is none, or it is locked."""
    name, locked = parse_staged(host.read_bytes(STAGED, 65536).if_there(b""))
    return _find(host, name) if name and not locked and host.stat(LOCK).problem else None


def _folders(host: Any) -> Iterator[str]:
    for system in host.listdir("/ostree/deploy", 100).if_there([]):
        yield "/ostree/deploy/%s/deploy" % system


def _find(host: Any, name: str) -> Optional[Deployment]:
    for folder in _folders(host):
        if not host.stat("%s/%s" % (folder, name)).problem:
            return _deployment(host, "%s/%s" % (folder, name))
    return None


def _behind_root(host: Any) -> Optional[Deployment]:
    """The deployment that runs as ostree itself finds it: after a soft reboot the kernel's command line still names the one before."""
    data = host.read_bytes(BOOTED, 65536).if_there(b"")
    at = data.find(_BACKING)
    if at < 0 or at % 8 or len(data) < at + _BACKING_AT + 16:
        return None
    wanted = struct.unpack_from("=QQ", data, at + _BACKING_AT)
    for folder in _folders(host):
        for name in host.listdir(folder, 1000).if_there([]):
            answer = host.stat("%s/%s" % (folder, name)) if _NAME.match(name) else None
            if answer is not None and not answer.problem and (answer.value.device, answer.value.inode) == wanted:
                return _deployment(host, "%s/%s" % (folder, name))
    return None


def _deployment(host: Any, folder: str) -> Deployment:
    reference, pinned = parse_origin(host.read(folder + ".origin", 65536).if_there(""))
    return Deployment(folder.rsplit("/", 1)[-1], folder, reference, pinned)


def kernel_image(host: Any, deployment: Deployment) -> str:
    """The kernel in a deployment; '' where it holds none, or several."""
    modules = "%s/usr/lib/modules" % deployment.folder
    found = ["%s/%s/vmlinuz" % (modules, name) for name in host.listdir(modules, 1000).if_there([])]
    present = [path for path in found if not host.stat(path).problem]
    return present[0] if len(present) == 1 else ""


def _by_ostree(host: Any, version: Optional[str]) -> Images:
    """By the loader's entries, whose number is their place: the highest is the first; and by the one that this boot was given."""
    given = _ARGUMENT.search(host.read("/proc/cmdline", 65536).if_there(""))
    booted = _behind_root(host) or (_behind(host, given.group(1)) if given else None)
    if booted is None:
        raise ValueError("/proc/cmdline names no deployment that is there")
    deployed = [one for one in (_behind(host, argument) for argument in _arguments(host)) if one is not None]
    waiting = staged(host)
    following = waiting or (deployed[0] if deployed else None)
    others = [one for one in deployed if one.name not in (booted.name, following.name if following else "")]
    rollback = booted if following and following.name != booted.name else others[0] if others else None
    soft = True if any(not host.stat(path).problem for path in _SOFT_REBOOTS) else None
    return Images(booted.name, booted.reference or None, version, following.name if following else None, rollback.name if rollback else None,
                  [one.name for one in deployed if one.pinned], soft, "%s, /proc/cmdline, %s, /ostree/deploy" % (BOOTED, _ENTRIES))


def _arguments(host: Any) -> List[str]:
    """ostree= of each of the loader's entries, the first one first."""
    found = []
    for name in host.listdir(_ENTRIES, 1000).if_there([]):
        number = re.match(r"ostree-(\d+)", name)
        argument = _ARGUMENT.search(host.read("%s/%s" % (_ENTRIES, name), 65536).if_there(""))
        if number and argument:
            found.append((int(number.group(1)), argument.group(1)))
    return [argument for _number, argument in sorted(found, reverse=True)]


def _behind(host: Any, argument: str) -> Optional[Deployment]:
    folder = host.realpath(argument).if_there("") or host.realpath("/sysroot" + argument).if_there("")
    match = _NAME.search(folder or "")
    return _find(host, match.group(1)) if match else None


def _by_composefs(host: Any, digest: str, version: Optional[str]) -> Images:
    """By the files that bootc leaves beside each image; which of those that are there comes next its loader's entries tell, unless one is staged."""
    manifest, reference = composefs.manifest_of(host, digest)
    waiting = composefs.staged(host)
    following = composefs.manifest_of(host, waiting)[0] if waiting else ""
    return Images(manifest or None, reference or None, version, following or None, None, [], None, "%s, %s" % (composefs.STATE, composefs.STAGED))


def parse_update_engine(text: str, booted: str) -> Optional[str]:
    """The version that the next boot takes by ``update_engine_client -status``; None while it works, or does not name the version that waits."""
    said = dict(re.findall(r"^([A-Z_]+)=(\S*)$", text, re.MULTILINE))
    if said.get("CURRENT_OP") == "UPDATE_STATUS_UPDATED_NEED_REBOOT":
        # Before 2017 it called each version that waited 0.0.0.0.
        return said.get("NEW_VERSION") if said.get("NEW_VERSION") not in ("", "0.0.0.0") else None
    return booted if said.get("CURRENT_OP") in ("UPDATE_STATUS_IDLE", "UPDATE_STATUS_CHECKING_FOR_UPDATE", "UPDATE_STATUS_UPDATE_AVAILABLE") else None


def _next_by_update_engine(host: Any, tool: str, booted: str) -> Optional[str]:
    answer = host.run(UPDATE_ENGINE) if tool in _PENDING_MARKS else None
    if answer is None or answer.problem or answer.value.rc != 0:
        return None
    following = parse_update_engine(answer.value.out, booted)
    # Its word is lost when it is started anew; the mark lasts to the reboot.
    return None if following == booted and update_waits(host, tool) else following


def _by_release(host: Any, tool: str, release: Dict[str, str]) -> Images:
    """Flatcar, Bottlerocket and their like: the version is the image's name; what waits is told by Flatcar's updater, or by a mark at most."""
    version = release.get("IMAGE_VERSION") or release.get("VERSION_ID") or ""
    if not version:
        raise ValueError("/etc/os-release names no version")
    groups = [re.search(r"^GROUP=(\S+)", host.read(path, 65536).if_there(""), re.MULTILINE) for path in _CHANNELS.get(tool, ())]
    channel = next((group.group(1) for group in groups if group), None) or release.get("VARIANT_ID")
    following = _next_by_update_engine(host, tool, version)
    return Images(version, channel, version, following, None, [], None, "/etc/os-release" + (", " + " ".join(UPDATE_ENGINE) if following else ""))


def read(host: Any, tool: str, release: Dict[str, str]) -> Images:
    """The images of a host of this tool; ValueError with what stands in the way."""
    version = release.get("IMAGE_VERSION") or release.get("OSTREE_VERSION") or release.get("VERSION_ID")
    if tool == "bootc":
        answer = host.run(BOOTC)
        try:
            if not answer.problem and answer.value.rc == 0:
                return parse_bootc(answer.value.out)
        except ValueError:
            # Of a deployment with packages of its own it says no image, and ostree's files do.
            if host.stat(BOOTED).problem:
                raise
    digest = composefs.booted(host)
    if digest:
        return _by_composefs(host, digest, version)
    if tool in ("bootc", "ostree"):
        return _by_ostree(host, version)
    return _by_release(host, tool, release)


def update_waits(host: Any, tool: str) -> bool:
    """Whether a mark says that another image was written and waits for the next boot; no mark says nothing."""
    return tool in _PENDING_MARKS and not host.stat(_PENDING_MARKS[tool]).problem


def _what_would_tell(name: str, tool: str, source: str) -> str:
    """The command that an operator can ask where no file, or not this command, says it."""
    bootc = "bootctl list" if source == " ".join(BOOTC) else " ".join(BOOTC)
    told = {"bottlerocket": "apiclient get /updates/status", "flatcar": " ".join(UPDATE_ENGINE), "bootc": bootc}.get(tool)
    return "; %s would" % told if told and name in ("image.next", "image.rollback", "image.soft_reboot") else ""


def put(host: Any, section: Any, tool: str, release: Dict[str, str]) -> None:
    """Write os.image.*; a host of packages has none."""
    names = [fact.path for fact in DEPLOYMENT_FACTS]
    if tool in ("none", "transactional-update"):
        for name in names:
            section.cannot_say(name, "not_applicable", "the system comes as packages")
        return
    try:
        images = read(host, tool, release)
    except ValueError as error:
        for name in names:
            section.cannot_say(name, "absent", str(error))
        return
    for name in names:
        value = getattr(images, name.partition(".")[2])
        if value is None or value == "":
            section.cannot_say(name, "absent", "%s does not tell%s" % (images.source, _what_would_tell(name, tool, images.source)))
        else:
            section.put(name, value, images.source)
