# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts ``boot.trust``, and when they are asked for: all that reads and judges is loaded on a host that was booted by EFI alone."""

from typing import Any, List

from ..._host.record import Fact

TRUST_FACTS: List[Fact] = [
    Fact("trust", "mapping", "who lets the next boot start; null as a whole in a container"),
] + [Fact("trust." + path, kind, meaning) for path, kind, meaning in (
    ("mode", "str", "enforced, off, setup, insecure (the firmware enforces, shim was told not to), not_efi"),
    ("next_boot", "str", "allowed, refused or waits (stands at the console without a time limit): by the rules of firmware, shim, loader, kernel"),
    ("next_boot_stage", "str", "who says no: firmware, shim, mok_manager, loader (shim refuses it), kernel (shim or the firmware refuses it)"),
    ("next_boot_outcome", "str", "what the machine then does: next_entry, power_off, reset_loop, console_box (until somebody presses a key), "
     "loader_prompt, initrd_prompt (it does not reach its root file system)"),
    ("next_boot_reason", "str", "by which rule, and of which file"),
    ("entry", "mapping", "the way that was judged"),
    ("entry.name", "str", "the firmware's entry, null where the firmware looks for the removable path"),
    ("entry.shim", "str", "the path of shim, null where none starts"),
    ("entry.loader", "str", "the path of the loader, or of what the firmware starts"),
    ("entry.kernel", "str", "the path of the kernel, null where the way was not followed so far"),
    ("kernels", "list", "the kernels that the loader's menu offers, each judged as the next boot's is"),
    ("kernels[].image", "str", "the path of the kernel"),
    ("kernels[].answer", "str", "allowed, refused, unknown"),
    ("kernels[].reason", "str", "by which rule, or why it cannot be told"),
    ("fallbacks", "list", "what the firmware would start if its entry were lost: the removable path, and the same program on other partitions"),
    ("fallbacks[].path", "str", "where it lies"),
    ("fallbacks[].answer", "str", "allowed, refused, unknown: by the firmware"),
    ("fallbacks[].reason", "str", "by which rule, or why it cannot be told"),
    ("certificates", "list", "what the firmware trusts (db)"),
    ("certificates[].name", "str", "its name by the fingerprint, else its own common name"),
    ("certificates[].sha256", "str", "the fingerprint"),
    ("certificates[].not_after", "str", "when it expires; neither firmware nor shim nor kernel asks"),
    ("factory_certificates", "list", "the names of what the firmware came with (dbDefault): what a reset to the factory's keys leaves in db"),
    ("fwupd", "str", "the version of fwupd here, which can update KEK and db from 2.0.10 on"),
    ("kek", "list", "who may change db and dbx, in the same form"),
    ("pk", "list", "whose machine it is, in the same form"),
    ("mok", "list", "the machine owner's keys and the vendor's, as shim shows them (MokListRT), in the same form"),
    ("mok_forbidden", "mapping", "what shim's own list forbids: certificates, and the number of digests"),
    ("dbx", "mapping", "what the firmware forbids: certificates, how many digests of files and of certificates, how many of Microsoft's are "
     "missing, and which versions of Windows' own programs it asks for"),
    ("data_as_of", "str", "the day of the collection's names and of Microsoft's revocations"),
    ("kek_2023", "bool", "Microsoft's KEK of 2023 is there: updates of db and dbx that it signs will be taken"),
    ("kek_updatable", "bool", "false: the owner's key is a placeholder, or variables cannot be written: no update of KEK from inside"),
    ("pk_test_key", "bool", "the owner's key is a test key of the firmware's maker, whose private part is known"),
    ("updatable", "bool", "the running system can change variables of the firmware"),
    ("ready_for_2023_shim", "bool", "db trusts Microsoft's UEFI CA 2023, and dbx does not forbid it"),
    ("survives_2011_revocation", "bool", "what the firmware starts would still start with Microsoft's UEFI CA 2011 in dbx"),
    ("sbat_level", "str", "the level of SBAT in force: its date, and the lowest good generation of each part"),
    ("sbat_level_next", "str", "the level once the shim on the partition has run in secure mode"),
    ("pending", "list", "requests that wait for the next boot: MokNew, MokDel, MokSB, SbatPolicy, OsIndications (the firmware's own setup) ..."),
    ("components", "list", "the programs on every mounted EFI system partition, and the kernels in /boot"),
    ("components[].path", "str", "where it lies"),
    ("components[].role", "str", "shim, mok_manager, fallback, grub, systemd_boot, unified_image, kernel, fwupd, windows, revocations, other, "
     "unreadable"),
    ("components[].machine", "str", "x64, aa64 ..."),
    ("components[].signers", "list", "the common names of those who signed it, in their order"),
    ("components[].issuers", "list", "of those who issued the signers' certificates"),
    ("components[].sbat", "list", "its parts and generations: shim,4"),
    ("components[].authenticode", "str", "the digest that its signature is over; null where nobody signed"),
    ("components[].nx", "bool", "it says that it can live with memory that is either written or run"),
    ("components[].package", "str", "the package that has the file of the same product"),
    ("components[].on_esp_differs", "bool", "true: the package's file is another; null: no package has one"),
    ("components[].problem", "str", "why it could not be read"),
    ("revoked_components", "list", "programs that are forbidden and still in place"),
    ("revoked_components[].path", "str", "where it lies"),
    ("revoked_components[].by", "str", "dbx, mokx, vendor_dbx, sbat, or microsoft_dbx (revoked by Microsoft, not yet by this machine)"),
    ("revoked_components[].entry", "str", "what names it"),
    ("modules_refused", "list", "loaded modules from outside of the kernel's tree that the next boot's kernel will not load: no keyring has their "
     "signer"),
    ("modules_refused[].module", "str", "what lsmod calls it"),
    ("modules_refused[].kernel", "str", "the release of that kernel"),
    ("modules_refused[].signer", "str", "the common name of who signed it, null where nobody did"),
    ("modules_refused_if_enforced", "list", "the same, if Secure Boot were switched on"),
)]


def put_trust(host: Any, section: Any, container: str) -> None:
    """Write trust.* into the section ``boot``."""
    if container != "none":
        section.cannot_say("trust", "in_container", container)
    elif not host.stat("/sys/firmware/efi").problem:
        # The readers of signatures are a fifth of a scan's code; most hosts of a fleet of virtual machines do without.
        from . import facts
        facts.put(host, section, whole_facts())
    elif host.listdir("/sys/firmware").problem:
        section.cannot_say("trust", "absent", "/sys/firmware; mokutil --sb-state with efivarfs mounted would tell")
    else:
        section.put("trust.mode", "not_efi", "/sys/firmware (%s)" % _other_ways(host))
        for path in whole_facts():
            if path != "trust.mode":
                section.cannot_say(path, "not_applicable", "not booted by EFI")


def whole_facts() -> List[str]:
    """The facts that are said as a whole: none of their parts."""
    return [fact.path for fact in TRUST_FACTS if "[" not in fact.path and fact.path.count(".") == 1]


def _other_ways(host: Any) -> str:
    """What the machine has instead: the Secure Boot of IBM's machines is another one, and is not read."""
    for path, name in (("/sys/firmware/ipl/has_secure", "IBM Z, its own secure IPL"), ("/sys/firmware/secvar", "POWER, its own secure boot")):
        if not host.stat(path).problem:
            return name
    return "BIOS, or another firmware than EFI"
