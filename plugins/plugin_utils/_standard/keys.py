# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of ``firebreak_standard``: the one source of its validation, its JSON Schema and its documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCHEMA = "firebreak.standard/1"
COMPONENTS = ("qemu", "libvirt", "virtiofsd", "cloud-hypervisor", "firecracker", "crosvm", "openvmm", "stratovirt", "kvmtool", "xen", "swtpm",
              "ovmf")
VULNERABILITY_VIEWS = ("host", "guest_to_host", "smt")
RUNGS = ("flags", "device", "vm", "vcpu")

# A free segment of a key ("<name>") is one of these characters; it ends up in finding ids.
FREE_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}"


@dataclass(frozen=True)
class Key:
    """One key: its dotted path, what it takes and what it means. ``promise`` is false for names and settings, which judge nothing alone."""

    path: str
    kind: str
    meaning: str
    example: Any
    findings: tuple[str, ...] = ()
    forms: tuple[str, ...] = ("exact",)
    choices: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    promise: bool = True


_VALUES = ("exact", "any_of")
_VERSIONS = ("exact", "minimum", "any_of")


def _policy(path: str, meaning: str, finding: str | None = None) -> Key:
    """A key that forbids or allows what its finding reports."""
    return Key(path, "choice", meaning, "forbidden", (finding or path,), choices=("forbidden", "allowed"))


GENERAL = (
    Key("schema", "choice", "The version of this format. May be left out.", SCHEMA, choices=(SCHEMA,), promise=False),
    Key("name", "text", "What people call this standard; reports show it.", "platform-2026.11", promise=False),
    Key("description", "text", "Who decided it and where that is written down.", "Approved by the platform board", promise=False),
)

OS = (
    Key("os.id", "text", "The distribution: `ID` of os-release.", "debian", ("os.release",), _VALUES),
    Key("os.version_id", "version", "The release: `VERSION_ID` of os-release. A minimum compares by the order of rpm.",
        "12", ("os.release",), _VERSIONS),
    Key("os.version_codename", "text", "The release's code name: `VERSION_CODENAME` of os-release.", "bookworm", ("os.release",), _VALUES),
    Key("os.architecture", "text", "The machine name that `uname -m` prints.", "x86_64", ("os.architecture",), _VALUES),
    Key("os.firmware_version", "text", "The version of the machine's firmware (BIOS, UEFI), as it says itself. Useful in a group of equal machines.",
        "U32 v3.40 (03/05/2026)", ("os.firmware",), _VALUES),
    Key("os.bmc_version", "text", "The firmware's version of the machine's management controller (BMC), as the kernel writes it.", "1.73",
        ("os.bmc",), _VALUES),
    Key("os.firmware_date", "text", "The date of the machine's firmware, YYYY-MM-DD.", {"minimum": "2026-01-31"}, ("os.firmware",), _VERSIONS),
    Key("os.image.booted", "text", "The image that runs, on a host that comes as one: its digest (bootc), its commit with or without the number of "
        "the deployment (ostree), else its version (Flatcar and the like).", "sha256:4d1f0c", ("os.image",), _VALUES),
    Key("os.image.reference", "text", "Where that image is from: a container image, a branch, a channel.",
        {"any_of": ["registry.example.org/platform/base:10", "stable"]}, ("os.image",), _VALUES),
    Key("os.image.version", "version", "What that image calls its version. A minimum compares by the order of rpm.", {"minimum": "43.20261101.0"},
        ("os.image",), _VERSIONS),
    _policy("os.image.pending", "Another image than the one that runs waits for the next boot.", "os.image_pending"),
    _policy("os.altered_files", "Files that say what the host is (os-release, `uname`, the package manager) and are not as their package brought "
            "them."),
    _policy("os.shadowed_programs", "Programs below `/usr/local` that stand before one of the system's of the same name."),
    _policy("os.end_of_support", "An operating system release whose support has ended."),
    Key("os.support", "choice", "Which support the fleet has: the vendor's regular one, the extended one (Debian LTS, Ubuntu ESM, RHEL ELS, RHEL "
        "EUS for a minor release, SUSE LTSS), or a legacy add-on behind that (Ubuntu Pro Legacy, Debian ELTS). "
        "Without it, vendor.", "vendor", choices=("vendor", "extended", "legacy"), promise=False),
    Key("os.support_days_left", "number", "How many days of support must be left, so that a migration is begun in time.",
        {"minimum": 180}, ("os.end_of_support_near",), ("minimum",)),
)

BOOT = (
    _policy("boot.reboot_required", "A host that says it must be rebooted (all signals of the distribution are read)."),
    Key("boot.uptime_days", "number", "How long a host may run without a reboot.", {"maximum": 90}, ("boot.uptime",), ("maximum",)),
    Key("boot.secure_boot", "choice", "The state of UEFI Secure Boot.", "enabled", ("boot.secure_boot",), choices=("enabled", "disabled")),
    _policy("boot.kexec_loaded", "A kernel loaded for kexec: the next reboot may start it instead of the boot loader's default."),
    Key("boot.cmdline_required", "words", "Words that must be in force on the kernel command line, as the kernel reads it (the last of several "
        "counts, quotes go, a dash in a name is an underscore), and on the one of the next boot where the boot loader's files tell it.",
        ["lockdown=integrity"], ("boot.cmdline",)),
    Key("boot.cmdline_forbidden", "words", "Words, or shell patterns of words, that must not be in force on the kernel command line, nor on the "
        "one of the next boot where the boot loader's files tell it.",
        ["mitigations=off", "nospectre_*"], ("boot.cmdline",)),
    Key("boot.trust.mode", "choice", "Who judges what is started: `enforced` (firmware and shim), `insecure` (the firmware alone, shim was told not "
        "to), `off`, `setup` (no owner's key yet), `not_efi`.", "enforced", ("boot.trust.mode",), _VALUES,
        choices=("enforced", "insecure", "off", "setup", "not_efi")),
    Key("boot.trust.certificates", "words", "Certificates that the firmware must trust (db), by the collection's name or their SHA-256.",
        ["microsoft_uefi_ca_2023"], ("boot.trust.certificates",)),
    Key("boot.trust.sbat_level", "version", "The least level of SBAT that must be in force: its date of ten digits.", {"minimum": "2025021800"},
        ("boot.trust.sbat_level",), ("minimum",)),
    Key("boot.trust.ready_for_2023_shim", "truth", "Whether the firmware must trust what Microsoft's UEFI CA 2023 alone has signed.", True,
        ("boot.trust.ready_for_2023_shim",)),
    Key("boot.trust.survives_2011_revocation", "truth", "Whether the host must still start with Microsoft's UEFI CA 2011 revoked.", True,
        ("boot.trust.survives_2011_revocation",)),
    _policy("boot.trust.next_boot", "A next boot that firmware, shim or loader would refuse, or that would wait at the console."),
    _policy("boot.trust.revoked_components", "Boot programs that are revoked and still in place."),
    _policy("boot.trust.stale_components", "Boot programs on an EFI system partition that are not as their package has them."),
    _policy("boot.trust.refused_fallbacks", "What would be tried if the next boot's own way did not come up, and would be refused: other kernels of "
            "the loader's menu, the firmware's removable path, the same program on another EFI system partition."),
    _policy("boot.trust.pending", "Requests to shim (keys to enrol or delete, its own switch) that wait for the next boot."),
    _policy("boot.trust.modules_refused", "Loaded modules from outside of the kernel's tree that the next boot's kernel will refuse."),
    _policy("boot.trust.pk_test_key", "A firmware whose owner's key is a test key of its maker: whoever has that key may change what it trusts."),
)

KERNEL = (
    Key("kernel.running", "version", "The kernel in force: its release as `uname -r` prints it.", {"rule": "newest_installed"}, ("kernel.running",),
        (*_VERSIONS, "rule"), rules=("newest_installed", "newest_available")),
    Key("kernel.running_version", "version", "The full package version of the kernel in force (a release such as `6.1.0-40-amd64` stays the same "
        "over several package versions on Debian).", {"minimum": "6.1.153-1"}, ("kernel.running_version",), _VERSIONS),
    Key("kernel.default_boot", "version", "The release that the next reboot gives.", {"rule": "newest_installed"}, ("kernel.default_boot",),
        (*_VERSIONS, "rule"), rules=("newest_installed", "newest_available", "running")),
    Key("kernel.flavour", "text", "The line of kernels: `cloud-amd64`, `generic`, `uek`, ...; `default` where the plain kernel has no such "
        "name (EL).", "cloud-amd64",
        ("kernel.flavour",), _VALUES),
    _policy("kernel.reboot_pending", "A newer kernel, or another default, that waits for a reboot: installed is not in force."),
    _policy("kernel.update_available", "A kernel in the package cache that is newer than each installed one."),
    _policy("kernel.one_shot", "A boot entry set for the next boot only."),
    _policy("kernel.held", "Kernel packages that are held, locked or excluded from updates."),
    _policy("kernel.flavours_mixed", "Installed kernels of more than one flavour (unless `kernel.flavour` allows them all)."),
    _policy("kernel.image_missing", "An installed kernel package whose image file is gone."),
    _policy("kernel.incomplete", "An installed kernel that would not come up: its installation broke off, or it has no initrd and needs one."),
    _policy("kernel.modules_missing", "A loaded module from outside of the kernel's tree (ZFS, NVIDIA) that the kernel of the next boot lacks."),
    _policy("kernel.modules_replaced", "A loaded module from outside of the kernel's tree that is another build than the one on disk."),
    Key("kernel.modules_blocked", "words", "Modules that must neither run nor be loadable, for a hole that is in them: not loaded, not part of "
        "the kernel, and either absent or stopped by an `install` line, by `module_blacklist=` or by `kernel.modules_disabled=1` in force.",
        ["algif_aead"], ("kernel.modules_blocked",)),
    _policy("kernel.unmanaged", "A running kernel that belongs to no installed package, and an image that is not the one its package brought."),
    _policy("kernel.stray_images", "Kernel images in `/boot` that belong to no installed package."),
    Key("kernel.managers", "words", "Who may change kernels here, next to Firebreak: names of active update services. An empty list allows none.",
        ["unattended-upgrades"], ("kernel.managers",)),
    Key("kernel.cache_age_hours", "number",
        "How old the package manager's cache may be. Without it, a cache older than 168 hours proves no kernel current.",
        {"maximum": 48}, ("kernel.cache_age",), ("maximum",)),
)

CPU = (
    Key("cpu.vulnerabilities.<name>", "choice", "The worst state that a CPU vulnerability may have, by the kernel's own name for it; `all` stands "
        "for each that has no entry of its own. `mitigated` accepts not affected as well, `any` judges nothing.", "mitigated",
        ("cpu.vulnerability.<name>",), choices=("not_affected", "mitigated", "any")),
    Key("cpu.vulnerability_views", "choices", "Which views of a vulnerability count: the host itself, a guest attacking its host, sibling threads. "
        "Without it, all three.", ["host", "guest_to_host"], choices=VULNERABILITY_VIEWS, promise=False),
    Key("cpu.smt", "choice", "Simultaneous multithreading in force.", "inactive", ("cpu.smt",), choices=("active", "inactive")),
    Key("cpu.microcode", "revision", "The microcode revision on every CPU (useful under `platforms` or in a group of equal machines). What a "
        "virtual machine sees is its hypervisor's word: there it is unknown.",
        {"minimum": "0x2b000643"}, ("cpu.microcode",), _VERSIONS),
    Key("cpu.microcode_of.<processor>", "revision", "The same for one kind of processor: family, model and stepping in hexadecimal, as "
        "microcode files are named (`cpu.microcode.processors` of a record). It says nothing of hosts without such a processor.",
        {"minimum": "0x5003707"}, ("cpu.microcode",), _VERSIONS),
    _policy("cpu.microcode_mixed", "CPUs of one host on different microcode revisions."),
    _policy("cpu.microcode_pending", "Microcode on disk that is newer than what a processor runs: it waits for a reboot."),
    _policy("cpu.microcode_left_behind", "Microcode on disk that is newer than what a processor runs, and that the initrd of the next boot lacks."),
    _policy("cpu.mitigations_disabled", "Command line options that switch mitigations off."),
)


def _component(name: str) -> tuple[Key, ...]:
    return (
        Key(f"hypervisor.{name}.presence", "choice", f"Whether {name} must or must not be installed.", "required",
            (f"hypervisor.{name}.installed",), choices=("required", "forbidden")),
        Key(f"hypervisor.{name}.installed", "version", f"The installed version of {name}, where it is installed.",
            {"minimum": "1:7.2+dfsg-7+deb12u13"}, (f"hypervisor.{name}.installed",), _VERSIONS),
        Key(f"hypervisor.{name}.running", "version", f"The version that each process of {name} runs; the rule `installed` demands that no process "
            "still runs a replaced binary.", {"rule": "installed"}, (f"hypervisor.{name}.running",), (*_VERSIONS, "rule"), rules=("installed",)),
    )


HYPERVISOR = (
    Key("hypervisor.is_host", "truth", "Whether the host can run virtual machines.", True, ("hypervisor.role",)),
    Key("hypervisor.under", "text", "What the host itself runs under; `none` is bare metal.", "none", ("hypervisor.under",), _VALUES),
    Key("hypervisor.ladder", "choice", "The least rung of the capability ladder that the host must reach. `vm` and `vcpu` are only "
        "known if the scan was asked for them (`firebreak_hypervisor_probe: vcpu`).", "device", ("hypervisor.ladder",), choices=RUNGS),
    *(key for name in COMPONENTS for key in _component(name)),
    Key("hypervisor.kvm.<module>.<parameter>", "parameter", "A parameter of a loaded KVM module, as text; true and false also match Y, N, 1 and 0.",
        False, ("hypervisor.kvm.<module>.<parameter>",), _VALUES),
    _policy("hypervisor.guest_firmware", "Guests, and templates for new ones, whose firmware enforces Secure Boot and does not trust Microsoft's "
            "UEFI CA 2023: they refuse a loader that this one alone has signed (on aarch64, RHEL's)."),
    Key("hypervisor.machine_types", "words", "The machine types, or shell patterns of them, that guests may run with or be defined with.",
        ["pc-q35-*"], ("hypervisor.machine_type",)),
    _policy("hypervisor.deprecated_machine_types", "Guests that run, or are defined, with a machine type that QEMU has deprecated.",
            "hypervisor.machine_type_deprecated"),
    _policy("hypervisor.removed_machine_types", "Guests that run, are defined or saved with a machine type that the installed QEMU has no more: they "
            "can neither be started with it nor moved or restored to it.", "hypervisor.machine_type_removed"),
)

LIVE_PATCH = (
    Key("live_patch.protection", "text", "What live patching must give the host: `protected`, `stale`, `at_risk`, `unprotected` or `not_applicable`. "
        "The scan computes it from what is in force.", {"any_of": ["protected", "not_applicable"]}, ("live_patch.protection",), _VALUES),
    Key("live_patch.provider", "text", "Whose live patches the host runs: `kpatch`, `amazon`, `canonical`, `suse`, `ksplice`, `kernelcare`, "
        "`self_built` or `none`.", "kpatch", ("live_patch.provider",), _VALUES),
    Key("live_patch.level", "text", "The level of patches in force, by the provider's own name for it.", "121.4", ("live_patch.level",), _VALUES),
    _policy("live_patch.transition", "A live patch in transition: some threads still run the old code."),
    _policy("live_patch.other_providers", "Live-patching clients next to the one in use."),
    _policy("live_patch.inhibited", "Settings that keep live patches from being loaded."),
    _policy("live_patch.blocked_fixes", "Fixes of CVEs that a pin of the live-patching client keeps out."),
    _policy("live_patch.not_loaded", "Live patches for the running kernel that lie on disk and are not loaded."),
    _policy("live_patch.lost_on_reboot", "Live patches that do not come back after a reboot of the same kernel."),
    _policy("live_patch.next_kernel", "A default kernel for the next boot that has no live patches on disk, while the running one is patched."),
    Key("live_patch.check_age_hours", "number", "How long ago the provider's client may last have looked for newer patches.", {"maximum": 24},
        ("live_patch.check_age",), ("maximum",)),
    Key("live_patch.support_days_left", "number", "How many days the provider must still make patches for the running kernel.", {"minimum": 30},
        ("live_patch.support_ends",), ("minimum",)),
)

ENGINES = ("containerd", "docker", "crio", "podman")
CONTAINERS = (
    Key("containers.shared_kernel", "number", "How many containers may share the host's kernel, those of `shared_kernel_allowed` left out: one hole "
        "in that kernel opens them all.", {"maximum": 0}, ("containers.shared_kernel",), ("maximum",)),
    Key("containers.shared_kernel_allowed", "words", "Containers that need no boundary of their own: `image:`, `name:`, `namespace:`, `engine:` or "
        "`runtime:` and a shell pattern.", ["namespace:kube-system", "image:registry.example.org/infra/*"], promise=False),
    _policy("containers.privileged", "Privileged containers that share the host's kernel: they may do there what root may."),
    _policy("containers.host_pid", "Containers that share the host's kernel and see its processes."),
    _policy("containers.unknown_isolation", "Containers of which nobody can say whose kernel they run on."),
    Key("containers.engines", "words", "The container engines that may be installed or have containers: `containerd`, `docker`, `crio`, `podman`, "
        "`lxc`, `incus`, `lxd`, `nspawn`, `libvirt_lxc`, `apptainer`. An empty list allows none.", ["containerd"], ("containers.engines",)),
    *(Key(f"containers.{name}.installed", "version", f"The installed version of {name}, where it is installed.", {"minimum": "1.7.24~ds1-6+deb13u1"},
          (f"containers.{name}.installed",), _VERSIONS) for name in ENGINES),
    _policy("containers.engine_stale", "An engine whose daemon still runs a replaced binary."),
    _policy("containers.end_of_support", "An engine of a line that its maker no longer mends. A distribution's own build is exempt."),
)

KATA = (
    Key("kata.presence", "choice", "Whether Kata Containers must or must not be installed.", "required", ("kata.installed",),
        choices=("required", "forbidden")),
    Key("kata.version", "version", "The version that a new sandbox gets, where Kata is installed. A minimum compares by the order of rpm.",
        {"minimum": "3.31.0"}, ("kata.version",), _VERSIONS),
    _policy("kata.end_of_support", "A release of Kata Containers of a line that gets no fixes any more. A distribution's own package is exempt."),
    Key("kata.files", "checksums", "Files of the release in force, as `sha256sum` prints them in `/opt/kata`. Only these are hashed by a scan.",
        ["50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c  bin/qemu-system-x86_64"], ("kata.files",)),
    _policy("kata.stale_sandboxes", "Live sandboxes of which the shim, the machine monitor, virtiofsd or the guest kernel is not what a new one "
            "would get."),
    Key("kata.guest_kernel", "version", "The guest kernel of each live sandbox, by the name of its file.", "6.18.35-202", ("kata.guest_kernel",),
        _VERSIONS),
    Key("kata.handlers", "words", "Runtime handlers that some engine must have.", ["kata"], ("kata.handlers",)),
    Key("kata.isolation", "words", "Runtime handlers of which the proof starts a probe: it must see the guest kernel that the release pins. A scan "
        "starts nothing; it names the containers of a shim of Kata's that live on the host's own kernel.", ["kata"], ("kata.isolation",)),
    _policy("kata.dead_handlers", "Handlers that name a shim or a configuration that is not there: pods that ask for them hang."),
    _policy("kata.unloaded_handlers", "Handlers on disk that the engine has not read, or of which that cannot be said since its file was changed."),
    Key("kata.hardening", "choice", "The profile of the role kata that must be in effect for each handler, drop-ins included, and that no live "
        "sandbox may visibly lack.", "baseline",
        ("kata.hardening",), choices=("baseline", "strict", "confidential")),
    Key("kata.drop_ins", "words", "The drop-ins, or shell patterns of their names, that may lie beside a handler's configuration.",
        ["50-firebreak-hardening.toml", "60-firebreak-overrides.toml"], ("kata.drop_ins",)),
    _policy("kata.stray_drop_ins", "Files beside a handler's configuration that shims read although they do not look so, or that others may write."),
    _policy("kata.unknown_keys", "Keys in drop-ins that the configuration does not know, such as a typo: the shim passes over them."),
    _policy("kata.other_installers", "Traces of kata-deploy or of a distribution's package beside the release below /opt."),
)

SERVICES = (
    Key("services.stale", "choice", "Services, and processes outside of units, that run on programs or libraries that were "
        "deleted or replaced since they started.", "forbidden",
        ("services.stale", "services.stale_disruptive", "services.exception_expired"), choices=("forbidden", "allowed")),
    _policy("services.stale_scopes", "The same of scopes: what a program or a person started, and systemd cannot start anew."),
    _policy("services.stale_manager", "The same of systemd itself."),
    _policy("services.stale_until_reboot", "The same of what only a reboot replaces: D-Bus, another init than systemd."),
    _policy("services.stale_sessions", "The same of users' sessions, their own services, and their managers."),
    _policy("services.stale_carriers", "The same of what carries containers and guests: shims, conmon, machine monitors, and what serves them."),
    Key("services.stale_exceptions", "exceptions", "Files that may be stale: a shell pattern of the unit (of the program's path for a process "
        "outside of units), one of the file's path, or both, with the owner of the exception, its reason, and its last day. One that has expired "
        "excepts nothing, and is told.",
        [{"unit": "wazuh-indexer.service", "path": "/var/lib/wazuh-indexer/tmp/*", "owner": "search team", "reason": "unpacked by the JVM",
          "expires": "2027-03-31"}], promise=False),
    Key("services.required", "words", "Services, sockets or timers that must be active and not masked.", ["ssh.service", "chrony.service"],
        ("services.required",)),
    _policy("services.failed", "Services, sockets and timers that failed."),
)

MITIGATIONS = (
    Key("mitigations", "mitigations", "Changes that close a hole until its fix is in force: modules that must not run, words of the kernel's command "
        "line, parameters of KVM, sysctls, services that are off. Lists in the variables `firebreak_mitigations` and `firebreak_mitigations_...` are "
        "added to it. The role `mitigations` applies each by the least disruptive way that the host has, and takes it back once the fix is in force.",
        [{"advisory": ["CVE-2026-31431"], "reason": "no fixed kernel yet", "owner": "kernel team", "expires": "2027-01-31",
          "modules": ["algif_aead"], "fixed": {"debian:12": "6.1.170-1"}}],
        ("mitigations.absent", "mitigations.pending", "mitigations.conflicts", "mitigations.needless", "mitigations.expired")),
)

# In the order in which documents list them.
SECTIONS: Mapping[str, tuple[Key, ...]] = {
    "general": GENERAL, "os": OS, "boot": BOOT, "kernel": KERNEL, "live_patch": LIVE_PATCH, "cpu": CPU, "hypervisor": HYPERVISOR,
    "containers": CONTAINERS, "kata": KATA, "services": SERVICES, "mitigations": MITIGATIONS,
}
KEYS: tuple[Key, ...] = tuple(key for keys in SECTIONS.values() for key in keys)

# What a platform block or an override may be restricted to: facts of the record's os section.
MATCH_FACTS = ("family", "id", "version_id", "architecture")
