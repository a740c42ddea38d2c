# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that hosts give to things, and what people call the same things. The world adds to the first, so that a name in neither is taken."""

from __future__ import annotations

# The kernel's names in /sys/devices/system/cpu/vulnerabilities, by its Documentation/ABI of November 2026; later kernels add to them.
WEAKNESSES = (
    "gather_data_sampling", "ghostwrite", "indirect_target_selection", "itlb_multihit", "l1tf", "mds", "meltdown", "mmio_stale_data", "old_microcode",
    "reg_file_data_sampling", "retbleed", "spec_rstack_overflow", "spec_store_bypass", "spectre_v1", "spectre_v2", "srbds", "tsa",
    "tsx_async_abort", "vmscape")
# By the pages of the kernel's Documentation/admin-guide/hw-vuln and the advisories that they name, November 2026.
_CVES = {
    "spectre_v1": ("2017-5753", "2019-1125"), "spectre_v2": ("2017-5715", "2022-0001", "2022-0002", "2024-2201"), "meltdown": ("2017-5754",),
    "spec_store_bypass": ("2018-3639",), "l1tf": ("2018-3615", "2018-3620", "2018-3646"),
    "mds": ("2018-12126", "2018-12127", "2018-12130", "2019-11091"), "itlb_multihit": ("2018-12207",), "tsx_async_abort": ("2019-11135",),
    "srbds": ("2020-0543",), "mmio_stale_data": ("2022-21123", "2022-21125", "2022-21127", "2022-21166"),
    "retbleed": ("2022-29900", "2022-29901"), "gather_data_sampling": ("2022-40982",), "spec_rstack_overflow": ("2023-20569",),
    "reg_file_data_sampling": ("2023-28746",), "ghostwrite": ("2024-44067",), "indirect_target_selection": ("2024-28956",),
    "tsa": ("2024-36350", "2024-36357"), "vmscape": ("2025-40300",)}
WEAKNESSES_BY_OTHER_NAMES = {
    "srso": "spec_rstack_overflow", "inception": "spec_rstack_overflow", "downfall": "gather_data_sampling", "gds": "gather_data_sampling",
    "rfds": "reg_file_data_sampling", "its": "indirect_target_selection", "training_solo": "indirect_target_selection", "taa": "tsx_async_abort",
    "ssb": "spec_store_bypass", "ssbd": "spec_store_bypass", "spectre_v4": "spec_store_bypass", "spectre_v3": "meltdown", "kpti": "meltdown",
    "pti": "meltdown", "zombieload": "mds", "ridl": "mds", "fallout": "mds", "foreshadow": "l1tf", "crosstalk": "srbds", "swapgs": "spectre_v1",
    "bhi": "spectre_v2", "branch_history_injection": "spectre_v2", "ibpb": "spectre_v2", "retpoline": "spectre_v2", "sbdr": "mmio_stale_data",
    "sbds": "mmio_stale_data", "drpw": "mmio_stale_data", "tsa_sq": "tsa", "tsa_l1": "tsa", "any": "all", "every": "all", "default": "all",
    **dict.fromkeys(("reptar", "zenbleed", "entrysign", "sinkclose", "plundervolt"), "old_microcode"),
    **dict.fromkeys(("l1_terminal_fault", "l1terminalfault"), "l1tf"), "*": "all",
    **{f"cve_{number.replace('-', '_')}": name for name, numbers in _CVES.items() for number in numbers}}

# Parameters that the kernel's Documentation/admin-guide/kernel-parameters.txt has of KVM, and those of arch/x86/kvm's own files, November 2026.
PARAMETERS_OF_KVM = (
    "nested", "nx_huge_pages", "nx_huge_pages_recovery_ratio", "nx_huge_pages_recovery_period_ms", "ept", "npt", "tdp_mmu", "mmio_caching", "avic",
    "enable_apicv", "enable_ipiv", "enable_shadow_vmcs", "enable_virt_at_boot", "unrestricted_guest", "flexpriority", "vpid", "vmentry_l1d_flush",
    "emulate_invalid_guest_state", "enforce_ibt", "ignore_msrs", "report_ignored_msrs", "min_timer_period_us", "preemption_timer", "ple_gap",
    "ple_window", "pause_filter_count", "pause_filter_thresh", "pml", "halt_poll_ns", "halt_poll_ns_grow", "halt_poll_ns_shrink", "sev", "sev_es",
    "sev_snp", "tdx", "sgx", "hpage", "vgif", "vls", "vnmi", "eager_page_split", "enable_pmu", "enable_vmware_backdoor", "force_emulation_prefix",
    "kvmclock_periodic_sync", "lapic_timer_advance", "tsc_tolerance_ppm", "vector_hashing", "allow_unsafe_mappings", "dump_invalid_vmcb",
    "dump_invalid_vmcs", "error_on_inconsistent_vmcs_config", "fasteoi", "flush_on_reuse", "intercept_smi", "lbrv", "vmscape", "x2avic")

# All that a scan can call what a host runs under.
HYPERVISORS = ("none", "kvm", "qemu", "vmware", "xen", "microsoft", "virtualbox", "parallels", "bhyve", "amazon", "google", "firecracker",
               "cloud-hypervisor", "apple", "powervm", "zvm", "bochs", "unknown")
# What people write instead. Clouds by what their machines' firmware says of them (systemd's src/basic/virt.c, cloud-init's DMI tables).
HYPERVISORS_BY_OTHER_NAMES = {
    **dict.fromkeys(("hyper-v", "hyperv", "hyper", "hv", "azure", "msft", "mshv", "wsl", "wsl2"), "microsoft"),
    **dict.fromkeys(("aws", "ec2", "nitro"), "amazon"), **dict.fromkeys(("gcp", "gce"), "google"),
    **dict.fromkeys(("esx", "esxi", "vsphere", "vcenter", "vcloud"), "vmware"),
    **dict.fromkeys(("libvirt", "openstack", "ovirt", "rhev", "rhv", "proxmox", "pve", "nutanix", "ahv", "kubevirt", "harvester", "virsh",
                     "cloudstack", "qemu-kvm", "kvm-qemu", "kvm/qemu", "qemu/kvm", "openshift", "digitalocean", "droplet", "hetzner", "vultr",
                     "linode", "akamai", "upcloud", "exoscale", "scaleway", "ovh", "ovhcloud", "alibaba", "aliyun", "tencent", "huawei", "yandex",
                     "ibmcloud", "zkvm", "powerkvm", "oci", "oracle cloud"), "kvm"),
    **dict.fromkeys(("vbox", "oracle"), "virtualbox"), **dict.fromkeys(("xcp-ng", "xenserver", "citrix", "hvm", "pvh", "domu"), "xen"),
    **dict.fromkeys(("lpar", "phyp", "powervc"), "powervm"), **dict.fromkeys(("z/vm", "z-vm"), "zvm"), **dict.fromkeys(("tcg",), "qemu"),
    **dict.fromkeys(("vz", "virtualization.framework", "applevz"), "apple"), "chv": "cloud-hypervisor", "fc": "firecracker",
    **dict.fromkeys(("metal", "bare metal", "baremetal", "bare-metal", "bare_metal", "bare", "physical", "hardware", "dedicated", "dom0", "no",
                     "false", "nothing"), "none")}

# What uname -m prints, by the kernel's own UTS_MACHINE of each architecture.
MACHINES = ("x86_64", "i686", "i586", "i486", "i386", "aarch64", "aarch64_be", "armv5tel", "armv5tejl", "armv6l", "armv7l", "armv8l", "riscv64",
            "riscv32", "ppc64le", "ppc64", "ppc", "s390x", "s390", "loongarch64", "loongarch32", "mips64", "mips", "sparc64", "sparc", "alpha",
            "parisc64", "parisc", "ia64", "arc", "m68k", "sh4")
MACHINES_BY_OTHER_NAMES = {
    **dict.fromkeys(("amd64", "x64", "x86-64", "intel", "intel64", "em64t", "64", "64bit", "x86_64_v1", "x86_64_v2", "x86_64_v3", "x86_64_v4"),
                    "x86_64"),
    "x86": "i686", **dict.fromkeys(("arm64", "armv8", "armv9", "arm"), "aarch64"), **dict.fromkeys(("armhf", "armv7hl", "armv7"), "armv7l"),
    "armel": "armv5tel", **dict.fromkeys(("ppc64el", "powerpc64le"), "ppc64le"), "powerpc64": "ppc64", "powerpc": "ppc", "riscv": "riscv64",
    "loong64": "loongarch64", "mipsel": "mips", "mips64el": "mips64", "hppa": "parisc"}

# IDs of os-release, as the distributions' own files had them in November 2026; there are many more. "linux" is what os-release(5) says of a file
# without one; deepin 25 has it otherwise than 20 and 23 had it.
DISTRIBUTIONS = (
    "debian", "ubuntu", "ubuntu-core", "rhel", "centos", "rocky", "almalinux", "ol", "fedora", "fedora-asahi-remix", "rhcos", "scos", "eurolinux",
    "circle", "virtuozzo", "cloudlinux", "scientific", "amzn", "azurelinux", "mariner", "photon", "bottlerocket", "cos", "flatcar", "sles",
    "sles_sap", "sle_hpc", "sle-micro", "sl-micro", "sled", "opensuse-leap", "opensuse-tumbleweed", "opensuse-slowroll", "opensuse-microos",
    "opensuse-leap-micro", "opensuse", "openEuler", "euleros", "anolis", "alinux", "opencloudos", "tencentos", "tlinux", "kylin", "uos", "Deepin",
    "deepin", "redos", "astra", "altlinux", "rosa", "msvsphere", "raspbian", "devuan", "kali", "linuxmint", "pop", "neon", "proxmox", "alpine",
    "arch", "archarm", "arch32", "gentoo", "nixos", "void", "wolfi", "chainguard", "talos", "vyos", "clear-linux-os", "linux")
# Code names as os-release has them; those to come are taken as they are.
CODE_NAMES = ("buster", "bullseye", "bookworm", "trixie", "forky", "bionic", "focal", "jammy", "noble", "questing", "resolute", "tumbleweed")
# Lines of kernels by what distributions call them in the release; there are many more.
FLAVOURS = ("generic", "lowlatency", "virtual", "amd64", "arm64", "cloud-amd64", "cloud-arm64", "rt-amd64", "686", "686-pae", "default", "rt", "uek",
            "64k", "azure", "aws", "gcp", "gke", "oracle", "kvm", "raspi", "hwe", "lts", "pve", "preempt", "hardened", "zen")
# Words that stand as VERSION_ID where no number does: of distributions without releases, and of the branches that others are made from.
RELEASES_WITHOUT_NUMBERS = ("rolling", "edge", "stream", "sisyphus", "Sisyphus", "unstable", "testing", "current", "next", "nightly", "snapshot",
                            "rawhide", "cauldron", "cooker", "tumbleweed", "devel", "main", "master", "TEMPLATE_VERSION_ID")
# Words with which a letter that is wrong makes no other distribution.
WITHOUT_RELATIONS = (
    *(name for name in CODE_NAMES if len(name) > 5), "debian", "ubuntu", "fedora", "centos", "almalinux", "opensuse-leap", "opensuse-tumbleweed")
# Systems that are no Linux, and machines that no Ansible of hosts is for.
NO_DISTRIBUTIONS = ("windows", "win", "windowsserver", "freebsd", "openbsd", "netbsd", "dragonfly", "macos", "macosx", "osx", "darwin", "solaris",
                    "illumos", "omnios", "smartos", "aix", "hpux", "esxi", "esx", "unix", "bsd", "none", "other", "default", "latest", "stable",
                    "server", "wsl", "docker", "kubernetes", "container", "lts")
DISTRIBUTIONS_BY_OTHER_NAMES = {
    # Code names belong to version_codename.
    **dict.fromkeys(("buster", "bullseye", "bookworm", "trixie", "forky", "sid", "deb", "proxmoxve", "pve"), "debian"),
    **dict.fromkeys(("bionic", "focal", "jammy", "noble", "questing", "resolute"), "ubuntu"), **dict.fromkeys(("cent", "c"), "centos"),
    **dict.fromkeys(("fcos", "fedoracoreos"), "fedora"), **dict.fromkeys(("rh",), "rhel"), **dict.fromkeys(("slem", "slmicro"), "sl-micro"),
    "photonos": "photon", "vmwarephoton": "photon", "mint": "linuxmint", **dict.fromkeys(("popos",), "pop"),
    **dict.fromkeys(("raspios", "raspberrypios"), "raspbian"),
    **dict.fromkeys(("redhat", "red-hat", "red_hat", "el", "redhatenterpriselinux"), "rhel"),
    **dict.fromkeys(("centos-stream", "centos_stream", "centosstream", "stream"), "centos"), **dict.fromkeys(("rockylinux", "rocky-linux"), "rocky"),
    **dict.fromkeys(("alma", "alma-linux"), "almalinux"), **dict.fromkeys(("oracle", "oraclelinux", "oracle-linux", "oel"), "ol"),
    **dict.fromkeys(("amazon", "amazonlinux", "amazon-linux", "al"), "amzn"), **dict.fromkeys(("suse", "sle", "sles-sap"), "sles"),
    "leap": "opensuse-leap", "tumbleweed": "opensuse-tumbleweed", "archlinux": "arch", "azure-linux": "azurelinux",
    "ubuntu-lts": "ubuntu"}
