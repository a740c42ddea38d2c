# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next boot and the ones after it will start: the facts ``default_boot`` and ``one_shot`` of the section ``kernel``."""

import re
from typing import Any, List, Optional, Tuple

from .._formats import efi as efi_variables
from .._formats.shell_words import assignments
from .._os import section as os_section
from .._os import snapd
from . import extlinux, firmware, grub, grub_bls, kernel_image, kexec, proxmox, snapshots, staged, systemd_boot_host, zipl
from .facts import BOOT_FACTS
from .target import NoAnswerError, System, Target, Targets, existing

_EFI_SYSTEM_PARTITIONS = ("/boot/efi", "/efi", "/boot")
_FIRMWARE_FOLDER = "/sys/firmware/efi"
# POWER without a hypervisor of its vendor's: grub-set-default meant nothing to some versions (open-power/petitboot#24).
_OPAL = "/sys/firmware/opal"
# A path alone: what a shell or grubby says of a file ("/etc/zipl.conf: No such file") begins with one, and goes on.
_GRUBBY_PATH = re.compile(r"\s*/[^\s:]+\s*\Z")

# Where Limine looks on each partition (its CONFIG.md), by the places of those that firmware reads.
_LIMINE = tuple(root + folder for root in ("/", "/boot/", "/efi/", "/boot/efi/") for folder in ("", "limine/", "EFI/BOOT/"))
# Configuration file -> loader that is recognised and not read, and what would tell its choice to who looks.
_UNREAD = (
    ("/etc/zipl.conf", "zipl", "lsreipl and the default of its configuration"), ("/boot/zipl", "zipl", "lsreipl"),
    *((place + name, "U-Boot", "fw_printenv bootcmd and the script itself") for name in ("boot.scr.uimg", "boot.scr", "boot.ini")
      for place in ("/boot/", "/boot/firmware/", "/boot/efi/", "/")),
    ("/boot/uEnv.txt", "U-Boot", "fw_printenv bootcmd and this file"), ("/boot/firmware/uEnv.txt", "U-Boot", "fw_printenv bootcmd and this file"),
    *((path, "Raspberry Pi firmware", "its lines kernel= and os_prefix= and the images beside it") for path in (
        "/boot/firmware/config.txt", "/boot/config.txt")),
    ("/boot/efi/EFI/refind/refind.conf", "rEFInd", "its default_selection and its variable PreviousBoot"),
    ("/efi/EFI/refind/refind.conf", "rEFInd", "its default_selection and its variable PreviousBoot"),
    ("/boot/EFI/refind/refind.conf", "rEFInd", "its default_selection and its variable PreviousBoot"),
    ("/boot/refind_linux.conf", "rEFInd", "default_selection in refind.conf"),
    *((place + name, "Limine", would) for name, would in (
        ("limine.conf", "its default_entry and remember_last_entry"), ("limine.cfg", "its DEFAULT_ENTRY")) for place in _LIMINE),
    *((path, "ZFSBootMenu", "zfs get bootfs of the pools, and org.zfsbootmenu:kernel of that file system") for path in (
        "/etc/zfsbootmenu/config.yaml", "/boot/efi/EFI/ZBM", "/boot/efi/EFI/zbm", "/efi/EFI/ZBM")),
    ("/boot/efi/EFI/syslinux/syslinux.cfg", "syslinux", "its line DEFAULT"),
    ("/boot/elilo.conf", "ELILO", "its line default"), ("/etc/yaboot.conf", "yaboot", "its line default"),
    ("/etc/lilo.conf", "LILO", "lilo -q"), ("/boot/grub/menu.lst", "GRUB 0.9", "its line default"),
)


_RIVALS = ("Limine", "LILO")
_RIVALS_UNDER_EFI = ("Limine", "rEFInd", "ELILO", "ZFSBootMenu")


def collect_boot_targets(host: Any, section: Any) -> None:
    """Write kernel.default_boot.* and kernel.one_shot.* into the section ``kernel``."""
    container = os_section.container_name(host)
    try:
        if container != "none":
            raise NoAnswerError("in_container", container)
        targets = find_targets(host)
    except NoAnswerError as problem:
        for fact in BOOT_FACTS:
            section.cannot_say(fact.path, problem.reason, problem.detail)
        return
    _put_default(host, section, targets)
    _put_once(host, section, targets)


def entry_path(host: Any, image: str) -> Optional[str]:
    """The stable name of GRUB's entry for an image's file name, None where its menu has none. Raises NoAnswerError."""
    return grub.entry_path(host, not host.stat(_FIRMWARE_FOLDER).problem, system_of(host), image)


def default_release(host: Any) -> Tuple[Optional[str], Target, bool]:
    """(the release that a reboot gives or None, its entry, whether nothing says that the configuration is stale). Raises NoAnswerError."""
    targets = find_targets(host)
    release = release_of_target(host, targets.default)[0] if targets.default.image else None
    return release, targets.default, not targets.stale


def system_of(host: Any) -> System:
    """What is known of the system whose loader is read."""
    release = os_section.os_identity(host)[0]
    os_id = release.get("ID", "")
    family = os_section.family_of(os_id, release.get("ID_LIKE", "").split())
    return System(os_id, release.get("VERSION_ID", ""), family, host.uname()[4], release.get("PLATFORM_ID", ""))


def find_targets(host: Any) -> Targets:
    """By what starts the next boot: kexec where it is set to, the firmware's first entry as far as it tells, else by what is installed."""
    at_once = kexec.targets(host)
    if at_once is not None:
        return at_once
    waiting = staged.targets(host)
    if waiting is not None:
        return waiting
    snaps = snapd.kernels(host)
    if snaps:
        raise NoAnswerError("unsupported", "snapd chooses what boots (%s); snap list --all would tell" % ", ".join(snaps))
    if not host.stat(_OPAL).problem:
        raise NoAnswerError("unsupported", "Petitboot, this machine's firmware, reads the menus of other loaders in its own way; its menu would tell")
    efi = not host.stat(_FIRMWARE_FOLDER).problem
    pinned = proxmox.targets(host, efi)
    if pinned is not None:
        return pinned
    system = system_of(host)
    option = firmware.next_option(host) if efi else None
    # What a loader says of itself is of this boot; it speaks for the next where the firmware starts the same.
    loader = _loader_info(host) if efi and (option is None or firmware.started_this_boot(host, option)) else ""
    direct = _started_without_loader(host, option, loader) if efi else None
    if direct is not None:
        return direct
    if loader.startswith("systemd-boot") or (not loader and option is not None and "/systemd-boot" in option.path.lower()):
        return systemd_boot_host.targets(host, loader)
    if loader and not loader.upper().startswith("GRUB"):
        raise NoAnswerError("unsupported", "the boot loader %.60s is not read; its own configuration would tell" % loader)
    _refuse_foreign(option, loader)
    return _by_files(host, efi, system, _named_by_firmware(option, loader), firmware.vendor_of(option.path) if option else "")


def _named_by_firmware(option: Optional[firmware.Option], loader: str) -> bool:
    """Whether it is known that GRUB starts: by its own word, or by the name of what the firmware starts."""
    return bool(loader) or (option is not None and re.match(r"shim|grub", option.path.rsplit("/", 1)[-1].lower()) is not None)


def _refuse_rivals(host: Any, efi: bool) -> None:
    """NoAnswerError where another loader's own file lies beside GRUB's: one of them is left over, and the files do not tell which."""
    paths = [(path, loader) for path, loader, _would in _UNREAD if loader in (_RIVALS_UNDER_EFI if efi else _RIVALS)]
    paths += [] if efi else [(path, "syslinux") for path in extlinux.PATHS]
    found = next((each for each in paths if not host.stat(each[0]).problem), None)
    if found:
        would = "efibootmgr -v" if efi else "the first sector of the disk that the firmware starts"
        raise NoAnswerError("unsupported", "the files of GRUB and of %s (%s) lie here, and one of them is left over; %s would tell" % (
            found[1], found[0], would))


def _by_files(host: Any, efi: bool, system: System, is_grub: bool, vendor: str) -> Targets:
    """zipl's targets on IBM Z, GRUB's where its files are there, else those of what else is installed."""
    chosen = _loader_type(host)
    if chosen and grub_bls.is_chosen(chosen):
        found = grub_bls.targets(host)
        if found is not None:
            return found
    found = zipl.targets(host) if system.machine == "s390x" else None
    if found is not None:
        return found
    # On ARM and RISC-V nothing but UEFI starts a GRUB; its files may lie there all the same.
    if efi or not re.match(r"aarch64|arm|riscv", system.machine):
        found = grub.targets(host, efi, system, snapshots.next_root(host)[0], vendor)
        if found is not None:
            if not is_grub:
                _refuse_rivals(host, efi)
            return found
    if efi and systemd_boot_host.installed(host):
        return systemd_boot_host.targets(host)
    found = (grub_bls.targets(host) if efi and system.family == "suse" else None) or extlinux.targets(host)
    return found or _other_loader(host)


def _loader_type(host: Any) -> str:
    """SUSE's own word for its boot loader, '' elsewhere."""
    try:
        return assignments(host.read("/etc/sysconfig/bootloader", 65536).if_there("")).get("LOADER_TYPE", "")
    except ValueError:
        return ""


def _refuse_foreign(option: Optional[firmware.Option], loader: str) -> None:
    """NoAnswerError where the firmware begins with what is neither GRUB nor shim nor of a kind that any loader can have."""
    if option is None or loader:
        return
    if option.network:
        raise NoAnswerError("unsupported", "the firmware first asks the network (%s, %.60s); what the server answers would tell" % (
            option.name, option.title))
    name = option.path.rsplit("/", 1)[-1].lower()
    if name and not re.match(r"shim|grub|boot(?:x64|aa64|ia32|riscv64|loongarch64)\.|fb(?:x64|aa64)", name):
        raise NoAnswerError("unsupported", "the firmware starts %.100s (%s), whose own configuration would tell" % (option.path, option.name))


def _started_without_loader(host: Any, option: Optional[firmware.Option], loader: str) -> Optional[Targets]:
    """The kernel, mostly a unified image, that the firmware or shim starts; None where a loader comes first."""
    path = firmware.kernel_of(option) if option is not None else ""
    how = "the firmware's first entry, %s (%.60s)" % (option.name, option.title) if option is not None else ""
    if not path and option is None and not loader and _efi_text(host, "StubInfo"):
        path = "/" + _efi_text(host, "LoaderImageIdentifier").replace("\\", "/").lstrip("/")
        how = "what this boot started without a loader; the firmware's order cannot be read"
    if not path or path == "/":
        return None
    image = next((root + path for root in _EFI_SYSTEM_PARTITIONS if not host.stat(root + path).problem), _EFI_SYSTEM_PARTITIONS[0] + path)
    _refuse_kernel_that_is_a_loader(host, path, image, option is not None and firmware.started_this_boot(host, option))
    target = Target(path.rsplit("/", 1)[-1], image, how, "firmware", kernel_image.command_line_of(host, image))
    return Targets("EFI variables BootOrder and Boot####", target, None, None, "the firmware's entries are read as they are", "not_applicable")


def _refuse_kernel_that_is_a_loader(host: Any, path: str, image: str, started: bool) -> None:
    """NoAnswerError for a kernel that started this boot, does not run and has nothing here: it starts another by kexec (ZFSBootMenu, LinuxBoot).

    A unified image in its usual place may be of another system image, whose modules lie on a partition of its own.
    """
    release = kernel_image.release_of(host, image)[0]
    is_own = release is None or not started or release == host.uname()[2] or path.lower().startswith("/efi/linux/")
    named = re.search(r"/(?:zbm|zfsbootmenu)/", path.lower())
    if named or not (is_own or any(not host.stat(root + str(release)).problem for root in ("/lib/modules/", "/usr/lib/modules/"))):
        raise NoAnswerError("unsupported", "the firmware starts %s, a kernel %swithout modules here, which starts another (ZFSBootMenu, LinuxBoot); "
                            "its own menu would tell" % (path, "%s " % release if release else ""))


def _efi_text(host: Any, name: str) -> str:
    answer = efi_variables.read(host, name, efi_variables.BOOT_LOADER)
    try:
        return efi_variables.parse_text(answer.value) if answer.value is not None else ""
    except ValueError:
        return ""


def _loader_info(host: Any) -> str:
    return _efi_text(host, "LoaderInfo")


def _other_loader(host: Any) -> Targets:
    name, would = next((("%s (%s)" % (loader, path), would) for path, loader, would in _UNREAD if not host.stat(path).problem), ("", ""))
    if not name:
        folder = host.listdir("/boot")
        if folder.problem not in (None, "absent"):
            raise NoAnswerError(folder.problem, "/boot: %s" % folder.detail)
        raise NoAnswerError("absent", "no configuration of a boot loader below /boot or /efi: the kernel may be started from outside; "
                            "efibootmgr -v, or the host of a virtual machine, would tell")
    answer = host.run(["grubby", "--default-kernel"])
    image = parse_grubby(answer.value.out) if answer.value else None
    if image is None:
        raise NoAnswerError("unsupported", "the boot loader %s is not read; %s would tell" % (name, would))
    target = Target(image, image, "grubby --default-kernel, for %s" % name, "grubby", None)
    return Targets("grubby --default-kernel", target, None, None, name, "unsupported")


def parse_grubby(text: str) -> Optional[str]:
    """The path that grubby prints, warnings before it passed over; None where it prints none."""
    paths: List[str] = [line.strip() for line in text.splitlines() if _GRUBBY_PATH.match(line)]
    return paths[-1] if paths else None


def _put_default(host: Any, section: Any, targets: Targets) -> None:
    target = targets.default
    section.put("default_boot.entry", target.entry, targets.source)
    section.put("default_boot.loader", target.loader, targets.source)
    how = _put_release(host, section, "default_boot.release", target)
    section.put("default_boot.how", "%s; release by %s" % (target.how, how) if how else target.how, targets.source)
    if target.image:
        section.put("default_boot.image", target.image, targets.source)
        section.put("default_boot.image_present", existing(host, target.image), target.image)
    else:
        for fact in ("image", "image_present"):
            section.cannot_say("default_boot." + fact, "unsupported", "the entry %s loads no Linux image; what it starts would tell" % target.entry)
    if target.options is None:
        detail = "the command line is not read from an entry of %s; its own configuration would tell" % target.loader
        section.cannot_say("default_boot.options", "unsupported", detail)
    else:
        section.put("default_boot.options", target.options, targets.source)
    if targets.stale is None:
        section.cannot_say("default_boot.stale_config", targets.stale_problem, targets.stale_source)
    else:
        section.put("default_boot.stale_config", targets.stale, targets.stale_source)


def _put_release(host: Any, section: Any, path: str, target: Target) -> str:
    """Write the release of a target; how it was found, or '' where it was not."""
    if not target.image:
        section.cannot_say(path, "unsupported", "the entry %s loads no Linux image; what it starts would tell" % target.entry)
        return ""
    release, how = release_of_target(host, target)
    if release is None:
        section.cannot_say(path, host.stat(target.image).problem or ("unparsable" if host.uid() == 0 else "needs_root"), how)
        return ""
    section.put(path, release, target.image)
    return how


def release_of_target(host: Any, target: Target) -> Tuple[Optional[str], str]:
    """(the release that an entry starts or None, how it is known or why not): its image says, or its own version key."""
    release, how = kernel_image.release_of(host, target.image)
    named = kernel_image.release_from_version(target.version) if release is None else None
    # An entry's version may be that of the system (44.20260820.0): a kernel's has its modules here, unless it is of another snapshot.
    if named and (named != target.version or any(not host.stat(root + named).problem for root in ("/lib/modules/", "/usr/lib/modules/"))):
        return named, "the entry's version"
    return release, how


def _put_once(host: Any, section: Any, targets: Targets) -> None:
    boot_next = _boot_next(host)
    if boot_next:
        # The firmware chooses before any loader does.
        section.put("one_shot.set", True, "EFI variable BootNext")
        section.put("one_shot.entry", boot_next, "EFI variable BootNext")
        section.cannot_say("one_shot.release", "unsupported", "%s is an entry of the firmware; efibootmgr -v would tell" % boot_next)
    elif targets.once is not None:
        section.put("one_shot.set", True, targets.once.how)
        section.put("one_shot.entry", targets.once.entry, targets.once.how)
        _put_release(host, section, "one_shot.release", targets.once)
    elif targets.default.loader == "grubby":
        for fact in ("set", "entry", "release"):
            section.cannot_say("one_shot." + fact, "unsupported", targets.stale_source)
    else:
        section.put("one_shot.set", False, targets.source)
        for fact in ("entry", "release"):
            section.cannot_say("one_shot." + fact, "not_applicable", "none is set")


def _boot_next(host: Any) -> str:
    """Boot0003 where the firmware is told to boot that entry next, else ''."""
    answer = efi_variables.read(host, "BootNext", efi_variables.FIRMWARE)
    try:
        numbers = efi_variables.parse_numbers(answer.value) if answer.value is not None else []
    except ValueError:
        return ""
    return "Boot%04X" % numbers[0] if numbers else ""
