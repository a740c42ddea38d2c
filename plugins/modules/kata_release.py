#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One release of Kata Containers in force on a host, or none."""

DOCUMENTATION = r"""
module: kata_release
short_description: Install a release of Kata Containers beside the others and put it in force
version_added: 0.1.0
description:
  - Unpacks the archives of a static release into C(/opt/kata-VERSION) and lets the link C(/opt/kata) name it. Each of both is one rename,
    so an archive that is truncated, is not the pinned one or would write elsewhere leaves everything as it was.
  - A version that is already unpacked is put in force without its archives. So an upgrade keeps what it came from, and a rollback is the old version.
  - Sandboxes that run keep their own release. A release is removed only while no process runs, has open or was started with a file of it.
  - Refuses a host on which C(kata-deploy) or a distribution's package installed Kata Containers.
options:
  state:
    description: V(absent) removes the link and every release, and is refused while a sandbox uses one.
    type: str
    choices: [present, absent]
    default: present
  version:
    description: The version of Kata Containers to have, for example V(4.1.0). Required with O(state=present).
    type: str
    default: ""
  minimum:
    description: An older O(version) is refused.
    type: str
    default: 3.31.0
  archives:
    description:
      - The archives that make the release, on this host. Needed while the version is not unpacked.
      - Packed with xz, gzip or zstd; for zstd the host needs the command C(zstd).
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where the archive is.
        type: path
        required: true
      sha256:
        description: The SHA-256 that it must have.
        type: str
        required: true
  activate:
    description: Whether to let the link name the version, and remove releases beyond O(keep). With V(false) the release is only unpacked.
    type: bool
    default: true
  keep:
    description: How many other releases stay to go back to. Those that a process uses stay besides.
    type: int
    default: 1
  root:
    description: The folder of the link and the releases. The releases themselves expect C(/opt).
    type: path
    default: /opt
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  diff_mode:
    support: full
    details: The version in force and the versions there, before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Install a release
  firebreak.fleet.kata_release:
    version: 3.32.0
    archives:
      - path: /var/tmp/kata-static-3.32.0-amd64.tar.zst
        sha256: 1449ecea50bd91fa73a94648db195d18950fe869ba4b1f12d05f55f1fa7c1b01

- name: Go back to the one before, which needs no archive
  firebreak.fleet.kata_release:
    version: 3.31.0

- name: Remove all releases, unless a sandbox lives
  firebreak.fleet.kata_release:
    state: absent
"""

RETURN = r"""
unpack:
  description: Whether the version is not unpacked yet (in check mode), or was not.
  type: bool
  returned: with O(state=present)
machine:
  description: What the kernel calls this machine's architecture.
  type: str
  returned: success
  sample: x86_64
previous:
  description: The version that was in force before; null for none.
  type: str
  returned: success
  sample: 3.31.0
removed:
  description: The versions that were removed.
  type: list
  elements: str
  returned: success
kept:
  description: The versions that stay although they are beyond O(keep), and what uses each.
  type: dict
  returned: with O(state=present)
  sample: {3.30.0: process 4711 runs /opt/kata-3.30.0/bin/qemu-system-x86_64}
"""

import os
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._containers import processes
from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._kata.archive import check_sha256, check_version, surplus
from ..module_utils._kata.trees import Trees, check_archive
from ..module_utils._kata.users import other_owners, users


def _refuse_other_owners(host: Any) -> None:
    owners = other_owners(host, processes.find(host)[0])
    if owners:
        raise Refused("Kata Containers is installed by another: %s. Remove it first; two installers would undo each other's work" % ", ".join(owners))


def _must_unpack(trees: Trees, params: Dict[str, Any]) -> bool:
    """Whether the version has to be unpacked; refused when it is there but made of other archives than those pinned."""
    noted = trees.marker(params["version"])
    wanted = sorted(archive["sha256"] for archive in params["archives"])
    for archive in params["archives"]:
        check_sha256(archive["sha256"], archive["path"])
    if noted is not None and wanted and noted.get("sha256") != wanted:
        raise Refused("%s was made of archives with sha256 %s, wanted %s: put another version in force and remove it, or correct the pins"
                      % (trees.tree(params["version"]), noted.get("sha256"), wanted))
    return noted is None


def _unpack(trees: Trees, params: Dict[str, Any], check_mode: bool) -> None:
    archives = [(archive["path"], archive["sha256"]) for archive in params["archives"]]
    if check_mode:
        # What a run without check mode would have brought is not here; what is here can be judged.
        for path, wanted in archives:
            if os.path.exists(path):
                check_archive(path, wanted)
        return
    if not archives:
        raise Refused("version %s is not unpacked on this host, and no archives are given" % params["version"])
    trees.unpack(params["version"], archives)


def _prune(trees: Trees, host: Any, params: Dict[str, Any], previous: Any, check_mode: bool) -> Dict[str, Any]:
    """Remove what is beyond ``keep``: never what is in force or in use, and last of all what was in force before."""
    others = [(made + (1e12 if version == previous else 0), version) for made, version in trees.versions() if version != params["version"]]
    removed: List[str] = []
    kept: Dict[str, str] = {}
    for version in surplus(others, params["keep"]):
        seen = users(host, [trees.tree(version)])
        if seen:
            kept[version] = "%s %s" % seen[0]
            continue
        if not check_mode:
            trees.remove(version)
        removed.append(version)
    return {"removed": removed, "kept": kept}


def _present(trees: Trees, host: Any, params: Dict[str, Any], check_mode: bool) -> Dict[str, Any]:
    check_version(params["version"], params["minimum"])
    _refuse_other_owners(host)
    if params["keep"] < 0:
        raise Refused("keep is %d, wanted 0 or more" % params["keep"])
    previous = trees.current()
    result: Dict[str, Any] = {"previous": previous, "unpack": _must_unpack(trees, params), "removed": [], "kept": {}}
    if result["unpack"]:
        _unpack(trees, params, check_mode)
    flip = params["activate"] and previous != params["version"]
    if flip and not check_mode:
        trees.activate(params["version"])
    if params["activate"]:
        result.update(_prune(trees, host, params, previous, check_mode))
    result["changed"] = bool(result["unpack"] or flip or result["removed"])
    return result


def _absent(trees: Trees, host: Any, check_mode: bool) -> Dict[str, Any]:
    previous = trees.current()
    versions = [version for _made, version in trees.versions()]
    seen = users(host, [trees.link] + [trees.tree(version) for version in versions]) if versions or previous else []
    if seen:
        raise Refused("Kata Containers is in use: %s. Stop them first" % "; ".join("%s %s" % user for user in seen[:10]))
    if not check_mode:
        trees.unlink()
        for version in versions:
            trees.remove(version)
    return {"previous": previous, "removed": versions, "changed": bool(previous or versions)}


def _diff(before: List[str], previous: Any, params: Dict[str, Any], result: Dict[str, Any]) -> Dict[str, str]:
    present = params["state"] == "present"
    after = sorted((set(before) | ({params["version"]} if present else set())) - set(result["removed"]))
    active = (params["version"] if params["activate"] else previous) if present else None
    shown = "in force: %s\nunpacked: %s\n"
    return {"before": shown % (previous or "none", ", ".join(before) or "none"), "after": shown % (active or "none", ", ".join(after) or "none")}


def main() -> None:
    """Have the release, or none."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "version": {"type": "str", "default": ""},
            "minimum": {"type": "str", "default": "3.31.0"},
            "archives": {"type": "list", "elements": "dict", "default": [], "options": {
                "path": {"type": "path", "required": True}, "sha256": {"type": "str", "required": True}}},
            "activate": {"type": "bool", "default": True},
            "keep": {"type": "int", "default": 1},
            "root": {"type": "path", "default": "/opt"},
        },
        supports_check_mode=True,
    )
    trees, params = Trees(module.params["root"]), dict(module.params)
    before = sorted(version for _made, version in trees.versions())
    host = LiveHost()
    try:
        act = _present(trees, host, params, module.check_mode) if params["state"] == "present" else _absent(trees, host, module.check_mode)
    except (Refused, UnansweredError) as refused:
        module.fail_json(msg=str(refused))
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or module.params["root"], error.strerror or error))
    module.exit_json(machine=os.uname().machine, diff=_diff(before, act["previous"], params, act), **act)


if __name__ == "__main__":
    main()
