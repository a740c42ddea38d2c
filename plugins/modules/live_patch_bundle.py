#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-built live patch of the running kernel in force on a host, or none."""

DOCUMENTATION = r"""
module: live_patch_bundle
short_description: Bring a self-built live patch into force and keep it over a reboot
version_added: 0.1.0
description:
  - Takes from a bundle the patch for the running kernel, verifies it, loads it, waits until every thread runs the new code, and only then lets it be
    loaded at boot.
  - Nothing is loaded where the checksum, the kernel that the module was built for, the kind of module or a signature that the kernel asks for
    is not right.
  - At boot patches are loaded by C(kpatch.service) where kpatch's runtime is installed, otherwise by a unit of our own,
    C(firebreak-live-patch.service). Both take them from C(/var/lib/kpatch/RELEASE).
options:
  state:
    description:
      - V(present) brings the bundle's patch into force. A cumulative one takes the place of all the others from bundles.
      - V(absent) takes every patch that came from a bundle out of force and removes it, for every kernel.
    type: str
    choices: [present, absent]
    default: present
  bundle:
    description:
      - The bundle on this host, which is a folder or a tar archive with C(manifest.json) and the modules that it names.
        Required with O(state=present).
      - The manifest is a mapping with C(format=1) and a list C(patches). Each of them has C(kernel) with C(release) and if need be
        C(package_version), C(module), C(sha256), C(cves), C(cumulative) and C(built_at).
    type: path
  sha256:
    description: The SHA-256 that an archive must have. Without it only the modules are verified, by what the manifest says.
    type: str
    default: ""
  kernels:
    description:
      - The installed kernels, as a mapping of release and package version. The version may be empty, and is then not compared with what a
        patch is bound to.
      - The bundle's patches for those that do not run are laid down for the boot of theirs, verified but not loaded.
    type: dict
    default: {}
  seconds:
    description: How long a transition may take.
    type: int
    default: 120
  on_stall:
    description:
      - What to do where threads keep the transition from ending. The module fails and names them with either.
      - V(report) leaves the patch in transition. V(reverse) turns it back and unloads it, so that all runs on as before.
    type: str
    choices: [report, reverse]
    default: report
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  diff_mode:
    support: full
    details: The patches in memory and those loaded at boot, before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Bring a patch into force
  firebreak.fleet.live_patch_bundle:
    bundle: /var/tmp/patches.tar.gz
    seconds: 60
    on_stall: reverse

- name: Take all patches away
  firebreak.fleet.live_patch_bundle:
    state: absent
"""

RETURN = r"""
patch:
  description: The name of the patch in the kernel.
  type: str
  returned: with O(state=present)
  sample: fix_2026_11
cves:
  description: The CVEs that its manifest says it fixes.
  type: list
  elements: str
  returned: with O(state=present)
removed:
  description: The patches that it took the place of, or that were taken away.
  type: list
  elements: str
  returned: success
kept_for:
  description: The other kernels that have a patch from the bundle for their next boot.
  type: list
  elements: str
  returned: with O(state=present)
unit:
  description: What loads the patch at boot.
  type: str
  returned: with O(state=present)
  sample: kpatch.service
blocking:
  description: The threads that hold a stalled transition up.
  type: list
  elements: dict
  returned: on a stall
  sample: [{pid: 61, tid: 61, comm: kswapd0}]
reversed:
  description: Whether a stalled transition was turned back.
  type: bool
  returned: on a stall
"""

import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._formats.kernel_module import ModuleFile
from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._live_patch import transition
from ..module_utils._live_patch.bundle import loading
from ..module_utils._live_patch.bundle.loading import Patience, StalledError
from ..module_utils._live_patch.bundle.manifest import Entry, KernelView, check_kernel, render_placed
from ..module_utils._live_patch.bundle.source import check_archive, releases, take
from ..module_utils._live_patch.bundle.store import Loader, Store
from ..module_utils._live_patch.providers import self_built


class Piece(NamedTuple):
    """A patch of the bundle: is_kept is whether it is loaded at the boot of its kernel, replaced are those that it takes the place of."""

    store: Store
    entry: Entry
    patch: ModuleFile
    data: bytes
    manifest: str
    is_kept: bool
    replaced: List[str]
    loaded: List[str]


class Work:
    """One run on this host."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.params: Dict[str, Any] = module.params
        self.host = LiveHost()
        self.patience = Patience(self.params["seconds"], self.params["on_stall"])
        self.loader = Loader(self.host, self.run)

    def command(self, argv: List[str]) -> Tuple[int, str, str]:
        """Exit status and output of a command."""
        answer: Tuple[int, str, str] = self.module.run_command(argv)
        return answer

    def run(self, argv: List[str]) -> None:
        """A command that must succeed."""
        status, out, err = self.command(argv)
        if status:
            raise Refused("%s ended with %d: %s" % (" ".join(argv), status, (err or out).strip()))

    def present(self) -> Dict[str, Any]:
        """The bundle's patch in force and kept."""
        kernel = self._kernel()
        check_kernel(kernel)
        check_archive(self.params["bundle"], self.params["sha256"])
        running = self._piece(kernel)
        loading.check_build(self.host, running.patch)
        others = [self._piece(kernel._replace(release=release, package_version=str(self.params["kernels"][release] or "")))
                  for release in releases(self.params["bundle"]) if release in self.params["kernels"] and release != kernel.release]
        must_load = loading.state_of(self.host, running.patch.name) != "active"
        must_prepare = not self.loader.is_ready()
        in_the_way = self._in_the_way(running.patch.name)
        changed = must_load or bool(in_the_way) or must_prepare or any(not piece.is_kept or piece.replaced for piece in [running] + others)
        if not self.module.check_mode:
            if in_the_way:
                self._clear_the_way(running.store, in_the_way)
            if must_load or not running.is_kept:
                self._bring(running, must_load)
            for piece in [other for other in others if not other.is_kept]:
                piece.store.bring(piece.patch.name, piece.data, piece.manifest)
                piece.store.commit(piece.patch.name)
            self._replace(running, others)
            if must_prepare:
                self.loader.prepare()
        return {"changed": changed, "patch": running.patch.name, "cves": running.entry.cves, "removed": running.replaced, "unit": self.loader.unit,
                "kept_for": [piece.entry.release for piece in others], "after": (running.loaded, self.loader.unit)}

    def _kernel(self) -> KernelView:
        release = self.host.uname()[2]
        return loading.read_kernel(self.host, str(self.params["kernels"].get(release) or ""))

    def _piece(self, kernel: KernelView) -> Piece:
        """The bundle's patch for a kernel, verified, and what is there of it."""
        entry, patch, data = take(self.params["bundle"], kernel)
        store, manifest = Store(self_built.folder(entry.release)), render_placed(entry, patch)
        there = [placed.name for placed in self_built.read_placed(self.host, entry.release)[0] if placed.name != patch.name]
        replaced = there if entry.cumulative else []
        return Piece(store, entry, patch, data, manifest, store.holds(patch.name, data, manifest), replaced,
                     sorted({patch.name} | (set(there) - set(replaced))))

    def _replace(self, running: Piece, others: List[Piece]) -> None:
        """Remove what cumulative patches took the place of."""
        for name in running.replaced:
            loading.unload(self.host, name, self.command)
        for piece in [running] + others:
            for name in piece.replaced:
                piece.store.remove(name)

    def _bring(self, piece: Piece, must_load: bool) -> None:
        """Load the patch if need be, and keep it once it is in force."""
        store, name = piece.store, piece.patch.name
        known = os.path.exists(store.module_path(name))
        store.bring(name, piece.data, piece.manifest)
        try:
            if must_load:
                loading.load(self.host, name, store.waiting_path(name), self.patience, self.command)
        except (Refused, UnansweredError, StalledError, OSError):
            if not known and not loading.state_of(self.host, name):
                store.remove(name)
            raise
        store.commit(name)

    def _in_the_way(self, name: str) -> Optional[str]:
        """Another patch that is in transition; the kernel takes one at a time."""
        other = transition.moving(self.host)
        return None if other is None or other.id == name else other.id

    def _clear_the_way(self, store: Store, other: str) -> None:
        """Wait for another patch; one that was left in transition is turned back where that is asked for."""
        try:
            loading.await_transition(self.host, self.patience)
        except StalledError as stalled:
            if not stalled.turned_back:
                raise
            loading.unload(self.host, other, self.command)
            if not os.path.exists(store.module_path(other)):
                store.remove(other)

    def absent(self) -> Dict[str, Any]:
        """None of our patches in force or kept, for any kernel; the newest goes first."""
        placed = [one for release in self.host.listdir(self_built.ROOT).if_there([]) for one in self_built.read_placed(self.host, release)[0]]
        release = self.host.uname()[2]
        loaded = [one.name for one in sorted(placed, key=lambda one: one.built_at, reverse=True) if one.release == release]
        must_go = self.loader.must_go()
        if not self.module.check_mode:
            for name in loaded:
                loading.disable(self.host, name, self.patience, self.command)
            for one in placed:
                Store(self_built.folder(one.release)).remove(one.name)
            self.loader.remove()
        return {"changed": bool(placed or must_go), "removed": [one.name for one in placed], "after": ([], "")}

    def before(self) -> Tuple[List[str], str]:
        """(our patches that are in memory, what loads them at boot)."""
        placed = self_built.read_placed(self.host, self.host.uname()[2])[0]
        return sorted(one.name for one in placed if loading.state_of(self.host, one.name)), self_built.loader(self.host) or ""


def _shown(state: Tuple[List[str], str]) -> str:
    return "in memory: %s\nloaded at boot by: %s\n" % (", ".join(state[0]) or "none", state[1] or "nothing")


def main() -> None:
    """Have the patch, or none."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "bundle": {"type": "path"},
            "sha256": {"type": "str", "default": ""},
            "kernels": {"type": "dict", "default": {}},
            "seconds": {"type": "int", "default": 120},
            "on_stall": {"type": "str", "choices": ["report", "reverse"], "default": "report"},
        },
        required_if=[("state", "present", ["bundle"])],
        supports_check_mode=True,
    )
    work = Work(module)
    try:
        before = work.before()
        done = work.present() if module.params["state"] == "present" else work.absent()
    except (Refused, UnansweredError) as refused:
        module.fail_json(msg=str(refused))
    except StalledError as stalled:
        module.fail_json(msg=str(stalled), changed=not stalled.turned_back, blocking=loading.blockers(stalled), reversed=stalled.turned_back)
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or "live patch", error.strerror or error))
    after = done.pop("after")
    module.exit_json(diff={"before": _shown(before), "after": _shown(after)}, **done)


if __name__ == "__main__":
    main()
