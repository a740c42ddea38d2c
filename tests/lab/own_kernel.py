# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small kernel from Debian's newest source: made once and kept, and booted on an emulated machine that has nothing but busybox."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from debian_archive import Archive, run

RELEASE_SUFFIX = "-firebreak"
# Beyond `make tinyconfig`: what live patching wants, a serial console, and one module that can be patched as well as the kernel itself.
_BUILT_IN = (
    "64BIT", "ACPI", "BINFMT_ELF", "BINFMT_SCRIPT", "BLK_DEV_INITRD", "BUG", "DEBUG_INFO_NONE", "DEBUG_KERNEL", "DEVTMPFS", "DYNAMIC_FTRACE",
    "EARLY_PRINTK", "EPOLL", "EXPERT", "FTRACE", "FUNCTION_TRACER", "FUTEX", "KALLSYMS", "KALLSYMS_ALL", "LIVEPATCH", "MODULES", "MODULE_UNLOAD",
    "MULTIUSER", "PCI", "POSIX_TIMERS", "PRINTK", "PROC_FS", "PROC_SYSCTL", "RD_GZIP", "SERIAL_8250", "SERIAL_8250_CONSOLE", "SHMEM", "STACKTRACE",
    "SYSFS", "TMPFS", "TTY", "UNIX98_PTYS", "UNWINDER_ORC")
_MODULES = ("BINFMT_MISC",)
_OFF = ("DEBUG_INFO_DWARF5", "LOCALVERSION_AUTO")
_BOOT_SECONDS = 300


def newest_source(place: Path) -> Path:
    """The kernel's newest source in Debian's development suite, unpacked; what was unpacked before serves as long as it is the newest."""
    archive = Archive(place, "sid")
    package = archive.newest(r"^linux-source-[0-9.]+$")
    source = archive.download(package)
    tree = place / source.stem
    if not (tree / "Makefile").exists():
        run(["dpkg-deb", "-x", str(source), "package"], place)
        tree.mkdir(exist_ok=True)
        run(["tar", "--strip-components=1", "-xf", str(place / f"package/usr/src/{package}.tar.xz")], tree)
        shutil.rmtree(place / "package")
    return tree


def kept(tree: Path) -> Path:
    """Where the kernel, its module and its configuration lie: klp-build cleans the tree before it builds."""
    return tree.with_name(tree.name + "-kept")


def make_kernel(tree: Path) -> str:
    """Build the kernel and its module, as far as that was not done before; its release."""
    (tree / "localversion").write_text(RELEASE_SUFFIX, encoding="ascii")
    if not (kept(tree) / "bzImage").exists():
        run(["make", "-s", "tinyconfig"], tree)
        words = [*(word for name in _BUILT_IN for word in ("-e", name)), *(word for name in _MODULES for word in ("-m", name)),
                 *(word for name in _OFF for word in ("-d", name))]
        run(["./scripts/config", *words], tree)
        run(["make", "-s", "olddefconfig"], tree)
        run(["make", "-s", f"-j{os.cpu_count()}", "bzImage", "modules"], tree)
        kept(tree).mkdir(exist_ok=True)
        for path in (".config", "fs/binfmt_misc.ko", "arch/x86/boot/bzImage"):
            shutil.copy(tree / path, kept(tree))
    return run(["make", "-s", "kernelrelease"], tree).split()[-1]


def patch_of(tree: Path, changes: Mapping[str, tuple[str, str]]) -> str:
    """A patch of the source: in each file one text by another."""
    parts: list[str] = []
    for path, (old, new) in changes.items():
        text = (tree / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, (path, old)
        new_text = text.replace(old, new)
        parts += difflib.unified_diff(text.splitlines(keepends=True), new_text.splitlines(keepends=True), f"a/{path}", f"b/{path}")
    return "".join(parts)


def boot(place: Path, tree: Path, init: str, modules: Mapping[str, Path]) -> str:
    """What the kernel and a script, its first process, say on the serial console until it reboots."""
    root = place / "root"
    shutil.rmtree(root, ignore_errors=True)
    for name in ("bin", "proc", "sys", "dev"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin")
    (root / "init").write_text(init, encoding="ascii")
    (root / "init").chmod(0o755)
    for name, path in {"binfmt_misc.ko": kept(tree) / "binfmt_misc.ko", **modules}.items():
        shutil.copy(path, root / name)
    run(["sh", "-c", "find . | cpio --quiet -o -H newc | gzip > ../initrd"], root)
    argv = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "256", "-nographic", "-no-reboot", "-kernel", str(kept(tree) / "bzImage"),
            "-initrd", str(place / "initrd"), "-append", "console=ttyS0 panic=-1"]
    done = subprocess.run(argv, cwd=place, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_BOOT_SECONDS,
                          check=False)
    return done.stdout.decode(errors="replace").replace("\r", "")
