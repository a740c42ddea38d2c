# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of Kata Containers is on a host's disk: the release in force, others beside it, and its parts. Asks through _host.py only."""

import re
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .._host.witness import apart
from .._hypervisor import running_monitors
from .archive import MARKER, SHIMS

LINK = "/opt/kata"
_OPT = "/opt"
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+~-]{0,40}\Z")
# Where distributions and cloud images have it.
_PACKAGED_SHIMS = ("/usr/bin/containerd-shim-kata-v2", "/usr/local/bin/containerd-shim-kata-v2",
                   "/usr/libexec/kata-containers/containerd-shim-kata-v2")
# The parts that say their version when they are asked: "virtiofsd 1.13.3", "cloud-hypervisor v51.1.0", "Firecracker v1.12.1".
_ASKED = ("shim-rust", "shim-go", "virtiofsd", "cloud-hypervisor", "firecracker")
_SAYS_VERSION = re.compile(r"(?:\bversion:?|^virtiofsd|^cloud-hypervisor|^Firecracker)\s+v?([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+~-]{0,40})")
_SAID_BYTES = 64 * 1024
_SECONDS = 5.0
_SHIM_NAME = re.compile(r"containerd-shim-kata(?:-[A-Za-z0-9_.+-]{1,60})?\Z")
RELEASE, PACKAGE, NONE = "release", "package", "none"
FLAVOURS = {SHIMS[0]: "rust", SHIMS[1]: "go"}
PACKAGES = ("kata-containers", "katacontainers", "kata-runtime")
_YAML_BYTES = 1024 * 1024
_YAML_LINE = re.compile(r"( *)([A-Za-z0-9_-]+):(?: +(\S.*))?\Z")
_TREE = re.compile(r"(/opt/kata(?:-[^/]{1,80})?)/")
# By its own name, or by the folder of modules that a distribution's kernel, which serves guests too, is in.
_GUEST_KERNEL = re.compile(r"(?:.*/)?(?:vmlinu[xz]-([0-9][0-9A-Za-z.+_-]{0,60})|modules/([0-9][0-9A-Za-z.+_-]{0,60})/vmlinu[xz])\Z")

# The parts of a release: name, path below its tree, and where versions.yaml says its version.
PARTS = (
    ("shim-rust", SHIMS[0], ""),
    ("shim-go", SHIMS[1], ""),
    ("qemu", "bin/qemu-system-x86_64", "assets.hypervisor.qemu.version"),
    ("qemu", "bin/qemu-system-aarch64", "assets.hypervisor.qemu.version"),
    ("cloud-hypervisor", "bin/cloud-hypervisor", "assets.hypervisor.cloud_hypervisor.version"),
    ("firecracker", "bin/firecracker", "assets.hypervisor.firecracker.version"),
    ("virtiofsd", "libexec/virtiofsd", "externals.virtiofsd.version"),
    ("guest-kernel", "share/kata-containers/vmlinux.container", "assets.kernel.version"),
    ("guest-image", "share/kata-containers/kata-containers.img", ""),
    ("guest-initrd", "share/kata-containers/kata-containers-initrd.img", ""),
)


class Tree(NamedTuple):
    """A release on disk; ``version`` is None where its VERSION says none."""

    path: str
    version: Optional[str]
    made_by: str


class Release(NamedTuple):
    """What is in force: the tree that /opt/kata leads to, or a distribution's package; ``origin`` is release, package or none."""

    origin: str
    tree: Optional[str]
    version: Optional[str]
    shims: List[str]


def trees(host: Any) -> Tuple[List[Tree], Optional[str]]:
    """(each release below /opt, problem)."""
    listed = host.listdir(_OPT)
    if listed.problem:
        return [], None if listed.problem == "absent" else str(listed.problem)
    found = []
    for name in listed.value:
        path = "%s/%s" % (_OPT, name)
        if name == "kata" or name.startswith("kata-"):
            stat = host.stat(path, False)
            if not stat.problem and stat.value.kind == "directory" and any(not host.stat("%s/%s" % (path, shim)).problem for shim in SHIMS):
                found.append(Tree(path, version_of(host, path), "firebreak" if not host.stat("%s/%s" % (path, MARKER)).problem else "unknown"))
    return found, None


def version_of(host: Any, tree: str) -> Optional[str]:
    """The version that a tree's VERSION says. kata-deploy leaves none since 4.0.0: there a shim of the tree says it."""
    word = str(host.read(tree + "/VERSION", 256).if_there("")).strip()
    if _VERSION.match(word):
        return word
    said = (_SAYS_VERSION.search(said_by(host, "%s/%s" % (tree, shim))) for shim in SHIMS)
    return next((match.group(1) for match in said if match), None)


def said_by(host: Any, program: str) -> str:
    """The answer to --version of a program that is root's own, and a shim or another part of Kata's by its name; '' without one."""
    stat = host.stat(program)
    if stat.problem or stat.value.kind != "file" or stat.value.uid != 0 or stat.value.mode & 0o022 or not stat.value.mode & 0o111:
        return ""
    name = program.rpartition("/")[2]
    if not _SHIM_NAME.match(name) and name not in _ASKED:
        return ""
    # What it does not say is not said; nothing else rests on it.
    with apart(host):
        answer = host.run([program, "--version"], _SECONDS, _SAID_BYTES)
    return "" if answer.problem or answer.value.rc != 0 else str(answer.value.out)[:2000]


def version_of_shim(host: Any, program: str) -> Optional[str]:
    """The version of a shim: of the tree that it is in, else by its own word."""
    tree = tree_of(program)
    if tree:
        return version_of(host, tree)
    match = _SAYS_VERSION.search(said_by(host, program))
    return match.group(1) if match else None


def tree_of(path: str) -> str:
    """The release's tree that a path is in, '' for one outside of /opt."""
    match = _TREE.match(path)
    return match.group(1) if match else ""


def in_force(host: Any, package: Optional[str], named: Sequence[str] = ()) -> Release:
    """What a sandbox that is started now gets; ``package`` is the version of a distribution's package, ``named`` the shims that handlers lead to."""
    tree = host.realpath(LINK).value
    if tree:
        shims = ["%s/%s" % (tree, shim) for shim in SHIMS if not host.stat("%s/%s" % (tree, shim)).problem]
        if shims:
            return Release(RELEASE, tree, version_of(host, tree), shims)
    shims = [shim for shim in _PACKAGED_SHIMS if _is_own_file(host, shim)]
    # A distribution may have it anywhere (/nix/store, /opt/confidential-containers): then its handlers tell where.
    shims = shims or [shim for shim in named if _SHIM_NAME.match(shim.rpartition("/")[2]) and not tree_of(shim)]
    if package or shims:
        return Release(PACKAGE, None, package or version_of_shim(host, shims[0]), shims or [_PACKAGED_SHIMS[0]])
    return Release(NONE, None, None, [])


def _is_own_file(host: Any, shim: str) -> bool:
    """Whether a shim is a program there, and neither a link into a release below /opt nor a script around one."""
    real = host.realpath(shim).value
    return bool(real) and not real.startswith(_OPT + "/") and not host.read_bytes(real, 2).if_there(b"").startswith(b"#!")


def parse_versions(text: str) -> Dict[str, str]:
    """{dotted key: text} of the plain values of a versions.yaml: mappings by indentation, quoted or bare words; everything else is passed over."""
    found: Dict[str, str] = {}
    above: List[Tuple[int, str]] = []
    for line in text.splitlines():
        match = _YAML_LINE.match(line)
        if not match:
            continue
        depth, key, value = len(match.group(1)), match.group(2), match.group(3)
        above = [entry for entry in above if entry[0] < depth][:20]
        above.append((depth, key))
        if value:
            found[".".join(name for _depth, name in above)] = value.strip("\"'")[:80]
    return found


def guest_kernel_version(path: str) -> Optional[str]:
    """'6.18.35-202' of .../vmlinux-6.18.35-202, and '6.5.6-300.fc39.x86_64' of /lib/modules/6.5.6-300.fc39.x86_64/vmlinuz."""
    match = _GUEST_KERNEL.match(path)
    return match.group(1) or match.group(2) if match else None


def _own_word(host: Any, name: str, path: str, size: int) -> Optional[str]:
    """The version that a part's own file tells: its name, the text in it, or its answer. What the release lists may be another's."""
    if name == "guest-kernel":
        return guest_kernel_version(path)
    if name == "qemu":
        text = running_monitors.find_text_version(host, path, size)
        return text.partition("-")[0].partition("+")[0].rpartition(":")[2] if text else None
    match = _SAYS_VERSION.search(said_by(host, path)) if name in _ASKED else None
    return match.group(1) if match else None


def components(host: Any, release: Release) -> List[Dict[str, Any]]:
    """The parts of the release in force, each as the file that its name leads to."""
    if release.tree is None:
        return []
    said = parse_versions(host.read(release.tree + "/versions.yaml", _YAML_BYTES).if_there(""))
    found = []
    for name, below, key in PARTS:
        path = host.realpath("%s/%s" % (release.tree, below)).value
        stat = host.stat(path) if path else None
        if stat is None or stat.problem or stat.value.kind != "file":
            continue
        version = _own_word(host, name, path, stat.value.size)
        if version is None:
            version = release.version if name.startswith("shim-") else said.get(key, "").lstrip("v") or None
        changed = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stat.value.mtime))
        found.append({"name": name, "path": path, "version": version, "size": stat.value.size, "modified_at": changed})
    return found
