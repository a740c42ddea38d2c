# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can be believed: files that are not as their package brought them, programs that stand before the system's own."""

import hashlib
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._os import integrity
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


def facts(recording: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(facts, reason by fact) of a host."""
    section = Section("os")
    integrity.collect(RecordedHost(recording), section)
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
    assert integrity.preloaded(text) == libraries


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
