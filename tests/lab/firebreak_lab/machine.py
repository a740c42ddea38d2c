# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""QEMU's command line for one machine, and which accelerator serves on this computer."""

import os
import subprocess
import tempfile
from pathlib import Path

from firebreak_lab import boot_iso, cache, confined, files
from firebreak_lab.images import Image
from firebreak_lab.state import Host

# Emulated with SVM, so that the guest has a usable /dev/kvm of its own; five-level page tables would only make each walk longer.
# An emulated string instruction moves byte by byte where the processor says that it moves bytes fast.
EMULATED = ("-accel", "tcg,thread=multi", "-cpu", "max,la57=off,erms=off,fsrm=off")
NATIVE = ("-accel", "kvm", "-cpu", "host")
PROBE_SECONDS = 20
# The kernel says so when it has come far enough to unpack its initramfs and run a program from it.
PROBE_SIGN = b"Run /init as init process"


def kvm_runs_linux(kernel: Path, initrd: Path) -> bool:
    """Whether KVM starts a Linux guest here: a device node alone proves nothing, least of all inside a virtual machine."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.TemporaryDirectory(prefix="firebreak-lab-") as folder:
        console = Path(folder) / "console"
        argv = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "pc", *NATIVE, "-m", "256",
                "-display", "none", "-serial", f"file:{console}", "-no-reboot", "-kernel", str(kernel), "-initrd", str(initrd),
                "-append", "console=ttyS0,115200 panic=-1 root=/dev/none"]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
        return console.exists() and PROBE_SIGN in console.read_bytes()


def accelerator(image: Image) -> list[str]:
    """The words for QEMU: native where it works, else emulation; asked once in each boot of this computer. FIREBREAK_LAB_ACCEL=tcg or kvm decides."""
    asked = os.environ.get("FIREBREAK_LAB_ACCEL", "")
    if asked in ("tcg", "kvm"):
        return list(EMULATED if asked == "tcg" else NATIVE)
    remembered = cache.cache_folder() / "accelerator.json"
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    with cache.locked(cache.cache_folder() / "locks/accelerator"):
        known = files.read_json(remembered) or {}
        if known.get("boot") != boot:
            known = {"boot": boot, "kvm": kvm_runs_linux(image.tree / "vmlinuz", image.tree / "initrd.img")}
            files.write_json(remembered, known)
    return list(NATIVE if known["kvm"] else EMULATED)


def make_disk(disk: Path, image: Image) -> None:
    """An empty overlay on the image's disk."""
    confined.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(image.disk), str(disk)], disk.parent / "disk.log", confined=False)


def copy_disk(source: Path, target: Path) -> None:
    """A copy that takes no more room than the source."""
    confined.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], source.parent / "disk.log", confined=False)


def _boot_cd() -> list[str]:
    """A BIOS that starts the small CD."""
    return ["-machine", "pc", "-drive", f"if=ide,media=cdrom,format=raw,read-only=on,file={boot_iso.provide()}", "-boot", "d"]


def uefi(folder: Path) -> list[str]:
    """UEFI by a folder's code.fd and variables.fd, with an EFI system partition on a disk of its own, partition.img."""
    return ["-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={folder / 'code.fd'}",
            "-drive", f"if=pflash,unit=1,format=raw,file={folder / 'variables.fd'}",
            "-drive", f"if=none,id=partition,format=raw,file={folder / 'partition.img'}",
            # Not one more virtio disk: the image's root is the first of those.
            "-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=partition"]


def command(host: Host, folder: Path, control: int) -> list[str]:
    """QEMU for a host; ``control`` is the open file descriptor of its QMP connection. A guest's reset ends QEMU: see supervisor."""
    return [
        "setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-name", host.name, *host.accelerator,
        *(uefi(Path(host.firmware)) if host.firmware else _boot_cd()),
        "-smp", str(host.cpus), "-m", str(host.memory), "-display", "none", "-no-reboot",
        "-chardev", f"file,id=console,path={folder / 'console.log'},append=on", "-serial", "chardev:console",
        "-chardev", f"socket,id=control,fd={control}", "-mon", "chardev=control,mode=control",
        "-drive", f"if=virtio,format=qcow2,cache=unsafe,discard=unmap,file={folder / 'disk.qcow2'}",
        # restrict: the guest reaches nothing, neither this computer nor a network; we reach its sshd.
        "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{host.port}-:22", "-device", "virtio-net-pci,netdev=net,romfile=",
        "-device", "virtio-rng-pci",
    ]
