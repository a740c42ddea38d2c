# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof follows the firmware's order, kernels in one file with their initrd, kexec and U-Boot's menu, each by its own tool's words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError
from firebreak_proof.proof import Proof
from firebreak_proof.questions import system
from firebreak_proof.questions.kernels import KERNEL
from firebreak_proof.standards import Standard
from firebreak_proof.views import boot_order, kernels

MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"
HD = "HD(1,GPT,82f3e1c8-8654-4797-a584-90f373331323,0x800,0x96000)"
SHIM = f"Boot0001* fedora\t{HD}/\\EFI\\fedora\\shimx64.efi\n"
PXE = "Boot0004* UEFI PXEv4\tPciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,1)/IPv4(0.0.0.0)\n"
MENU = "menuentry 'x' { \nlinux /boot/vmlinuz-6.12.0-fallback\n}\n"


def host(order: str = "", tools: str = "", menu: str = MENU) -> Proof:
    said = {"boot_order": order, "boot_tools": tools, "grub_menu": menu, "grub_env": ""}
    return Proof("web1", Standard({}, (), ()), {name: Answer(out, "", 0, 1) for name, out in said.items()})


def efi(options: str, order: str, current: str = "") -> str:
    return f"BootCurrent: {current or order.split(',')[0]}\nTimeout: 1 seconds\nBootOrder: {order}\n{options}"


@pytest.mark.parametrize(("options", "order", "current", "image"), [
    (SHIM, "0001", "", ""),
    # efibootmgr 17: File(...), what shim is given in UTF-16; 18: the path alone.
    (f"Boot0002* UKI\t{HD}/File(\\EFI\\Linux\\{MACHINE}-6.12.0-55.el10.x86_64.efi)\n" + SHIM, "0002,0001", "",
     f"/EFI/Linux/{MACHINE}-6.12.0-55.el10.x86_64.efi"),
    (f"Boot0003* RHEL\t{HD}/File(\\EFI\\redhat\\shimx64.efi)\\.E.F.I.\\.L.i.n.u.x.\\.a...e.f.i. .\n" + SHIM, "0003,0001", "", "/EFI/Linux/a.efi"),
    (f"Boot0003* RHEL\t{HD}/\\EFI\\redhat\\shimx64.efi\\EFI\\Linux\\a.efi \n" + SHIM, "0003,0001", "", "/EFI/Linux/a.efi"),
    # canonical/nullboot, shim.go; the kernel of Ubuntu's confidential machines on Azure lies beside shim (microsoft/lisa#3209).
    (f"Boot0002* Ubuntu with kernel 6.8.0-1\t{HD}/File(\\EFI\\ubuntu\\shimx64.efi)\\.k.e.r.n.e.l...e.f.i.-.6...8...0.-.1. .r.o.\n",
     "0002", "", "/EFI/ubuntu/kernel.efi-6.8.0-1"),
    (f"Boot0002* Ubuntu\t{HD}/\\EFI\\ubuntu\\shimx64.efi\\kernel.efi-6.8.0-1044-azure-fde ro\n" + SHIM, "0002,0001", "",
     "/EFI/ubuntu/kernel.efi-6.8.0-1044-azure-fde"),
    # rhboot/efibootmgr#221: the kernel's own stub, whose command line follows.
    (f"Boot0006* UOS (EFI stub)\t{HD}/\\EFI\\BOOT\\vmlinuz-6.6.40-amd64.root=/dev/nvme0n1p5 ro\n", "0006", "", "/EFI/BOOT/vmlinuz-6.6.40-amd64"),
    (f"Boot0007* Linux Boot Manager\t{HD}/\\EFI\\systemd\\systemd-bootx64.efi\n", "0007", "", ""),
    ("Boot0008* UEFI QEMU HARDDISK\tPciRoot(0x0)/Pci(0x8,0x0)/Sata(0,65535,0)\n", "0008", "", ""),
    # Not active; of no server that answered.
    (f"Boot0005  Windows\t{HD}/\\EFI\\Microsoft\\Boot\\bootmgfw.efi\n" + SHIM, "0005,0001", "0001", ""),
    (PXE + SHIM, "0004,0001", "0001", ""),
])
def test_the_firmwares_first_entry_counts(options: str, order: str, current: str, image: str) -> None:
    assert boot_order.first_image(host(efi(options, order, current))) == image


def test_an_image_that_is_gone_is_passed_over() -> None:
    """UEFI specification, "Boot Manager": an option that cannot be loaded is passed over for the next one in BootOrder."""
    entries = "".join(f"Boot000{number}* Fedora\t{HD}/\\EFI\\Linux\\aa-{release}.efi\n" for number, release in ((8, "6.17.8"), (7, "6.17.5")))
    said = efi(entries, "0008,0007") + "unified aa-6.17.5.efi 6.17.5-300.fc43.x86_64\n"
    assert kernels.default_release(host(said)) == "6.17.5-300.fc43.x86_64"
    assert kernels.default_release(host(said + "unified aa-6.17.8.efi 6.17.8-300.fc43.x86_64\n")) == "6.17.8-300.fc43.x86_64"


def test_a_kernel_beside_shim_names_its_release() -> None:
    options = f"Boot0002* Ubuntu\t{HD}/\\EFI\\ubuntu\\shimx64.efi\\kernel.efi-6.8.0-1044-azure-fde ro\n"
    assert kernels.default_release(host(efi(options, "0002"))) == "6.8.0-1044-azure-fde"


@pytest.mark.parametrize(("options", "order", "current"), [
    (f"Boot0005* Windows Boot Manager\t{HD}/\\EFI\\Microsoft\\Boot\\bootmgfw.efi\n" + SHIM, "0005,0001", "0001"), (PXE + SHIM, "0004,0001", "0004"),
    (f"Boot0002* ZFSBootMenu\t{HD}/\\EFI\\ZBM\\VMLINUZ.EFI\n" + SHIM, "0002,0001", "0002"),
])
def test_what_is_no_loader_of_this_system_is_told(options: str, order: str, current: str) -> None:
    with pytest.raises(BrokenPromiseError, match="firmware first starts"):
        kernels.default_release(host(efi(options, order, current)))


@pytest.mark.parametrize(("order", "tools", "release"), [
    ("firmware other\n", "", "6.12.0-fallback"),
    (efi(f"Boot0002* UKI\t{HD}/\\EFI\\Linux\\{MACHINE}-6.12.0-55.el10.x86_64+3-1.efi\n", "0002"), "", "6.12.0-55.el10.x86_64"),
    # systemd#43312: its version need not be the kernel's, its .uname is.
    (efi(f"Boot0002* UKI\t{HD}/\\EFI\\Linux\\debian-trixie_34.186_x86-64.efi\n", "0002")
     + "unified debian-trixie_34.186_x86-64.efi 6.12.100+deb13-amd64\n", "", "6.12.100+deb13-amd64"),
    (efi(SHIM, "0001") + "unified a.efi 6.18.0\n", "bootctl /EFI/Linux/a.efi\n", "6.18.0"),
    ("", "kexec_LOAD_KEXEC true\nkexec_KERNEL_IMAGE /boot/vmlinuz-6.1.0-41-amd64\n", "6.1.0-41-amd64"),
    ("", "kexec_LOAD_KEXEC false\nkexec_KERNEL_IMAGE /vmlinuz\n", "6.12.0-fallback"),
    ("", "extlinux /boot/vmlinuz-6.12.41+deb13-arm64\n", "6.12.41+deb13-arm64"),
    # An image that was exchanged says which kernel it is; so does one of another root, of which nothing is read here.
    ("", "names vmlinuz-6.12.0-fallback 6.1.0-41-amd64\n", "6.1.0-41-amd64"),
    ("", "names vmlinuz-6.12.0-fallback 6.1.0-41-amd64\nother_root @/.snapshots/7/snapshot\n", "6.12.0-fallback"),
    ("", "names vmlinuz-6.12.0-fallback \n", "6.12.0-fallback"),
])
def test_the_default_is_what_starts_first(order: str, tools: str, release: str) -> None:
    assert kernels.default_release(host(order, tools)) == release


@pytest.mark.parametrize(("order", "tools"), [
    (efi(f"Boot0002* UKI\t{HD}/\\EFI\\Linux\\own.efi\n", "0002"), ""), ("", "kexec_LOAD_KEXEC true\nkexec_USE_GRUB_CONFIG true\n"),
    ("", "kexec_LOAD_KEXEC true\nkexec_KERNEL_IMAGE\n"), ("", "extlinux /Image\n"),
])
def test_a_kernel_without_a_name_is_not_proven(order: str, tools: str) -> None:
    with pytest.raises(BrokenPromiseError, match=r"which kernel that is, nobody can tell|does not name the kernel"):
        kernels.default_release(host(order, tools))


def shell_of(name: str) -> str:
    return next(question.shell for question in system.BOOT if question.name == name)


@pytest.mark.parametrize(("text", "image"), [
    ("default l1\nlabel l0\n linux /boot/vmlinuz-6.12.41-arm64\nlabel l1\n  KERNEL /boot/vmlinuz-6.1.0-41-arm64\n", "/boot/vmlinuz-6.1.0-41-arm64"),
    ("LABEL l0\n\tLINUX /boot/vmlinuz-6.12.41-arm64\n\tAPPEND root=/dev/sda1\n", "/boot/vmlinuz-6.12.41-arm64"),
    ("default gone\nlabel l0\n fit /boot/image.itb#conf-1\n", "/boot/image.itb"),
    ("default a\nlabel a\n linux /boot/vmlinuz-1\nlabel b\n kernel /boot/vmlinuz-2\n linux /boot/vmlinuz-3\nontimeout b\n", "/boot/vmlinuz-3"),
    ("default a\ninclude more.conf\nlabel a\n linux /boot/vmlinuz-1\n", ""),
    ("default b\nmenu include a.conf\nlabel b\n linux /boot/vmlinuz-1\n", "/boot/vmlinuz-8"),
    ("include a.conf\ndefault b\nlabel b\n linux /boot/vmlinuz-1\n", "/boot/vmlinuz-1"), ("include loop.conf\n", ""),
    ("default b\nlabel b\n linux /boot/gone\ninclude a.conf\nlabel c\n linux here\n", "here"),
    ("ontimeout b\nlabel b\n linux /boot/gone\nlabel c\n linux here\n", "here"),
    ("DEFAULT menu.c32\nLABEL virt\n LINUX vmlinuz-virt\nLABEL lts\n MENU DEFAULT\n LINUX vmlinuz-lts\n", "vmlinuz-lts"),
])
def test_extlinux_is_read_on_the_host(text: str, image: str, tmp_path: Path) -> None:
    """The question's own awk on a file of U-Boot's form (doc/README.pxe)."""
    shell = shell_of("boot_tools")
    function = shell[shell.index("extlinux() {"):shell.index("# Where no GRUB")]
    for name, body in (("extlinux.conf", text), ("a.conf", "default e\nlabel e\n linux /boot/vmlinuz-8\n"), ("loop.conf", "include loop.conf\n"),
                       ("here", "")):
        (tmp_path / name).write_text(body, encoding="utf-8")
    script = f"uname() {{ echo aarch64; }}\n{function}\nextlinux {tmp_path}/extlinux.conf; true"
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == (f"extlinux {image}\n" if image else "")


@pytest.mark.parametrize(("owned", "status"), [("/usr/lib/os-release", 0), ("", 3)])
@pytest.mark.parametrize("name", ["stray", "installed"])
def test_managers_that_keep_nothing_of_the_host_say_nothing_of_its_kernels(name: str, owned: str, status: int, tmp_path: Path) -> None:
    """dpkg and rpm on Arch or Alpine, where they are there as tools for packages of others."""
    for tool in ("dpkg-query", "rpm"):
        program = tmp_path / tool
        program.write_text(f'#!/bin/sh\n[ "$1 $2" = "-S {owned}" ] && echo "base-files: $2"\n', encoding="utf-8")
        program.chmod(0o755)
    shell = next(question.shell for question in KERNEL if question.name == name)
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=False, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (done.returncode, "neither dpkg nor rpm" in done.stderr) == (status, status == 3), done
