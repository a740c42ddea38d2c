# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the section ``os`` can say: all that is needed of it where a record is judged."""

from .._host.record import Fact

DEPLOYMENT_FACTS = [
    Fact("image.booted", "str", "what names the image that runs: its digest, its commit, or its version"),
    Fact("image.reference", "str", "where it is from: a container image, a branch, a channel"),
    Fact("image.version", "str", "what the image calls its version"),
    Fact("image.next", "str", "the image that the next boot takes, named in the same way"),
    Fact("image.rollback", "str", "the image that is left to go back to"),
    Fact("image.pinned", "list", "images that are kept from being cleaned away"),
    Fact("image.soft_reboot", "bool", "the waiting image can be taken without a reboot of the kernel"),
]

FIRMWARE_FACTS = [
    Fact("firmware.vendor", "str", "who made the firmware"),
    Fact("firmware.version", "str", "the firmware's version, as its maker writes it: such versions have no common order"),
    Fact("firmware.date", "str", "the firmware's date, YYYY-MM-DD"),
    Fact("firmware.product", "str", "the machine that it belongs to"),
    Fact("firmware.bmc_version", "str", "the version of the management controller's firmware, as the kernel writes it; null without one"),
    Fact("firmware.bmc_build", "str", "the four bytes that the controller's maker adds to that; null where it adds none"),
]

INTEGRITY_FACTS = [
    Fact("altered_files", "list", "files that say what this host is, and are not as their package brought them"),
    Fact("shadowed_programs", "list", "programs and libraries that stand before one of the system's of the same name: below /usr/local, in "
         "folders that search paths name first, in the linker's cache"),
]

FACTS = [
    Fact("id", "str", "ID of os-release"),
    Fact("id_like", "list", "ID_LIKE of os-release, nearest relative first"),
    Fact("version_id", "str", "VERSION_ID of os-release"),
    Fact("version_codename", "str", "VERSION_CODENAME of os-release"),
    Fact("name", "str", "NAME of os-release"),
    Fact("pretty_name", "str", "PRETTY_NAME of os-release"),
    Fact("family", "str", "debian, redhat, suse or other"),
    Fact("architecture", "str", "the machine of uname"),
    Fact("machine_id", "str", "32 hexadecimal digits that name this installation"),
    Fact("hostname", "str", "the kernel's host name"),
    Fact("container", "str", "none, or the kind of container the scan ran in"),
    Fact("image_based", "bool", "the system comes as an image, not as packages that are updated one by one"),
    Fact("image_tool", "str", "what updates the image, or none"),
    Fact("support_end", "str", "SUPPORT_END of os-release, YYYY-MM-DD"),
] + DEPLOYMENT_FACTS + FIRMWARE_FACTS + INTEGRITY_FACTS
