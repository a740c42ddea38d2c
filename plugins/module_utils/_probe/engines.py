# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a probe through an engine, asks in it, and leaves nothing behind."""

import json
import time
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from .._handlers.containerd_config import runtimes
from .._host.errors import Refused
from .image import NAME, PROGRAM

SPACE = "firebreak-probe"
SECONDS = 300.0
LIVES = "3600"
_TRIES = 10
DOCKER_CONFIG = "/etc/docker/daemon.json"


class Runtime(NamedTuple):
    """What an engine has registered under a handler's name."""

    name: str
    shim: str
    config: str


def probe_of(handler: str) -> str:
    """What a handler's probe is called: gVisor takes the beginning of a name for the name, so none begins with another. No handler has a dot."""
    return handler + ".probe"


def _said(host: Any, argv: List[str], what: str) -> str:
    answer = host.run(argv, SECONDS)
    if answer.problem:
        raise Refused("%s: %s: %s (%s)" % (what, " ".join(argv[:4]), answer.problem, answer.detail))
    if answer.value.rc != 0:
        raise Refused("%s: %s" % (what, (answer.value.err.strip() or answer.value.out.strip())[-1000:]))
    return str(answer.value.out)


class Containerd(object):
    """Through `ctr`, in a namespace of its own."""

    control = Runtime("runc", "io.containerd.runc.v2", "")

    def __init__(self, host: Any, snapshotter: str) -> None:
        self.host = host
        self.ctr = ["ctr", "--namespace", SPACE]
        self.snapshotter = ["--snapshotter", snapshotter] if snapshotter else []

    def registered(self) -> Dict[str, Runtime]:
        """The handlers of Kubernetes' plugin."""
        dump = _said(self.host, ["containerd", "config", "dump"], "containerd cannot say its configuration")
        return {name: Runtime(name, keys.get("runtime_path", ""), keys.get("ConfigPath", "")) for name, keys in runtimes(dump).items()}

    def load(self, path: str) -> None:
        """Take the probe's image. It is unpacked at the start: importing, containerd 2 unpacks for its own choice of snapshotters alone."""
        _said(self.host, self.ctr + ["images", "import", "--no-unpack", path], "the probe's image cannot be imported")

    def start(self, runtime: Runtime, name: str) -> str:
        """Start a probe; its sandbox's id."""
        given = ["--runtime-config-path", runtime.config] if runtime.config else []
        _said(self.host, self.ctr + ["run", "--detach"] + self.snapshotter + ["--runtime", runtime.shim] + given
              + [NAME, name, PROGRAM, "sleep", LIVES], "its probe does not start")
        return name

    def ask(self, name: str, words: List[str], turn: int) -> str:
        """What a command in the probe says."""
        return _said(self.host, self.ctr + ["task", "exec", "--exec-id", "ask-%d" % turn, name, PROGRAM] + words, "its probe does not answer").strip()

    def end(self, names: List[str]) -> List[str]:
        """Remove the probes, the image and the namespace; what could not be removed."""
        left = [name for name in names if not _until(lambda name=name: self._removed(name))]  # type: ignore[misc]
        self.host.run(self.ctr + ["images", "rm", "--sync", NAME], SECONDS)
        # Content that no image holds is collected in its own time, and until then the namespace stays.
        _until(lambda: self.host.run(["ctr", "namespaces", "rm", SPACE], SECONDS).problem or SPACE not in self._listed(["ctr", "namespaces", "ls"]))
        return left

    def _removed(self, name: str) -> bool:
        if name not in self._listed(self.ctr + ["containers", "ls"]):
            return True
        self.host.run(self.ctr + ["task", "kill", "--signal", "KILL", name], SECONDS)
        self.host.run(self.ctr + ["task", "rm", "--force", name], SECONDS)
        self.host.run(self.ctr + ["containers", "rm", name], SECONDS)
        return name not in self._listed(self.ctr + ["containers", "ls"])

    def _listed(self, argv: List[str]) -> List[str]:
        answer = self.host.run(argv + ["--quiet"], SECONDS)
        return [] if answer.problem else str(answer.value.out).split()


def _until(done: Callable[[], Any]) -> bool:
    """Whether it is done at the latest at the tenth try."""
    for _turn in range(_TRIES):
        if done():
            return True
        time.sleep(0.5)
    return False


class Docker(object):
    """Through the command `docker`."""

    control = Runtime("runc", "", "")

    def __init__(self, host: Any, _snapshotter: str) -> None:
        self.host = host

    def registered(self) -> Dict[str, Runtime]:
        """The runtimes that the daemon knows, as its configuration has them: the daemon itself shows no more than the name of one with a shim."""
        known = json.loads(_said(self.host, ["docker", "info", "--format", "{{json .Runtimes}}"], "docker cannot say its runtimes"))
        return {name: one for name, one in docker_runtimes(self.host.read(DOCKER_CONFIG).if_there("{}")).items() if name in known}

    def load(self, path: str) -> None:
        """Take the probe's image."""
        _said(self.host, ["docker", "load", "--quiet", "--input", path], "the probe's image cannot be loaded")

    def start(self, runtime: Runtime, name: str) -> str:
        """Start a probe; its sandbox's id."""
        return _said(self.host, ["docker", "run", "--detach", "--pull", "never", "--network", "none", "--runtime", runtime.name, "--name", name,
                                 NAME, PROGRAM, "sleep", LIVES], "its probe does not start").strip()

    def ask(self, name: str, words: List[str], _turn: int) -> str:
        """What a command in the probe says."""
        return _said(self.host, ["docker", "exec", name, PROGRAM] + words, "its probe does not answer").strip()

    def end(self, names: List[str]) -> List[str]:
        """Remove the probes and the image; what could not be removed."""
        left = []
        for name in names:
            self.host.run(["docker", "rm", "--force", name], SECONDS)
            answer = self.host.run(["docker", "ps", "--all", "--quiet", "--filter", "name=^%s$" % name], SECONDS)
            left += [name] if answer.problem or answer.value.out.strip() else []
        self.host.run(["docker", "rmi", "--force", NAME], SECONDS)
        return left


def kernel_of(engine: Any, name: str, pause: float = 0.5) -> str:
    """What a probe says its kernel is. Engines can lose what a command says that ends at once, so silence is asked again; '' for lasting silence."""
    for turn in range(_TRIES):
        said = engine.ask(name, ["uname", "-r"], turn)
        if said:
            return str(said)
        time.sleep(pause)
    return ""


def docker_runtimes(text: str) -> Dict[str, Runtime]:
    """The runtimes in a daemon.json that have a shim."""
    try:
        given = json.loads(text)["runtimes"].items()
        return {name: Runtime(name, str(keys["runtimeType"]), str((keys.get("options") or {}).get("ConfigPath") or ""))
                for name, keys in given if "runtimeType" in keys}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


ENGINES: Tuple[Tuple[str, Any], ...] = (("containerd", Containerd), ("docker", Docker))
