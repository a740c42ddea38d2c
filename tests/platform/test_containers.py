# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers: which engines there are, and on whose kernel their containers run."""

from firebreak_proof.promises import Wanted, hold, promise
from firebreak_proof.proof import Proof
from firebreak_proof.views import boundaries, monitors


@promise("containers.engines")
def test_only_promised_engines_are_installed(proof: Proof, wanted: Wanted) -> None:
    others = sorted({engine.kind for engine in boundaries.engines(proof)} - set(wanted.accepted))
    hold(not others, f"{proof.host} has the container engine {', '.join(others)}; the standard allows {wanted}")


@promise("containers.*.installed")
def test_the_promised_version_of_the_engine_is_installed(proof: Proof, wanted: Wanted) -> None:
    kind = wanted.key.split(".")[1]
    for engine in (engine for engine in boundaries.engines(proof) if engine.kind == kind):
        hold(bool(engine.version), f"{proof.host} has {engine.path}, which no package brought, so nobody can tell its version")
        hold(monitors.is_promised(proof, wanted, engine.version),
             f"{proof.host} has {engine.package} {engine.version}; the standard promises {wanted}")


@promise("containers.engine_stale")
def test_the_engines_run_what_is_installed(proof: Proof, wanted: Wanted) -> None:
    stale = [f"{cells[2]} (process {cells[1]})" for cells in proof.rows("daemons") if len(cells) == 4 and cells[3] != "installed"]
    hold(not stale, f"{proof.host} runs {', '.join(stale)}, which has been replaced on disk since it began; the standard forbids that")


@promise("containers.shared_kernel")
def test_containers_run_behind_a_boundary(proof: Proof, wanted: Wanted) -> None:
    allowed = list(proof.setting("containers.shared_kernel_allowed", []))
    sharing = [str(one) for one in boundaries.containers(proof) if one.shares_kernel() is not False and not one.is_allowed(allowed)]
    hold(len(sharing) <= wanted.target,
         f"{proof.host} has {len(sharing)} containers on its own kernel: {', '.join(sharing[:10])}; the standard promises {wanted}")
    others = boundaries.unexplained(proof)
    hold(len(sharing) + len(others) <= wanted.target,
         f"{proof.host} has {len(others)} namespaces of which nobody can tell whether they are containers: {', '.join(others[:10])}; "
         f"the standard promises {wanted}")


@promise("containers.privileged")
def test_no_container_on_the_hosts_kernel_is_privileged(proof: Proof, wanted: Wanted) -> None:
    """By the capabilities of its first process, which are all that the host's own first process may have."""
    found = [str(one) for one in boundaries.containers(proof) if one.shares_kernel() is not False and one.privileged == "yes"]
    hold(not found, f"{proof.host} has privileged containers on its own kernel: {', '.join(found[:10])}; the standard forbids that")


@promise("containers.host_pid")
def test_no_container_on_the_hosts_kernel_sees_its_processes(proof: Proof, wanted: Wanted) -> None:
    found = [str(one) for one in boundaries.containers(proof) if one.shares_kernel() is not False and one.processes == "host"]
    hold(not found, f"{proof.host} has containers that see all its processes: {', '.join(found[:10])}; the standard forbids that")


@promise("containers.unknown_isolation")
def test_the_kernel_of_every_container_is_known(proof: Proof, wanted: Wanted) -> None:
    found = [str(one) for one in boundaries.containers(proof) if one.shares_kernel() is None]
    hold(not found,
         f"{proof.host} has containers of which nobody can tell whose kernel they run on: {', '.join(found[:10])}; the standard forbids that")
