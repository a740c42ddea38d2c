# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firmware starts first, by efibootmgr: a loader, whose own files then decide, a kernel itself, or something else."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..promises import BrokenPromiseError
from ..proof import Proof


class Option(NamedTuple):
    """An entry: its number, title, the program's path with slashes ('' for a disk), what it is given, whether a server is asked."""

    number: str
    title: str
    path: str
    given: str
    network: bool


_OPTION = re.compile(r"Boot([0-9A-F]{4})\* ([^\t]*)\t(.*)")
# efibootmgr 17 and before write File(PATH), later ones the path alone; what the program is given follows at once.
_PROGRAM = re.compile(r"File\(([^)]*)\)(.*)|/(\\.*?\.efi|\\(?:[^.\s]|\.(?=\d))*)(.*)", re.IGNORECASE)
_KERNEL = re.compile(r"/efi/linux/[^/]+\.efi|.*/(?:vmlinuz|linux|image|kernel)[^/]*", re.IGNORECASE)
_LOADER = re.compile(r"(?:shim|grub|systemd-boot|boot(?:x64|aa64|ia32|riscv64|loongarch64)\.|fb(?:x64|aa64))", re.IGNORECASE)


def options(text: str) -> list[Option]:
    """The active entries in the firmware's order."""
    order = re.search(r"^BootOrder: (.*)$", text, re.MULTILINE)
    found: dict[str, Option] = {}
    for number, title, device in _OPTION.findall(text):
        program = _PROGRAM.search(device)
        path, given = (program.group(1) or program.group(3) or "", program.group(2) or program.group(4) or "") if program else ("", "")
        # UTF-16 is written with a dot for each zero.
        given = given[::2] if given[1::2].strip(".") == "" else given
        network = re.search(r"MAC\(|IPv[46]\(|Uri\(", device) is not None
        found[number] = Option(number, title.strip(), path.replace("\\", "/"), given.replace("\\", "/"), network)
    return [found[number] for number in (order.group(1).split(",") if order else []) if number in found]


def names_grub(proof: Proof) -> bool:
    """Whether the program that the firmware starts first is called as GRUB or shim are."""
    answer = proof.answers.get("boot_order")
    known = options(answer.out) if answer is not None and not answer.status else []
    return bool(known) and re.search(r"/(?:shim|grub)[^/]*$", known[0].path, re.IGNORECASE) is not None


def first_image(proof: Proof) -> str:
    """The kernel that the firmware starts, itself or by shim; '' where a loader decides, or nobody tells."""
    answer = proof.answers.get("boot_order")
    if answer is None or answer.status or "BootOrder:" not in answer.out:
        return ""
    current = re.search(r"^BootCurrent: (\w+)$", answer.out, re.MULTILINE)
    known = options(answer.out)
    numbers = [option.number for option in known]
    tried = numbers[:numbers.index(current.group(1))] if current and current.group(1) in numbers else []
    # Of those that ask a server and came before what this boot came from, nobody answered; of those that are gone nothing starts.
    images = {name.lower() for name in re.findall(r"^unified (\S+)", answer.out, re.MULTILINE)}
    first = next((option for option in known if not (option.network and option.number in tried) and not _is_gone(option, images)), None)
    if first is None:
        return ""
    given = first.given.strip().split(" ")[0]
    if re.search(r"/shim[^/]*$", first.path, re.IGNORECASE) and given.startswith("/") and not given.lower().startswith("/efi/"):
        # To shim a path that does not begin so lies beside itself.
        given = first.path.rsplit("/", 1)[0] + given
    kernels = [text for text in (first.path, given) if _KERNEL.fullmatch(text)]
    if re.search(r"/(?:zbm|zfsbootmenu)/", first.path, re.IGNORECASE):
        raise BrokenPromiseError(f"{proof.host}'s firmware first starts {first.title}, a Linux whose menu starts another one")
    if kernels and not (kernels[0] == first.path and _LOADER.match(first.path.rsplit("/", 1)[-1])):
        return kernels[0]
    if first.network or (first.path and not _LOADER.match(first.path.rsplit("/", 1)[-1])):
        raise BrokenPromiseError(f"{proof.host}'s firmware first starts {first.title}, which is no loader of this system")
    return ""


def _is_gone(option: Option, images: set[str]) -> bool:
    """Whether an entry starts an image where others lie, and it does not."""
    folder, _slash, name = option.path.lower().rpartition("/")
    return folder == "/efi/linux" and bool(images) and name not in images


def unified_release(proof: Proof, image: str) -> str:
    """The release of a kernel that is one file with its initrd: its own word, else the name that kernel-install gives it."""
    name = image.rsplit("/", 1)[-1]
    answer = proof.answers.get("boot_order")
    said = re.search(rf"^unified {re.escape(name)} (\S+)$", answer.out if answer else "", re.MULTILINE)
    named = re.fullmatch(r"[0-9a-f]{32}-(\d+\.\d.*?)(?:\+\d+(?:-\d+)?)?\.efi", name, re.IGNORECASE)
    if said or named:
        return said.group(1) if said else named.group(1)  # type: ignore[union-attr]
    raise BrokenPromiseError(f"{proof.host} boots {image} by default; which kernel that is, nobody can tell")
