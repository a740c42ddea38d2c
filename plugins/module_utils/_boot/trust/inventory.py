# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the boot as rows of the record: what each is, whose it is, whether its package has another, and whether something forbids it."""

from typing import Any, Dict, List, Optional, Tuple

from ..._packages import ownership
from ..target import NoAnswerError
from . import known, rules, sbat
from .components import Component
from .places import Programs
from .variables import State

# path: (package, digest or '').
Owned = Dict[str, Tuple[str, str]]

_DPKG_STATUS = "/var/lib/dpkg/status"
_SHA256_LETTERS = 64
_COPY_BYTES = 16 << 20
# name on the partition: where packages keep the file that is copied there.
_COPIES = {
    "shim": ("/usr/lib/shim/shim{m}.efi.signed", "/usr/lib/shim/shim{m}.efi.signed.latest", "/usr/share/shim/{v}/shim{m}.efi",
             "/usr/share/efi/{r}/shim.efi"),
    "mok_manager": ("/usr/lib/shim/mm{m}.efi.signed", "/usr/lib/shim/mm{m}.efi", "/usr/share/efi/{r}/MokManager.efi"),
    "fallback": ("/usr/lib/shim/fb{m}.efi.signed", "/usr/lib/shim/fb{m}.efi", "/usr/share/efi/{r}/fallback.efi"),
    "grub": ("/usr/lib/grub/{g}-efi-signed/grub{m}.efi.signed", "/usr/share/efi/{r}/grub.efi", "/usr/share/grub2/{g}-efi/grub.efi"),
    "systemd_boot": ("/usr/lib/systemd/boot/efi/systemd-boot{m}.efi.signed", "/usr/lib/systemd/boot/efi/systemd-boot{m}.efi"),
    "fwupd": ("/usr/libexec/fwupd/efi/fwupd{m}.efi.signed", "/usr/libexec/fwupd/efi/fwupd{m}.efi"),
}
_DEBIAN_NAMES = {"x64": "amd64", "ia32": "i386", "aa64": "arm64", "arm": "armhf", "riscv64": "riscv64"}
_GRUB_NAMES = {"x64": "x86_64", "ia32": "i386", "aa64": "arm64", "arm": "arm", "riscv64": "riscv64"}
_RPM_NAMES = {"x64": "x86_64", "ia32": "i586", "aa64": "aarch64", "arm": "armv7hl"}
_PACKAGES = {
    "shim": ("shim-signed",), "mok_manager": ("shim-helpers-{d}-signed", "shim-signed"), "fallback": ("shim-helpers-{d}-signed", "shim-signed"),
    "grub": ("grub-efi-{d}-signed",), "systemd_boot": ("systemd-boot-efi-{d}-signed", "systemd-boot-efi"), "fwupd": ("fwupd-{d}-signed",)}


def row(host: Any, path: str, programs: Programs, owned: Owned) -> Dict[str, Any]:
    """One program for the record; one that cannot be read says why."""
    empty: Dict[str, Any] = dict.fromkeys(("machine", "signers", "issuers", "sbat", "authenticode", "nx", "package", "on_esp_differs"))
    try:
        component = programs.at(path)
        if component is None:
            raise NoAnswerError("absent", "it went while it was looked at; the next scan would tell")
        package, differs = _package(host, component, programs, owned)
    except (NoAnswerError, ValueError) as error:
        return dict(empty, path=path, role="unreadable", problem=str(error)[:200])
    digest = component.told_digest("sha256")
    return {
        "path": path, "role": component.role, "machine": component.program.machine, "problem": None,
        "signers": [certificate.name for certificate in component.signers()], "issuers": component.issuers(),
        "sbat": ["%s,%d" % (each.component, each.generation) for each in component.rows if each.component != "sbat"],
        "authenticode": digest.hex() if digest is not None else None, "nx": component.program.nx, "package": package, "on_esp_differs": differs}


def _package(host: Any, component: Component, programs: Programs, owned: Owned) -> Tuple[Optional[str], Optional[bool]]:
    """(the package that has the file, or one of the same product; whether its file is another); None where no package's file is known."""
    if component.path in owned:
        package, digest = owned[component.path]
        return package, _is_another(host, component.path, digest)
    machine = component.program.machine
    for path in _copies(component):
        try:
            copy = programs.at(path)
        except (NoAnswerError, ValueError):
            continue
        if copy is None or {each.component for each in copy.rows} != {each.component for each in component.rows}:
            continue
        owner = owned[path][0] if path in owned else _owner(host, component.role, machine, path)
        return owner, not _same(component, copy)
    return None, None


def _copies(component: Component) -> List[str]:
    """Where packages keep what is copied to the partition as this program."""
    machine = component.program.machine
    vendor = next((row.component.split(".")[1] for row in component.rows if "." in row.component), "")
    return [pattern.format(m=machine, g=_GRUB_NAMES.get(machine, machine), v=vendor, r=_RPM_NAMES.get(machine, machine))
            for pattern in _COPIES.get(component.role, ())]


def _is_another(host: Any, path: str, digest: str) -> Optional[bool]:
    """Whether a file is not the one that its package brought; None where rpm keeps no digest of it, or the file cannot be read."""
    answer = host.sha256(path, _COPY_BYTES) if len(digest) == _SHA256_LETTERS else None
    return None if answer is None or answer.problem else answer.value != digest


def _owned(host: Any, paths: List[str], programs: Programs) -> Owned:
    """What rpm knows of the programs and of the places that they may be copied from; dpkg is not asked: its lists are read."""
    if not host.stat(_DPKG_STATUS).problem:
        return {}
    wanted, kernels = [], []  # type: List[str], List[str]
    for path in paths:
        try:
            component = programs.at(path)
            copies = [copy for copy in _copies(component) if not host.stat(copy).problem] if component is not None else []
        except (NoAnswerError, ValueError):
            continue
        # A kernel's package has thousands of files: its name is enough.
        (kernels if component is not None and component.role == "kernel" else wanted).append(path)
        wanted += copies
    names = {path: (owner, "") for path in kernels for owner in ownership.rpm_owners(host, path)[:1]}
    return dict(names, **ownership.rpm_files(host, sorted(set(wanted))))


def _owner(host: Any, role: str, machine: str, path: str) -> Optional[str]:
    """By the lists of the packages that are known to bring it; asking for all would cost more than all the rest."""
    debian = _DEBIAN_NAMES.get(machine, machine)
    for name in [pattern.format(d=debian) for pattern in _PACKAGES.get(role, ())]:
        if path in ownership.dpkg_paths(host, name, debian):
            return name
    return None


def _same(one: Component, other: Component) -> bool:
    """By size and signatures, which hold the digest; where nobody signed, by the digest."""
    if one.program.size != other.program.size or one.table != other.table:
        return False
    return bool(one.table) or one.digest("sha256") == other.digest("sha256")


def revoked(component: Component, state: State, level: Any, shim: Optional[Component]) -> Optional[Dict[str, Any]]:
    """What forbids a program that is still in place, None where nothing does; by the digest that its signature says."""
    lists = [("dbx", state.of("dbx")), ("mokx", state.of("MokListXRT"))]
    if shim is not None and component.role != "shim":
        lists.append(("vendor_dbx", shim.carried.vendor_dbx))
    for by, each in lists:
        if rules.listed(component, each, as_told=True):
            return {"path": component.path, "by": by, "entry": _told(component)}
    told = component.told_digest("sha256")
    if told is not None and told[:known.DIGEST_BYTES] in known.revoked(component.program.machine):
        return {"path": component.path, "by": "microsoft_dbx", "entry": "%s, revoked by Microsoft as of %s" % (told.hex(), known.AS_OF)}
    if level is not None and component.role != "kernel":
        judged = sbat.judge(component, level, False)
        if not judged.allowed:
            return {"path": component.path, "by": "sbat", "entry": judged.why}
    signature = _forbidden(component, state)
    return {"path": component.path, "by": "dbx", "entry": signature} if signature else None


def _told(component: Component) -> str:
    return (component.told_digest("sha256") or component.digest("sha256")).hex()


def _forbidden(component: Component, state: State) -> str:
    """By a certificate in dbx, for what the firmware itself would be asked to start."""
    dbx = state.of("dbx")
    if component.role != "shim" or not (dbx.certificates or dbx.certificate_digests):
        return ""
    judged = rules.firmware(component, state)
    return judged.why if judged.by == "dbx" else ""


def rows_of(host: Any, paths: List[str], programs: Programs) -> List[Dict[str, Any]]:
    """All rows, in the order of their paths."""
    owned = _owned(host, paths, programs)
    return [row(host, path, programs, owned) for path in paths]
