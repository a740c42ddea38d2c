# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can be believed: files that are not as their package brought them, programs that stand before the system's own."""

import base64
import hashlib
import struct
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._os import integrity, mounted_over, preloads, search_paths
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

RELEASE = 'ID=debian\nVERSION_ID="12"\n'
UNAME = "the real uname"
PROGRAM = ["file", 0o755, 0, 0, 10, 0.0, 0.0, 1, 1]
TEXT = ["file", 0o644, 0, 0, 10, 0.0, 0.0, 1, 2]


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def debian(**files: str) -> dict[str, str]:
    """The files of a Debian host; give others by their name with __ for /."""
    own = {
        "/var/lib/dpkg/status": "Package: base-files\n", "/usr/lib/os-release": RELEASE, "/etc/os-release": RELEASE, "/bin/uname": UNAME,
        "/var/lib/dpkg/info/base-files.md5sums": f"{md5(RELEASE)}  usr/lib/os-release\n",
        "/var/lib/dpkg/info/coreutils.md5sums": f"{md5('cat')}  bin/cat\n{md5(UNAME)}  bin/uname\n",
    }
    return own | {name.replace("__", "/").replace("_release", "-release"): text for name, text in files.items()}


def facts(recording: dict[str, Any], container: str = "none") -> tuple[dict[str, Any], dict[str, str]]:
    """(facts, reason by fact) of a host."""
    section = Section("os")
    integrity.collect(RecordedHost(recording), section, container)
    return section.facts, {null["fact"]: null["reason"] for null in section.nulls}


def test_a_host_as_its_packages_brought_it() -> None:
    assert facts({"read": debian()}) == ({"altered_files": [], "shadowed_programs": []}, {})


@pytest.mark.parametrize(("changed", "named"), [
    ({"__etc__os_release": RELEASE.replace("12", "13")}, ["/etc/os-release (base-files)"]),
    ({"__usr__lib__os_release": "ID=ubuntu\n"}, ["/usr/lib/os-release (base-files)"]),
    ({"__bin__uname": "#!/bin/sh\necho 6.1.0-99\n"}, ["/bin/uname (coreutils)"]),
])
def test_an_altered_file_is_named_with_its_package(changed: dict[str, str], named: list[str]) -> None:
    assert facts({"read": debian(**changed)})[0]["altered_files"] == named


def test_a_missing_program_is_altered() -> None:
    files = debian()
    del files["/bin/uname"]
    assert facts({"read": files})[0]["altered_files"] == ["/bin/uname (coreutils)"]


@pytest.mark.parametrize(("text", "libraries"), [
    ("", []), ("# nothing\n", []), ("/a.so", ["/a.so"]), ("/b.so:/a.so /c.so\t/d.so # /e.so\n/f.so\n", ["/a.so", "/b.so", "/c.so", "/d.so", "/f.so"]),
])
def test_what_is_loaded_before_all_else(text: str, libraries: list[str]) -> None:
    """Blanks and colons stand between libraries, '#' begins a comment: ld.so(8), FILES."""
    assert preloads.preloaded(text) == libraries


@pytest.mark.parametrize(("library", "listed", "named"), [
    ("hides files", "", ["/etc/ld.so.preload (loads /usr/lib/libhide.so into every program)"]),
    ("hides files", f"{md5('copies fast')}  usr/lib/libhide.so\n", ["/etc/ld.so.preload (loads /usr/lib/libhide.so into every program)"]),
    # Raspberry Pi OS: raspi-copies-and-fills.
    ("copies fast", f"{md5('copies fast')}  usr/lib/libhide.so\n", []),
])
def test_a_library_that_is_loaded_into_every_program_is_a_packages_own(library: str, listed: str, named: list[str]) -> None:
    hiding = {"/etc/ld.so.preload": "/usr/lib/libhide.so\n", "/usr/lib/libhide.so": library, "/var/lib/dpkg/info/other.md5sums": listed}
    files = {**debian(), **hiding}
    assert facts({"read": files})[0]["altered_files"] == named


def test_a_preload_that_cannot_be_read_makes_it_unknown() -> None:
    files: dict[str, Any] = {**debian(), "/etc/ld.so.preload": {"problem": "needs_root", "detail": "Permission denied"}}
    assert facts({"read": files})[1] == {"os.altered_files": "needs_root"}


@pytest.mark.parametrize("folder", [*preloads.FOLDERS, *preloads.GENERATORS])
def test_a_folder_of_preloads_that_cannot_be_listed_makes_it_unknown(folder: str) -> None:
    denied = {folder: {"problem": "needs_root", "detail": "Permission denied"}}
    assert facts({"read": debian(), "listdir": denied})[1]["os.altered_files"] == "needs_root"


def test_without_a_digest_of_os_release_nothing_is_said() -> None:
    seen, reasons = facts({"read": debian(**{"__var__lib__dpkg__info__base-files.md5sums": ""})})
    assert (seen["altered_files"], reasons) == (None, {"os.altered_files": "absent"})


def test_what_may_not_be_read_is_not_called_unaltered() -> None:
    denied = {"/bin/uname": {"problem": "needs_root", "detail": "Permission denied"}}
    assert facts({"read": {**debian(), **denied}})[1] == {"os.altered_files": "needs_root"}


def test_one_altered_file_is_said_even_if_another_cannot_be_read() -> None:
    files: dict[str, Any] = debian(__etc__os_release="ID=other\n")
    files["/bin/uname"] = {"problem": "needs_root", "detail": "Permission denied"}
    assert facts({"read": files})[0]["altered_files"] == ["/etc/os-release (base-files)"]


def test_rpm_knows_digests_of_files_and_none_of_links() -> None:
    answer = f"/usr/lib/os-release\t{sha256(RELEASE)}\n/etc/os-release\t\n/usr/bin/uname\t{sha256(UNAME)}\n/usr/bin/[\t{sha256('x')}\n"
    files = {"/usr/lib/os-release": RELEASE, "/etc/os-release": "ID=forged\n", "/usr/bin/uname": UNAME, "/usr/bin/systemctl": "x"}
    seen = facts({"read": files, "run": {" ".join(integrity.RPM_QUERY): answer}})[0]
    assert seen["altered_files"] == ["/etc/os-release (rpm)"]


@pytest.mark.parametrize(("present", "altered"), [(UNAME, []), ("other", ["/usr/bin/uname (rpm)"])])
@pytest.mark.parametrize("algorithm", ["sha3_256", "sha3_512", "sha256", "sha512", "sha384", "md5"])
def test_rpm_writes_digests_of_several_algorithms(algorithm: str, present: str, altered: list[str]) -> None:
    """rpm 6's %_binary_filedigest_algorithm may be 12 (SHA3-256) or 14 (SHA3-512), which are as long as those of SHA-2."""
    answer = "".join(f"{path}\t{hashlib.new(algorithm, text.encode()).hexdigest()}\n"
                     for path, text in (("/usr/lib/os-release", RELEASE), ("/usr/bin/uname", UNAME), ("/usr/bin/rpm", "rpm")))
    files = {"/usr/lib/os-release": RELEASE, "/usr/bin/uname": present, "/usr/bin/rpm": "rpm"}
    assert facts({"read": files, "run": {" ".join([*integrity.RPM_QUERY][:-1]): answer}})[0]["altered_files"] == altered


def test_a_digest_of_no_known_length_says_nothing() -> None:
    answer = f"/usr/lib/os-release\t{sha256(RELEASE)}\n/usr/bin/uname\t{72 * 'a'}\n/usr/bin/rpm\t{sha256('rpm')}\n"
    files = {"/usr/lib/os-release": RELEASE, "/usr/bin/uname": UNAME, "/usr/bin/rpm": "rpm"}
    assert facts({"read": files, "run": {" ".join([*integrity.RPM_QUERY][:-1]): answer}})[1] == {"os.altered_files": "unsupported"}


def ubuntu(**files: str) -> dict[str, Any]:
    """A host of Ubuntu 25.10 and later: uname is a link of coreutils-from-uutils, of which dpkg keeps no digest, to rust-coreutils' one binary."""
    own = debian(**files)
    del own["/bin/uname"]
    info = "/var/lib/dpkg/info"
    own |= {"/usr/bin/coreutils": "many",
            f"{info}/coreutils.md5sums": f"{md5('x')}  usr/share/doc/coreutils/copyright\n",
            f"{info}/coreutils-from-uutils.md5sums": f"{md5('x')}  usr/share/doc/x\n",
            f"{info}/rust-coreutils.md5sums": f"{md5('many')}  usr/bin/coreutils\n"}
    return {"read": own, "realpath": {"/usr/bin/uname": "/usr/bin/coreutils"}, "stat": {"/usr/bin/uname": PROGRAM}}


def test_a_witness_is_what_really_runs() -> None:
    assert facts(ubuntu())[0]["altered_files"] == []
    foreign = ubuntu()
    foreign["read"]["/usr/bin/coreutils"] = "another build"
    assert facts(foreign)[0]["altered_files"] == ["/usr/bin/coreutils (rust-coreutils)"]


def test_a_witness_for_which_no_package_vouches_makes_it_unknown() -> None:
    replaced = ubuntu()
    del replaced["realpath"]
    replaced["read"]["/usr/bin/uname"] = "#!/bin/sh\necho 9.9.9-lie\n"
    seen, reasons = facts(replaced)
    assert (seen["altered_files"], reasons) == (None, {"os.altered_files": "absent"})


def test_a_link_to_another_program_is_no_witness() -> None:
    lying = ubuntu()
    lying["realpath"]["/usr/bin/uname"] = "/usr/bin/python3.13"
    assert facts(lying)[0]["altered_files"] == ["/usr/bin/uname (a link to /usr/bin/python3.13)"]


def test_the_package_of_an_alternative_is_found_among_all() -> None:
    chosen = ubuntu()
    chosen["realpath"]["/usr/bin/uname"] = "/usr/bin/gnuuname"
    chosen["read"] |= {"/usr/bin/gnuuname": UNAME, "/var/lib/dpkg/info/odd-coreutils.md5sums": f"{md5(UNAME)}  usr/bin/gnuuname\n"}
    assert facts(chosen)[0]["altered_files"] == []
    chosen["read"]["/usr/bin/gnuuname"] = "other"
    assert facts(chosen)[0]["altered_files"] == ["/usr/bin/gnuuname (odd-coreutils)"]


def test_a_diverted_program_is_one_of_those_that_packages_have() -> None:
    files = debian(**{"__var__lib__dpkg__info__coreutils-from-uutils.md5sums": f"{md5('diverting')}  usr/bin/uname\n"})
    assert facts({"read": {**files, "/bin/uname": "diverting"}})[0]["altered_files"] == []
    assert facts({"read": {**files, "/bin/uname": "neither"}})[0]["altered_files"] == ["/bin/uname (coreutils)"]


def test_a_script_is_what_its_interpreter_makes_of_it() -> None:
    """coreutils-single: each program is a script of one line, which /usr/bin/coreutils runs."""
    script = "#!/usr/bin/coreutils --coreutils-prog-shebang=uname\n"
    paths = ["/usr/lib/os-release", "/usr/bin/uname", "/usr/bin/rpm", "/usr/bin/coreutils"]
    texts = {"/usr/lib/os-release": RELEASE, "/usr/bin/uname": script, "/usr/bin/rpm": "rpm", "/usr/bin/coreutils": "many"}
    answer = "".join(f"{path}\t{sha256(texts[path])}\n" for path in paths)
    query = " ".join(["rpm", "-q", "--qf", "[%{FILENAMES}\\t%{FILEDIGESTS}\\n]", "-f", *paths])
    assert facts({"read": texts, "run": {query: answer}})[0]["altered_files"] == []
    assert facts({"read": {**texts, "/usr/bin/coreutils": "lie"}, "run": {query: answer}})[0]["altered_files"] == ["/usr/bin/coreutils (rpm)"]


def test_a_host_of_neither_package_manager() -> None:
    assert facts({"read": {"/etc/os-release": RELEASE}})[1] == {"os.altered_files": "tool_missing"}


def test_programs_that_stand_before_the_systems() -> None:
    recording = {
        "read": debian(), "listdir": {"/usr/local/bin": ["uname", "own-tool", "dpkg.txt", "ls"], "/usr/bin": ["uname", "dpkg.txt", "ls"]},
        "stat": {"/usr/local/bin/uname": PROGRAM, "/usr/local/bin/own-tool": PROGRAM, "/usr/local/bin/dpkg.txt": TEXT, "/usr/local/bin/ls": PROGRAM}}
    assert facts(recording)[0]["shadowed_programs"] == ["/usr/local/bin/ls", "/usr/local/bin/uname"]


def test_a_folder_that_may_not_be_read_is_no_empty_one() -> None:
    recording = {"read": debian(), "listdir": {"/usr/local/sbin": {"problem": "needs_root", "detail": "Permission denied"}}}
    assert facts(recording)[1] == {"os.shadowed_programs": "needs_root"}


@pytest.mark.parametrize("question", ["read", "listdir"])
def test_without_root_nobody_knows_where_sudo_looks_first(question: str) -> None:
    path = {"read": "/etc/sudoers", "listdir": "/etc/sudoers.d"}[question]
    recording: dict[str, Any] = {"read": debian(), "listdir": {}}
    recording[question][path] = {"problem": "needs_root", "detail": "Permission denied"}
    assert facts(recording)[1] == {"os.shadowed_programs": "needs_root"}


def mountinfo(*mounts: tuple[str, str, str]) -> str:
    """A mountinfo of (where, which part of the file system, kind), as the kernel writes it."""
    return "".join(f"{40 + place} 25 0:{place} {part} {point} rw,relatime shared:1 - {kind} source rw\n"
                   for place, (point, part, kind) in enumerate(mounts))


# (where, which part, kind, is it a file, is it named). What systems mount themselves: Debian 12 and 13, EL 9, SLES 15 with btrfs, systemd's
# machine-id-setup(1), Armbian's /boot, Proxmox' /etc/pve.
@pytest.mark.parametrize(("point", "part", "kind", "is_file", "named"), [
    ("/proc/version", "/kept", "ext4", True, True), ("/proc/cmdline", "/uptime", "proc", True, True),
    ("/proc/cmdline", "/x//deleted", "tmpfs", True, True),
    ("/proc/cpuinfo", "/proc/cpuinfo", "fuse.lxcfs", True, True), ("/proc/sys/kernel/tainted", "/t", "tmpfs", True, True),
    ("/sys/devices/system/cpu/vulnerabilities", "/kept", "xfs", False, True), ("/sys/kernel/livepatch", "/", "tmpfs", False, True),
    ("/sys/module/kvm/parameters", "/module/zswap/parameters", "sysfs", False, True), ("/sys/firmware/efi/efivars", "/", "overlay", False, True),
    ("/boot/grub/grub.cfg", "/srv/clean.cfg", "ext4", True, True), ("/boot/grub", "/srv/grub", "ext4", False, True),
    ("/boot/grub2", "/", "tmpfs", False, True),
    ("/boot/vmlinuz-6.1.0-50-amd64", "/v", "xfs", True, True), ("/usr/bin/uname", "/u", "btrfs", True, True),
    ("/etc/default/grub", "/g", "ext4", True, True),
    ("/etc/modprobe.d", "/", "tmpfs", False, True), ("/var/lib/dpkg/status", "/s", "ext4", True, True),
    ("/var/lib/kpatch/6.1/fix.ko", "/f", "ext4", True, True),
    ("/proc/sys/fs/binfmt_misc", "/", "autofs", False, False), ("/proc/sys/fs/binfmt_misc", "/", "binfmt_misc", False, False),
    ("/proc/fs/nfsd", "/", "nfsd", False, False), ("/proc/sys", "/sys", "proc", False, False),
    ("/sys/kernel/security", "/", "securityfs", False, False),
    ("/sys/fs/cgroup", "/", "tmpfs", False, False), ("/sys/fs/cgroup/unified", "/", "cgroup2", False, False),
    ("/sys/fs/bpf", "/", "bpf", False, False),
    ("/sys/firmware/efi/efivars", "/", "efivarfs", False, False), ("/sys/fs/resctrl", "/", "resctrl", False, False),
    ("/boot", "/boot", "ext4", False, False), ("/boot/efi", "/", "vfat", False, False),
    ("/boot/grub2/x86_64-efi", "/@/boot/grub2/x86_64-efi", "btrfs", False, False),
    ("/boot/grub", "/", "ext4", False, False), ("/etc/machine-id", "/machine-id", "tmpfs", True, False),
    ("/etc/resolv.conf", "/r", "ext4", True, False),
    ("/etc/pve", "/", "fuse", False, False), ("/usr", "/usr", "ext4", False, False), ("/usr/lib/modules", "/", "squashfs", False, False),
    ("/srv/file", "/x", "ext4", True, False), ("/run/netns/blue", "net:[4026532]", "nsfs", True, False),
])
def test_what_is_mounted_over_an_answer(point: str, part: str, kind: str, is_file: bool, named: bool) -> None:
    recording = {"read": {"/proc/self/mountinfo": mountinfo(("/", "/", "ext4"), (point, part, kind))},
                 "stat": {point: ["file" if is_file else "directory", *TEXT[1:]]}}
    assert mounted_over.found(RecordedHost(recording)) == ([point] if named else [])


def test_what_is_mounted_over_makes_a_host_altered_and_no_container() -> None:
    recording = {"read": debian() | {"/proc/self/mountinfo": mountinfo(("/", "/", "ext4"), ("/proc/version", "/mine", "ext4"))}}
    assert facts(recording)[0]["altered_files"] == ["/proc/version (mounted over)"]
    assert facts(recording, "docker")[0]["altered_files"] == []


# pam_env(7) reads NAME=VALUE, systemd-system.conf(5) words in quotes; LD_AUDIT is loaded as LD_PRELOAD is (ld.so(8)).
@pytest.mark.parametrize(("text", "libraries"), [
    ("LANG=C\n", []), ("LD_PRELOAD=/a.so\n", ["/a.so"]), ("# LD_PRELOAD=/a.so\n", []), ('LD_PRELOAD="/a.so:/b.so"\n', ["/a.so", "/b.so"]),
    ("export LD_AUDIT=/a.so\n", ["/a.so"]), ("OLD_LD_PRELOAD=/a.so\n", []), ("LD_LIBRARY_PATH=/opt\n", []),
    ('[Manager]\nDefaultEnvironment="LANG=C" "LD_PRELOAD=/a.so /b.so" OTHER=1\n', ["/a.so", "/b.so"]),
    ("ManagerEnvironment=LD_PRELOAD=/a.so\n", ["/a.so"]), ("DefaultEnvironment=A=1 \\\n LD_PRELOAD=/a.so\n", ["/a.so"]),
    ("#DefaultEnvironment=LD_PRELOAD=/a.so\n", []), ("; LD_PRELOAD=/a.so\n", []),
])
def test_libraries_that_an_environment_loads(text: str, libraries: list[str]) -> None:
    assert preloads.in_environment(text) == libraries


@pytest.mark.parametrize("path", [
    "/etc/environment", "/etc/systemd/system.conf", "/etc/systemd/system.conf.d/own.conf", "/run/systemd/system.conf.d/a.conf",
    "/etc/systemd/system/service.d/own.conf", "/usr/lib/systemd/system/service.d/a.conf", "/etc/systemd/system.control/service.d/a.conf",
    # systemd-analyze cat-config of 252 reads the first two where there are none of their names before.
    "/usr/local/lib/systemd/system.conf.d/a.conf", "/run/systemd/system.conf", "/run/systemd/generator/service.d/a.conf",
    "/etc/systemd/system.attached/service.d/a.conf", "/run/systemd/generator.late/service.d/a.conf"])
def test_a_library_of_no_package_in_an_environment_is_an_alteration(path: str) -> None:
    line = "DefaultEnvironment=LD_PRELOAD=/opt/hide.so\n" if "systemd" in path else "LD_PRELOAD=/opt/hide.so\n"
    files = debian() | {path: line, "/opt/hide.so": "hides"}
    assert facts({"read": files})[0]["altered_files"] == [f"{path} (loads /opt/hide.so into every program)"]
    packaged = files | {"/var/lib/dpkg/info/hide.md5sums": f"{md5('hides')}  opt/hide.so\n"}
    assert facts({"read": packaged})[0]["altered_files"] == []


@pytest.mark.parametrize("folder", preloads.GENERATORS)
def test_a_generator_of_the_environment_is_a_packages_own(folder: str) -> None:
    """What it prints, all services get (systemd.environment-generator(7)); what it would print, nobody can tell without running it."""
    files = debian() | {f"{folder}/10own": "#!/bin/sh\n"}
    assert facts({"read": files})[0]["altered_files"] == [f"{folder} (loads {folder}/10own into every program)"]
    packaged = files | {"/var/lib/dpkg/info/own.md5sums": f"{md5('#!/bin/sh' + chr(10))}  {folder[1:]}/10own\n"}
    assert facts({"read": packaged})[0]["altered_files"] == []


def test_a_generator_that_is_masked_is_none() -> None:
    """A link to /dev/null in a folder that comes first (systemd.environment-generator(7)), as for snapd's."""
    folder = preloads.GENERATORS[1]
    recording = {"read": debian(), "listdir": {folder: ["snapd-env-generator"]}}
    masked = {"realpath": {f"{folder}/snapd-env-generator": "/dev/null"}}
    assert facts(recording)[0]["altered_files"] == [f"{folder} (loads {folder}/snapd-env-generator into every program)"]
    assert facts({**recording, **masked})[0]["altered_files"] == []


def test_a_library_for_this_processor_is_a_packages_own() -> None:
    """ld.so(8): below glibc-hwcaps it is taken before the one that packages brought under its name."""
    library = "/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/libz.so.1"
    data = {"/etc/ld.so.cache@0+8388608": base64.b64encode(cache(("libz.so.1", library), SYSTEMS)).decode()}
    files = debian() | {library: "hides"}
    assert facts({"read": files, "read_bytes": data})[0]["altered_files"] == [f"/etc/ld.so.cache (loads {library} into every program)"]
    packaged = files | {"/var/lib/dpkg/info/fast.md5sums": f"{md5('hides')}  usr{library}\n"}
    assert facts({"read": packaged, "read_bytes": data})[0]["altered_files"] == []


def test_a_library_without_a_folder_is_where_the_system_has_it() -> None:
    files = debian() | {"/etc/environment": "LD_PRELOAD=libjemalloc.so.2\n", "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2": "allocates",
                        "/var/lib/dpkg/info/libjemalloc2.md5sums": f"{md5('allocates')}  usr/lib/x86_64-linux-gnu/libjemalloc.so.2\n"}
    assert facts({"read": files})[0]["altered_files"] == []


@pytest.mark.parametrize(("changed", "named"), [
    ({"/usr/bin/dash": "another shell"}, ["/usr/bin/dash (dash)"]), ({}, []),
    ({"/usr/bin/apt": "offers nothing", "/var/lib/dpkg/info/apt.md5sums": f"{md5('apt')}  usr/bin/apt\n"}, ["/usr/bin/apt (apt)"]),
])
def test_who_stands_between_is_a_witness_too(changed: dict[str, str], named: list[str]) -> None:
    files = debian() | {"/usr/bin/dash": "the shell", "/var/lib/dpkg/info/dash.md5sums": f"{md5('the shell')}  bin/dash\n"} | changed
    recording = {"read": files, "stat": {"/usr/bin/sh": PROGRAM}, "realpath": {"/usr/bin/sh": "/usr/bin/dash"}}
    assert facts(recording)[0]["altered_files"] == named


def test_an_alternative_of_ones_own_is_a_link_astray() -> None:
    recording = {"read": debian() | {"/usr/local/share/awk": "mine"}, "stat": {"/usr/bin/awk": PROGRAM},
                 "realpath": {"/usr/bin/awk": "/usr/local/share/awk"}}
    assert facts(recording)[0]["altered_files"] == ["/usr/bin/awk (a link to /usr/local/share/awk)"]


@pytest.mark.parametrize(("path", "folders"), [
    ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", []), ('"/opt/bin:/usr/bin:/bin"', ["/opt/bin"]), ("/usr/bin:/opt/bin", []),
    ("/opt/bin", []),
    ("/usr/local/bin:/snap/bin:/usr/bin:/home/x/bin", ["/snap/bin"]), (":/usr/bin", []), ("/opt/a/:/opt/b:/sbin", ["/opt/a", "/opt/b"]), ("", []),
])
def test_folders_before_the_systems_own(path: str, folders: list[str]) -> None:
    assert search_paths.folders_before(path) == folders


@pytest.mark.parametrize(("file", "text"), [
    ("/etc/environment", 'PATH="/opt/first:/usr/bin"\n'), ("/etc/login.defs", "ENV_SUPATH\tPATH=/opt/first:/usr/sbin:/usr/bin\n"),
    ("/etc/sudoers", "Defaults env_reset\nDefaults secure_path = /opt/first:/usr/bin\n"),
    ("/etc/sudoers.d/own", 'Defaults:joe secure_path="/opt/first:/bin"\n'),
    ("/etc/sudoers", "Defaults env_reset, secure_path=/opt/first:/bin\n"),
    ("/etc/systemd/system.conf.d/own.conf", '[Manager]\nDefaultEnvironment="PATH=/opt/first:/usr/bin"\n'),
    ("/etc/systemd/system/service.d/own.conf", '[Service]\nEnvironment="PATH=/opt/first:/usr/bin"\n'),
    ("/run/systemd/generator/service.d/own.conf", '[Service]\nEnvironment="PATH=/opt/first:/usr/bin"\n'),
    ("/usr/local/lib/systemd/system.conf.d/a.conf", '[Manager]\nDefaultEnvironment="PATH=/opt/first:/usr/bin"\n'),
    ("/run/systemd/system.conf", '[Manager]\nDefaultEnvironment="PATH=/opt/first:/usr/bin"\n'),
    ("/etc/systemd/system.conf", "[Manager]\nManagerEnvironment=LANG=C PATH=/opt/first:/usr/bin\n"),
])
def test_a_search_path_that_puts_a_program_before_the_systems(file: str, text: str) -> None:
    files = debian() | {file: text}
    recording = {"read": files, "listdir": {"/opt/first": ["dpkg", "notes"], "/usr/bin": ["dpkg", "uname"]},
                 "stat": {"/opt/first/dpkg": PROGRAM, "/opt/first/notes": TEXT}}
    assert facts(recording)[0]["shadowed_programs"] == ["/opt/first/dpkg"]
    assert facts({**recording, "read": debian() | {file: text.replace("/opt/first:", "")}})[0]["shadowed_programs"] == []


def cache(*libraries: tuple[str, str], before: bytes = b"") -> bytes:
    """An ld.so.cache in the form of glibc 2.2 and later (sysdeps/generic/dl-cache.h), as ldconfig writes it."""
    start, texts, entries = 48 + 24 * len(libraries), b"", b""
    for name, path in libraries:
        entries += struct.pack("<iIIIQ", 0x303, start + len(texts), start + len(texts) + len(name) + 1, 0, 0)
        texts += name.encode() + b"\0" + path.encode() + b"\0"
    return before + b"glibc-ld.so.cache1.1" + struct.pack("<II", len(libraries), len(texts)) + bytes(20) + entries + texts


OWN, SYSTEMS = ("libz.so.1", "/usr/local/lib/libz.so.1"), ("libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1")


@pytest.mark.parametrize(("data", "named"), [
    (cache(OWN, SYSTEMS), [OWN[1]]), (cache(SYSTEMS, OWN), []), (cache(OWN), []), (cache(SYSTEMS), []), (cache(), []), (b"", []),
    (b"ld.so-1.7.0", []),
    (cache(OWN, ("libx.so.1", "/opt/libx.so.1"), SYSTEMS), [OWN[1]]), (cache(OWN, SYSTEMS, before=b"ld.so-1.7.0" + bytes(37)), [OWN[1]]),
    (cache(("libz.so.1", "/usr/lib64/libz.so.1"), ("libz.so.1", "/lib64/libz.so.1")), []), (cache(OWN, SYSTEMS)[:60], []),
    (cache(OWN, SYSTEMS)[:100], []),
])
def test_libraries_that_the_linker_finds_before_the_systems(data: bytes, named: list[str]) -> None:
    assert search_paths.libraries_before(data) == named


def test_a_library_before_the_systems_is_told_with_the_programs() -> None:
    key = "/etc/ld.so.cache@0+8388608"
    recording = {"read": debian(), "read_bytes": {key: base64.b64encode(cache(OWN, SYSTEMS)).decode()}}
    assert facts(recording)[0]["shadowed_programs"] == [OWN[1]]


@given(st.binary(max_size=200))
def test_no_cache_is_more_than_not_understood(data: bytes) -> None:
    assert search_paths.libraries_before(b"glibc-ld.so.cache1.1" + data) == search_paths.libraries_before(b"glibc-ld.so.cache1.1" + data)
