# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel and image a sandbox's guest was started from: by the monitor's words, by what it holds open, or by what the shim wrote down.

QEMU names both on its command line. Other monitors are told through a socket: there the files that they hold open tell, or the shim's own state.
"""

import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._containers import processes
from .._hypervisor.opened_files import Opened, opened

_IMAGE = re.compile(r"(/[^,=\s]{1,500}/kata-[^,=/\s]{1,120}\.(?:image|img|initrd))")
# An image of any name: as memory of the guest's, or as the disk that Kata calls so.
_LOADED = re.compile(r"(?:\bmem-path=|\bid=image-[^,]{1,100},file=)(/(?!dev/|proc/|run/)[^,\s]{1,500})")
_KERNEL_NAME = re.compile(r"(?:vmlinu[xz]|bzImage|Image)(?:[-.][0-9A-Za-z.+_-]{1,100})?\Z")
_IMAGE_NAME = re.compile(r"kata-.{1,120}\.(?:image|img|initrd)\Z|.{1,120}\.initrd\Z")
_STATE_BYTES = 1024 * 1024
_GOS, _RUSTS = "/run/vc/sbs/%s/persist.json", "/run/kata/%s/state.json"


class Guest(NamedTuple):
    """The paths of kernel and image ('' for not known), and what the monitor still holds of all its files by path."""

    kernel: str
    image: str
    opened: Dict[str, Opened]


def of(host: Any, sandbox: str, monitor: Optional[processes.Process]) -> Guest:
    """What a monitor started its guest from."""
    if monitor is None:
        return Guest("", "", {})
    held, _problem = opened(host, monitor.pid)
    kernel = processes.one_option(monitor.argv, "kernel")
    image = processes.one_option(monitor.argv, "initrd") or next(
        (match.group(1) for pattern in (_IMAGE, _LOADED) for word in monitor.argv for match in [pattern.search(word[:4096])] if match), "")
    told = _written_down(host, sandbox)
    kernel = kernel or _named(held, _KERNEL_NAME) or told[0]
    image = image or _named(held, _IMAGE_NAME) or told[1]
    return Guest(kernel, image, held)


def _named(held: Dict[str, Opened], pattern: Any) -> str:
    return next((path for path in sorted(held) if pattern.match(path.rpartition("/")[2])), "")


def _written_down(host: Any, sandbox: str) -> Tuple[str, str]:
    """(kernel, image) in the shim's state: in the words of the shim in Go, or in those of the shim in Rust."""
    go = _inside(_document(host, _GOS % sandbox), ["Config", "HypervisorConfig"])
    rust = _inside(_document(host, _RUSTS % sandbox), ["hypervisor", "config"])
    boot = _inside(rust, ["boot_info"]) or rust
    kernels = [go.get("KernelPath"), boot.get("kernel")]
    images = [go.get("ImagePath"), go.get("InitrdPath"), boot.get("image"), boot.get("initrd")]
    return _first(kernels), _first(images)


def _first(values: List[Any]) -> str:
    return next((value[:1024] for value in values if isinstance(value, str) and value.startswith("/")), "")


def _inside(value: Any, keys: List[str]) -> Dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _document(host: Any, path: str) -> Any:
    stat = host.stat(path, False)
    if stat.problem or stat.value.kind != "file" or stat.value.uid != 0:
        return {}
    try:
        return json.loads(host.read(path, _STATE_BYTES).if_there("{}"))
    except (ValueError, RecursionError):
        return {}
