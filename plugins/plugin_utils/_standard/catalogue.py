# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every finding there is: its id, severity, meaning, remedy and what the remedy costs. ``docs/findings.md`` is generated from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ...module_utils._hypervisor.monitors import MONITORS
from .keys import COMPONENTS, ENGINES, KEYS

SEVERITIES = ("info", "low", "medium", "high", "critical")
DISRUPTIONS = ("none", "restart_service", "restart_sandbox", "migrate_guest", "reboot")


@dataclass(frozen=True)
class Entry:
    """One kind of finding, and what to do about it."""

    id: str
    severity: str
    meaning: str
    remedy: str
    disruption: str = "none"

    @property
    def promised_by(self) -> tuple[str, ...]:
        """The keys of the standard that make this finding count as drift."""
        return tuple(key.path for key in KEYS if self.id in key.findings)


_OS = (
    Entry("os.release", "high", "The host runs another distribution or release than the standard names.",
          "Reinstall or upgrade the host to the standard's release, or put it under its own platform block while it waits.", "reboot"),
    Entry("os.architecture", "medium", "The host has another architecture than the standard names.", "Replace the host, or allow its architecture."),
    Entry("os.firmware", "medium", "The machine's firmware (BIOS, UEFI) is of another version, or older, than the standard names.",
          "Update the firmware with its maker's tools or fwupd, and reboot.", "reboot"),
    Entry("os.image", "high", "The host runs another image than the standard names, or comes as packages.",
          "Switch or update the host to the image (bootc switch, rpm-ostree rebase, the channel of its updates), and reboot.", "reboot"),
    Entry("os.image_pending", "medium", "Another image than the one that runs was deployed and waits for the next boot.",
          "Reboot the host in its wave.", "reboot"),
    Entry("os.bmc", "medium", "The firmware of the machine's management controller (BMC) is of another version than the standard names.",
          "Update it with its maker's tools; the controller starts anew, the host goes on.", "none"),
    Entry("os.altered_files", "high", "A file that says what this host is (os-release, uname, the package manager) is not as its package brought it: "
          "what the host says of itself is in doubt.", "Find out who changed it; reinstall its package."),
    Entry("os.shadowed_programs", "medium", "A program below /usr/local stands before one of the system's of the same name: who asks this host by "
          "hand is answered by it.", "Remove it, or give it a name of its own."),
    Entry("os.end_of_support", "critical",
          "The operating system release gets no security updates any more (medium while an extended support is on offer).",
          "Move the host to a supported release, or buy the extended support and say so with os.support: extended.", "reboot"),
    Entry("os.end_of_support_near", "medium", "The support of the operating system release ends soon.", "Plan the move to the next release.",
          "reboot"),
)
_BOOT = (
    Entry("boot.reboot_required", "high", "The distribution says that a reboot is needed for updates to be in force.", "Reboot the host in its wave.",
          "reboot"),
    Entry("boot.uptime", "medium", "The host has not been rebooted for longer than allowed; nobody knows whether it comes back.",
          "Reboot the host in its wave.", "reboot"),
    Entry("boot.secure_boot", "medium", "UEFI Secure Boot is not in the state that the standard names.", "Change it in the firmware's setup.",
          "reboot"),
    Entry("boot.kexec_loaded", "low", "A kernel is loaded for kexec: the next reboot may start it, not the boot loader's default.",
          "Find out who loaded it; kexec -u unloads it.", "none"),
    Entry("boot.cmdline", "high", "The kernel command line, or the one of the next boot, lacks a required word or holds a forbidden one.",
          "Run the role firebreak.fleet.kernel, which sets it in the boot loader's configuration, and reboot.", "reboot"),
)
_TRUST = (
    Entry("boot.trust.mode", "medium",
          "Firmware and shim do not judge what is started as the standard wants.",
          "Change it in the firmware's setup; shim's own switch by mokutil --enable-validation, which needs a person at the console.",
          "reboot"),
    Entry("boot.trust.certificates", "medium",
          "The firmware does not trust a certificate that the standard wants it to: what that one alone has signed will not start here.",
          "Update the firmware, or db with fwupdmgr (2.0.10 or newer).",
          "reboot"),
    Entry("boot.trust.sbat_level", "medium",
          "The level of SBAT in force is older than the standard wants: loaders with known holes still start.",
          "Update shim (it raises the level when it starts), then every loader beside it; or mokutil --set-sbat-policy latest.",
          "reboot"),
    Entry("boot.trust.ready_for_2023_shim", "medium",
          "The firmware does not trust Microsoft's UEFI CA 2023: a shim that this one alone has signed will not start.",
          "Update the firmware, or db with fwupdmgr (2.0.10 or newer).",
          "reboot"),
    Entry("boot.trust.survives_2011_revocation", "medium",
          "With Microsoft's UEFI CA 2011 revoked the host would not start: what its firmware starts carries a signature of it, and one such "
          "signature is enough.",
          "Do not add that certificate to dbx while this shim is in place; wait for a shim that the UEFI CA 2023 alone has signed.",
          "none"),
    Entry("boot.trust.next_boot", "critical",
          "The next boot would be refused, or would wait for a person at the console (high where the firmware would go on with its next entry).",
          "Do not reboot. Bring shim, loader and kernel to one another (grub-install, the packages of shim and loader), or finish or delete the "
          "pending request, and scan again.",
          "none"),
    Entry("boot.trust.revoked_components", "medium",
          "A boot program that is revoked is still in place: who can start it passes Secure Boot by, and a firmware that lost its entries will "
          "try it.",
          "Replace it by the package's (grub-install, bootctl update), or remove it.",
          "none"),
    Entry("boot.trust.stale_components", "medium",
          "A boot program on an EFI system partition is not as its package has it: the update was installed, and is not started.",
          "Run grub-install or bootctl update with the partition mounted.",
          "none"),
    Entry("boot.trust.refused_fallbacks", "low",
          "If the next boot's own way did not come up, what would be tried instead would be refused: another kernel of the menu, or what the "
          "firmware takes when its entry or that disk is lost.",
          "Remove the kernels that are refused, or sign them; bring the removable path and the other partitions up to date (grub-install for each).",
          "none"),
    Entry("boot.trust.pending", "low",
          "A request waits for the next boot. To shim: nobody at the console means that it is dropped after ten seconds. To the firmware, for its "
          "own setup: it stands there until a person leaves it.",
          "Finish it at the console at the next boot, or take it back (mokutil --revoke-import, --revoke-delete; systemctl reboot without "
          "--firmware-setup).",
          "none"),
    Entry("boot.trust.modules_refused", "high",
          "The next boot's kernel will not load a module that is loaded now: no keyring of it will hold its signer (a root on ZFS, storage, "
          "network, GPUs are then gone).",
          "Do not reboot. Enrol the key (mokutil --import, then a person at the console), or sign the module with one that is enrolled.",
          "none"),
    Entry("boot.trust.pk_test_key", "high",
          "The firmware's owner's key is a test key of its maker: its private part is known.",
          "Update the firmware; some makers have to be asked for one with their own key.",
          "reboot"),
)
_KERNEL_ENTRIES = (
    Entry("kernel.running", "high", "The kernel in force is not the one that the standard names.", "Run the role "
          "firebreak.fleet.kernel, which installs it and makes it the default, and reboot.", "reboot"),
    Entry("kernel.running_version", "high", "The package version of the kernel in force is not the one that the standard names.",
          "Run the role firebreak.fleet.kernel, which updates the package, and reboot.", "reboot"),
    Entry("kernel.default_boot", "high", "The next reboot will not give the kernel that it should.", "Run the role "
          "firebreak.fleet.kernel, which sets the boot loader's default entry.", "none"),
    Entry("kernel.flavour", "medium", "The kernel in force is of another flavour than the standard names.",
          "Install the standard's flavour, make it the default and reboot.", "reboot"),
    Entry("kernel.reboot_pending", "high", "A newer kernel is installed, or another one is the default, but it is not in force: every scanner "
          "that looks at packages calls this host patched.", "Reboot the host in its wave, or live-patch it until then.", "reboot"),
    Entry("kernel.update_available", "medium", "The package cache offers a kernel that is newer than each installed one.",
          "Run the role firebreak.fleet.kernel, which installs it; it is in force after a reboot.", "reboot"),
    Entry("kernel.one_shot", "medium", "A boot entry is set for the next boot only: the next reboot does not give the default.",
          "Clear the one-shot entry, or reboot if it was meant.", "none"),
    Entry("kernel.held", "medium", "Kernel packages are held, locked or excluded: updates pass this host by.",
          "Remove the hold, or waive it with a reason.",
          "none"),
    Entry("kernel.flavours_mixed", "low", "Kernels of more than one flavour are installed; there is no order between them.",
          "Remove the flavour that is not the standard's.", "none"),
    Entry("kernel.image_missing", "high", "The image of an installed kernel is gone; the host may not come back from a reboot.",
          "Reinstall the kernel package and regenerate the boot loader's configuration.", "none"),
    Entry("kernel.incomplete", "high", "An installed kernel would not come up: the package manager broke off while it installed it, or it has no "
          "initrd and cannot reach the root file system without one (critical where the next boot gives it).",
          "Do not reboot. Make room in /boot, finish the installation (dpkg --configure -a, apt-get -f install, dnf reinstall), and see that the "
          "initrd is there.", "none"),
    Entry("kernel.modules_missing", "high", "The kernel of the next boot lacks a module that is loaded now, from outside of the kernel's tree: what "
          "needs it (a root or data on ZFS, storage, network, GPUs) is gone after a reboot.",
          "Do not reboot. Build the module for that kernel (dkms autoinstall -k RELEASE, or the vendor's package), and make its initrd anew.",
          "none"),
    Entry("kernel.modules_replaced", "medium", "A loaded module from outside of the kernel's tree is another build than the one on disk: programs "
          "that were updated with it (NVIDIA's libraries) may refuse it.",
          "Unload and load it where nothing uses it, or reboot the host in its wave.", "reboot"),
    Entry("kernel.modules_blocked", "high", "A module that the standard wants blocked runs, or could be made to run: blocked on disk is not "
          "unloaded, and a line of blacklist stops loading by alias only.",
          "Write 'softdep NAME pre:' and 'install NAME /bin/false' into a file of /etc/modprobe.d that is read first, and unload it (modprobe -r "
          "NAME) where nothing uses it. One that is part of the kernel needs initcall_blacklist= and a reboot, or a fixed kernel.", "none"),
    Entry("kernel.unmanaged", "medium", "The running kernel belongs to no installed package: no update will ever reach it, and its modules "
          "may be gone. Or an installed kernel's image is not the file that its package brought.",
          "Reboot into a packaged kernel.", "reboot"),
    Entry("kernel.stray_images", "medium", "A kernel image in /boot belongs to no installed package: no update will ever reach it, and the boot "
          "menu may name it.", "Remove it, or install the package that has it; then regenerate the boot loader's configuration."),
    Entry("kernel.managers", "low", "Something else than the standard names changes kernels on this host.",
          "Switch the service off, or allow it in the standard.",
          "restart_service"),
    Entry("kernel.cache_age", "low", "The package manager's cache is older than allowed, so nobody knows what is available.",
          "Refresh the package cache; see to the timer that should have.", "none"),
)
_LIVE_PATCH_ENTRIES = (
    Entry("live_patch.protection", "high", "Live patching does not give the host what the standard names: a loaded patch may be empty, disabled, "
          "in transition, or out of its support window.", "See the reasons in the evidence; enable the provider, or reboot into a kernel that it "
          "supports.", "none"),
    Entry("live_patch.provider", "medium", "The host is patched by another provider than the standard names, or by none.",
          "Install and enable the standard's provider; reboot where another one's patches must go.", "reboot"),
    Entry("live_patch.level", "medium", "The patches in force are of another level than the standard names.", "Apply the standard's level.",
          "none"),
    Entry("live_patch.transition", "high", "A live patch is in transition: some threads still run the old code. Two scans that name the same "
          "threads show a stall.", "Wait for the named threads, restart their service, or reverse the patch.", "restart_service"),
    Entry("live_patch.other_providers", "medium", "More than one live-patching client is installed; two of them must never patch one kernel.",
          "Remove the clients that the standard does not name.", "none"),
    Entry("live_patch.inhibited", "high", "A setting keeps live patches from being loaded, now or at the next boot.",
          "Remove the setting; kernel.modules_disabled needs a reboot.", "reboot"),
    Entry("live_patch.blocked_fixes", "high", "The provider has fixes for CVEs of the running kernel that a pin keeps out.",
          "Move the pin (cutoff-date) on, for the whole fleet at once.", "none"),
    Entry("live_patch.not_loaded", "medium", "A live patch for the running kernel lies on disk and is not loaded.",
          "Start the unit that loads patches, and look into its log: a patch that could not be applied is turned back.", "none"),
    Entry("live_patch.lost_on_reboot", "high", "The patches in force do not come back when the same kernel is booted again.",
          "Place the patches where the provider's service finds them, and enable the service.", "none"),
    Entry("live_patch.next_kernel", "medium", "The next boot gives a kernel without live patches on disk.",
          "Install the patches for that kernel before the reboot.", "none"),
    Entry("live_patch.check_age", "medium", "The provider's client has not looked for newer patches for longer than allowed.",
          "See to the client's timer, and to its way to the server.", "none"),
    Entry("live_patch.support_ends", "medium", "The provider soon makes no more patches for the running kernel.",
          "Plan the reboot into a kernel with a longer window.", "reboot"),
)
_CPU_ENTRIES = (
    Entry("cpu.vulnerability.<name>", "high",
          "The kernel says that this CPU is vulnerable, or less protected than promised (critical where guests can attack "
          "a host of virtual machines).", "Update microcode and kernel, and drop options that switch the mitigation off.", "reboot"),
    Entry("cpu.smt", "medium", "Simultaneous multithreading is not in the state that the standard names.",
          "Set it with nosmt or /sys/devices/system/cpu/smt/control.",
          "migrate_guest"),
    Entry("cpu.microcode", "high", "A CPU runs another microcode revision than the standard names.",
          "Update the microcode package or the firmware, then reboot.",
          "reboot"),
    Entry("cpu.microcode_mixed", "high", "The CPUs of this host run different microcode revisions.",
          "Reboot; if it stays so, update the firmware.", "reboot"),
    Entry("cpu.microcode_pending", "high", "Newer microcode lies on disk than a processor runs: it is installed and not in force.",
          "Make the initramfs anew where it has none (update-initramfs -u, dracut --force), then reboot.", "reboot"),
    Entry("cpu.microcode_left_behind", "high", "Newer microcode lies on disk than a processor runs, and the initrd of the next boot lacks it: no "
          "reboot will load it.", "Make the initramfs anew (update-initramfs -u, dracut --force), then reboot.", "reboot"),
    Entry("cpu.mitigations_disabled", "high", "The kernel command line switches CPU mitigations off.",
          "Remove the options from the boot loader's configuration and reboot.",
          "reboot"),
)
# How a process of each component is replaced.
_COSTS = {**dict.fromkeys((*MONITORS, "swtpm", "ovmf"), "migrate_guest"), "virtiofsd": "restart_sandbox", "libvirt": "restart_service",
          "xen": "reboot"}
_REPLACING = {"ovmf": "Shut the guests down and start them: neither a reboot from within nor a move gives a guest other firmware."}
_HYPERVISOR = (
    Entry("hypervisor.guest_firmware", "medium", "The firmware of a guest, or of the template for new ones, does not trust Microsoft's UEFI CA "
          "2023: a loader that this one alone has signed will not start there.",
          "With the guest shut down, add the certificates to its file of variables (virt-fw-vars --microsoft-db all --microsoft-kek all), and make "
          "the template anew the same way; a newer package of the firmware changes no guest that is there.", "none"),
    Entry("hypervisor.role", "medium", "The host can, or cannot, run virtual machines against the standard.",
          "Check firmware settings and the kvm modules.", "none"),
    Entry("hypervisor.under", "medium", "The host runs under another hypervisor than the standard names.", "Move the host, or allow where it runs."),
    Entry("hypervisor.ladder", "high", "The host does not reach the rung of the capability ladder that containers behind a hardware boundary need.",
          "Enable virtualization in the firmware, load the kvm module, and see who may open /dev/kvm.", "none"),
    *(Entry(f"hypervisor.{name}.installed", "medium", f"The installed {name} is missing, forbidden, or not of the version that the standard names.",
            f"Install the standard's version of {name}; processes that run keep the old one.", "none") for name in COMPONENTS),
    *(Entry(f"hypervisor.{name}.running", "high",
            f"A process still runs another {name} than the one installed or promised: the package is patched, the process is not.",
            _REPLACING.get(name, f"Replace the processes of {name}."), _COSTS[name]) for name in COMPONENTS),
    Entry("hypervisor.kvm.<module>.<parameter>", "medium", "A parameter of a KVM module is not as the standard says.",
          "Set it in /etc/modprobe.d and load the module anew without guests.", "migrate_guest"),
    Entry("hypervisor.machine_type", "low", "A guest runs with a machine type that the standard does not allow.",
          "Give the guest an allowed machine type at its next start.",
          "migrate_guest"),
    Entry("hypervisor.machine_type_deprecated", "medium",
          "A guest runs with a machine type that QEMU has deprecated; a later QEMU will not start it.",
          "Give the guest a current machine type at its next start.", "migrate_guest"),
    Entry("hypervisor.machine_type_removed", "high",
          "A guest has a machine type that the installed QEMU knows no more: it can neither be started, nor moved or restored to it.",
          "Shut the guest down, give it a current machine type, and start it; saved memory needs the former QEMU.", "migrate_guest"),
)
_CONTAINERS = (
    Entry("containers.shared_kernel", "high", "More containers share the host's kernel than the standard allows: one hole in it opens them all.",
          "Give them a runtime handler of Kata's, or name them in containers.shared_kernel_allowed.", "restart_sandbox"),
    Entry("containers.privileged", "high", "A privileged container shares the host's kernel: whoever breaks into it is root on the host.",
          "Run it with the capabilities that it needs, or under Kata.", "restart_sandbox"),
    Entry("containers.host_pid", "medium", "A container that shares the host's kernel sees the host's processes.",
          "Run it with a process namespace of its own.", "restart_sandbox"),
    Entry("containers.unknown_isolation", "medium", "Of some containers nobody can say whose kernel they run on.",
          "See the reason of each; a runtime that is not known may be forbidden by the engine's configuration.", "none"),
    Entry("containers.engines", "medium", "A container engine is installed that the standard does not name.",
          "Remove it once its containers have moved.", "restart_sandbox"),
    *(Entry(f"containers.{name}.installed", "medium", f"The installed {name} is not of the version that the standard names.",
            f"Install the standard's version of {name} and restart its service; containers keep running.", "restart_service") for name in ENGINES),
    Entry("containers.engine_stale", "medium", "An engine's daemon still runs a replaced binary: the package is patched, the process is not.",
          "Restart the engine's service; containers keep running.", "restart_service"),
    Entry("containers.end_of_support", "medium", "An engine is of a line that its maker no longer mends: the next hole in it stays open.",
          "Move to a line that is still mended, or to the distribution's own package.", "restart_service"),
)
_KATA = (
    Entry("kata.installed", "high", "Kata Containers is missing, or installed against the standard.", "Run the role firebreak.fleet.kata.", "none"),
    Entry("kata.version", "high", "A new sandbox gets another version of Kata Containers than the standard names.",
          "Run the role firebreak.fleet.kata; sandboxes that live keep what they run.", "none"),
    Entry("kata.end_of_support", "medium", "The release of Kata Containers in force is of a line that gets no fixes any more.",
          "Move to the newest release with the role firebreak.fleet.kata; sandboxes that live keep what they run.", "none"),
    Entry("kata.files", "critical", "A file of the release of Kata Containers that is in force is not the one that the standard names.",
          "Find out who changed it; remove the release and run the role firebreak.fleet.kata, which unpacks it from its pinned archive.",
          "restart_sandbox"),
    Entry("kata.stale_sandboxes", "high", "A live sandbox still runs a shim, a machine monitor, a virtiofsd or a guest kernel that a new one would "
          "not get: the host is patched, the sandbox is not.", "Start the pod or container anew.", "restart_sandbox"),
    Entry("kata.guest_kernel", "high", "A live sandbox runs another guest kernel than the standard names.",
          "Start the pod or container anew, once the release in force has the right kernel.", "restart_sandbox"),
    Entry("kata.handlers", "medium", "No engine has a runtime handler that the standard names.",
          "Run the role firebreak.fleet.kata with kata_handlers.", "restart_service"),
    Entry("kata.isolation", "critical", "A container of a shim of Kata's shares the host's kernel.",
          "See what the handler leads to, correct it, and start the container anew.", "restart_sandbox"),
    Entry("kata.dead_handlers", "high", "An engine has a runtime handler that cannot start a sandbox, since a file that it names is gone.",
          "Remove the handler, or install what it names.", "restart_service"),
    Entry("kata.unloaded_handlers", "medium", "An engine has not read, or may not have read, a runtime handler that is on disk.",
          "Restart the engine's service; containers keep running.", "restart_service"),
    Entry("kata.hardening", "high", "A handler's configuration in effect is weaker than the standard's profile.",
          "Run the role firebreak.fleet.kata with kata_hardening; sandboxes that live keep what they were started with.", "restart_sandbox"),
    Entry("kata.drop_ins", "medium", "A drop-in that the standard does not name changes a handler's configuration.",
          "Remove it, name it in kata.drop_ins, or run the role firebreak.fleet.kata, which keeps its own folders clean.", "none"),
    Entry("kata.stray_drop_ins", "high", "A file that nobody takes for configuration is read by the shims, such as an editor's backup.",
          "Move it out of config.d.", "none"),
    Entry("kata.unknown_keys", "medium", "A drop-in sets a key that the configuration does not know: the shim passes over it, and what it "
          "should do is not done.", "Correct the key in the file that the finding names.", "none"),
    Entry("kata.other_installers", "medium", "More than one installer claims Kata Containers on this host; each undoes the other's work.",
          "Remove kata-deploy or the package, once its sandboxes are gone.", "restart_sandbox"),
)
_SERVICES = (
    Entry("services.stale", "high", "A service still runs on a program or library that was deleted or replaced since it started: the package is "
          "patched, the process is not.", "Restart the units that the finding names: systemctl restart. What is outside of units, and what a "
          "restart leaves running, must be ended by hand and started as it was.", "restart_service"),
    Entry("services.stale_disruptive", "high", "A service still runs on a program or library that was deleted or replaced since it started, and its "
          "restart cuts off users, the network, storage, containers or guests.", "Restart the units that the finding names in the host's wave, when "
          "nobody needs what they cut off: systemctl restart.", "restart_sandbox"),
    Entry("services.stale_scopes", "high", "A program that somebody started in a scope still runs on a program or library that was "
          "deleted or replaced since it started. systemd can stop a scope, not start it anew.",
          "systemctl stop the scope, and start the program as it was started.",
          "restart_service"),
    Entry("services.stale_manager", "medium", "systemd itself still runs on a file that was deleted or replaced since it started.",
          "systemctl daemon-reexec, which stops no service.", "none"),
    Entry("services.stale_until_reboot", "high", "What a restart of a service does not replace (D-Bus, another init than systemd) still runs "
          "on a file that was deleted or replaced since it started.", "Reboot the host in its wave.", "reboot"),
    Entry("services.stale_sessions", "low", "A user's session, manager, or service of his own, still runs on a file that was deleted or replaced "
          "since it started.", "Let the user log in anew, or run the command that the finding names: it ends the session, or all that the user's "
          "manager started.", "restart_service"),
    Entry("services.stale_carriers", "medium", "A process that carries or serves a container or a guest (a shim, conmon, a machine monitor, its TPM "
          "or file server) still runs on a file that was deleted or replaced since it started; restarting its engine does not replace it.",
          "Start the container anew, or move the guest.", "restart_sandbox"),
    Entry("services.exception_expired", "low", "The last day of an exception from services.stale is over. It excepts nothing any more.",
          "Remove the exception, or decide anew and extend it."),
    Entry("services.required", "high", "A unit that the standard requires is not active, has failed, or is masked, so that it does not come back.",
          "See its log (journalctl -u); systemctl unmask and start it.", "restart_service"),
    Entry("services.failed", "medium", "A service, socket or timer failed.", "See its log (journalctl -u), mend it and restart it.",
          "restart_service"),
)
_MITIGATIONS = (
    Entry("mitigations.absent", "high", "A mitigation that the standard names is not on the host, or not in force by anything that waits there.",
          "Run the role firebreak.fleet.mitigations; --check --diff tells first what it would change, and who would lose what.", "none"),
    Entry("mitigations.pending", "high", "A mitigation is on the host and not in force yet, or in force and lost at the next boot.",
          "Do what the finding names: unload the module, or reboot the host in its wave.", "reboot"),
    Entry("mitigations.conflicts", "high", "A mitigation would take away what is in use on this host: the role leaves it alone and says by whom.",
          "End or move what uses it, or decide that this host does without the mitigation (an override, or a waiver).", "restart_service"),
    Entry("mitigations.needless", "low", "The fix is in force and the mitigation is still on the host, or it is no longer part of the standard.",
          "Run the role firebreak.fleet.mitigations, which removes it and leaves nothing of it.", "none"),
    Entry("mitigations.expired", "low", "The last day of a mitigation is over. It stays until somebody decides: what it closes may be open still.",
          "Install the fix, or decide anew and extend it."),
)
_FLEET = (
    Entry("host.duplicate", "medium", "Two names of the inventory are one machine (by machine-id): counts are wrong, and a wave could "
          "reboot it twice.",
          "Remove one name; give cloned machines a machine-id of their own."),
    Entry("waiver.expired", "low", "A waiver's last day is over. It waives nothing any more, and cannot be waived itself.",
          "Remove the waiver, or decide anew and extend it."),
)

ENTRIES: tuple[Entry, ...] = (*_OS, *_BOOT, *_TRUST, *_KERNEL_ENTRIES, *_LIVE_PATCH_ENTRIES, *_CPU_ENTRIES, *_HYPERVISOR, *_CONTAINERS, *_KATA,
                              *_SERVICES, *_MITIGATIONS, *_FLEET)
_BY_ID = {entry.id: entry for entry in ENTRIES}
_FREE = [(re.compile(re.sub("<[a-z]+>", "[^.]+", re.escape(entry.id).replace(r"\<", "<").replace(r"\>", ">"))), entry)
         for entry in ENTRIES if "<" in entry.id]


def ids() -> list[str]:
    """All ids, the free part of some as <name>."""
    return list(_BY_ID)


def entry_of(finding_id: str) -> Entry:
    """The entry of a finding's id; KeyError for an id that no finding has."""
    if finding_id in _BY_ID:
        return _BY_ID[finding_id]
    for pattern, entry in _FREE:
        if pattern.fullmatch(finding_id):
            return entry
    raise KeyError(finding_id)


def is_known(pattern: str) -> bool:
    """Whether an id, or a shell pattern of ids, can name any finding."""
    if any(fnmatchcase(known, pattern) for known in _BY_ID):
        return True
    return any(fnmatchcase(pattern, re.sub("<[a-z]+>", "*", entry.id)) for _pattern, entry in _FREE)
