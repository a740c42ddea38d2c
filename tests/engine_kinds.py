# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which engines run, or seem to, and whether they have read their handlers: scan and proof are both held against this one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kata_handler_kinds import CRIO, distribution, docker
from kata_kinds import CONTAINERD, LATER, PRINTS, KataHost, table

SHIM = "/opt/kata/bin/containerd-shim-kata-v2"
K3S, RANCHER = "/var/lib/rancher/k3s/data/abc/bin/k3s", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"
DROP_IN, DAEMON = "/etc/containerd/conf.d/50-kata.toml", "/etc/docker/daemon.json"


@dataclass(frozen=True)
class Kind:
    """A host, the source that says such hosts are, the engines that run ({name: whether of a file that was replaced}) and whether the only handler
    of Kata's was read (None: nobody can tell)."""

    source: str
    build: Callable[[], KataHost]
    running: Mapping[str, bool | None] = field(default_factory=lambda: {"containerd": False})
    loaded: bool | None = True


def served(host: KataHost, pid: int) -> KataHost:
    """What systemd calls the main process of whatever it is asked for."""
    host.tools["systemctl"] = f"#!/bin/sh\necho {pid}\n"
    return host


def containerd(*words: str) -> KataHost:
    host = served(KataHost(), 300)
    host.recording["read"]["/proc/300/cmdline"] = "".join(f"{word}\0" for word in ("containerd", *words))
    return host


def silent() -> KataHost:
    """Installed, and not started."""
    host = KataHost(handlers="").file("/usr/bin/containerd", PRINTS).file(CONTAINERD, f"version = 3\n{table('kata', SHIM)}")
    host.recording["listdir"]["/proc"].remove("300")
    return served(host, 0)


def dropped(changed: float) -> KataHost:
    host = containerd().file(CONTAINERD, 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n')
    host.file(DROP_IN, f"version = 3\n{table('kata', SHIM)}").folder("/etc/containerd/conf.d", "50-kata.toml")
    host.file("/usr/bin/containerd", '#!/bin/sh\ncat "$2" "${2%/*}"/conf.d/*.toml\n').running(300, "/usr/bin/containerd")
    return host.dated(DROP_IN, changed=changed)


def crio(pid: int, changed: float = 0.0) -> KataHost:
    where = "/etc/crio/crio.conf.d/50-kata"
    host = KataHost(handlers="").file("/usr/bin/crio", "crio").file(where, CRIO % ("kata", "")).folder("/etc/crio/crio.conf.d", "50-kata")
    host.recording["listdir"]["/proc"].remove("300")
    if pid:
        host.put(pid, 1, "/usr/bin/crio", argv=["crio"]).running(pid, "/usr/bin/crio")
    return served(host.dated(where, changed=changed) if changed else host, pid)


def by_docker(*names: str, changed: float = 0.0, answers: bool = True) -> KataHost:
    """A Docker whose daemon knows these runtimes."""
    host = docker()
    host.tools["docker"] = "#!/bin/sh\nprintf '%s\\n' " + (" ".join(names) if answers else "; exit 1") + "\n"
    return served(host.dated(DAEMON, changed=changed) if changed else host, 300)


def k3s(changed: float = 0.0) -> KataHost:
    host = distribution(K3S, RANCHER, "k3s")
    for parent in Path(K3S).parents[:-1]:
        host.folder(str(parent))
    host.recording["listdir"]["/proc"].remove("300")
    return host.dated(RANCHER, changed=changed) if changed else host


def sleeping_k3s() -> KataHost:
    host = KataHost(handlers="").file("/var/lib/rancher/k3s/data/current/bin/containerd", PRINTS)
    host.recording["listdir"]["/proc"].remove("300")
    return host.file(RANCHER, f"version = 3\n{table('kata', SHIM)}")


def a_users(exe: str, *words: str, started_by: int = 1000, user: int = 1000, called: str = "", text: str = "", **changes: Any) -> KataHost:
    """Beside a host's containerd a process of a user's that would be an engine's; ``text`` is the file of his that it was told to read."""
    host = containerd().file(exe, "program").file("/home/u/told", text)
    host.put(700, 1, exe, argv=[called or exe, *words], user=user, name=(called or exe).rpartition("/")[2][:15], **changes)
    host.recording["read"]["/proc/700/status"] += f"Uid:\t{started_by}\t{user}\t{user}\t{user}\n"
    return host.running(700, exe)


def replaced(host: KataHost, path: str, pid: int) -> KataHost:
    host.exchanged(path, f"/proc/{pid}/exe").recording["read"][path] = f"{PRINTS}# another build\n"
    return host


def in_a_container() -> KataHost:
    """Its program is the image's."""
    return containerd().put(700, 300, "/usr/local/bin/dockerd", argv=["dockerd"], root=77, numbers=(700, 5))


def snap(current: int = 2915) -> KataHost:
    """Its daemon has a root of its own, and runs the very file that the host has there; of a former revision all files are kept."""
    path = "/snap/docker/2915/bin/dockerd"
    host = containerd().file(path, "dockerd").put(700, 1, path, argv=["dockerd"], root=77, numbers=(700,)).running(700, path)
    return host.folder(f"/snap/docker/{current}").link("/snap/docker/current", f"/snap/docker/{current}")


OTHERS = f"version = 3\n{table('kata-forged', SHIM)}"
FORGED = json.dumps({"runtimes": {"kata-forged": {"runtimeType": SHIM}}}, indent=2)
ENGINES = {
    "containerd": Kind("containerd(8)", containerd),
    "containerd, file changed since": Kind("containerd(8)", lambda: containerd().dated(CONTAINERD, written=LATER, changed=LATER), loaded=None),
    "containerd, file put there since with an old date": Kind("cp(1), -p", lambda: containerd().dated(CONTAINERD, changed=LATER), loaded=None),
    "containerd, drop-in": Kind("containerd-config.toml(5)", lambda: dropped(0.0)),
    "containerd, drop-in changed since": Kind("containerd-config.toml(5)", lambda: dropped(LATER), loaded=None),
    "containerd was told another file": Kind("containerd(8), --config", lambda: containerd("--config", "/etc/other.toml"), loaded=False),
    "containerd does not run": Kind("systemctl(1)", silent, {}, False),
    "containerd was replaced": Kind("dpkg(1)", lambda: replaced(containerd(), "/usr/bin/containerd", 300), {"containerd": True}),
    "cri-o": Kind("crio(8)", lambda: crio(320), {"crio": False}),
    "cri-o, drop-in changed since": Kind("crio(8)", lambda: crio(320, LATER), {"crio": False}, None),
    "cri-o does not run": Kind("crio(8)", lambda: crio(0), {}, False),
    "k3s": Kind("k3s#7475", k3s),
    "k3s, file changed since": Kind("k3s, containerd.go", lambda: k3s(LATER), loaded=None),
    "k3s does not run": Kind("k3s", sleeping_k3s, {}, False),
    "docker": Kind("dockerd(8)", lambda: by_docker("runc", "kata"), {"containerd": False, "docker": False}),
    "docker, not reloaded": Kind("dockerd(8)", lambda: by_docker("runc", changed=LATER), {"containerd": False, "docker": False}, None),
    "docker was replaced": Kind("dpkg(1)", lambda: replaced(by_docker("runc", "kata"), "/usr/bin/dockerd", 310),
                                {"containerd": False, "docker": True}),
    "docker as a snap": Kind("nomad#24318", snap, {"containerd": False, "docker": False}),
    "docker as a snap, refreshed since": Kind("snap(8), refresh", lambda: snap(2963), {"containerd": False, "docker": True}),
    "docker in a container": Kind("docker-library/docker, dind", in_a_container),
    "a user's containerd": Kind("anyone may call a program so", lambda: a_users("/home/u/containerd", "-c", "/home/u/told", text=OTHERS)),
    "a user's containerd, replaced": Kind("anyone may call a program so", lambda: replaced(a_users("/home/u/containerd"), "/home/u/containerd", 700)),
    "a user's dockerd": Kind("anyone may call a program so", lambda: a_users("/home/u/dockerd", "--config-file", "/home/u/told", text=FORGED)),
    "a user's dockerd with a damaged file": Kind("anyone may call a program so", lambda: a_users(
        "/home/u/dockerd", "--config-file=/home/u/told", text='{"runtimes": {"kata": {"runtimeType": "}}')),
    "su that is called containerd": Kind("ln(1), su(1)", lambda: a_users(
        "/usr/bin/su", "-c", "/home/u/told", called="/home/u/containerd", user=0, text=OTHERS)),
    "su that is called crio": Kind("ln(1), su(1)", lambda: a_users(
        "/usr/bin/su", "-c", "/home/u/told", called="/home/u/crio", user=0, text=OTHERS)),
}
