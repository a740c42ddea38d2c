# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers, engines and Kata's handlers on a host, from its own tools."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..proof import Proof
from .monitors import Program

# The first process of a container is one of these, of the host's own, where it does not run on the host's kernel; a shim must have a machine.
_OWN_KERNEL = ("qemu-system-*", "qemu-kvm", "cloud-hypervisor*", "firecracker*", "stratovirt*", "openvmm*", "runsc*")
_SHIM = "containerd-shim*kata*"


class Container(NamedTuple):
    """A living container and what its first process looks like from the host."""

    engine: str
    namespace: str
    identity: str
    image: str
    runtime: str
    name: str
    program: str
    processes: str
    privileged: str
    kind: str
    process: str
    file: str
    machine: str
    mounts: str

    def shares_kernel(self) -> bool | None:
        """Whether it runs on the host's kernel; None where its first process cannot be looked at, or its machine not be found."""
        name = self.program.rpartition("/")[2]
        if not name:
            return None
        # crun runs a copy of itself that is in memory. What a program is called says nothing where it is an image's.
        is_own = self.file == "host" or (self.program.startswith("/memfd:") and ("crun" in self.runtime or "krun" in self.runtime))
        if self.machine != "no" and is_own:
            return False
        if fnmatchcase(name, _SHIM):
            return None
        if any(fnmatchcase(name, pattern) for pattern in _OWN_KERNEL):
            return None if self.file == "unknown" else not is_own
        return True

    def is_allowed(self, patterns: list[str]) -> bool:
        """Whether the standard names it among those that need no boundary."""
        texts = [f"image:{self.image}", f"name:{self.name}", f"namespace:{self.namespace}", f"engine:{self.engine}", f"runtime:{self.runtime}"]
        return any(fnmatchcase(text, pattern) for text in texts for pattern in patterns)

    def __str__(self) -> str:
        return f"{self.engine} {self.namespace + '/' if self.namespace else ''}{self.name} ({self.image})"


def linux_version(name: str) -> str:
    """The version in the name of a guest kernel's file: 6.18.35 of vmlinux-6.18.35-202; empty for a name that says none."""
    found = re.match(r"vmlinu[xz]-(\d+\.\d+(?:\.\d+)?(?:-rc\d+)?)(?![\d.])", name)
    return found.group(1) if found else ""


def containers(proof: Proof) -> list[Container]:
    """Every living container but the pause containers of pods: those that the engines' tools list, and those that only their parents tell of."""
    found: dict[str, Container] = {}
    for cells in [*proof.rows("containers"), *proof.rows("carried")]:
        if len(cells) == len(Container._fields):
            container = Container(*cells)
            found.setdefault(container.mounts or container.identity or container.process, container)
    return [container for container in found.values() if container.kind == "container"]


def unexplained(proof: Proof) -> list[str]:
    """Processes that begin a namespace behind another root, and that no engine explains: each may be a container."""
    listed = {container.process for container in containers(proof)}
    rows = (cells for cells in proof.rows("unexplained") if len(cells) == 3)
    return [f"{name} (process {process})" for process, name, _user in rows if process not in listed]


def engines(proof: Proof) -> list[Program]:
    """The engines' programs on disk."""
    return [Program(*cells) for cells in proof.rows("engines") if len(cells) == 4]


class Handler(NamedTuple):
    """A runtime handler of an engine: its name, and the files that it names."""

    name: str
    paths: tuple[str, ...]
    runtime_type: str
    is_served: bool = True

    @property
    def shim(self) -> str:
        """The shim that it names by its path, else by its type; for one without a path CRI-O looks for a program of its name."""
        return next((path for path in self.paths if not path.endswith(".toml")), self.name if self.runtime_type == "vm" else self.runtime_type)

    @property
    def config(self) -> str:
        """The configuration that it names; empty where the shim takes its own default."""
        return next((path for path in self.paths if path.endswith(".toml")), "")

    @property
    def is_passed_over(self) -> bool:
        """Whether CRI-O does not take it: the shim of a runtime for virtual machines must be called as one."""
        return self.runtime_type == "vm" and not self.shim.rpartition("/")[2].startswith("containerd-shim-")

    def is_kata(self) -> bool:
        """Whether it starts Kata's sandboxes: by its shim and its type, for a name says nothing of where it leads."""
        named = f"{self.runtime_type} {self.shim.rpartition('/')[2]}"
        return "kata" in named or (self.runtime_type == "vm" and "kata" in self.name)


def handlers(proof: Proof) -> list[Handler]:
    """The handlers in the engines' own dumps of their configuration, and in the files of CRI-O's, of which a later one replaces a runtime."""
    found: dict[tuple[int, str], Handler] = {}
    asking: set[tuple[int, str]] = set()
    key, is_served, default = (0, ""), True, ""
    for line in proof.says("handlers").splitlines():
        if line.startswith("# CRI is "):
            key, is_served = (key[0] + 1, ""), line != "# CRI is disabled"
        section = re.match(r"""\s*\[.*runtimes\.["']?([^.\]"']+)["']?(\..*)?\]""", line)
        value = re.match(r"""\s*(runtime_path|ConfigPath|runtime_config_path|runtime_type|default_runtime)\s*=\s*["']([^"']*)["']""", line)
        asking |= {key} if re.match(r"\s*inherit_default_runtime\s*=\s*true\b", line) else set()
        if value and value.group(1) == "default_runtime":
            default = value.group(2)
        elif section:
            key = (key[0], section.group(1))
            if key not in found or not section.group(2):
                found[key] = Handler(section.group(1), (), "", is_served)
                asking.discard(key)
        elif value and key in found and value.group(2):
            one = found[key]
            found[key] = (one._replace(runtime_type=value.group(2)) if value.group(1) == "runtime_type"
                          else one._replace(paths=(*one.paths, value.group(2))))
    for key in asking & found.keys():
        above = found.get((key[0], default), Handler(default, (), ""))
        found[key] = found[key]._replace(paths=above.paths, runtime_type=above.runtime_type)
    return list(found.values())
