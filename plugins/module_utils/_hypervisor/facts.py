# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the section ``hypervisor`` can say: all that is needed of it where a record is judged."""

from .._host.record import Fact

GUEST_TRUST_FACTS = [
    Fact("guest_trust", "list", "what the firmware of guests trusts: libvirt's by their files of variables, Proxmox's by its own word, and the "
         "templates for new ones"),
    Fact("guest_trust[].path", "str", "the file"),
    Fact("guest_trust[].guest", "str", "the guest whose it is; null for a template"),
    Fact("guest_trust[].mode", "str", "enforced, insecure, off or setup; null where the file is not read"),
    Fact("guest_trust[].certificates", "list", "the names of the certificates in db"),
    Fact("guest_trust[].ready_for_2023_shim", "bool", "it would start what Microsoft's UEFI CA 2023 alone has signed"),
    Fact("guest_trust[].sbat_level", "str", "the level of SBAT in it"),
    Fact("guest_trust[].pending", "list", "requests to shim that wait for the guest's next boot"),
    Fact("guest_trust[].problem", "str", "why it is not read, that it is empty (setup mode at the first start), or what is not complete"),
]

FACTS = [
    Fact("is_host", "bool", "it runs guests now (a machine monitor runs, or it is Xen's dom0), or could: KVM answers and a monitor is installed"),
    Fact("is_guest", "bool", "it is itself a virtual machine"),
    Fact("under", "str", "the hypervisor it is a guest of: kvm, qemu, vmware, xen, microsoft, amazon, google, firecracker, ..., unknown or none"),
    Fact("ladder.rung", "str", "how far the host proved able to run guests: none, flags (of the processor), device (KVM answers), vm (made one), "
         "vcpu (ran an instruction in it) or guest (booted the guest kernel of Kata Containers)"),
    Fact("ladder.asked", "str", "where the scan was asked to stop: device, vm, vcpu or guest"),
    Fact("ladder.failed", "str", "why the next rung was not reached; empty where the rung asked for was"),
    Fact("ladder.guest_kernel", "str", "the version of the guest kernel that was booted, by its own console; null where none told its version"),
    Fact("kvm.loaded", "bool", "a module of KVM is loaded or built in"),
    Fact("kvm.modules", "list", "the modules of KVM"),
    Fact("kvm.parameters", "mapping", "module.parameter and its value in force"),
    Fact("kvm.unreadable_parameters", "list", "parameters that this user may not read"),
    Fact("xen.version", "str", "version of the Xen that runs below this host"),
    Fact("xen.image_replaced", "bool", "whether an installed image of Xen was written since the boot, so that another one waits"),
    Fact("kvm.software", "bool", "whether KVM is made of software alone (kvm_pvm): virtual processors run there, and a guest's kernel may not boot"),
    Fact("components", "list", "programs that make or serve virtual machines, as installed"),
    Fact("components[].name", "str", "qemu, libvirt, virtiofsd, cloud-hypervisor, firecracker, crosvm, openvmm, stratovirt, kvmtool, swtpm, ovmf "
         "or xen"),
    Fact("components[].package", "str", "the package; null for a binary of none, or of one that only bundles it (Incus, Kata Containers)"),
    Fact("components[].module", "str", "the module stream that its package is a build of (virt:rhel), by rpm; null for none, and where "
         "rpm did not say"),
    Fact("components[].version", "str", "the package's version, or for QEMU without a package the one written in its binary; else null"),
    Fact("components[].path", "str", "the binary that stands for the component, null where the package has none"),
    Fact("components[].build_id", "str", "the ELF build id of that binary, null where it has none"),
    Fact("processes", "list", "running machine monitors and their servants, and one row (ovmf) for the firmware that each guest was booted with"),
    Fact("processes[].pid", "int", "process id"),
    Fact("processes[].component", "str", "as in components"),
    Fact("processes[].exe", "str", "path that the binary or firmware had; null where only root may see it"),
    Fact("processes[].deleted", "bool", "whether the binary is no longer the file at that path; null as exe"),
    Fact("processes[].version", "str", "the version that runs, null where it cannot be known"),
    Fact("processes[].version_how", "str", "package (same file), build_id, binary_text, package_history or unknown"),
    Fact("processes[].build_id", "str", "the ELF build id of what runs, null where it has none or may not be read"),
    Fact("processes[].stale", "bool", "whether it runs another build than is installed, null where reason says that it cannot be said"),
    Fact("processes[].reason", "str", "why it is stale or cannot be judged; empty where there is nothing to say"),
    Fact("processes[].started_at", "str", "start in UTC"),
    Fact("processes[].guest", "str", "the guest's name on the command line, null where it has none"),
    Fact("processes[].machine_type", "str", "QEMU's machine type on the command line, null for its default and for other monitors"),
    Fact("processes[].machine_type_in_effect", "str", "what QEMU makes of that: an alias by its versioned name, its default where none is named; "
         "null where its builder may have chosen another"),
    Fact("lookalikes", "list", "programs of users' own with a monitor's name that they run, up to 100: anyone may call his own so, and nothing is "
         "judged by them"),
    Fact("lookalikes[].pid", "int", "process id"),
    Fact("lookalikes[].component", "str", "whose name it has, as in components"),
    Fact("lookalikes[].exe", "str", "path of the binary"),
    Fact("lookalikes[].user", "int", "the effective user that runs it"),
    Fact("guests", "list", "libvirt's guests, running and defined, by libvirt's own documents"),
    Fact("guests[].name", "str", "the guest's name"),
    Fact("guests[].pid", "int", "the machine monitor that runs it, null where it does not run"),
    Fact("guests[].persistent", "bool", "whether it is defined, so that it can be started again"),
    Fact("guests[].machine_type", "str", "the machine type that it runs with, null where it does not run"),
    Fact("guests[].defined_machine_type", "str", "the machine type of its next start, null where it is not defined"),
    Fact("guests[].saved_machine_type", "str", "the machine type of its saved memory, null where none is saved"),
    Fact("guests[].cpu_mode", "str", "host-passthrough, host-model, maximum or custom; null where its document names no processor (QEMU's default)"),
    Fact("guests[].cpu_model", "str", "the model of its processor, null where none is named"),
    Fact("guests[].cpu_flags", "list", "what its document adds to that (name) or takes from it (-name), as it runs, else as it is defined"),
    Fact("guests[].nested", "bool",
         "whether it may run guests of its own (vmx or svm, and KVM allows it); null where the model decides, or nobody says"),
    Fact("guests[].started_at", "str", "start in UTC: what it was started with is what it has; null where it does not run"),
    Fact("guests[].pinned_by", "list", "kinds of devices that keep it from being saved or moved while it runs: hostdev, filesystem"),
    Fact("machine_types", "list", "machine types of running QEMU guests, in effect where that is known"),
    Fact("deprecated_machine_types", "list", "those that the QEMU running them calls deprecated, and of defined guests the installed one"),
    Fact("removed_machine_types", "list", "machine types of running, defined and saved guests that the installed QEMU has no more"),
    Fact("defined_machine_types", "list", "machine types in libvirt's documents of running and defined guests, and of saved memory"),
] + GUEST_TRUST_FACTS
