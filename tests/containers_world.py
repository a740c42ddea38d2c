# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the recording of a host with containers step by step: engines' files, shims, first processes and machine monitors."""

from __future__ import annotations

import json
from itertools import count
from typing import Any, Self

from ansible_collections.firebreak.fleet.plugins.module_utils._containers import section as containers_section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import section as kata_section
from recorded_host import RecordedHost

TASKS = "/run/containerd/io.containerd.runtime.v2.task"
RUNC = "/usr/bin/containerd-shim-runc-v2"
KATA = "/opt/kata-4.1.0/bin/containerd-shim-kata-v2"
CAPABILITIES = ["CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_CHOWN"]
ROOT = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 2]
STARTED = "2025-11-24T02:06:40Z"


def config(privileged: bool = False, host: bool = False, **notes: str) -> str:
    """A config.json as containerd writes it; annotations by their last word."""
    kinds = ["mount", "ipc", "uts"] if host else ["mount", "ipc", "uts", "pid", "network"]
    return json.dumps({
        "ociVersion": "1.2.0", "process": {"capabilities": {"bounding": CAPABILITIES if privileged else ["CAP_CHOWN"]}},
        "annotations": {f"io.kubernetes.cri.{name.replace('_', '-')}": value for name, value in notes.items()},
        "linux": {"namespaces": [{"type": kind} for kind in kinds], "maskedPaths": [] if privileged else ["/proc/kcore"]}})


class World:
    """A host; every method adds to it and gives it back."""

    def __init__(self, uid: int = 0) -> None:
        self._inodes = count(1000)
        self.recording: dict[str, Any] = {
            "uid": uid, "now": 1764000000.0, "readlink": {}, "listdir": {"/proc": []}, "run": {}, "read_bytes": {}, "realpath": {},
            "read": {"/proc/uptime": "100000.00 1.0\n", "/proc/mounts": "proc /proc proc rw 0 0\n"},
            "stat": {"/": ROOT, "/usr/bin": ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 3]}}

    def file(self, path: str, text: str = "", inode: int = 0, uid: int = 0, kind: str = "file", mode: int = 0o755, ctime: float = 0.0,
             mtime: float = 0.0) -> Self:
        stat = [kind, mode, uid, 0, len(text), mtime, ctime, 1, inode or next(self._inodes)]
        self.recording["read"][path] = text
        self.recording["stat"][path] = self.recording["stat"][path + "@link"] = stat
        return self

    def process(self, pid: int, exe: Any, argv: list[str], parent: int = 1, user: int = 0, inode: int = 0, nested: bool = False) -> Self:
        folder = f"/proc/{pid}"
        name = argv[0].rpartition("/")[2][:15]
        self.recording["listdir"]["/proc"].append(str(pid))
        self.recording["readlink"][folder + "/exe"] = exe
        self.recording["read"][folder + "/stat"] = f"{pid} ({name}) S {parent} " + "0 " * 17 + "5000000 0 0\n"
        self.recording["read"][folder + "/cmdline"] = "".join(word + "\0" for word in argv)
        self.recording["stat"][folder] = ["directory", 0o555, user, 0, 0, 0.0, 0.0, 9, pid]
        self.recording["stat"][folder + "/root"] = [*ROOT[:8], 77] if nested else ROOT
        if isinstance(exe, str):
            known = self.recording["stat"].get(exe, ["file", 0o755, 0, 0, 9, 0.0, 0.0, 1, inode])
            self.recording["stat"][folder + "/exe"] = known if not inode else [*known[:8], inode]
        return self

    def link(self, path: str, target: str) -> Self:
        self.recording["readlink"][path] = self.recording["realpath"][path] = target
        if target in self.recording["stat"]:
            self.recording["stat"][path] = self.recording["stat"][target]
            self.recording["read"][path] = self.recording["read"].get(target, "")
        return self

    def life(self, pid: int, parent: int, *numbers: int, name: str = "x", bounding: int = 0, pid_space: str = "", net: str = "") -> Self:
        """What the kernel says of a process: its numbers in namespaces from the host's inwards, what it may do, and the namespaces it is in."""
        own = " ".join(str(number) for number in numbers or (pid,))
        self.recording["read"][f"/proc/{pid}/status"] = f"Name:\t{name}\nPPid:\t{parent}\nNSpid:\t{own}\nCapBnd:\t{bounding:016x}\nSeccomp:\t2\n"
        links = self.recording["readlink"]
        links.update({"/proc/1/ns/pid": "pid:[1]", "/proc/1/ns/net": "net:[1]", "/proc/1/ns/user": "user:[1]"})
        links.update({f"/proc/{pid}/ns/pid": f"pid:[{pid_space or pid}]", f"/proc/{pid}/ns/net": f"net:[{net or pid}]"})
        links[f"/proc/{pid}/ns/user"] = "user:[1]"
        self.recording["read"].setdefault(f"/proc/{pid}/mountinfo", "1 2 0:5 / /proc rw - proc proc rw\n")
        return self

    def open(self, pid: int, number: int, path: str, inode: int = 0, deleted: bool = False) -> Self:
        """A file that a process has open; of one that is there its own stat unless another inode is given."""
        known = self.recording["stat"].get(path, ["file", 0o644, 0, 0, 9, 0.0, 0.0, 1, 0])
        self.recording["listdir"].setdefault(f"/proc/{pid}/fd", []).append(str(number))
        self.recording["readlink"][f"/proc/{pid}/fd/{number}"] = path + (" (deleted)" if deleted else "")
        self.recording["stat"][f"/proc/{pid}/fd/{number}"] = [*known[:8], inode or known[8]]
        return self

    def machine(self, pid: int) -> Self:
        """A process that holds a virtual machine of KVM's."""
        self.recording["listdir"].setdefault(f"/proc/{pid}/fd", []).append("9")
        self.recording["readlink"][f"/proc/{pid}/fd/9"] = "anon_inode:kvm-vm"
        return self

    def folder(self, path: str, *names: str) -> Self:
        self.recording["listdir"][path] = list(names)
        self.recording["stat"][path] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, next(self._inodes)]
        self.recording["stat"][path + "@link"] = self.recording["stat"][path]
        return self

    def shim(self, pid: int, name: str, space: str = "k8s.io", binary: str = RUNC, **changes: Any) -> Self:
        self.file(binary, "shim", inode=len(binary) * 10)
        return self.process(pid, binary, [binary, "-namespace", space, "-id", name, "-address", "/run/containerd/containerd.sock"], **changes)

    def task(self, name: str, space: str = "k8s.io", text: str = "", first: int = 0, tasks: str = TASKS, runtime: str = "") -> Self:
        listed = self.recording["listdir"]
        listed.setdefault(tasks, [])
        listed[tasks] = sorted({*listed[tasks], space})
        listed[f"{tasks}/{space}"] = sorted({*listed.get(f"{tasks}/{space}", []), name})
        self.file(f"{tasks}/{space}/{name}/config.json", text or config())
        self.file(f"{tasks}/{space}/{name}/runtime", runtime)
        return self.file(f"{tasks}/{space}/{name}/init.pid", str(first)) if first else self

    def runc(self, pid: int, name: str, text: str = "", space: str = "k8s.io") -> Self:
        """A container under runc: its shim is ``pid``, its first process the next number."""
        return self.shim(pid, name, space).process(pid + 1, "/bin/sleep", ["/bin/sleep"], parent=pid).task(name, space, text, pid + 1)

    def release(self, version: str, in_force: bool = True) -> Self:
        tree = f"/opt/kata-{version}"
        opt = self.recording["listdir"].get("/opt", [])
        self.folder("/opt", *opt, f"kata-{version}").folder(tree)
        self.file(f"{tree}/VERSION", version + "\n").file(f"{tree}/bin/containerd-shim-kata-v2").file(f"{tree}/bin/qemu-system-x86_64")
        self.file(f"{tree}/share/kata-containers/vmlinux-6.18.35-202")
        if in_force:
            self.recording["realpath"]["/opt/kata"] = tree
        return self

    def sandbox(self, pid: int, name: str, version: str, space: str = "k8s.io", binary: str = "") -> Self:
        """A sandbox of a release: its shim is ``pid``, its machine monitor the next number."""
        tree = f"/opt/kata-{version}"
        qemu = f"{tree}/bin/qemu-system-x86_64"
        shim = binary or f"{tree}/bin/containerd-shim-kata-v2"
        self.process(pid, shim, [shim, "-namespace", space, "-address", "x", "-publish-binary", "/usr/bin/containerd", "-id", name])
        kernel = f"{tree}/share/kata-containers/vmlinux-6.18.35-202"
        return self.process(pid + 1, qemu, [qemu, "-name", f"sandbox-{name}", "-sandbox", "on", "-kernel", kernel], parent=pid)

    def _section(self, name: str, module: Any) -> Section:
        section = Section(name)
        module.collect(RecordedHost(self.recording), section, {})
        json.dumps(section.facts)
        return section

    def containers(self) -> Section:
        return self._section("containers", containers_section)

    def items(self) -> list[dict[str, Any]]:
        return list(self.containers().facts["items"])

    def only(self) -> dict[str, Any]:
        item, = self.items()
        return dict(item)

    def kata(self) -> Section:
        return self._section("kata", kata_section)

    def only_sandbox(self) -> dict[str, Any]:
        sandbox, = self.kata().facts["sandboxes"]
        return dict(sandbox)
