# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the section ``boot`` can say, and ``kernel`` of what starts next: all that is needed of it where a record is judged."""

from .._host.record import Fact
from .trust.declared import TRUST_FACTS

BOOT_FACTS = [
    Fact("default_boot.release", "str", "the kernel release that a reboot gives"),
    Fact("default_boot.entry", "str", "what the boot loader calls the entry: ids or titles, submenus joined by >"),
    Fact("default_boot.loader", "str", "grub, grub-bls, grub2-bls (SUSE), grubby, systemd-boot, zipl, firmware (it starts the kernel), extlinux, "
         "kexec, proxmox-boot-tool, ostree"),
    Fact("default_boot.how", "str", "what made this entry the default, and how its release is known"),
    Fact("default_boot.image", "str", "the kernel image's path on the host"),
    Fact("default_boot.image_present", "bool", "false: the entry's image is gone, and the next boot fails"),
    Fact("default_boot.options", "str", "the kernel command line of that entry"),
    Fact("default_boot.stale_config", "bool", "the generated configuration was made from another GRUB_DEFAULT than /etc/default/grub holds now"),
    Fact("one_shot.set", "bool", "an entry is set for the next boot only"),
    Fact("one_shot.entry", "str", "that entry"),
    Fact("one_shot.release", "str", "its kernel release"),
]

FACTS = [
    Fact("boot_id", "str", "the kernel's random name of this boot; a soft reboot keeps it"),
    Fact("booted_at", "str", "when the kernel started, UTC by the host's present clock"),
    Fact("uptime_seconds", "int", "seconds since then, sleep included"),
    Fact("cmdline", "str", "the kernel's command line"),
    Fact("reboot_required", "bool", "true where any signal says so, false only where one that can say no does"),
    Fact("signals", "list", "every source that says whether a reboot is required"),
    Fact("signals[].source", "str", "the path read, or the command"),
    Fact("signals[].required", "bool", "what it says"),
    Fact("signals[].packages", "list", "the packages it names, each once"),
    Fact("signals[].detail", "str", "what its word covers"),
    Fact("kexec_loaded", "bool", "a kernel waits to be started by kexec, past the boot loader"),
    Fact("secure_boot", "bool", "the firmware enforces Secure Boot"),
] + TRUST_FACTS
