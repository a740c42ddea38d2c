# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks of pytest: first all hosts are asked, then the promises of each become tests, which only look at the answers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Mapping
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from . import becoming, evidence, gathering, results, standards
from .asking import Answer
from .gathering import Asked
from .promises import UNPROVEN, BrokenPromiseError, WaivedPromiseError, Wanted, finding_of
from .proof import Proof
from .results import Result

_ASKED = pytest.StashKey[list[Asked]]()
_WRITTEN = pytest.StashKey[str]()
_EVIDENCE = pytest.StashKey[Path]()
NEEDS = "the proof needs pytest-testinfra; install it with: pip install pytest-testinfra"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's own options; those of testinfra name the hosts."""
    group = parser.getgroup("firebreak", "the proof that hosts are on the standard")
    group.addoption("--firebreak-standards", metavar="FILE", help="JSON with the standard of each host; without it, from the inventory's variables")
    group.addoption("--firebreak-host-timeout", metavar="SECONDS", type=int, default=300, help="what one round trip to a host may take (300)")
    group.addoption("--firebreak-forks", metavar="NUMBER", type=int, default=int(os.environ.get("ANSIBLE_FORKS") or 20),
                    help="how many hosts are asked at once (20, or ANSIBLE_FORKS)")
    group.addoption("--firebreak-report", metavar="FOLDER", help="write proof.json and proof.html there")
    group.addoption("--firebreak-evidence", metavar="FILE", help="write what was asked and answered there, as one .tar.gz")
    group.addoption("--firebreak-evidence-key", metavar="FILE", help="an OpenSSH private key that signs the evidence")


def pytest_configure(config: pytest.Config) -> None:
    """Without testinfra nothing can be asked."""
    if not config.pluginmanager.hasplugin("testinfra") and not config.pluginmanager.hasplugin("pytest11.testinfra"):
        raise pytest.UsageError(NEEDS)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Ask every host, once. Workers of pytest-xdist get the answers from the process that started them."""
    config = session.config
    handed = getattr(config, "workerinput", {}).get("firebreak")
    if config.option.firebreak_evidence and not handed:
        config.stash[_EVIDENCE] = evidence.destination(config.option.firebreak_evidence, datetime.now(timezone.utc))
        try:
            evidence.check(config.stash[_EVIDENCE], config.option.firebreak_evidence_key or "")
        except evidence.EvidenceError as error:
            raise pytest.UsageError(str(error)) from None
    config.stash[_ASKED] = _unpacked(handed) if handed else _gather(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the answers to a worker of pytest-xdist."""
    node.workerinput["firebreak"] = _packed(node.config.stash[_ASKED])


def _gather(config: pytest.Config) -> list[Asked]:
    hosts = _hosts(config)
    wanted, lost = _standards(config, hosts)
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    done: list[str] = []

    def tell(asked: Asked) -> None:
        done.append(asked.proof.host)
        if terminal:
            terminal.write_line(f"asked {asked.proof.host} ({len(done)} of {len(hosts)}, {asked.seconds:.1f} s)"
                                + (f": it {asked.proof.problem}" if asked.proof.problem else ""))

    option = config.option
    asked = gathering.ask_all({name: hosts[name] for name in wanted}, wanted, option.firebreak_forks, option.firebreak_host_timeout, tell,
                              becoming.handed_over())
    return [*asked, *(Asked(Proof(name, standards.NOTHING, {}, problem), 0, 0.0) for name, problem in lost.items())]


def _hosts(config: pytest.Config) -> dict[str, Any]:
    """testinfra's hosts by name; none at all is an error, never an empty success."""
    import testinfra

    option = config.option
    if not option.hosts:
        raise pytest.UsageError("--hosts names no host; wanted for instance --hosts=ansible://all --ansible-inventory=inventories/lab")
    # testinfra starts ansible-inventory by name; the one next to this Python is meant.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        found = testinfra.get_hosts(option.hosts.split(","), connection=option.connection, ssh_config=option.ssh_config,
                                    ssh_identity_file=option.ssh_identity_file, sudo=option.sudo, sudo_user=option.sudo_user,
                                    ansible_inventory=option.ansible_inventory, force_ansible=option.force_ansible)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise pytest.UsageError(f"testinfra cannot tell the hosts of --hosts={option.hosts}: {error}") from None
    if not found:
        raise pytest.UsageError(f"--hosts={option.hosts} matches no host: nothing would be proven")
    return {host.backend.get_hostname(): host for host in found}


def _standards(config: pytest.Config, hosts: dict[str, Any]) -> tuple[dict[str, standards.Standard], dict[str, str]]:
    """The standard of each host, and why some have none that could be proven."""
    path = config.option.firebreak_standards or os.environ.get("FIREBREAK_STANDARDS")
    given: dict[str, Any] = {}
    if path:
        try:
            given = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise pytest.UsageError(f"--firebreak-standards={path} cannot be read: {error}") from None
    found, lost = {}, {}
    for name, host in hosts.items():
        try:
            found[name] = standards.merged(given.get(name, given.get("*", {})) if path else _variables(host))
        except (standards.StandardError, KeyError, TypeError, ValueError) as error:
            lost[name] = f"has no standard that can be used ({error})"
    return found, lost


def _variables(host: Any) -> dict[str, Any]:
    return dict(host.backend.get_variables()) if hasattr(host.backend, "get_variables") else {}


def _packed(everything: list[Asked]) -> str:
    return json.dumps([[asked.proof.host, [asked.proof.standard.base, asked.proof.standard.blocks, [[*waiver[:3], str(waiver.expires)] for waiver in
                       asked.proof.standard.waivers]], asked.proof.answers, asked.proof.problem] for asked in everything], default=str)


def _unpacked(text: str) -> list[Asked]:
    found = []
    for host, (base, blocks, waivers), answers, problem in json.loads(text):
        standard = standards.Standard(base, tuple((match, values) for match, values in blocks), tuple(
            standards.Waiver(finding, owner, reason, datetime.fromisoformat(day).date()) for finding, owner, reason, day in waivers))
        found.append(Asked(Proof(host, standard, {name: Answer(*answer) for name, answer in answers.items()}, problem), 0, 0.0))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each host and each promise that it proves; what the standard does not promise is not collected."""
    if "proof" not in metafunc.fixturenames:
        return
    everything = [asked.proof for asked in metafunc.config.stash[_ASKED]]
    patterns = getattr(metafunc.function, "promised_keys", None)
    if patterns is None:
        metafunc.parametrize("proof", everything, ids=[proof.host for proof in everything])
        return
    cases = [(proof, Wanted(key, value)) for proof in everything if not proof.problem for key, value in proof.promises().items()
             if any(fnmatchcase(key, pattern) for pattern in patterns)]
    metafunc.parametrize("proof,wanted", cases, ids=[f"{proof.host}-{wanted.key}" for proof, wanted in cases])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest makes one skipped test of an empty list, and an auditor would ask what was skipped."""
    items[:] = [item for item in items if not _is_for_no_host(getattr(getattr(item, "callspec", None), "params", {}))]


def _is_for_no_host(parameters: Mapping[str, object]) -> bool:
    return "proof" in parameters and not isinstance(parameters["proof"], Proof)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Broken promises are told as sentences; those that a waiver covers are told and do not fail."""
    report = yield
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    proof, wanted = parameters.get("proof"), parameters.get("wanted")
    if call.when != "call" or proof is None:
        return report
    finding = finding_of(item.function, wanted.key) if wanted else ""  # type: ignore[attr-defined]
    sentence = "\n".join(map(results.visible, str(call.excinfo.value).splitlines())) if call.excinfo else ""
    if call.excinfo and isinstance(call.excinfo.value, BrokenPromiseError):
        report.longrepr = sentence
    waiver = _waiver(proof, finding, call.excinfo) if report.failed else ""
    if waiver:
        sentence = f"waived {waiver}: {sentence}"
        report.outcome, report.wasxfail = "skipped", sentence
    outcome = "waived" if waiver else report.outcome
    item_properties = [("host", proof.host), ("promise", wanted.key if wanted else "the host can be asked"), ("outcome", outcome),
                       ("sentence", sentence.splitlines()[0] if sentence else "")]
    report.user_properties = [*report.user_properties, *item_properties]
    return report


def _waiver(proof: Proof, finding: str, error: pytest.ExceptionInfo[BaseException] | None) -> str:
    """Who answers for a broken promise, until when and why; '' where nobody does."""
    if error and isinstance(error.value, WaivedPromiseError):
        return error.value.by
    waiver = proof.waiver(finding, datetime.now(timezone.utc).date())
    return str(waiver) if waiver else ""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what each test said, in the process that reports."""
    said = dict(report.user_properties)
    if report.when == "call" and "promise" in said:
        _COLLECTED.append(Result(str(said["host"]), str(said["promise"]), str(said["outcome"]), str(said["sentence"]), report.nodeid))


_COLLECTED: list[Result] = []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report and the evidence; nothing proven is a failure of its own."""
    config = session.config
    if hasattr(config, "workerinput") or _ASKED not in config.stash or config.option.collectonly:
        return
    if config.option.firebreak_report:
        results.write(Path(config.option.firebreak_report), _COLLECTED)
    if config.option.firebreak_evidence:
        everything = config.stash[_ASKED]
        path = config.stash[_EVIDENCE]
        try:
            evidence.write(path, everything, _COLLECTED, config.option.firebreak_evidence_key or "")
        except evidence.EvidenceError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[_WRITTEN] = str(path)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The hosts and what became of their promises, in one line each."""
    if _ASKED not in config.stash or not _COLLECTED:
        return
    everything = config.stash[_ASKED]
    unproven = {key for asked in everything if not asked.proof.problem for key in asked.proof.promises() if key in UNPROVEN}
    terminalreporter.section("the proof")
    for line in results.lines(_COLLECTED):
        terminalreporter.write_line(line)
    for key in sorted(unproven):
        terminalreporter.write_line(f"not proven: {key}: {UNPROVEN[key]}")
    if _WRITTEN in config.stash:
        terminalreporter.write_line(f"evidence: {config.stash[_WRITTEN]}")
    trips, seconds = sum(asked.round_trips for asked in everything), sum(asked.seconds for asked in everything)
    if trips:
        terminalreporter.write_line(f"cost: {trips / len(everything):.1f} round trips and {seconds / len(everything):.1f} s per host")
