# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk images: a tree of packages, a chosen kernel, one ext4 file system, no partition table."""

import hashlib
import json
import os
import shlex
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from firebreak_lab import apt_sources, cache, confined, customize, requirements, ssh
from firebreak_lab.errors import LabError

HERE = Path(__file__).parent
CATALOGUE = HERE.parent / "images.yml"
GIGABYTES = 3
PACKAGES = ("systemd-sysv", "dbus", "udev", "openssh-server", "python3", "procps", "kmod", "iproute2", "initramfs-tools", "grub2-common",
            "e2fsprogs", "cpio", "gzip", "zstd", "unattended-upgrades")
# What GRUB 2.06 and Linux 5.10 both read; newer mke2fs would choose more.
FEATURES = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize"
# What decides about an image's content besides its own description.
BUILDERS = ("borrow.py", "customize.py", "derive.py", "images.py", "kernels.py", "repository.py")


@dataclass(frozen=True)
class Image:
    """An image in the cache: its folder holds disk.raw, tree/ and manifest.json."""

    name: str
    folder: Path

    @property
    def disk(self) -> Path:
        """The ext4 file system, a sparse file."""
        return self.folder / "disk.raw"

    @property
    def tree(self) -> Path:
        """The same content as a folder, for containers."""
        return self.folder / "tree"

    @property
    def manifest(self) -> dict[str, Any]:
        """suite, and the older and newest kernel: package, version, meta_version, release."""
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text())
        return manifest


def catalogue(path: Path = CATALOGUE) -> dict[str, dict[str, Any]]:
    """The descriptions in images.yml; LabError for one that is not understood."""
    described: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text())
    for name, spec in described.items():
        unknown = set(spec) - {"suite", "kernel", "headers", "packages", "outdated", "borrowed", "security", "base", "run"}
        if unknown or ("suite" in spec) == ("base" in spec):
            raise LabError(f"{path}: image {name}: want either suite or base, besides kernel, headers, packages, outdated, borrowed, security and "
                           f"run (seen: {', '.join(spec)})")
        if spec.get("kernel", "newest") not in ("newest", "older"):
            raise LabError(f"{path}: image {name}: kernel: want newest or older, seen {spec['kernel']}")
    return described


def describe(name: str, described: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One image's description with that of its base in place of the base's name."""
    if name not in described:
        raise LabError(f"no image {name!r} in {CATALOGUE} (there are: {', '.join(described)})")
    spec = described[name]
    return {**spec, "base": describe(spec["base"], described)} if "base" in spec else spec


def content_hash(spec: dict[str, Any], authorized_key: str) -> str:
    """Twelve hexadecimal digits over all that decides an image's content, but for the day's packages."""
    material = [json.dumps(spec, sort_keys=True), authorized_key, *((HERE / name).read_text() for name in BUILDERS)]
    material += [f"{path.relative_to(customize.OVERLAY)}\0{path.read_text()}" for path in sorted(customize.OVERLAY.rglob("*")) if path.is_file()]
    return hashlib.sha256("\0".join(material).encode()).hexdigest()[:12]


def locate(name: str) -> Image:
    """Where the image is, or will be."""
    key = content_hash(describe(name, catalogue()), ssh.authorized_key())
    return Image(name, cache.cache_folder() / "images" / f"{name}-{key}")


def provide(name: str) -> Image:
    """The image, from the cache or newly made."""
    image = locate(name)
    with cache.locked(cache.cache_folder() / "locks" / image.folder.name):
        if not image.folder.exists():
            try:
                _build(image, catalogue()[name])
            except LabError as error:  # a mirror that falters once must not cost the whole run
                print(f"{error}\nlab: trying image {name} once more", file=sys.stderr, flush=True)
                _build(image, catalogue()[name])
        os.utime(image.folder)
    return image


def provide_all(names: list[str]) -> dict[str, Image]:
    """All the named images, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(provide, names), strict=True))


def _build(image: Image, spec: dict[str, Any]) -> None:
    requirements.require_root(f"making the image {image.name}")
    requirements.require_commands(requirements.BUILD)
    base = provide(spec["base"]) if "base" in spec else None
    requirements.require_disk(image.folder, 3, f"making the image {image.name}")
    begun = time.monotonic()
    print(f"lab: making image {image.name} ...", file=sys.stderr, flush=True)
    with cache.published(image.folder) as work:
        if base:
            _derive_tree(work, base, spec.get("run", []))
        else:
            _make_tree(work, spec)
        _finish_tree(work / "tree")
        shutil.copy(work / "tree" / customize.MANIFEST, work / "manifest.json")
        _make_disk(work)
    print(f"lab: made image {image.name} in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def _make_tree(work: Path, spec: dict[str, Any]) -> None:
    """mmdebstrap, with our customization as its hook."""
    words = [spec["suite"], spec.get("kernel", "newest"), *(["headers"] if spec.get("headers") else []), *spec.get("outdated", [])]
    borrowed: dict[str, list[str]] = spec.get("borrowed", {})
    hooks = [_hook("firebreak_lab.borrow", [suite, apt_sources.source_lines(suite, False), *names]) for suite, names in borrowed.items()]
    hooks.append(_hook("firebreak_lab.customize", words))
    packages = ",".join([*PACKAGES, *spec.get("packages", [])])
    settings = ['APT::Install-Recommends "false";', *apt_sources.own_settings()]
    confined.run(
        ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--skip=cleanup/apt",
         *(f"--aptopt={line}" for line in settings), f"--include={packages}", *(f"--customize-hook={hook}" for hook in hooks),
         spec["suite"], str(work / "tree"), "-"],
        work / "build.log", text=apt_sources.source_lines(spec["suite"], spec.get("security", True)))


def _hook(module: str, words: list[str]) -> str:
    return f'{shlex.join(_python(module))} "$1" {shlex.join(words)}'


def _python(module: str) -> list[str]:
    return ["env", f"PYTHONPATH={HERE.parent}", f"LAB_AUTHORIZED_KEY={ssh.authorized_key().strip()}", sys.executable, "-m", module]


def _derive_tree(work: Path, base: Image, commands: list[str]) -> None:
    """A copy of the base's tree with commands run in it."""
    confined.run(["cp", "-a", "--reflink=auto", str(base.tree), str(work / "tree")], work / "build.log")
    confined.run([*_python("firebreak_lab.derive"), str(work / "tree"), *commands], work / "build.log")


def _finish_tree(tree: Path) -> None:
    """An empty machine-id is filled at the first boot, without systemd taking that for a first boot and enabling units by its presets."""
    (tree / "etc/machine-id").write_text("")
    (tree / "var/lib/dbus/machine-id").unlink(missing_ok=True)
    shutil.rmtree(tree / "var/log/journal", ignore_errors=True)


def _make_disk(work: Path) -> None:
    disk = work / "disk.raw"
    with disk.open("wb") as handle:
        handle.truncate(GIGABYTES * 1024**3)
    mkfs = requirements.find_command("mkfs.ext4") or "mkfs.ext4"
    identity = ["-L", customize.LABEL, "-U", customize.UUID, "-O", FEATURES]
    confined.run([mkfs, "-q", "-F", *identity, "-d", str(work / "tree"), str(disk)], work / "build.log")
