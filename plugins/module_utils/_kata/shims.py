# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which shim of Kata's an engine really starts, and which configuration that shim then reads: links, search paths and wrapper scripts followed."""

import re
from typing import Any, List, NamedTuple, Optional, Tuple

from .._handlers import wrappers
from .._host.witness import apart
from . import config as kata_config
from . import installed

_SEARCH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
_SCRIPT_BYTES = 64 * 1024
_ENVIRON_BYTES = 256 * 1024
_ETC = "/etc/kata-containers/"
_BELOW_OPT = "/opt/kata/share/defaults/kata-containers/"
# Where shims that a distribution built look, of which each knows one.
_PACKAGED = ("/usr/share/defaults/kata-containers/", "/usr/share/kata-containers/defaults/", "/usr/local/share/defaults/kata-containers/")
_NAME = "configuration.toml"
# The first that takes KATA_CONF_FILE for a default configuration only.
_FIRST_STRICT = (4, 0)
_RUST_SAYS = re.compile(r"\(Rust\)|[Rr]untime-rs")
_SECONDS = 5.0


class Shim(NamedTuple):
    """What is started: the file at the end of all links, GO or RUST, the wrapper around it, and why nothing can be started ('' where it can)."""

    program: Optional[str]
    flavour: str
    wrapper: Optional[wrappers.Wrapper]
    dead: str


class Reads(NamedTuple):
    """The configuration that a shim reads (None: none is there), the places where it looked, and why it refuses to start ('' where it does not)."""

    path: Optional[str]
    looked: Tuple[str, ...]
    dead: str


def search_path(environ: str) -> List[str]:
    """The folders in which an engine looks for its shims, of its environment."""
    told = [word[len("PATH="):] for word in environ.split("\0") if word.startswith("PATH=")]
    return [folder for folder in (told[-1] if told else "").split(":") if folder.startswith("/")] or list(_SEARCH)


def folders_of(host: Any, daemon: Any) -> List[str]:
    """Where the engine that runs (None: none does) looks for its shims: its search path, then beside its own program."""
    if daemon is None:
        return list(_SEARCH)
    with apart(host):
        environment = host.read("/proc/%d/environ" % daemon.pid, _ENVIRON_BYTES)
    found = search_path("" if environment.problem else environment.value)
    return found + [daemon.exe.rpartition("/")[0] or "/usr/bin"]


def binary_of(runtime_type: str) -> str:
    """The name of the shim that containerd looks for by a runtime's type; '' for a type that is none."""
    # Of prefix.name.version the last two count, whatever the prefix (containerd, pkg/shim/util.go, BinaryName).
    parts = runtime_type.split(".")
    return "containerd-shim-%s-%s" % (parts[-2], parts[-1]) if len(parts) > 1 and parts[0] and "/" not in runtime_type else ""


def resolve(host: Any, shim: Optional[str], runtime_type: str, folders: List[str]) -> Shim:
    """What an engine starts for a handler that names a shim, or a type of one."""
    if shim is None and runtime_type:
        name = binary_of(runtime_type)
        shim = _in_folders(host, name, folders) if name else None
        if shim is None:
            why = "%s is in none of the folders in which the engine looks for it" % name if name else "%s is no runtime's type" % runtime_type
            return Shim(None, kata_config.GO, None, why)
    elif shim and "/" not in shim:
        sought, shim = shim, _in_folders(host, shim, folders)
        if shim is None:
            return Shim(None, kata_config.GO, None, "%s is in none of the folders in which the engine looks for it" % sought)
    real = host.realpath(shim).value if shim else None
    if not shim or real is None:
        return Shim(None, kata_config.RUST if "/runtime-rs/" in (shim or "") else kata_config.GO, None, "%s does not exist" % shim if shim else "")
    text = host.read_bytes(real, _SCRIPT_BYTES).if_there(b"")
    wrapper = wrappers.parse_wrapper(text.decode("utf-8", "replace")) if text.startswith(b"#!") else None
    inner = wrapper.shim if wrapper else None
    if inner and "/" not in inner:
        inner = _in_folders(host, inner, folders) or inner
    program = (host.realpath(inner).value if inner else None) or real
    dead = "%s, which %s starts, does not exist" % (inner, shim) if inner and not host.realpath(inner).value else ""
    return Shim(program, _flavour(host, program), wrapper, dead)


def _in_folders(host: Any, name: str, folders: List[str]) -> Optional[str]:
    """The first program of a name in some folders."""
    return next((path for path in ("%s/%s" % (folder, name) for folder in folders) if not host.stat(path).problem), None)


def _flavour(host: Any, program: str) -> str:
    if "/runtime-rs/" in program or program.startswith("/opt/"):
        return kata_config.RUST if "/runtime-rs/" in program else kata_config.GO
    return kata_config.RUST if _RUST_SAYS.search(installed.said_by(host, program)) else kata_config.GO


def defaults(shim: Shim) -> Tuple[str, ...]:
    """Where a shim looks when nobody names a configuration, in its order. Each was built for one prefix."""
    below = "" if shim.flavour == kata_config.GO else "runtime-rs/"
    if shim.program is not None and not shim.program.startswith("/opt/"):
        places = (_ETC,) + _PACKAGED + ((_BELOW_OPT,) if shim.flavour == kata_config.RUST else ())
    elif shim.flavour == kata_config.GO:
        places = (_ETC, _BELOW_OPT)
    else:
        places = (_ETC, _PACKAGED[0], _BELOW_OPT)
    return tuple(place + below + _NAME for place in places)


def reads(host: Any, shim: Shim, config: Optional[str]) -> Reads:
    """What a shim reads that an engine gives a configuration (None: it gives none); one that is not there reads nothing of its own."""
    if shim.program is None and not config:
        return Reads(None, (), "")
    places = defaults(shim)
    variable = shim.wrapper.variable if shim.wrapper else None
    # The shim in Go takes the engine's word before the variable's, that in Rust after it.
    if variable and (shim.flavour == kata_config.RUST or not config):
        return Reads(variable, (variable,), _why_refused(host, shim, variable, places))
    if config:
        return Reads(config, (config,), "")
    return Reads(next((place for place in places if not host.stat(place).problem), None), places, "")


def _why_refused(host: Any, shim: Shim, variable: str, places: Tuple[str, ...]) -> str:
    version = installed.version_of_shim(host, shim.program or "")
    numbers = re.match(r"([0-9]+)\.([0-9]+)", version or "")
    if not numbers or (int(numbers.group(1)), int(numbers.group(2))) < _FIRST_STRICT:
        return ""
    real = host.realpath(variable).value
    if real is not None and real in [host.realpath(place).value for place in places]:
        return ""
    return "its wrapper sets KATA_CONF_FILE=%s, and since 4.0.0 a shim takes a default configuration only" % variable
