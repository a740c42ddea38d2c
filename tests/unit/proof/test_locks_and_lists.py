# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof says of locks and lists that keep kernels back, each as the tool takes it that keeps them."""

from __future__ import annotations

import base64

import pytest
from firebreak_proof.asking import Answer
from firebreak_proof.proof import Proof
from firebreak_proof.standards import Standard
from firebreak_proof.views import comparisons, kernels, locks

INSTALLED, RELEASE = "5.14.0-570.el9", "5.14.0-570.el9.x86_64"
ORDER = (("5.14.0-503", "lt"), ("5.14.0-600", "gt"), ("5.14.0", "eq"), ("5.14.0-503.el9", "lt"), ("5.14.0-600.el9", "gt"))


def host(holds: str) -> Proof:
    """A host of EL 9 that says this of what is held."""
    said = {"holds": holds, "machine": "uname x86_64\n", "order": "".join(f"{one}\t{INSTALLED}\t{sign}\n" for one, sign in ORDER),
            "running": f"uname {RELEASE}\nproc {RELEASE}\nbanner Linux version {RELEASE} (x)\nowner kernel-core\n",
            "installed": f"kernel-core\t{INSTALLED}\t{RELEASE}\t/lib/modules/{RELEASE}/vmlinuz\tpackaged\n"}
    return Proof("web1", Standard({"kernel.held": "forbidden"}, (), ()), {name: Answer(out, "", 0, 1) for name, out in said.items()})


LOCK = 'version = "1.0"\n[[packages]]\nname = "%s"\n[[packages.conditions]]\nkey = "%s"\ncomparator = "%s"\nvalue = "%s"\n'


@pytest.mark.parametrize(("text", "held"), [
    # As the real dnf5 takes each (tests/system/test_real_dnf.py).
    (LOCK % ("kernel-core", "evr", "=", "0:5.14.0-570.el9"), True), (LOCK % ("kernel-co*", "evr", "<", "5.14.0-600.el9"), True),
    (LOCK % ("kernel-core", "evr", ">=", "5.14.0-570.el9"), False), (LOCK % ("kernel-co", "evr", "=", "5.14.0-570.el9"), False),
    (LOCK % ("kernel-core", "epoch", "=", "0"), False), (LOCK % ("kernel-core", "epoch", "=", "1"), True),
    (LOCK % ("kernel-core", "arch", "=", "x86_64"), False), (LOCK % ("kernel-core", "arch", "!=", "x86_64"), True),
    (LOCK % ("kernel-core", "evr", "~", "5"), False), (LOCK % ("kernel-core", "version", "=", "1"), False),
    ('version = "1.0"\n[[packages]]\nname = "kernel-core"\n', False), ("version = \n", True), ("", False),
    ((LOCK % ("kernel-core", "evr", "=", "5.14.0-570.el9")).replace("1.0", "2.0", 1), False),
    ((LOCK % ("kernel-core", "evr", "=", "5.14.0-570.el9")).partition("\n")[2], False),
    (LOCK % ("kernel-core", "evr", ">=", "5") + '[[packages.conditions]]\nkey = "evr"\ncomparator = "<"\nvalue = "6"\n', True),
    (LOCK % ("kernel-core", "evr", "=", "5") + (LOCK % ("kernel*", "evr", ">=", "5")).partition("\n")[2], False),
    # All but one: the installed one, an older one, a newer one.
    (LOCK % ("kernel-core", "evr", "!=", "0:5.14.0-570.el9"), False), (LOCK % ("kernel-core", "evr", "!=", "5.14.0-503.el9"), False),
    (LOCK % ("kernel-core", "evr", "!=", "5.14.0-600.el9"), True),
])
def test_locks_of_dnf5_hold_what_it_withholds(text: str, held: bool) -> None:
    said = f"versionlock.toml {base64.b64encode(text.encode()).decode()}\n"
    asked = host(said)
    assert any({INSTALLED, version} <= group for group in comparisons.groups(asked) for version in locks.barred(text)) is bool(locks.barred(text))
    found = kernels.held(asked)
    assert ("kernel-core is locked by versionlock.toml" in found) is held


@pytest.mark.parametrize(("line", "counts"), [
    ("kernel-0:5.14.0-427.13.1.el9_4.* is locked by versionlock", True), ("!kernel-core-0:5.14.0-503.el9.* is locked by versionlock", True),
    # The scan's own cases that are no kernels' packages.
    ("kernelshark-0:1.2-3.* is locked by versionlock", False),
    # What apt and dpkg say is of kernels' packages already.
    ("linux-image-amd64 is on hold", True), ("linux-image-amd64 is kept by the preferences of apt", True), ("vim is on hold", False),
])
def test_a_lock_counts_where_it_means_a_kernels_package(line: str, counts: bool) -> None:
    assert kernels.held(host(line + "\n")) == [line] * counts


OWN, REPOSITORY = "/etc/dnf/dnf.conf", "/etc/yum.repos.d/base.repo"


@pytest.mark.parametrize(("files", "found"), [
    # As the real dnf5 and dnf 4 take each (tests/system/test_real_dnf.py): lists over several lines, files that add and that begin anew.
    ({OWN: "[main]\nexcludepkgs=bash,\n  kernel*\n"}, [f"kernel* ({OWN})"]), ({OWN: "[main]\nexclude=kernel-headers kernelshark\n"}, []),
    ({OWN: "[main]\nexcludepkgs=kernel-core-5.14.0-503*\n"}, []), ({OWN: "[main]\nexcludepkgs=kernel-core-0:5.14.0-570.el9\n"}, []),
    ({OWN: "[main]\nexcludepkgs=kernel-core-5.14.0-600*\n"}, [f"kernel-core-5.14.0-600* ({OWN})"]),
    ({OWN: "[main]\nexcludepkgs=kernel-core-5.14.0\n"}, [f"kernel-core-5.14.0 ({OWN})"]),
    ({OWN: "[main]\nexcludepkgs='kernel*'\n"}, [f"kernel* ({OWN})"]), ({OWN: "[main]\nexclude='kernel*' 'bash'\n"}, []),
    ({OWN: "[main]\nexcludepkgs=kernel*\nexclude=\n"}, []), ({OWN: "[main]\nexcludepkgs=!kernel*\nEXCLUDE=kernel\n"}, []),
    ({OWN: "[main]\nexcludepkgs=*\n"}, [f"* ({OWN})"]), ({OWN: "[main]\nexcludepkgs=kernel.x86_64\n"}, [f"kernel.x86_64 ({OWN})"]),
    ({OWN: "[main]\nexcludepkgs=\n", "/etc/dnf/libdnf5.conf.d/a.conf": "[main]\nexcludepkgs=kernel*\n"}, []),
    ({OWN: "[main]\nreposdir=/etc/own\n", REPOSITORY: "[base]\nexclude=kernel*\n", "/etc/own/a.repo": "[base]\nexclude=kernel-core\n"},
     ["kernel-core (/etc/own/a.repo)"]),
    ({REPOSITORY: "[base]\nenabled=0\nexclude=kernel*\n"}, []), ({REPOSITORY: "[epel]\nincludepkgs=htop\n"}, []),
    ({REPOSITORY: "[ol9_baseos_latest]\nincludepkgs=htop\n"}, [f"all but htop ({REPOSITORY})"]),
    ({OWN: "[main]\nexcludepkgs=kernel*\ndisable_excludes=main\n", REPOSITORY: "[base]\nexclude=kernel*\n"}, [f"kernel* ({REPOSITORY})"]),
    ({OWN: "kernel*\n"}, [f"everything, since it cannot read {OWN}: kernel*"]),
    ({OWN: "[main]\nexclude=bash\n# c\n vim\n"}, [f"everything, since it cannot read {OWN}: vim"]),
])
def test_what_dnf_keeps_away_is_told_by_its_files(files: dict[str, str], found: list[str]) -> None:
    said = "".join(f"dnf {base64.b64encode(text.encode()).decode()} {path}\n" for path, text in files.items())
    asked = host(said)
    versions = {version for version in ("5.14.0-503", "5.14.0-600") if version in "".join(files.values())}
    assert versions <= set().union(*comparisons.groups(asked))
    assert kernels.held(asked) == [f"dnf keeps away {what}" for what in found]


@pytest.mark.parametrize(("said", "held"), [
    # As zypper 1.14 marks and lists them (tests/system/test_real_zypper.py), on a host with a newer version on offer, and on one without.
    (["lock default", "row vl|kernel-default|6.4.0-2", "row il|kernel-default|6.4.0-1"], True),
    (["lock (any)", "row il|kernel-default|6.4.0-2"], True), (["lock bash", "row v|kernel-default|6.4.0-2", "row i|kernel-default|6.4.0-1"], False),
    (["lock kernel-default == 6.4.0-1", "row v|kernel-default|6.4.0-2", "row il|kernel-default|6.4.0-1"], False),
    (["lock kernel-default == 6.4.0-1", "row il|kernel-default|6.4.0-1"], False),
    (["lock kernel-default == 6.4.0-2", "row vl|kernel-default|6.4.0-2", "row i|kernel-default|6.4.0-1"], True),
    (["lock kernel-d* > 6.4.0-1", "row i+|kernel-default|6.4.0-1"], True), (["row i+|kernel-default|6.4.0-1"], False),
])
def test_what_zypper_marks_is_held(said: list[str], held: bool) -> None:
    assert kernels.held(host("".join(f"zypper {line}\n" for line in said))) == ["kernel-default is locked by zypper"] * held
