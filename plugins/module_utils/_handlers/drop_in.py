# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that take handlers from a file of their own beside their configuration: k3s, rke2, k0s and CRI-O. Pure functions.

The Kubernetes distributions write containerd's configuration themselves, so what counts is what they wrote last: its schema, and whether it reads
drop-ins at all. And the version of their containerd counts: 1.x lets a drop-in wipe all that the distribution configured of CRI.
"""

import posixpath
from typing import List, NamedTuple, Optional

from .._host.errors import Refused
from .containerd import NAME
from .containerd_config import FIRST_WITH_DROP_INS, Handler, drop_in, imported, plugin, schema, tables
from .containerd_files import REPLACES
from .crio_files import FOLDER, why_passed_over

RANCHER = "/var/lib/rancher/%s/agent/etc/containerd"
K0S = "/etc/k0s/containerd.toml"
CRIO_NAME = "50-firebreak-kata.conf"
_HEADER = "# Managed by the role kata. What is written here by hand is lost.\n"


class Engine(NamedTuple):
    """The configuration that an engine itself writes or is given ('' for none to read), and the units of which one runs it.

    ``programs`` are where its containerd is; ``follows`` is whether the engine restarts its containerd by itself once the file has changed.
    """

    config: str
    units: List[str]
    programs: List[str]
    follows: bool = False


ENGINES = {
    "k3s": Engine(RANCHER % "k3s" + "/config.toml", ["k3s.service", "k3s-agent.service"], ["/var/lib/rancher/k3s/data/current/bin/containerd"]),
    "rke2": Engine(RANCHER % "rke2" + "/config.toml", ["rke2-server.service", "rke2-agent.service"], ["/var/lib/rancher/rke2/bin/containerd"]),
    # k0s looks at its folder of drop-ins and restarts its containerd three seconds after a change.
    "k0s": Engine(K0S, ["k0scontroller.service", "k0sworker.service"], ["/var/lib/k0s/bin/containerd"], True),
    "crio": Engine("", ["crio.service"], ["/usr/bin/crio", "/usr/local/bin/crio"]),
}


class Placed(NamedTuple):
    """Where the handlers go, and what to write there."""

    path: str
    text: str


def crio(handlers: List[Handler]) -> str:
    """The handlers in CRI-O's words. Kata's shim in Go keeps its state in /run/vc."""
    parts = [_HEADER]
    for handler in sorted(handlers):
        parts.append('\n[crio.runtime.runtimes.%s]\nruntime_path = "%s"\n' % (handler.name, handler.shim))
        parts.append('runtime_type = "vm"\nruntime_root = "/run/vc"\n')
        if handler.config:
            parts.append('runtime_config_path = "%s"\n' % handler.config)
        parts.append("privileged_without_host_devices = true\n")
    return "".join(parts)


def path_of(engine: str, config: Optional[str], where: str = "") -> str:
    """The file of an engine that handlers go into, by the configuration that the engine wrote, and where it did unless at its usual place; of CRI-O
    ``where`` is the folder that it reads."""
    if engine == "crio":
        return posixpath.join(where or FOLDER, CRIO_NAME)
    if engine == "k0s":
        # k0s reads every file there by itself.
        return "/etc/k0s/containerd.d/" + NAME
    version = schema(config) if config is not None else FIRST_WITH_DROP_INS
    folder = posixpath.dirname(where or ENGINES[engine].config)
    return posixpath.join(folder, "config.toml.d" if version < FIRST_WITH_DROP_INS else "config-v3.toml.d", NAME)


def placed(engine: str, config: Optional[str], handlers: List[Handler], generation: Optional[str] = None, where: str = "") -> Placed:
    """The drop-in of an engine whose containerd is of a generation. Refused where it would not be read, or would take something away."""
    if engine == "crio":
        passed_over = next((handler for handler in handlers if why_passed_over(handler.name, {"runtime_path": handler.shim})), None)
        if passed_over:
            raise Refused("handler %s: shim %s, wanted a program that is called containerd-shim-*: CRI-O passes over any other"
                          % (passed_over.name, passed_over.shim))
        return Placed(path_of(engine, config, where), crio(handlers))
    where = where or ENGINES[engine].config
    path = path_of(engine, config, where)
    if config is None:
        raise Refused("%s: no such file, so containerd's schema is not known: start %s once" % (where, engine))
    version = schema(config, where)
    plugin(version, where)
    if generation is None and version < FIRST_WITH_DROP_INS:
        raise Refused("%s: the version of its containerd could not be asked, and with 1.x a drop-in wipes the node's configuration of CRI. %s"
                      % (engine, by_hand(engine, version, handlers)))
    if engine == "k0s":
        # Every file there must be of the schema of k0s' own: 2 with containerd 1.x, 3 from k0s 1.36 on.
        if generation is not None and (generation == REPLACES) != (version < FIRST_WITH_DROP_INS):
            raise Refused("%s is of schema %d, which is not that of the containerd that runs: restart k0s, and try again" % (where, version))
        return Placed(path, drop_in(version, handlers))
    if generation == REPLACES:
        raise Refused("%s has containerd 1.x, which lets a drop-in wipe all that %s configured of CRI. %s"
                      % (engine, engine, by_hand(engine, version, handlers)))
    folder = posixpath.dirname(path)
    if folder not in [posixpath.dirname(posixpath.join(posixpath.dirname(where), one)) for one in imported(config, where)]:
        raise Refused('%s does not import %s/*.toml: add imports = ["%s/*.toml"] to %s beside it and restart %s'
                      % (where, folder, folder, _template(version), engine))
    return Placed(path, drop_in(version, handlers))


def _template(version: int) -> str:
    return "config.toml.tmpl" if version < FIRST_WITH_DROP_INS else "config-v3.toml.tmpl"


def by_hand(engine: str, version: int, handlers: List[Handler]) -> str:
    """How a person does it, with the lines to write."""
    if engine == "k0s":
        return "By hand: upgrade k0s, or write a file into /etc/k0s/containerd.d once its containerd starts:\n%s" % drop_in(version, handlers)
    return 'By hand: write {{ template "base" . }} and below it these lines into %s/%s, and restart %s:\n%s' % (
        RANCHER % engine, _template(version), engine, tables(version, handlers))
