# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's guests, by the documents that its QEMU driver keeps: definitions in /etc/libvirt/qemu, the state of running ones in /run/libvirt/qemu."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import guest_cpus as cpus
from . import machine_types

STATE = "/run/libvirt/qemu"
DEFINITIONS = "/etc/libvirt/qemu"
SAVED = "/var/lib/libvirt/qemu/save"
_SAVED_HEAD = 64 * 1024
_FILES = 4096
_BYTES = 1024 * 1024

# No XML parser reads the documents, so none can be attacked through them.
_NAME = re.compile(r"<name>([^<>]{1,255})</name>")
_PID = re.compile(r"<domstatus\b[^<>]{0,400}?\bpid=(['\"])([0-9]{1,10})\1")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
# Devices whose state is not QEMU's to save: the host's own, and folders of the host served by another process.
_PINNING = (("hostdev", re.compile(r"<hostdev\b|<interface\b[^<>]{0,200}?\btype=['\"]hostdev['\"]")),
            ("filesystem", re.compile(r"<filesystem\b")))


class Document(NamedTuple):
    """What is read of one document; ``pid`` is None in a definition."""

    name: str
    pid: Optional[int]
    machine_type: Optional[str]
    pinned_by: List[str]
    virtual_cpu: cpus.Cpu = cpus.Cpu()


def parse(text: str) -> Optional[Document]:
    """One document of a guest; None for one of something else (a network, a pool)."""
    name, pid = _NAME.search(text), _PID.search(text)
    if not name or "<domain" not in text:
        return None
    machines = machine_types.from_domain_xml(text)
    return Document(_unescape(name.group(1)), int(pid.group(2)) if pid else None, machines[0] if machines else None,
                    [device for device, pattern in _PINNING if pattern.search(text)], cpus.parse(text))


def _unescape(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def merge(
    running: List[Document], defined: List[Document], saved: Optional[Dict[str, str]] = None, nested: Optional[bool] = None,
) -> List[Dict[str, Any]]:
    """The record's mapping of each guest, by name. A guest that was started without a definition is not persistent: it ends with its process."""
    states, definitions = {one.name: one for one in running}, {one.name: one for one in defined}
    guests = []
    for name in sorted(set(states) | set(definitions)):
        state, definition = states.get(name), definitions.get(name)
        seen = state or definition or Document(name, None, None, [])
        mine = seen.virtual_cpu
        guests.append({"name": name, "pid": state.pid if state else None, "persistent": definition is not None, "pinned_by": seen.pinned_by,
                       "cpu_mode": mine.mode, "cpu_model": mine.model, "cpu_flags": mine.flags, "nested": cpus.may_nest(mine, nested),
                       "saved_machine_type": (saved or {}).get(name),
                       "machine_type": state.machine_type if state else None,
                       "defined_machine_type": definition.machine_type if definition else None})
    return guests


def read(host: Any, nested: Optional[bool] = None) -> Tuple[List[Dict[str, Any]], Optional[str], str]:
    """(guests, problem, detail). ``nested`` says whether KVM lets guests run guests of their own; None where nobody knows."""
    found = []
    for folder in (STATE, DEFINITIONS):
        documents, problem, detail = _documents(host, folder)
        if problem:
            return [], problem, detail
        found.append(documents)
    return merge(found[0], found[1], _saved(host), nested), None, ""


def _saved(host: Any) -> Dict[str, str]:
    """Name and machine type of each guest whose memory libvirt saved: the document stands at the beginning of the file."""
    types = {}
    for name in host.listdir(SAVED, _FILES).if_there([]):
        head = host.read_bytes("%s/%s" % (SAVED, name), _SAVED_HEAD)
        named = machine_types.from_domain_xml(head.value.decode("utf-8", "replace")) if head.value else []
        if name.endswith(".save") and named:
            types[name[:-len(".save")]] = named[0]
    return types


def _documents(host: Any, folder: str) -> Tuple[List[Document], Optional[str], str]:
    listed = host.listdir(folder, _FILES)
    if listed.problem:
        return [], None if listed.problem == "absent" else listed.problem, "%s: %s" % (folder, listed.detail)
    documents = []
    for name in sorted(listed.value):
        path = "%s/%s" % (folder, name)
        answer = host.read(path, _BYTES) if name.endswith(".xml") else None
        if answer is not None and answer.problem not in (None, "absent"):
            return [], answer.problem, "%s: %s" % (path, answer.detail)
        document = parse(answer.value) if answer is not None and answer.value else None
        if document:
            documents.append(document)
    return documents, None, ""
