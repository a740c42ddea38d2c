# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kata Containers: the release in force, what runs, and the handlers by which engines reach it."""

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import boundaries, configurations, sandboxes


@promise("kata.presence", finding="kata.installed")
def test_kata_is_there_as_promised(proof: Proof, wanted: Wanted) -> None:
    said = proof.fields("kata")
    if wanted.value == "required":
        hold("shim" in said, f"{proof.host} has no Kata Containers installed; the standard promises it")
    else:
        hold("shim" not in said and "tree" not in said,
             f"{proof.host} has Kata Containers ({said.get('shim') or said.get('tree')}); the standard forbids it")


@promise("kata.version")
def test_a_new_sandbox_gets_the_promised_version(proof: Proof, wanted: Wanted) -> None:
    """By the release's own word and by the link that says which release is in force."""
    said = proof.fields("kata")
    if "shim" not in said:
        return
    version, link = said.get("version", ""), said.get("link", "")
    hold(bool(version), f"{proof.host} has Kata Containers, but no /opt/kata/VERSION, so nobody can tell which")
    hold(not link.startswith("/opt/kata-") or link == f"/opt/kata-{version}",
         f"{proof.host} contradicts itself: /opt/kata leads to {link}, whose VERSION says {version}")
    right = proof.compare(version, str(wanted.target)) >= 0 if wanted.form == "minimum" else version in wanted.accepted
    hold(right, f"{proof.host} has Kata Containers {version} in force; the standard promises {wanted}")


@promise("kata.stale_sandboxes")
def test_living_sandboxes_run_what_a_new_one_would_get(proof: Proof, wanted: Wanted) -> None:
    found = sandboxes.judged(proof)
    old = [f"{one.sandbox.name} (process {one.sandbox.shim.pid}: {', '.join(one.reasons)})" for one in found if one.state == sandboxes.STALE]
    old += [f"one without its shim: {one}" for one in sandboxes.orphans(proof)]
    hold(not old, f"{proof.host} has sandboxes that run what is not in force any more: {', '.join(old[:10])}; the standard forbids that")
    unknown = [f"{one.sandbox.name} ({', '.join(one.reasons)})" for one in found if one.state == sandboxes.UNKNOWN]
    hold(not unknown, f"{proof.host} has sandboxes of which nobody can tell whether they run what is in force: {', '.join(unknown[:10])}")


@promise("kata.guest_kernel")
def test_living_sandboxes_have_the_promised_guest_kernel(proof: Proof, wanted: Wanted) -> None:
    for one in sandboxes.judged(proof):
        shown = f"(sandbox {one.sandbox.name}, process {one.sandbox.shim.pid})"
        hold(bool(one.version), f"{proof.host}: nobody can tell which guest kernel runs {shown}")
        right = proof.compare(one.version, str(wanted.target)) >= 0 if wanted.form == "minimum" else one.version in wanted.accepted
        hold(right, f"{proof.host} runs the guest kernel {one.version} {shown}; the standard promises {wanted}")


@promise("kata.handlers")
def test_engines_have_the_promised_handlers(proof: Proof, wanted: Wanted) -> None:
    names = {handler.name for handler in configurations.handlers(proof)}
    missing = [name for name in wanted.accepted if name not in names]
    hold(not missing, f"{proof.host}'s engines have no handler of Kata's called {', '.join(missing)} (but {', '.join(sorted(names)) or 'none'}); "
                      f"the standard promises {', '.join(wanted.accepted)}")


@promise("kata.isolation")
def test_a_container_under_the_handler_has_a_kernel_of_its_own(proof: Proof, wanted: Wanted) -> None:
    """By a probe that is started through the engine: it must see the guest kernel that the release pins, and not the host's."""
    said = proof.rows("probes")
    host, pinned = (next((cells[1] for cells in said if cells[0] == name and len(cells) == 2), "") for name in ("host", "pinned"))
    version = boundaries.linux_version(pinned)
    hold(bool(version), f"{proof.host}'s release of Kata does not say which guest kernel it pins ({pinned or 'nothing'})")
    probes = {cells[1]: cells[2:] for cells in said if cells[0] == "probe" and len(cells) == 5}
    for handler in wanted.accepted:
        engine, kernel, problem = probes.get(handler, ["none", "", "it was not probed"])
        hold(bool(kernel), f"{proof.host}: a probe under the handler {handler} ({engine}) says no kernel: {problem or 'no reason was given'}")
        hold(kernel != host, f"{proof.host}: a container under the handler {handler} ({engine}) shares the host's kernel {host}")
        hold(kernel == version or kernel.startswith((f"{version}-", f"{version}+", f"{version}_")),
             f"{proof.host}: a container under the handler {handler} ({engine}) runs on kernel {kernel}; the release pins {version}")


@promise("kata.dead_handlers")
def test_the_handlers_of_kata_lead_somewhere(proof: Proof, wanted: Wanted) -> None:
    there = {path for state, path in (line.split(" ", 1) for line in proof.says("handler_files").splitlines() if " " in line) if state == "there"}
    rows, major = proof.rows("configurations"), proof.fields("kata").get("version", "").partition(".")[0]
    for handler in configurations.handlers(proof):
        shim = configurations.shim_of(handler.shim, rows)
        hold(not shim.variable or shim.is_default or not major.isdigit() or int(major) < 4,
             f"{proof.host}'s handler {handler.name} is a script that sets KATA_CONF_FILE={shim.variable}, with which no shim since 4.0.0 starts; "
             f"the standard forbids that")
        gone = [path for path in handler.paths if path not in there]
        hold(not gone, f"{proof.host}'s handler {handler.name} names {', '.join(gone)}, which is not there; the standard forbids that")
        hold(handler.shim in handler.paths or handler.shim in there,
             f"{proof.host}'s handler {handler.name} names no shim, and none of its type or name is where its engine looks; "
             f"the standard forbids that")
        hold(not handler.is_passed_over,
             f"{proof.host}'s handler {handler.name} has the shim {handler.shim}: CRI-O takes none that is not called containerd-shim-*; "
             f"the standard forbids that")
        hold(handler.is_served, f"{proof.host}'s handler {handler.name} serves nobody: its containerd has CRI disabled; the standard forbids that")


@promise("kata.unloaded_handlers")
def test_the_engines_have_read_their_handlers(proof: Proof, wanted: Wanted) -> None:
    if not configurations.handlers(proof):
        return
    words = {"inactive": "does not run", "changed": "began before its configuration was last changed",
             "elsewhere": "was started with another configuration than its own"}
    states = proof.fields("engine_state")
    hold(bool(states), f"{proof.host} has handlers of Kata and no engine that reads them, so nobody can tell whether they are in force")
    wrong = [f"{engine} {words[state]}" for engine, state in states.items() if state in words]
    wrong += [f"docker does not know its runtime {one.name}" for one in configurations.dockers(proof) if f"docker:{one.name}" not in states]
    hold(not wrong, f"{proof.host} has handlers of Kata that are not in force: {'; '.join(wrong)}; the standard forbids that")


@promise("kata.other_installers")
def test_kata_has_one_installer(proof: Proof, wanted: Wanted) -> None:
    found = proof.says("kata_others").split()
    hold(not found or "link" not in proof.fields("kata"),
         f"{proof.host} has traces of another installer of Kata Containers: {', '.join(found)}; the standard forbids that")
