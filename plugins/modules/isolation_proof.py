#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether containers under a handler really run behind a boundary of their own."""

DOCUMENTATION = r"""
module: isolation_proof
short_description: Start one probe for each handler and prove that it runs on a kernel of its own
version_added: 0.1.0
description:
  - Starts a container under each handler through the engine itself, as it has the handler registered, and asks the container for its kernel.
  - The boundary is proved when that kernel is the one which the release pins and not the host's, when the handler's shim and a machine monitor of
    the release are processes of this very container, and when that monitor has a virtual machine of KVM.
  - A container of the engine's own runtime must work beside it and see the host's kernel.
  - The image is made on the host of its statically linked C(busybox), so nothing is pulled. Probes, image and namespace are removed again, also after
    a failure, and those that an interrupted run left are removed first.
  - Fails with every reason at once when anything is not proved.
options:
  engine:
    description: The engine to start the probes with.
    type: str
    choices: [containerd, docker]
    default: containerd
  handlers:
    description: The handlers to prove.
    type: list
    elements: str
    required: true
  require_kvm:
    description: Whether a virtual machine of KVM must be seen. V(false) is for stand-ins without one.
    type: bool
    default: true
  program:
    description: The statically linked busybox that the probe consists of.
    type: path
    default: /bin/busybox
  snapshotter:
    description: The snapshotter of containerd to keep the probe's files with, in the place of its default.
    type: str
    default: ""
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    description: Is skipped, since nothing is proved without starting a container.
    support: none
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Prove two handlers
  firebreak.fleet.isolation_proof:
    handlers: [kata, kata-strict]
"""

RETURN = r"""
proofs:
  description: What was seen of each probe, also on failure.
  type: list
  elements: dict
  returned: always
  sample:
    - handler: kata
      host_kernel: 6.1.0-50-amd64
      guest_kernel: 6.18.35
      pinned_kernel: 6.18.35
      shim: /opt/kata-3.32.0/bin/containerd-shim-kata-v2
      monitor: /opt/kata-3.32.0/bin/qemu-system-x86_64
      uses_kvm: true
      problems: []
unsupported:
  description: Engines on this host that Kata Containers do not work with, so their containers share the host's kernel.
  type: list
  elements: str
  returned: always
  sample: [podman]
"""

import os
import tempfile
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._formats.elf import HEAD_BYTES, is_static
from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._probe.engines import ENGINES, kernel_of, probe_of
from ..module_utils._probe.image import archive
from ..module_utils._probe.judgement import control_problems, problems
from ..module_utils._probe.seen import observe

UNSUPPORTED = (("podman", "/usr/bin/podman"),)


def _image(program: str) -> str:
    """Write the probe's image; its path."""
    with open(program, "rb") as source:
        content = source.read()
    try:
        static = is_static(content[:HEAD_BYTES])
    except ValueError as error:
        raise Refused("program %s: %s, wanted a statically linked busybox" % (program, error)) from None
    if not static:
        raise Refused("program %s is linked dynamically, wanted a statically linked busybox (Debian: the package busybox-static)" % program)
    handle, path = tempfile.mkstemp(prefix="firebreak-probe-", suffix=".tar")
    with os.fdopen(handle, "wb") as file:
        file.write(archive(content, os.uname().machine))
    return path


def _prove(host: Any, engine: Any, name: str, require_kvm: bool) -> Dict[str, Any]:
    """Start one probe and judge it."""
    found: Dict[str, Any] = {"handler": name}
    try:
        runtime = engine.registered().get(name)
        if runtime is None or not runtime.shim:
            raise Refused("is not registered with the engine")
        sandbox = engine.start(runtime, probe_of(name))
        seen = observe(host, runtime, sandbox, kernel_of(engine, probe_of(name)))
        found.update(seen._asdict(), problems=problems(seen, require_kvm))
    except (Refused, UnansweredError) as refused:
        found["problems"] = [str(refused)]
    return found


def _control(host: Any, engine: Any) -> List[str]:
    """Start a container of the engine's own runtime beside the probes."""
    try:
        engine.start(engine.control, probe_of(engine.control.name))
        return control_problems(host.uname()[2], kernel_of(engine, probe_of(engine.control.name)))
    except (Refused, UnansweredError) as refused:
        return [str(refused)]


def _run(host: Any, engine: Any, params: Dict[str, Any]) -> Dict[str, Any]:
    names = [probe_of(name) for name in params["handlers"] + [engine.control.name]]
    path = _image(params["program"])
    try:
        engine.end(names)
        engine.load(path)
        proofs = [_prove(host, engine, name, params["require_kvm"]) for name in params["handlers"]]
        control = _control(host, engine)
    finally:
        os.unlink(path)
        left = engine.end(names)
    return {"proofs": proofs, "problems": ["handler %s: %s" % (proof["handler"], why) for proof in proofs for why in proof["problems"]]
            + ["beside it: %s" % why for why in control] + ["probe %s could not be removed" % name for name in left]}


def main() -> None:
    """Prove the handlers."""
    module = AnsibleModule(
        argument_spec={
            "engine": {"type": "str", "choices": [name for name, _engine in ENGINES], "default": "containerd"},
            "handlers": {"type": "list", "elements": "str", "required": True},
            "require_kvm": {"type": "bool", "default": True},
            "program": {"type": "path", "default": "/bin/busybox"},
            "snapshotter": {"type": "str", "default": ""},
        },
        supports_check_mode=False,
    )
    host = LiveHost()
    engine = dict(ENGINES)[module.params["engine"]](host, module.params["snapshotter"])
    unsupported = [name for name, path in UNSUPPORTED if not host.stat(path).problem]
    try:
        result = _run(host, engine, module.params)
    except (Refused, UnansweredError) as refused:
        module.fail_json(msg=str(refused), proofs=[], unsupported=unsupported)
    except OSError as error:
        module.fail_json(msg="%s: %s" % (error.filename or module.params["program"], error.strerror or error), proofs=[], unsupported=unsupported)
    if result["problems"]:
        module.fail_json(msg="isolation is not proved: %s" % "; ".join(result["problems"]), proofs=result["proofs"], unsupported=unsupported)
    module.exit_json(changed=False, proofs=result["proofs"], unsupported=unsupported)


if __name__ == "__main__":
    main()
