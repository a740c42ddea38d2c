# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next boot and the ones after it will start: the facts ``default_boot`` and ``one_shot`` of the section ``kernel``."""

from typing import Any, List, Optional, Tuple

from .._formats import efi as efi_variables
from .._host.record import Fact
from .._os import section as os_section
from . import grub, kernel_image, systemd_boot_host
from .target import NoAnswerError, System, Target, Targets, existing

BOOT_FACTS = [
    Fact("default_boot.release", "str", "the kernel release that a reboot gives"),
    Fact("default_boot.entry", "str", "what the boot loader calls the entry: ids or titles, submenus joined by >"),
    Fact("default_boot.loader", "str", "grub, grub-bls, grubby or systemd-boot"),
    Fact("default_boot.how", "str", "what made this entry the default, and how its release is known"),
    Fact("default_boot.image", "str", "the kernel image's path on the host"),
    Fact("default_boot.image_present", "bool", "false: the entry's image is gone, and the next boot fails"),
    Fact("default_boot.options", "str", "the kernel command line of that entry"),
    Fact("default_boot.stale_config", "bool", "the generated configuration was made from another GRUB_DEFAULT than /etc/default/grub holds now"),
    Fact("one_shot.set", "bool", "an entry is set for the next boot only"),
    Fact("one_shot.entry", "str", "that entry"),
    Fact("one_shot.release", "str", "its kernel release"),
]

_FIRMWARE_FOLDER = "/sys/firmware/efi"

# Configuration file -> loader that is recognised, and not read.
_UNREAD = (
    ("/etc/zipl.conf", "zipl"), ("/boot/zipl", "zipl"), ("/boot/extlinux/extlinux.conf", "extlinux"), ("/boot/syslinux/syslinux.cfg", "syslinux"),
    ("/boot/boot.scr", "U-Boot"), ("/boot/uEnv.txt", "U-Boot"), ("/boot/firmware/config.txt", "Raspberry Pi firmware"),
    ("/boot/efi/EFI/refind/refind.conf", "rEFInd"), ("/boot/refind_linux.conf", "rEFInd"), ("/etc/lilo.conf", "LILO"),
    ("/boot/grub/menu.lst", "GRUB 0.9"),
)


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
    return System(os_id, release.get("VERSION_ID", ""), os_section.family_of(os_id, release.get("ID_LIKE", "").split()), host.uname()[4])


def find_targets(host: Any) -> Targets:
    """By the loader that booted this system, as far as it says so in EFI variables, else by what is installed."""
    efi = not host.stat(_FIRMWARE_FOLDER).problem
    loader = _loader_info(host) if efi else ""
    if loader.startswith("systemd-boot"):
        return systemd_boot_host.targets(host)
    if loader and not loader.upper().startswith("GRUB"):
        raise NoAnswerError("unsupported", "the boot loader %.60s" % loader)
    found = grub.targets(host, efi, system_of(host))
    if found is not None:
        return found
    if efi and systemd_boot_host.installed(host):
        return systemd_boot_host.targets(host)
    return _other_loader(host)


def _loader_info(host: Any) -> str:
    answer = efi_variables.read(host, "LoaderInfo", efi_variables.BOOT_LOADER)
    try:
        return efi_variables.parse_text(answer.value) if answer.value is not None else ""
    except ValueError:
        return ""


def _other_loader(host: Any) -> Targets:
    name = next(("%s (%s)" % (loader, path) for path, loader in _UNREAD if not host.stat(path).problem), None)
    if name is None:
        folder = host.listdir("/boot")
        if folder.problem not in (None, "absent"):
            raise NoAnswerError(folder.problem, "/boot: %s" % folder.detail)
        raise NoAnswerError("absent", "no configuration of a boot loader below /boot or /efi: the kernel may be started from outside")
    answer = host.run(["grubby", "--default-kernel"])
    image = parse_grubby(answer.value.out) if answer.value else None
    if image is None:
        raise NoAnswerError("unsupported", "the boot loader %s" % name)
    target = Target(image, image, "grubby --default-kernel, for %s" % name, "grubby", None)
    return Targets("grubby --default-kernel", target, None, None, name, "unsupported")


def parse_grubby(text: str) -> Optional[str]:
    """The path that grubby prints, warnings before it passed over; None where it prints none."""
    paths: List[str] = [line.strip() for line in text.splitlines() if line.strip().startswith("/")]
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
            section.cannot_say("default_boot." + fact, "unsupported", "the entry %s loads no Linux image" % target.entry)
    if target.options is None:
        section.cannot_say("default_boot.options", "unsupported", "the command line is not read from an entry of %s" % target.loader)
    else:
        section.put("default_boot.options", target.options, targets.source)
    if targets.stale is None:
        section.cannot_say("default_boot.stale_config", targets.stale_problem, targets.stale_source)
    else:
        section.put("default_boot.stale_config", targets.stale, targets.stale_source)


def _put_release(host: Any, section: Any, path: str, target: Target) -> str:
    """Write the release of a target; how it was found, or '' where it was not."""
    if not target.image:
        section.cannot_say(path, "unsupported", "the entry %s loads no Linux image" % target.entry)
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
    return (named, "the entry's version") if named else (release, how)


def _put_once(host: Any, section: Any, targets: Targets) -> None:
    boot_next = _boot_next(host)
    if boot_next:
        # The firmware chooses before any loader does.
        section.put("one_shot.set", True, "EFI variable BootNext")
        section.put("one_shot.entry", boot_next, "EFI variable BootNext")
        section.cannot_say("one_shot.release", "unsupported", "%s is an entry of the firmware" % boot_next)
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
