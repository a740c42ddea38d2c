# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the host was booted, and what waits for the next boot."""

from fnmatch import fnmatchcase

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import command_line, kernels


@promise("boot.reboot_required")
def test_nothing_on_the_host_asks_for_a_reboot(proof: Proof, wanted: Wanted) -> None:
    signs = proof.says("reboot_signs").split("\n")
    found = [sign for sign in signs if sign]
    hold(not found, f"{proof.host} asks to be rebooted: {', '.join(found)}; the standard forbids that")


@promise("boot.uptime_days", finding="boot.uptime")
def test_the_host_was_booted_lately(proof: Proof, wanted: Wanted) -> None:
    said = proof.fields("uptime")
    days = int(said["uptime"]) // 86400
    by_clock = (int(said["now"]) - int(said["booted"])) // 86400
    hold(abs(days - by_clock) <= 1, f"{proof.host} contradicts itself: it runs for {days} days, but was booted {by_clock} days ago")
    hold(days <= wanted.target, f"{proof.host} runs for {days} days without a reboot; the standard promises {wanted}")


@promise("boot.secure_boot")
def test_secure_boot_is_as_promised(proof: Proof, wanted: Wanted) -> None:
    said = proof.fields("secure_boot")
    hold(said.get("firmware") == "bios" or "variable" in said, f"{proof.host} does not say whether Secure Boot is enabled")
    state = "enabled" if said.get("variable") == "1" else "disabled"
    tool = said.get("mokutil", "")
    hold("SecureBoot" not in tool or tool.endswith(state), f"{proof.host} contradicts itself: its firmware says {state}, mokutil says '{tool}'")
    hold(state == wanted.value, f"{proof.host} was booted with Secure Boot {state}; the standard promises {wanted}")


@promise("boot.kexec_loaded")
def test_no_kernel_waits_in_kexec(proof: Proof, wanted: Wanted) -> None:
    hold(proof.says("kexec").strip() == "0",
         f"{proof.host} has a kernel loaded for kexec, which the next reboot may start; the standard forbids that")


@promise("boot.cmdline_required", finding="boot.cmdline")
def test_the_command_line_has_the_promised_words(proof: Proof, wanted: Wanted) -> None:
    for when, line in kernels.command_lines(proof).items():
        missing = [word for word in wanted.accepted if not command_line.gives(line, word)]
        hold(not missing, f"{proof.host} {when} without {' '.join(missing)}; the standard promises {' '.join(wanted.accepted)}")


@promise("boot.cmdline_forbidden", finding="boot.cmdline")
def test_the_command_line_has_no_forbidden_word(proof: Proof, wanted: Wanted) -> None:
    for when, line in kernels.command_lines(proof).items():
        found = [word for word in command_line.in_force(line) if any(fnmatchcase(word, command_line.plain(pattern)) for pattern in wanted.accepted)]
        hold(not found, f"{proof.host} {when} with {' '.join(found)}; the standard forbids {' '.join(wanted.accepted)}")
