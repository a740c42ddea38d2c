# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the section ``kernel`` can say: all that is needed of it where a record is judged."""

from .._boot.facts import BOOT_FACTS
from .._host.record import Fact

APPLIED_FACTS = [
    Fact("mitigations_applied", "list", "the mitigations that the role of this name applied and has not taken back, by the ids of their advisories"),
]

BUILT_FACTS = [
    Fact("configuration", "str", "the file that has the running kernel's configuration"),
    Fact("not_built", "list", "symbols of whole folders or modules of the kernel's source of which this configuration says that they are not set"),
]

MODULE_FACTS = [
    Fact("modules", "list", "loaded modules that are not of the kernel's own tree"),
    Fact("modules[].name", "str", "what lsmod calls it"),
    Fact("modules[].version", "str", "the version that is loaded"),
    Fact("modules[].on_disk_version", "str", "the version that lies on disk for the running kernel"),
    Fact("modules[].replaced", "bool", "true: another build lies on disk than is loaded; null: nothing tells"),
    Fact("modules[].in_next_boot", "bool", "false: the kernel of the next boot has no such module; null: that kernel is not known"),
]

SYSCTL_FACTS = [
    Fact("watched_sysctls", "list", "parameters of the kernel that the standard's mitigations name"),
    Fact("watched_sysctls[].name", "str", "the parameter, with dots"),
    Fact("watched_sysctls[].value", "str", "the value in force; null: the kernel has no such parameter, or it may not be read"),
    Fact("watched_sysctls[].at_boot", "str", "the value that files or the command line give it at boot; null: none does, or it cannot be said"),
    Fact("watched_sysctls[].detail", "str", "the file that gives it and the program that reads that, or why a value is null"),
]

WATCHED_FACTS = [
    Fact("watched_modules", "list", "the modules that the standard names (kernel.modules_blocked, mitigations), each in its state"),
    Fact("watched_modules[].name", "str", "the module"),
    Fact("watched_modules[].state", "str", "loaded, built_in, blocked, absent (the running kernel has none) or loadable; null: cannot be said"),
    Fact("watched_modules[].detail", "str", "who uses it, or what blocks it, or why nothing does"),
    Fact("watched_modules[].built_in", "bool", "it is part of the running kernel"),
    Fact("watched_modules[].blocked_by", "str", "what keeps it from being loaded or started, loaded or not: modprobe (an install line), "
         "module_blacklist or initcall_blacklist (the command line), modules_disabled (the lock of all modules, of one that is not loaded, and only "
         "where nothing else does); null: nothing, or it cannot be said"),
    Fact("watched_modules[].locked", "bool", "kernel.modules_disabled=1 is in force: until the next boot no module can be loaded or unloaded"),
    Fact("watched_modules[].references", "int", "how often it is in use; null where it is not loaded"),
    Fact("watched_modules[].holders", "list", "the loaded modules that use it"),
    Fact("watched_modules[].initcalls", "list", "the functions that start it where it is part of the kernel: what initcall_blacklist= takes"),
    Fact("watched_modules[].needed_by", "list", "modules that cannot be loaded without it, up to 20"),
    Fact("watched_modules[].pulled_by", "list", "modules with which kmod loads it by a softdep line, whatever blacklist says, up to 20; null: "
         "modprobe.d cannot be read"),
]

FACTS = [
    Fact("running.release", "str", "what uname -r says"),
    Fact("running.version", "str", "what uname -v says; the kernel cuts it at 64 characters"),
    Fact("running.flavour", "str", "its line of kernels (cloud-amd64, generic, standard, uek, rt, default); only within one is there an order"),
    Fact("running.package", "str", "the installed package with an image of this release"),
    Fact("running.package_version", "str", "the package version that runs, which an update in place leaves behind the installed one"),
    Fact("installed", "list", "every installed kernel image, oldest first within a flavour; no metas, no rescue images"),
    Fact("installed[].release", "str", "what uname -r says when it runs"),
    Fact("installed[].flavour", "str", "its line of kernels"),
    Fact("installed[].package", "str", "the package that holds the image"),
    Fact("installed[].package_version", "str", "its version (dpkg) or version-release (rpm), with the epoch where there is one"),
    Fact("installed[].source", "str", "its source package as advisories name it; null where they name binary packages (rpm)"),
    Fact("installed[].packages", "list", "every package with files of this kernel: the image, its modules, what Debian split off"),
    Fact("installed[].complete", "bool", "false: the package manager broke off while it installed the package"),
    Fact("installed[].image", "str", "the image's path, or where it should be"),
    Fact("installed[].image_present", "bool", "false: the package is installed, and its image is gone"),
    Fact("installed[].image_altered", "bool", "true: it is not the file that its package brought, by the release in its header or by its digest; "
         "false: it is, or was not written since; null: nothing tells"),
    Fact("installed[].initrd", "str", "the path of its initrd in /boot"),
    Fact("installed[].initrd_missing", "bool", "true: it has none and cannot reach the root file system without one; null: nothing tells"),
    Fact("stray_images", "list", "kernel images in /boot that no installed package brought; no rescue images"),
    Fact("newest_installed.release", "str", "release of the highest installed version of the running flavour"),
    Fact("newest_installed.package_version", "str", "that version"),
    Fact("available.release", "str", "release of the newest kernel of the running flavour in the package manager's cache"),
    Fact("available.package", "str", "its package"),
    Fact("available.package_version", "str", "its version"),
    Fact("available.repository", "str", "where it is from"),
    Fact("available.cache_age_seconds", "int", "seconds since its repositories were as the package manager's cache has them"),
    Fact("available.held", "list", "packages, locks, pins and excludes that keep kernels from being updated"),
    Fact("available.phased", "bool", "it is given to a share of all hosts so far"),
    Fact("available.hidden", "list", "newer kernels that excludes hide"),
    Fact("available.live_patchable", "list", "kernels on offer, oldest first, that a kpatch-patch package on offer is for"),
    Fact("available.live_patchable[].release", "str", "what uname -r says when it runs"),
    Fact("available.live_patchable[].package", "str", "its package"),
    Fact("available.live_patchable[].package_version", "str", "its version"),
    Fact("managers", "list", "who else may install kernels here"),
    Fact("managers[].name", "str", "unattended-upgrades, dnf-automatic, landscape, satellite ..."),
    Fact("managers[].active", "bool", "it is set to work by itself"),
    Fact("managers[].detail", "str", "what shows it"),
    Fact("version_order", "str", "dpkg or rpm: the order of the versions in this section"),
] + MODULE_FACTS + WATCHED_FACTS + SYSCTL_FACTS + APPLIED_FACTS + BUILT_FACTS + BOOT_FACTS
