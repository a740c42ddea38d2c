# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn a real machine into a recorded host: every question a scan asks, with its answer, as one JSON document.

    python3 tests/record_host.py > tests/unit/fixtures/hosts/NAME.json                         # this machine
    python3 tests/record_host.py --bundle | ssh HOST python3 - > tests/unit/fixtures/hosts/NAME.json   # another; nothing is left there
    python3 tests/replay_hosts.py --update                                                     # write what the scan makes of it beside it

Runs on Python 3.6 with the standard library alone. Machine ids, host names, UUIDs, MAC and IP addresses and serial numbers are replaced,
the same one always by the same, with a salt that is not kept; of a process's environment only ``container=`` stays, of its memory what
may be executed, of the paths of what it runs and is given only those of the system and of Kata. Of the documents of containers only what
a scan looks at stays, and the packages' descriptions are left out.
Look at the document before you share it all the same.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sys
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, List, Match, Optional, Sequence, Tuple

_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_MAC = re.compile(r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b")
_IPV4 = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_PROCESS = re.compile(r"^/proc/\d+/")
# A path outside of what the system itself lays out: where people and their projects live.
_PRIVATE_PATH = re.compile(r"(?<![\w./-])/(?!(?:usr|var|run|etc|dev|proc|sys|boot|bin|sbin|lib|lib64|opt/kata[^/]*)(?:/|$))[\w.@+-]+(?:/[\w.@+-]+)*")
# Of a process's memory only what may be executed: the rest is not looked at, and names the files that people work with.
_MAPPED = re.compile(r"^\S+ ..x. .*\n", re.MULTILINE)
_LONG_FIELDS = re.compile(r"^(?:Description|Conffiles|Maintainer|Homepage|Original-Maintainer):.*\n(?:[ \t].*\n)*", re.MULTILINE)
_MACHINE_ID_FILES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_SERIAL_FILE = re.compile(r"/(?:\w+_serial|product_uuid|\w+_asset_tag)$")


# Machine monitors are read in large pieces for the one text that names their version: nothing else of a piece is kept, and the scan gets the same.
_LARGE_PIECE = 256 * 1024
_MONITOR = re.compile(r"/(?:qemu-[^/]+|proc/\d+/exe)$")
_VERSION_TEXT = re.compile(rb"QEMU emulator version [^\0\n]{1,160}")
# Of the documents of container engines only what a scan looks at: the rest are commands, variables and mounts of people's containers.
_CONTAINERS_FILE = re.compile(r"/(?:userdata|io\.containerd\.runtime\.v2\.task/[^/]+/[^/]+)/config\.json$")
_ANNOTATION = re.compile(r"(?:image-name|ImageName|container-name|container\.name|sandbox-id|SandboxID|container-type|ContainerType|sandbox-name|"
                         r"pod\.name|sandbox-namespace|pod\.namespace|RuntimeHandler|runtime-handler|image-ref|ref\.name)$")
_DOCKERS_FILE = re.compile(r"/containers/[^/]+/config\.v2\.json$")


def packed(data: bytes) -> str:
    """Bytes as text for a recording; whole programs are compressed."""
    if len(data) <= 16 * 1024:
        return base64.b64encode(data).decode("ascii")
    return "zlib:" + base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def _version_text(piece: bytes) -> bytes:
    found = _VERSION_TEXT.search(piece)
    return b"\0" + found.group(0) + b"\0" if found else b""


def _picked(text: str, paths: Sequence[str]) -> str:
    """A JSON document with these dotted paths alone; anything else is left as the scan would find it: damaged."""
    try:
        document = json.loads(text)
    except ValueError:
        return "{"
    kept: Dict[str, Any] = {}
    for path in paths:
        place, target, names = document, kept, path.split(".")
        for name in names[:-1]:
            place = place.get(name) if isinstance(place, dict) else None
            target = target.setdefault(name, {})
        if isinstance(place, dict) and names[-1] in place:
            target[names[-1]] = place[names[-1]]
    if isinstance(kept.get("annotations"), dict):
        kept["annotations"] = {key: value for key, value in kept["annotations"].items() if _ANNOTATION.search(key)}
    return json.dumps(kept)


class RecordingHost:
    """Asks a live host, and keeps every question with its answer in the layout of recorded_host.RecordedHost."""

    def __init__(self, live: Any) -> None:
        self._live = live
        self._now = live.now()
        self.recording: Dict[str, Any] = {"uid": live.uid(), "now": self._now, "uname": list(live.uname())}

    def _keep(self, question: str, key: str, answer: Any, shape: Callable[[Any], Any] = lambda value: value) -> Any:
        kept = {"problem": answer.problem, "detail": answer.detail} if answer.problem else shape(answer.value)
        self.recording.setdefault(question, {})[key] = kept
        return answer

    def uid(self) -> Any:
        return self.recording["uid"]

    def now(self) -> Any:
        return self._now

    def uname(self) -> Tuple[str, ...]:
        return tuple(self.recording["uname"])

    def remaining(self) -> Optional[float]:
        return None

    def read(self, path: str, *bounds: int, **named: int) -> Any:
        return self._keep("read", path, self._live.read(path, *bounds, **named))

    def read_bytes(self, path: str, size: int = 4 * 1024 * 1024, offset: int = 0) -> Any:
        answer = self._live.read_bytes(path, size, offset)
        if answer.value is not None and len(answer.value) > _LARGE_PIECE and _MONITOR.search(path):
            answer = answer._replace(value=_version_text(answer.value))
        return self._keep("read_bytes", "%s@%d+%d" % (path, offset, size), answer, packed)

    def sha256(self, path: str, limit: int) -> Any:
        return self._keep("sha256", path, self._live.sha256(path, limit))

    def listdir(self, path: str, *bounds: int, **named: int) -> Any:
        return self._keep("listdir", path, self._live.listdir(path, *bounds, **named))

    def readlink(self, path: str) -> Any:
        return self._keep("readlink", path, self._live.readlink(path))

    def realpath(self, path: str) -> Any:
        return self._keep("realpath", path, self._live.realpath(path))

    def stat(self, path: str, follow: bool = True) -> Any:
        return self._keep("stat", path if follow else path + "@link", self._live.stat(path, follow), list)

    def mount_id(self, path: str) -> Any:
        return self._keep("mount_id", path, self._live.mount_id(path))

    def run(self, argv: Sequence[str], *bounds: Any, **named: Any) -> Any:
        return self._keep("run", " ".join(argv), self._live.run(argv, *bounds, **named), list)

    def overhear(self, argv: Sequence[str], *bounds: Any, **named: Any) -> Any:
        return self._keep("overhear", " ".join(argv), self._live.overhear(argv, *bounds, **named), list)

    def ioctl(self, path: str, request: int, argument: int = 0) -> Any:
        return self._keep("ioctl", "%s@%d+%d" % (path, request, argument), self._live.ioctl(path, request, argument))

    def create_vm(self, path: str) -> Any:
        return self._keep("create_vm", path, self._live.create_vm(path))

    def run_guest(self, path: str) -> Any:
        return self._keep("run_guest", path, self._live.run_guest(path))


class Mask:
    """Replaces what names a machine by something of the same form; the same by the same within one recording."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def digits(self, text: str) -> str:
        """``text`` with other hexadecimal digits in the places of its own."""
        stream = hashlib.sha512(self._salt + text.lower().encode("utf-8")).hexdigest()
        return "".join(stream[place] if letter in "0123456789abcdefABCDEF" else letter for place, letter in enumerate(text))

    def address(self, found: Match[str]) -> str:
        """An IPv4 address of the range that documentation uses; the unspecified and the loopback address stay."""
        text = found.group(0)
        return text if text.startswith(("0.", "127.")) else "192.0.2.%d" % (hashlib.sha256(self._salt + text.encode("ascii")).digest()[0] or 1)

    def path(self, found: Match[str]) -> str:
        """Some path in the place of a private one."""
        return "/private/" + hashlib.sha256(self._salt + found.group(0).encode("utf-8")).hexdigest()[:12]

    def everywhere(self, names: List[str], machine_ids: List[str]) -> Callable[[str], str]:
        """The replacement for any text of the recording."""
        words = [(re.compile(r"(?<![\w-])%s(?![\w-])" % re.escape(name)), "recorded") for name in names]

        def replace(text: str) -> str:
            for machine_id in machine_ids:
                text = text.replace(machine_id, self.digits(machine_id))
            for pattern in (_UUID, _MAC):
                text = pattern.sub(lambda found: self.digits(found.group(0)), text)
            for pattern, other in words:
                text = pattern.sub(other, text)
            return text

        return replace


def anonymise(recording: Dict[str, Any], salt: bytes) -> Dict[str, Any]:
    """The recording without what names the machine it is of."""
    mask = Mask(salt)
    reads = recording.get("read", {})
    machine_ids = {reads[path].strip() for path in _MACHINE_ID_FILES if isinstance(reads.get(path), str)}
    node = recording["uname"][1]
    # A name such as vm or db1 is a word of its own in other places as well: only where it is sure to be the name is it replaced.
    names = {name for name in (node, node.split(".")[0]) if len(name) > 4 and name != "localhost"}
    recording["uname"][1] = "recorded"
    for path, value in reads.items():
        if isinstance(value, str):
            reads[path] = _file_without_secrets(path, value, mask)
    links = recording.get("readlink", {})
    for path in filter(_PROCESS.match, links):
        if isinstance(links[path], str):
            links[path] = _PRIVATE_PATH.sub(mask.path, links[path])
    replace = mask.everywhere(sorted(names, key=len, reverse=True), sorted(machine_ids - {""}))
    clean = _walk({key: value for key, value in recording.items() if key != "read_bytes"}, replace)
    # What is read as bytes (headers of programs, variables of the firmware) holds no names.
    clean.update({"read_bytes": recording["read_bytes"]} if "read_bytes" in recording else {})
    return dict(clean)


def _file_without_secrets(path: str, text: str, mask: Mask) -> str:
    if _CONTAINERS_FILE.search(path):
        return _picked(text, ("ociVersion", "annotations", "process.capabilities.bounding", "linux.namespaces", "linux.maskedPaths"))
    if _DOCKERS_FILE.search(path):
        return _picked(text, ("Name", "Config.Image"))
    if path == "/etc/docker/daemon.json":
        return _picked(text, ("data-root", "graph", "runtimes"))
    if path.endswith("/environ"):
        return "".join(word + "\0" for word in text.split("\0") if word.startswith("container="))
    if path == "/var/lib/dpkg/status":
        return _LONG_FIELDS.sub("", text)
    if path.endswith("/maps"):
        return _PRIVATE_PATH.sub(mask.path, "".join(_MAPPED.findall(text)))
    if path.endswith("/cmdline"):
        text = _IPV4.sub(mask.address, text)
        return _PRIVATE_PATH.sub(mask.path, text) if _PROCESS.match(path) else text
    if path.endswith("/hostname"):
        return "recorded\n"
    return "anonymised\n" if _SERIAL_FILE.search(path) else text


def _walk(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, dict):
        return {replace(key): _walk(item, replace) for key, item in value.items()}
    return [_walk(item, replace) for item in value] if isinstance(value, list) else value


def record(live: Any, scan: Callable[..., Any], options: Dict[str, Any]) -> Dict[str, Any]:
    """Scan ``live`` and give back the anonymised recording of all it was asked."""
    host = RecordingHost(live)
    failed = [null for null in scan(host, [], options)["nulls"] if null["reason"] == "section_failed"]
    for null in failed:
        sys.stderr.write("%(fact)s: %(reason)s: %(detail)s\n" % null)
    return anonymise(host.recording, os.urandom(16))


def bundle(root: Path) -> str:
    """This script and the host code as one script for the standard input of a Python elsewhere."""
    sources = {"firebreak_host": ""}
    folder = root / "plugins" / "module_utils"
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        sources[".".join(["firebreak_host", *parts]).replace(".__init__", "")] = path.read_text(encoding="utf-8")
    return "FIREBREAK_HOST_CODE = %r\n%s" % (sources, (root / "tests" / "record_host.py").read_text(encoding="utf-8"))


class MemoryImporter:
    """Imports the package ``firebreak_host`` from a mapping of sources."""

    def __init__(self, sources: Dict[str, str]) -> None:
        self._sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self._sources:
            return None
        return type(sys.__spec__)(name, self, is_package=not self._sources[name])  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        exec(compile(self._sources[module.__name__], module.__name__, "exec", dont_inherit=True), module.__dict__)


def host_code(root: Path) -> Tuple[Any, Any]:
    """(LiveHost, scan) from what this script carries, or from the tree it lies in."""
    carried = globals().get("FIREBREAK_HOST_CODE")
    if carried:
        sys.meta_path.insert(0, MemoryImporter(carried))
        package = "firebreak_host"
    else:
        sys.path.insert(0, str(root / "collections"))
        package = "ansible_collections.firebreak.fleet.plugins.module_utils"
    host = __import__(package + "._host.host", fromlist=["LiveHost"])
    scan = __import__(package + "._scan.scan", fromlist=["scan"])
    return host.LiveHost, scan.scan


def main() -> None:
    """Print the recording of this machine, or the script that makes one elsewhere."""
    parser = argparse.ArgumentParser(description="Record this machine as a host for tests.")
    parser.add_argument("--bundle", action="store_true", help="print a script that records the machine it is run on")
    arguments = parser.parse_args()
    root = Path(globals().get("__file__", "/nonexistent/nowhere")).resolve().parent.parent
    if arguments.bundle:
        sys.stdout.write(bundle(root))
        return
    live, scan = host_code(root)
    recording = record(live(), scan, {"available": True, "hypervisor_probe": "device"})
    sys.stdout.write(json.dumps(recording, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
