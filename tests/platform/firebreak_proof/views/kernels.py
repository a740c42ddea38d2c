# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels of a host, from what its own tools say."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..asking import lines
from ..promises import BrokenPromiseError, Wanted, hold
from ..proof import Proof
from . import boot_entries, boot_order, composefs, dnf_lists, grub_menu, locks, zipl, zypper_locks


class Kernel(NamedTuple):
    """An installed kernel; ``state`` says whether its image is packaged (as its package brought it), changed, missing or unknown."""

    package: str
    version: str
    release: str
    image: str
    state: str


def running_release(proof: Proof) -> str:
    """The kernel in force, by three witnesses that must agree."""
    said = proof.fields("running")
    uname, proc, banner = said.get("uname", ""), said.get("proc", ""), said.get("banner", "").removeprefix("Linux version ").split(" ")[0]
    hold(bool(proc) and proc == banner == uname,
         f"{proof.host} contradicts itself: uname says kernel {uname}, /proc/sys/kernel/osrelease {proc} and /proc/version {banner}")
    return proc


def installed(proof: Proof) -> list[Kernel]:
    """Every installed kernel image, whatever its flavour."""
    return [Kernel(*cells) for cells in proof.rows("installed") if len(cells) == 5]


# Words of a release with a number that name an architecture, and so do not count from one kernel to the next.
_NAMES = r"(?:amd64|arm64|x86|i[3-6]86|ppc64|powerpc64|riscv64|mips64|loong64|sparc64|s390|(?:arm)?v[678])"
_LINE = re.compile(
    r"\d[^-]*"  # 6.1.0, 6.12.22+bpo
    r"(?:-rc\d+|-(?![4-6]86(?:-pae)?\Z)\d(?:[\w.~+]*\d)?(?:-(?![4-6]86(?:-|\Z))\d+(?=-))?(?=-|\Z))?"  # 28, 29-2, 0.deb11.21, 13parrot1
    rf"(?:-(?!{_NAMES}-|rt\d+-)[a-z]+\.?\d+(?=-))*"  # kali3, rpi8, bpo12
    r"(?:-(.+))?", re.IGNORECASE)


def flavour(release: str, package: str = "") -> str:
    """The line of kernels: with dpkg a release without what counts in it, with rpm the package's name."""
    series = re.match(r"(\d+\.\d+)\..*\.amzn2023\b", release)
    if package == "kernel" and series and series.group(1) != "6.1":
        # Until April of 2026 Amazon's kernel6.18 and kernel6.12 were called kernel as well.
        return series.group(1)
    if package.startswith("kernel"):
        return re.sub(r"^kernel-?|-?(?:core|uki-[a-z]+)$", "", package) or "default"
    found = _LINE.fullmatch(release)
    # The patches for real time are counted: 6.6.30-rt30.
    return re.sub(r"^rt\d+(?=-|$)", "rt", (found.group(1) if found else None) or "default")


def line_of(name: str) -> str:
    """A flavour without the number that counts at its end: xanmod1 and xanmod2, surface-1, ti-r36."""
    found = re.fullmatch(r"(.*[a-z]{2})-?\d{1,2}|(.+)-r\d{1,3}", name, re.IGNORECASE)
    is_name = re.search(rf"(?:^|-){_NAMES}$", name, re.IGNORECASE)
    return found.group(1) or found.group(2) if found and not is_name else name


def running_flavour(proof: Proof) -> str:
    """The flavour of the kernel in force."""
    return flavour(running_release(proof), proof.fields("running").get("owner", ""))


def stem(release: str) -> str:
    """A release without its flavour, which has no order."""
    found = re.fullmatch(r"([0-9][^-]*(?:-[0-9]+)?)-[a-z].*", release)
    return found.group(1) if found else release


def running_version(proof: Proof) -> str:
    """The package version of the kernel in force: what its own banner says, for the package may have been replaced since.

    An rpm of another version boots as another release, so there the package's version is what runs.
    """
    said, release = proof.fields("running"), running_release(proof)
    versions = {kernel.version for kernel in installed(proof) if kernel.release == release}
    found = _version_told(said, release, versions)
    if found:
        return found
    if len(versions) == 1 and said.get("owner", "").startswith("kernel"):
        return versions.pop()
    raise BrokenPromiseError(f"{proof.host} runs kernel {release}, whose package version nobody can tell: no installed package has it, or the "
                             "kernel does not name it")


def _version_told(said: Mapping[str, str], release: str, installed_versions: set[str]) -> str:
    """Ubuntu's signature, the vendor's word and version before a date, or the number of the build; '' where none is a version of this kernel."""
    signature = said.get("signature", "").split()
    if len(signature) == 3 and signature[0] == "Ubuntu":
        return signature[1].removesuffix(f"-{flavour(release)}")
    told = (_version_in(said.get(key, ""), release, installed_versions) for key in ("banner", "build"))
    # The image on disk that is the very build that runs is the one of its package, whatever the version is called.
    same_build = bool(said.get("build")) and said.get("header", "").endswith(f") {said.get('build')}")
    return next(filter(None, told), next(iter(installed_versions)) if same_build and len(installed_versions) == 1 else "")


def _version_in(banner: str, release: str, installed_versions: set[str]) -> str:
    branch = ".".join(release.split(".")[:2])
    word = re.search(r"#\S+ .*?\b[A-Za-z][\w.+-]* ((?:\d+:)?(\d+\.\d+)\S*) \(", banner)
    if word and (word.group(1) in installed_versions or word.group(2) == branch):
        return word.group(1)
    build = re.search(r"#(\w\S*?)((?<=\d)-Ubuntu)?(?: |$)", banner)
    if not build:
        return ""
    base = release.removesuffix(f"-{flavour(release)}")
    return f"{base}.{build.group(1)}" if build.group(2) else next(
        (version for version in installed_versions if version in (f"{release}-{build.group(1)}", f"{base}.{build.group(1)}")), "")


def _alike(proof: Proof) -> list[Kernel]:
    wanted = line_of(running_flavour(proof))
    return [kernel for kernel in installed(proof) if line_of(flavour(kernel.release, kernel.package)) == wanted]


def newest_installed(proof: Proof) -> Kernel:
    """The newest installed kernel of the running flavour, by the host's own order."""
    kernels = _alike(proof)
    hold(bool(kernels), f"{proof.host} has no installed kernel of the flavour {running_flavour(proof)} that it runs")
    newest = kernels[0]
    for kernel in kernels[1:]:
        newest = kernel if proof.compare(kernel.version, newest.version) > 0 else newest
    return newest


def offered_version(proof: Proof) -> str:
    """The version of the newest kernel that the package manager's cache offers for the running flavour.

    That is what the meta package brings; where the host has a newer one than that, the newest of the line that lies in any archive.
    """
    first, others = offered_versions(proof)
    if not others or all(proof.compare(kernel.version, first) <= 0 for kernel in _alike(proof)):
        return first
    newest = first
    for version in others:
        newest = version if proof.compare(version, newest) > 0 else newest
    return newest


def offered_versions(proof: Proof) -> tuple[str, list[str]]:
    """What the meta package brings, and the other kernels of the running line that are on offer."""
    rows = proof.rows("offered")
    hold(bool(rows) and len(rows[0]) == 2 and bool(rows[0][1].strip()), f"{proof.host}'s package manager does not say which kernel it offers")
    line = line_of(running_flavour(proof))
    others = [cells[1].strip() for cells in rows[1:] if len(cells) == 2 and line_of(flavour(cells[0].removeprefix("linux-image-"))) == line]
    return rows[0][1].strip(), others


def _seconds(date: str) -> float:
    return datetime.strptime(date.strip().removesuffix(" UTC").removesuffix(" GMT"), "%a, %d %b %Y %H:%M:%S").replace(tzinfo=timezone.utc).timestamp()


def cache_hours(proof: Proof) -> int | None:
    """How old the package manager's cache is: by the dates that apt's archives signed, else by time stamps; None where that cannot be."""
    said = [line.partition(" ") for line in proof.says("cache_age").splitlines()]
    now = next((int(value) for key, _space, value in said if key == "now"), None)
    if now is None:
        return None
    archives: list[dict[str, float]] = []
    for key, _space, value in said:
        if key in ("made", "until"):
            archives += [{}] if key == "made" else []
            if archives:
                archives[-1][key] = _seconds(value)
    stamps = [int(value) for key, _space, value in said if key == "stamp"]
    made = [archive["made"] for archive in archives] or stamps
    if not made or max(made) > now + 3600:
        return None
    lapsed = [archive["made"] for archive in archives if archive.get("until", now) < now]
    return int((now - min([max(made), *lapsed])) // 3600)


def default_release(proof: Proof) -> str:
    """The release that the next reboot gives, by the boot loader's own files or tools."""
    tools = proof.fields("boot_tools")
    if composefs.is_one(proof) and not _by_kexec(proof):
        return composefs.next_release(proof, running_release(proof))
    image = (_by_kexec(proof) or tools.get("staged") or tools.get("proxmox") or boot_order.first_image(proof) or tools.get("extlinux")
             or zipl.image(proof) or _menu_image(proof))
    if image.lower().endswith(".efi"):
        return boot_order.unified_release(proof, image)
    # sdbootutil calls images by their digest, and kernel-install all alike: there the folder tells.
    in_folder = re.search(r"/(\d+\.\d[^/]*)/(?:linux(?:-[0-9a-f]{40})?|vmlinuz)$", image)
    release = in_folder.group(1) if in_folder else re.sub(r"^.*/(?:vmlinuz|Image|vmlinux|kernel\.efi)-(?=\d+\.\d)", "", image)
    said = re.search(rf"^names {re.escape(image.rsplit('/', 1)[-1])} (\d+\.\d\S*)$", proof.says("boot_tools"), re.MULTILINE)
    if said and not boots_another_root(proof):
        return said.group(1)
    if "/" in release or not release:
        raise BrokenPromiseError(f"{proof.host} boots {image or 'nothing that can be found'} by default; which kernel that is, nobody can tell")
    return release


def _by_kexec(proof: Proof) -> str:
    """The image that a reboot starts without the firmware; '' where it goes through it."""
    tools = proof.fields("boot_tools")
    if tools.get("kexec_LOAD_KEXEC") != "true":
        return ""
    if tools.get("kexec_USE_GRUB_CONFIG") == "true" or not tools.get("kexec_KERNEL_IMAGE"):
        raise BrokenPromiseError(f"{proof.host} reboots by kexec, and its configuration does not name the kernel")
    return tools["kexec_KERNEL_IMAGE"]


def boots_another_root(proof: Proof) -> bool:
    """Whether the next boot takes another image or snapshot than the one that runs."""
    return "boot_tools" in proof.answers and ("other_root" in proof.fields("boot_tools") or composefs.waits(proof))


def comes_with_the_next_root(proof: Proof, version: str) -> bool:
    """Whether the image or snapshot that boots next has the kernel of this version (6.4.0-150600.23.25.1 is 6.4.0-150600.23.25-default)."""
    return boots_another_root(proof) and version.startswith(default_release(proof).rpartition("-")[0] + ".")


def held(proof: Proof) -> list[str]:
    """The locks, pins and excludes that keep kernels back: of dnf's and zypper's those whose pattern means a kernel's package."""
    found = []
    for line in lines(proof.says("holds")):
        if line.startswith(("dnf ", "zypper ")):
            continue
        if line.startswith("versionlock.toml "):
            machine = proof.fields("machine").get("uname", "")
            found += [f"{name} is locked by versionlock.toml" for name in locks.locked(
                _locks_of_dnf5(proof), _brought(proof), machine, lambda version: proof.compare(version, newest_installed(proof).version) <= 0)]
            continue
        pattern = re.match(r"(\S+) is locked by versionlock$", line)
        if _means_a_kernel(proof, pattern.group(1)) if pattern else "linux-" in line or "kernel" in line:
            found.append(line)

    def is_old(version: str) -> bool:
        return dnf_lists.is_behind(version, newest_installed(proof).version, proof.compare)

    found += [f"{name} is locked by zypper" for name in zypper_locks.held(
        line.removeprefix("zypper ") for line in lines(proof.says("holds")) if line.startswith("zypper "))]
    return found + [f"dnf keeps away {what}" for what in dnf_lists.kept_away(_files_of_dnf(proof), _brought(proof), is_old)]


def _files_of_dnf(proof: Proof) -> dict[str, str]:
    rows = (line.split(" ", 2) for line in lines(proof.says("holds")) if line.startswith("dnf "))
    return {path: base64.b64decode(text).decode("utf-8", "replace") for _word, text, path in rows}


def _locks_of_dnf5(proof: Proof) -> str:
    found = re.search(r"^versionlock\.toml (\S+)$", proof.says("holds"), re.MULTILINE)
    return base64.b64decode(found.group(1)).decode("utf-8", "replace") if found else ""


def barred_versions(proof: Proof) -> set[str]:
    """The versions that locks and lists of dnf keep away; whether they hold anything back depends on what is installed."""
    return locks.barred(_locks_of_dnf5(proof)) | dnf_lists.versions(_files_of_dnf(proof))


def _brought(proof: Proof) -> set[str]:
    """The packages that an update of a kernel brings."""
    names = {kernel.package for kernel in installed(proof)} or {"kernel-core", "kernel-default"}
    return names | {name.removesuffix("-core") + part for name in names for part in ("", "-core", "-modules")}


def _means_a_kernel(proof: Proof, pattern: str) -> bool:
    """Whether a pattern, a version behind it left away, matches a package that an update of a kernel brings."""
    bare = re.sub(r"^\d+:", "", pattern.lstrip("!"))
    spellings = {bare, re.sub(r"-(?:\d+:)?\d.*$|-\*.*$|-\[.*$", "", bare), re.sub(r"\.(?:x86_64|aarch64|ppc64le|s390x|noarch)$", "", bare)}
    return any(fnmatchcase(name, spelling) for name in _brought(proof) for spelling in spellings if spelling)


def foreign_modules(proof: Proof) -> dict[str, tuple[str, str]]:
    """The loaded modules from outside of the kernel's tree: the build that is loaded, and the one on disk for the running kernel."""
    return {cells[1]: (cells[2], cells[3]) for cells in proof.rows("modules") if cells[0] == "build" and len(cells) == 4}


def kernels_with(proof: Proof, name: str) -> set[str]:
    """The releases that have a module of this name."""
    return {cells[2] for cells in proof.rows("modules") if cells[:2] == ["has", name] and len(cells) == 3}


def _menu_image(proof: Proof) -> str:
    """What a loader's menu boots by default; broken where nothing tells whose menu comes up."""
    tools = proof.fields("boot_tools")
    hold("petitboot" not in tools, f"{proof.host}'s firmware is Petitboot, which reads menus in its own way; what boots next, nobody can tell")
    hold("rival" not in tools or boot_order.names_grub(proof),
         f"{proof.host} has files of more than one boot loader ({tools.get('rival')}); whose menu comes up, nobody can tell")
    return _conf_image(proof) or tools.get("grubby") or tools.get("bootctl") or _grub_image(proof)


def _conf_image(proof: Proof) -> str:
    """What GRUB boots where .conf files are in its menu, and no counter of boots in its environment says otherwise; "" elsewhere."""
    menu, confs, environment = (proof.answers.get(name) for name in ("grub_menu", "boot_entries", "grub_env"))
    if not menu or not confs or menu.status or confs.status or not re.search(r"^\s*(?:blscfg|bls_import)\b", menu.out, re.MULTILINE):
        return ""
    if environment and environment.status == 0 and "boot_counter" in grub_menu.environment(environment.out):
        return ""
    entry = _grub_entry(proof)
    hold(entry is not None and bool(entry.linux), f"{proof.host}'s GRUB boots {entry.title if entry else 'nothing'} by default, which loads no Linux")
    return entry.linux if entry else ""


def _conf_entries(proof: Proof) -> tuple[list[grub_menu.Entry], bool]:
    """(the entries of .conf files as GRUB shows them, whether it is Red Hat's)."""
    answer = proof.answers.get("boot_entries")
    if answer is None or answer.status:
        return [], False
    upstream = boot_entries.by_upstream(answer.out)
    confs = boot_entries.read(answer.out)
    return [grub_menu.of_conf(conf.title, conf.name, conf.linux, conf.options)
            for conf in (confs if upstream else boot_entries.ordered(confs, proof.os_release()))], not upstream


def _grub_image(proof: Proof) -> str:
    entry = _grub_entry(proof)
    return entry.linux if entry else ""


def _grub_entry(proof: Proof) -> grub_menu.Entry | None:
    """What GRUB's menu boots by default; broken where it hands over to a file that was not read."""
    along = proof.answers.get("grub_files")
    confs, is_red_hats = _conf_entries(proof)
    menu = grub_menu.read(proof.says("grub_menu"), grub_menu.files(along.out) if along and along.status == 0 else {}, confs, is_red_hats)
    environment = proof.answers.get("grub_env") if confs else None
    # Without an environment block there is nothing saved in it.
    saved = "" if environment and environment.status == 1 else proof.says("grub_env")
    entry = grub_menu.default_entry(menu, grub_menu.environment(saved))
    unread = menu.handed_to + (entry.handed_to if entry else [])
    hold(not unread, f"{proof.host}'s GRUB hands over to {', '.join(unread)}, which was not read; what boots next, nobody can tell")
    return entry


def command_lines(proof: Proof) -> dict[str, str]:
    """The kernel's command line: as it was booted, and as GRUB will boot it, where GRUB is what boots."""
    found = {"was booted": proof.says("cmdline")}
    menu, environment = proof.answers.get("grub_menu"), proof.answers.get("grub_env")
    if menu and environment and (menu.status, environment.status) == (0, 0) and not {"grubby", "proxmox"} & set(proof.fields("boot_tools")):
        entry = _grub_entry(proof)
        found["boots the next time"] = entry.arguments if entry else ""
    if _by_kexec(proof):
        found["boots the next time"] = proof.fields("boot_tools").get("kexec_APPEND", "") or proof.says("cmdline")
    return found


def one_shot(proof: Proof) -> str:
    """What is set for the next boot only; "" for nothing."""
    firmware = proof.fields("boot_tools").get("one_shot", "")
    grub = proof.answers.get("grub_env")
    said = grub_menu.environment(grub.out) if grub and grub.status == 0 else {}
    # Older tools save the next boot's entry, and keep the usual one beside it.
    entry = said.get("next_entry") or (said.get("saved_entry") if said.get("prev_saved_entry") else "")
    return entry or firmware


def hold_release(proof: Proof, wanted: Wanted, release: str, version: str | None, what: str) -> None:
    """A release is as promised; ``version`` is its package version where that is known apart from it."""
    __tracebackhide__ = True
    if wanted.form == "rule" and wanted.target == "running":
        running = running_release(proof)
        hold(release == running, f"{proof.host} {what} {release} but runs {running}; the standard promises that both are the same")
    elif wanted.form == "rule" and wanted.target == "newest_installed":
        newest = newest_installed(proof)
        same = release == newest.release and (version is None or proof.compare(version, newest.version) == 0)
        # Of another image or snapshot the packages here say nothing, but that it must not be older.
        same = same or (version is None and boots_another_root(proof) and proof.compare(stem(release), stem(newest.release)) >= 0)
        hold(same, f"{proof.host} {what} {release}{f' ({version})' if version else ''}; the standard promises the newest installed one, "
                   f"{newest.release} ({newest.version})")
    elif wanted.form == "rule":
        known = version or next((kernel.version for kernel in installed(proof) if kernel.release == release), "")
        newest_version = offered_version(proof)
        hold(bool(known) and proof.compare(known, newest_version) >= 0,
             f"{proof.host} {what} {release} ({known or 'of no known version'}); the standard promises the newest available one, {newest_version}")
    elif wanted.form == "minimum":
        hold(proof.compare(stem(release), stem(str(wanted.target))) >= 0, f"{proof.host} {what} {release}; the standard promises {wanted}")
    else:
        hold(release in wanted.accepted, f"{proof.host} {what} {release}; the standard promises {wanted}")
