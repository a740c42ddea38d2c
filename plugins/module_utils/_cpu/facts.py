# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the section ``cpu`` can say: all that is needed of it where a record is judged."""

from .._host.record import Fact

FACTS = [
    Fact("vendor", "str", "who made the processor, as the processor says it (x86: vendor_id; Arm: the implementer)"),
    Fact("model", "str", "the processor's model name"),
    Fact("logical_cpus", "int", "processors that the kernel runs on"),
    Fact("vulnerabilities", "mapping", "what the running kernel says of each hardware vulnerability it knows; one it does not know is missing"),
    Fact("vulnerabilities{}.raw", "str", "the kernel's own words"),
    Fact("vulnerabilities{}.state", "str", "the worst of the three below: not_affected, mitigated, vulnerable or unknown"),
    Fact("vulnerabilities{}.host", "str", "the host against its own programs; not_applicable where only guests can attack"),
    Fact("vulnerabilities{}.guest_to_host", "str", "the host against its guests; not_applicable where guests cannot attack"),
    Fact("vulnerabilities{}.smt", "str", "threads that share a core; not_applicable where the kernel says nothing of them"),
    Fact("smt.control", "str", "on, off, forceoff, notsupported, notimplemented or the threads for each core that are allowed"),
    Fact("smt.active", "bool", "whether two threads of one core are online"),
    Fact("microcode.revisions", "list", "every microcode revision in use, as the kernel prints them"),
    Fact("microcode.consistent", "bool", "whether all processors of one kind run one revision"),
    Fact("microcode.processors", "list", "the kinds of processors here"),
    Fact("microcode.processors[].processor", "str", "family, model and stepping in hexadecimal, as microcode files are named: 06-55-07"),
    Fact("microcode.processors[].revisions", "list", "the revisions that processors of this kind run"),
    Fact("microcode.installed", "list", "microcode on disk for these processors, which is loaded by the next boot"),
    Fact("microcode.installed[].processor", "str", "as in microcode.processors"),
    Fact("microcode.installed[].revision", "str", "the newest revision for it"),
    Fact("microcode.installed[].path", "str", "the file that has it"),
    Fact("microcode.pending", "bool", "whether a newer revision lies on disk than some processor runs: installed is not in force"),
    Fact("microcode.next_boot", "list", "microcode in the initrd of the next boot, which alone is loaded by it; empty where that has none"),
    Fact("microcode.next_boot[].processor", "str", "as in microcode.processors"),
    Fact("microcode.next_boot[].revision", "str", "the newest revision for it"),
    Fact("microcode.next_boot[].path", "str", "the initrd that has it"),
    Fact("microcode.left_behind", "bool", "whether a processor runs older microcode than lies on disk, and the next boot will not load that either"),
    Fact("mitigation_options", "list", "the words of the kernel's command line that change a mitigation"),
]
