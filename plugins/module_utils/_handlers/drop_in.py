# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that take handlers from a file of their own beside their configuration: k3s, rke2, k0s and CRI-O. Pure functions.

The Kubernetes distributions write containerd's configuration themselves, so what counts is what they wrote last: its schema, and whether it reads
drop-ins at all.
"""

import posixpath
from typing import List, NamedTuple, Optional

from .._host.errors import Refused
from .containerd import NAME
from .containerd_config import FIRST_WITH_DROP_INS, Handler, drop_in, imported, plugin, schema

RANCHER = "/var/lib/rancher/%s/agent/etc/containerd"
K0S = "/etc/k0s/containerd.toml"
CRIO = "/etc/crio/crio.conf.d/50-firebreak-kata.conf"
_HEADER = "# Managed by the role kata. What is written here by hand is lost.\n"


class Engine(NamedTuple):
    """The configuration that an engine itself writes or is given ('' for none to read), and the units of which one runs it."""

    config: str
    units: List[str]


ENGINES = {
    "k3s": Engine(RANCHER % "k3s" + "/config.toml", ["k3s.service", "k3s-agent.service"]),
    "rke2": Engine(RANCHER % "rke2" + "/config.toml", ["rke2-server.service", "rke2-agent.service"]),
    "k0s": Engine(K0S, ["k0scontroller.service", "k0sworker.service"]),
    "crio": Engine("", ["crio.service"]),
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


def placed(engine: str, config: Optional[str], handlers: List[Handler]) -> Placed:
    """The drop-in of an engine. Refused where the engine would not read it."""
    if engine == "crio":
        return Placed(CRIO, crio(handlers))
    path = ENGINES[engine].config
    if config is None:
        raise Refused("%s: no such file, so containerd's schema is not known: start %s once" % (path, engine))
    version = schema(config)
    plugin(version, path)
    if engine == "k0s":
        # k0s reads every file there by itself.
        return Placed("/etc/k0s/containerd.d/" + NAME, drop_in(version, handlers))
    folder = posixpath.join(posixpath.dirname(path), "config.toml.d" if version < FIRST_WITH_DROP_INS else "config-v3.toml.d")
    if not any(posixpath.dirname(one) == folder for one in imported(config)):
        template = "config.toml.tmpl" if version < FIRST_WITH_DROP_INS else "config-v3.toml.tmpl"
        raise Refused('%s does not import %s/*.toml: add imports = ["%s/*.toml"] to %s beside it and restart %s'
                      % (path, folder, folder, template, engine))
    return Placed(posixpath.join(folder, NAME), drop_in(version, handlers))
