# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof takes for a known fix in force: the host's answers as the questions print them, and what the promises make of them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import test_live_patch
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError, Wanted
from firebreak_proof.proof import Proof
from firebreak_proof.questions.patches import LIVE_PATCH
from firebreak_proof.standards import Standard
from firebreak_proof.views import patches

FIXTURES = Path(__file__).parents[1] / "module_utils/_live_patch/fixtures"
RUNNING = "uname {0}\nproc {0}\nbanner Linux version {0} (x)\n"
EL9, AL2023, SLES = "5.14.0-427.13.1.el9_4.x86_64", "6.18.51-120.163.amzn2023.x86_64", "6.12.0-160000.5-default"
NOTHING = "tainted 0\n"


def host(loaded: str = "", contents: str = "", release: str = EL9, clients: str = "", mode: str = "", os_id: str = "rhel") -> Proof:
    """A host that answered so; each word of ``loaded`` is a patch in force."""
    sysfs = "".join(f"patch {name} 1 0 OEK\n" for name in loaded.split()) + ("tainted 36864\n" if loaded else NOTHING)
    said = {"patches": sysfs, "patch_contents": contents, "patch_clients": clients, "patch_mode": mode, "os_release": f"ID={os_id}\n",
            "running": RUNNING.format(release), "patch_files": "", "patch_units": "", "cmdline": "quiet\n", "boot_tools": ""}
    return Proof("web1", Standard({}, (), ()), {name: Answer(out, "", 0, 1) for name, out in said.items()})


def protects(proof: Proof) -> str:
    """'' where the promise of protection holds, else why not."""
    try:
        test_live_patch.test_live_patches_are_in_force(proof, Wanted("live_patch.protection", "protected"))
    except BrokenPromiseError as broken:
        return str(broken)
    return ""


CARE = "kernelcare\tstate\tpatch is applied\nkernelcare\tdescription\t%s;3.10.0-1160.el7\nkernelcare\tcves\t0\n"
PACKAGE = "package\t{0}\t{1}\t{2}\t{3}\nfile\t{0}\t{4}\n"
KPP, KLP = "kpatch-patch-5_14_0-427_13_1", "kernel-livepatch-6_12_0-160000_5-default"


@pytest.mark.parametrize(("proof", "reason"), [
    # The hosts of tests/unit/module_utils/_live_patch/test_known_fixes.py, by the proof's own witnesses.
    (host("livepatch_cmdline"), "nobody says"), (host("kpatch_CVE_2024_1086"), "nobody says"),
    (host("fix_one", "manifest\tfix_one\tyes\t2\n"), ""), (host("fix_one", "manifest\tfix_one\tyes\t0\n"), "nobody says"),
    (host("fix_one", "manifest\tfix_one\tno\t2\n"), "nobody says"), (host("other", "manifest\tfix_one\tyes\t2\n"), "nobody says"),
    (host("kpatch_5_14_0_427_13_1_1_4", PACKAGE.format(KPP, "1", "4.el9_4", 3, "kpatch-5_14_0-427_13_1-1-4")), ""),
    (host("kpatch_5_14_0_427_13_1_1_3", PACKAGE.format(KPP, "1", "4.el9_4", 3, "kpatch-5_14_0-427_13_1-1-4")), "nobody says"),
    (host("livepatch_5_15_1_cm2_1_0_0_2_cm2", PACKAGE.format("livepatch-5.15.1.cm2", "1.0.0", "2.cm2", 0, "livepatch_5_15_1_cm2_1_0_0_2_cm2")), ""),
    (host("livepatch_CVE_2019_20096", os_id="amzn"), ""), (host("livepatch_CVE_2019_20096", os_id="debian"), "nobody says"),
    (host("livepatch_2_1", PACKAGE.format(KLP, "2", "1.1", 4, "livepatch-2_1"), SLES, "suse static"), ""),
    (host("livepatch_1_1", PACKAGE.format(KLP, "1", "1.1", 0, "livepatch-1_1") + f"newest\t{KLP}\t2\n", SLES), "nobody says"),
    (host("livepatch_1_1", PACKAGE.format(KLP, "1", "1.1", 0, "livepatch-1_1") + f"newest\t{KLP}\t1\n", SLES), ""),
    (host("", f"package\t{KPP}\t0\t0.el9_4\t0\nnewest\t{KPP}\t0.el9_4\n"), ""),
    (host("", f"package\t{KPP}\t0\t0.el9_4\t0\nnewest\t{KPP}\t1.el9_4\n"), "no live patch"),
    (host("", "package\tkernel-livepatch-6.18.51-120.163\t1.0\t0.amzn2023\t0\nnewest\tkernel-livepatch-6.18.51-120.163\t0.amzn2023\n", AL2023), ""),
    # The empty package of another kernel says nothing of this one.
    (host("", "package\tkernel-livepatch-6.12.1-1.2\t1.0\t0.amzn2023\t0\nnewest\tkernel-livepatch-6.12.1-1.2\t0.amzn2023\n", AL2023),
     "no live patch"),
    (host("lkp_Ubuntu_6_8", "canonical\tstate\t\u2713 all applicable live kernel patch modules applied\ncanonical\tversion\t121.4\n"), ""),
    (host("lkp_Ubuntu_6_8", "canonical\tstate\t\u2713 kernel upgraded after a reboot\n"), "nobody says"),
    (host("lkp_Ubuntu_6_8", "canonical\tstate\t\u2717 all applicable live kernel patch modules applied\ncanonical\tversion\t121.4\n"), "nobody says"),
    (host("", "canonical\tstate\t\u2717 no live kernel patches available for kernel 6.8.0-45.45\n"), "no live patch"),
    (host("", "canonical\tstate\t\u2713 no live kernel patches available for kernel 6.8.0-45.45\n"), ""),
    (host("", "canonical\tstate\t\u2713 kernel upgraded after a reboot\n"), "no live patch"),
    (host("", CARE % "1-free:"), "nobody says"), (host("", CARE % "12-:"), ""), (host("", CARE % "7-sparkling:"), "nobody says"),
    (host("", CARE % "3"), ""), (host("", "kernelcare\tnone\t\n"), ""), (host(""), "no live patch"),
    (host("", "ksplice\tgsf5wlo8\tCVE-2024-36934: Information leak in QLogic BR-series Ethernet driver.\n"), ""),
    (host("", "ksplice\taq4p03vt\tKnown exploit detection for CVE-2019-9213.\n"), "nobody says"), (host("", "ksplice\tnone\t\n"), "")])
def test_a_known_fix_is_in_force_or_none_exists_yet(proof: Proof, reason: str) -> None:
    said = protects(proof)
    assert reason in said if reason else said == ""


@pytest.mark.parametrize(("mode", "broken"), [
    ("", False), ("file no-apply\n", True), ("file no-refresh\n", False), ("word stop\nfile normal\n", True)])
def test_the_mode_that_a_daemon_starts_in(mode: str, broken: bool) -> None:
    proof = host("lkp_Ubuntu_6_8", "", clients="canonical enabled\n", mode=mode)
    lost = test_live_patch.test_live_patches_come_back_after_a_reboot
    if broken:
        with pytest.raises(BrokenPromiseError, match="will start in the mode"):
            lost(proof, Wanted("live_patch.lost_on_reboot", "forbidden"))
    else:
        lost(proof, Wanted("live_patch.lost_on_reboot", "forbidden"))


@pytest.mark.parametrize(("proof", "level"), [
    (host("", CARE % "12-:"), "12"), (host("lkp_Ubuntu_6_8", "canonical\tversion\t121.4\n"), "121.4"), (host("fix_one"), "fix_one"),
    (host("livepatch_2_1", PACKAGE.format(KLP, "2", "160000.1.1", 4, "livepatch-2_1")), "2-160000.1.1")])
def test_the_level_in_the_providers_own_words(proof: Proof, level: str) -> None:
    test_live_patch.test_the_promised_level_of_patches_is_in_force(proof, Wanted("live_patch.level", level))
    with pytest.raises(BrokenPromiseError, match="named for the level"):
        test_live_patch.test_the_promised_level_of_patches_is_in_force(proof, Wanted("live_patch.level", level + "9"))


def answer(root: Path, name: str, programs: dict[str, str], files: dict[str, str]) -> str:
    """What a question's shell prints on a host of these programs and files: its paths lead below ``root``."""
    for path, text in {**{f"bin/{program}": "#!/bin/sh\n" + text for program, text in programs.items()}, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
        (root / path).chmod(0o755)
    shell = next(question.shell for question in LIVE_PATCH if question.name == name)
    shell = re.sub(r"(?<![\w|*\\/])/(?=(?:var|sys|proc|snap|usr/s?bin|etc)/)", f"{root}/", shell)
    environment = {"PATH": f"{root}/bin:{os.environ['PATH']}", "LC_ALL": "C"}
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True, env=environment)
    return done.stdout


def test_the_questions_print_what_the_views_read(tmp_path: Path) -> None:
    """In the words of the real clients, kept with their sources beside the scan's tests."""
    release = os.uname().release
    rpm = (f'case "$1 $2" in\n"-qa --qf") printf "{KPP}\\t0\\t0.el9_4\\n" ;;\n"-q --changelog") cat "{FIXTURES}/rpm_kpatch_patch.txt" ;;\n'
           "-ql*) echo /usr/lib/kpatch/x/kpatch-5_14_0.ko.xz ;;\nesac\n")
    printed = answer(tmp_path, "patch_contents", {"rpm": rpm, "dnf": "echo 0.el9_4\n"}, {
        f"var/lib/kpatch/{release}/fix_one.json": '{"build_id": "", "cves": ["CVE-2026-1234", "CVE-2026-1235", "CVE-2026-1234"]}',
        "snap/bin/canonical-livepatch": f"#!/bin/sh\ncat {FIXTURES}/canonical_status.humane.txt\n",
        "usr/bin/kcarectl": f"#!/bin/sh\ncat {FIXTURES}/kcare_raspi.txt\n", "proc/kcare/cvelist": "CVE-2020-1\nCVE-2021-12345\n",
        "usr/sbin/uptrack-show": f'#!/bin/sh\ncat {FIXTURES}/ksplice_$([ "$1" = --available ] && echo available_none || echo uek4).txt\n',
        "etc/uptrack/uptrack.conf": "[Settings]\nskip_apply_after_pkg_install = true\n"})
    said = patches.contents(host("", printed))
    assert said.manifests == {"fix_one": True}
    assert (said.packages, said.modules, said.newest) == ({KPP: ("0", "0.el9_4")}, {"kpatch_5_14_0": KPP}, {KPP: "0.el9_4"})
    assert said.clients["canonical"]["version"] == "113.1" and "all applicable live" in said.clients["canonical"]["state"]
    assert said.clients["kernelcare"] == {"state": "patch is applied", "description": "1-:1615812815;5.4.0-1028.31", "cves": "1"}
    assert len(said.clients["ksplice"]) == 6 and "none" in said.clients["ksplice"]


def test_the_mode_is_read_in_each_of_its_forms(tmp_path: Path) -> None:
    files = {"proc/cmdline": "quiet ro\n", "var/local/canonical_livepatch_mode": "no-apply\n"}
    assert answer(tmp_path, "patch_mode", {}, files) == "file no-apply\n"
    files = {"proc/cmdline": "quiet canonical_livepatch_mode=stop\n", "var/local/canonical_livepatch_mode": "canonical_livepatch_mode=no-refresh\n"}
    assert answer(tmp_path, "patch_mode", {}, files) == "word stop\nfile no-refresh\n"
