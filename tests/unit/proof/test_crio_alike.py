# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan and proof on the same files of CRI-O's: which handlers of Kata's there are, what they start, and which of them CRI-O passes over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.crio_files import places_told
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.placing import Placing
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from container_kinds import Host
from firebreak_proof.asking import Answer
from firebreak_proof.proof import Proof
from firebreak_proof.questions.containers import KATA
from firebreak_proof.standards import NOTHING
from firebreak_proof.views import boundaries
from world_of_the_proof import Folder

GO, RUST = "/opt/kata/bin/containerd-shim-kata-v2", "/opt/kata/runtime-rs/bin/containerd-shim-kata-v2"


def runtime(name: str, path: str, kind: str = "vm", more: str = "") -> str:
    lines = [f"[crio.runtime.runtimes.{name}]", f'runtime_path = "{path}"' if path else "", f'runtime_type = "{kind}"' if kind else "", more]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Case:
    """Files below CRI-O's folder, the source that they are read so, and the shim of each handler that CRI-O takes."""

    source: str
    files: dict[str, str]
    shims: dict[str, str]
    passed_over: frozenset[str] = field(default_factory=frozenset)
    folder: str = "etc/crio/crio.conf.d"
    words: tuple[str, ...] = ("crio", "--config-dir", "{folder}", "--config", "{place}/crio.conf")
    environ: str = ""


CASES = {
    "a later file replaces a runtime": Case("cri-o, config.go (UpdateFromDropInFile)", {
        "50-kata": runtime("kata", GO, more='runtime_config_path = "/a.toml"'), "99-kata-deploy": runtime("kata", RUST)}, {"kata": RUST}),
    "files in folders": Case("cri-o, config.go (UpdateFromPath)", {"10-own/kata.conf": runtime("kata", GO)}, {"kata": GO}),
    "a name that is no shim's": Case("cri-o, config.go (RuntimeTypeVMBinaryPattern)", {
        "50-kata": runtime("kata-old", "/usr/bin/kata-runtime") + runtime("kata", GO)}, {"kata": GO}, frozenset({"kata-old"})),
    "neither path nor program": Case("cri-o, config.go (ValidateRuntimePath)", {"50-kata": runtime("kata", "")}, {}, frozenset({"kata"})),
    "what the default runtime is": Case("cri-o, config.go (InheritDefaultRuntime)", {
        "50-kata": f'[crio.runtime]\ndefault_runtime = "kata"\n{runtime("kata", GO)}{runtime("kata-big", "", "", "inherit_default_runtime = true")}'},
        {"kata": GO, "kata-big": GO}),
    "a folder by a variable": Case("cri-o, criocli.go (CONTAINER_CONFIG_DIR)", {"50-kata": runtime("kata", GO)}, {"kata": GO}, folder="srv/crio.d",
                                   words=("crio", "-config={place}/crio.conf"), environ="A=b\0CONTAINER_CONFIG_DIR={folder}\0"),
    "a file by a variable": Case("cri-o, criocli.go (CONTAINER_CONFIG)", {"own.conf": runtime("kata", GO)}, {"kata": GO}, folder="srv",
                                 words=("crio",), environ="CONTAINER_CONFIG={folder}/own.conf\0CONTAINER_CONFIG_DIR={place}/none\0"),
    "words before variables": Case("urfave/cli, flag_string.go (Apply)", {"50-kata": runtime("kata", GO)}, {"kata": GO}, folder="srv/crio.d",
                                   environ="CONTAINER_CONFIG={folder}/50-kata\0CONTAINER_CONFIG_DIR={place}/none\0"),
    "told of no folder": Case("cri-o, config.go (UpdateFromPath); urfave/cli, flag_string.go (Apply)", {"50-kata": runtime("kata", GO)}, {},
                              words=("crio", "--config="), environ="CONTAINER_CONFIG_DIR=\0"),
    "runtimes by an option": Case("cri-o, criocli.go (mergeRuntimesConfig)", {"50-kata": runtime("kata", GO)}, {"kata": RUST, "kata-b": GO},
                                  words=("crio", "--runtimes", f"kata:{RUST}:/run/vc:vm, kata-b:{GO}::vm:true:{{folder}}/50-kata,crun:/bin/crun:,"
                                         f"kata-short:{GO}", "--config-dir={folder}", "--config={place}/crio.conf"),
                                  environ=f"CONTAINER_RUNTIMES=kata-c:{GO}::vm\0"),
    "runtimes by options": Case("urfave/cli, flag_string_slice.go (Set)", {}, {"kata": GO, "kata-b": RUST},
                                words=("crio", f"--runtimes=kata:{GO}::vm", f"--runtimes=kata-b:{RUST}::vm", "--config-dir=", "--config=")),
    "runtimes by a variable": Case("cri-o, criocli.go (CONTAINER_RUNTIMES)", {}, {"kata": GO}, environ=f"CONTAINER_RUNTIMES=kata:{GO}:/run/vc:vm\0"),
    "a default runtime by an option": Case("cri-o, criocli.go (mergeRuntimeConfig)", {
        "50-kata": f'{runtime("kata", GO)}{runtime("kata-big", "", "", "inherit_default_runtime = true")}'}, {"kata": GO, "kata-big": GO},
        words=("crio", "--default-runtime", "kata", "--config-dir", "{folder}", "--config", "{place}/crio.conf")),
    "a folder of its own": Case("cri-o, criocli.go (--config-dir)", {"50-kata": runtime("kata", GO)}, {"kata": GO}, folder="srv/crio.d"),
}


def host_of(case: Case, place: Path) -> Host:
    """The scan reads the files by their paths, as CRI-O was told to."""
    host, folder = Host(), f"{place}/{case.folder}"
    for path in (GO, RUST):
        host.file(path).recording["realpath"][path] = path
    for name, text in case.files.items():
        host.file(f"{folder}/{name}", text)
    names = {name.partition("/")[0] for name in case.files}
    host.folder(folder, *sorted(names))
    for below in (name for name in case.files if "/" in name):
        host.folder(f"{folder}/{below.partition('/')[0]}", below.partition("/")[2])
    host.file("/usr/bin/crio")
    host.recording["read"]["/proc/300/environ"] = case.environ.format(place=place, folder=folder)
    return host.put(300, 1, "/usr/bin/crio", argv=[word.format(place=place, folder=folder) for word in case.words]).own(300, "/usr/bin/crio")


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_scan_takes_of_crios_files_what_crio_takes(case: Case, tmp_path: Path) -> None:
    rows = host_of(case, tmp_path).kata().facts["handlers"]
    assert {row["name"]: row["shim"] for row in rows if not row["dead"]} == case.shims
    assert {row["name"] for row in rows if row["dead"]} == case.passed_over


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_proof_takes_of_crios_files_what_crio_takes(case: Case, tmp_path: Path) -> None:
    for name, text in case.files.items():
        file = tmp_path / case.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    host = host_of(case, tmp_path)
    proof = Folder(tmp_path / "host", host.recording, {}).proof(tuple(question for question in KATA if question.name == "handlers"))
    found = [one for one in boundaries.handlers(proof) if one.is_kata()]
    assert {one.name: one.shim for one in found if not one.is_passed_over} == case.shims
    assert {one.name for one in found if one.is_passed_over} == case.passed_over


@pytest.mark.parametrize("words", [("crio",), ("crio", "--config-dir={folder}", "--config=")])
def test_what_an_option_tells_is_loaded_whatever_the_files_are(words: tuple[str, ...], tmp_path: Path) -> None:
    """cri-o, criocli.go (mergeConfig): files first, then the options, which only another start changes."""
    host = host_of(Case("", {"50-kata": "# nothing\n"}, {}, words=(*words, f"--runtimes=kata:{GO}::vm")), tmp_path)
    row, = host.kata().facts["handlers"]
    assert (row["loaded"], row["source"], row["dead"]) == (True, "--runtimes", "")


def test_a_handler_that_an_option_names_is_refused() -> None:
    """Whatever the drop-in says, the option has the last word."""
    told = places_told(["crio", "--runtimes", f"kata:{RUST}::vm"], "")
    with pytest.raises(Refused, match="names the runtime kata"):
        Placing(None, "crio", None, None, crios=told).register([Handler("kata", GO, "")], True)


def questioned(name: str, host: Host, place: Path) -> Answer:
    """What the proof's own question says of a host."""
    proof = Folder(place / "host", host.recording, {}).proof(tuple(question for question in KATA if question.name == name))
    return proof.answers[name]


@pytest.mark.parametrize("environ", [{"problem": "needs_root", "detail": "Permission denied"}, "CONTAINER_CONFIG_DIR=crio.d\0"])
def test_what_crio_reads_is_not_known_where_it_cannot_be_told(environ: object, tmp_path: Path) -> None:
    """A folder below that in which CRI-O was started is found by nobody else."""
    case = Case("", {"50-kata": runtime("kata", GO)}, {}, words=("crio",))
    host = host_of(case, tmp_path)
    host.recording["read"]["/proc/300/environ"] = environ
    section = host.kata()
    assert section.facts["handlers"] is None
    reason, = (null["reason"] for null in section.nulls if null["fact"] == "kata.handlers")
    # Root is refused nothing for want of root.
    assert reason in (("unparsable",) if isinstance(environ, str) else ("needs_root", "unreadable"))
    assert questioned("handlers", host, tmp_path).status == 3


@pytest.mark.parametrize(("name", "path", "starts"), [
    ("containerd-shim-kata-v2", "/usr/bin", True), ("containerd-shim-kata-v2", "", False), ("kata", "/usr/bin", False)])
def test_of_a_runtime_without_a_path_crio_looks_for_its_name(name: str, path: str, starts: bool, tmp_path: Path) -> None:
    """cri-o, config.go (ValidateRuntimePath): exec.LookPath of the runtime's name in CRI-O's own search path."""
    searched, programs = f"{tmp_path}/none:{tmp_path}{path}", tmp_path / "usr/bin"
    host = host_of(Case("", {"50-kata": runtime(name, "")}, {}, environ=f"PATH={searched}\0"), tmp_path)
    host.file(f"{programs}/{name}").recording["realpath"][f"{programs}/{name}"] = f"{programs}/{name}"
    row, = host.kata().facts["handlers"]
    assert (not row["dead"]) is starts
    for file, text in ((programs / name, ""), (tmp_path / "etc/crio/crio.conf.d/50-kata", runtime(name, ""))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    there = questioned("handler_files", host, tmp_path).out.split("\n")
    handler, = boundaries.handlers(Proof("node1", NOTHING, {"handlers": Answer(runtime(name, ""), "", 0, 1)}))
    assert (f"there {handler.shim}" in there and not handler.is_passed_over) is starts


NAMELESS, WITH_CONFIG = "containerd-shim-kata-v2", 'runtime_config_path = "/a.toml"'
CHANGED = {
    "as it is written": (runtime("kata", GO), runtime("kata", GO), True),
    "another shim": (runtime("kata", GO), runtime("kata", RUST), False),
    "none of that name": (runtime("kata", GO), runtime("runc", "/usr/bin/runc", "oci"), False),
    "it does not say": (runtime("kata", GO), None, None),
    "the program that it found": (runtime(NAMELESS, ""), runtime("runc", "/usr/bin/runc", "oci") + runtime(NAMELESS, GO), True),
    "no program, and none of that name": (runtime(NAMELESS, ""), runtime("kata", GO), False),
    "a configuration that was taken away": (runtime("kata", GO), runtime("kata", GO, more=WITH_CONFIG), False),
    "another type": (runtime("kata", GO), runtime("kata", GO, "oci"), False),
}


@pytest.mark.parametrize(("written", "now", "loaded"), CHANGED.values(), ids=list(CHANGED))
def test_a_crio_that_was_told_to_reload_says_what_it_has(written: str, now: str | None, loaded: bool | None, tmp_path: Path) -> None:
    """cri-o, reload.go (ReloadRuntimes) and criocli/status.go: a file that was changed since CRI-O began says nothing by itself."""
    case = Case("cri-o, criocli.go (--config-dir)", {"50-kata": written}, {}, folder="srv/crio.d")
    host = host_of(case, tmp_path)
    for path, stat in host.recording["stat"].items():
        if path.startswith(str(tmp_path)):
            host.recording["stat"][path] = [*stat[:6], 1763990000.0, *stat[7:]]
    if now is not None:
        host.recording["run"]["/usr/bin/crio status config"] = now
    row, = host.kata().facts["handlers"]
    assert row["loaded"] is loaded
    file = tmp_path / case.folder / "50-kata"
    file.parent.mkdir(parents=True)
    file.write_text(written)
    says = f"#!/bin/sh\ncat <<'END'\n{now}END\n" if now is not None else "#!/bin/sh\nexit 1\n"
    questions = tuple(question for question in KATA if question.name == "engine_state")
    proof = Folder(tmp_path / "host", host.recording, {"crio": says, "systemctl": "#!/bin/sh\necho 0\n"}).proof(questions)
    assert proof.fields("engine_state")["crio"] == ("loaded" if loaded else "changed")


def test_a_handler_of_two_engines_is_two_handlers() -> None:
    """A node that had k3s before has both files: each handler has its own shim."""
    said = "# CRI is served\n" + runtime("kata", GO, "io.containerd.kata.v2").replace("crio.runtime", 'plugins."io.containerd.cri.v1.runtime"') \
        + "# CRI is served\n" + runtime("kata", RUST)
    found = boundaries.handlers(Proof("node1", NOTHING, {"handlers": Answer(said, "", 0, 1)}))
    assert [(one.name, one.shim, one.runtime_type) for one in found] == [("kata", GO, "io.containerd.kata.v2"), ("kata", RUST, "vm")]
