#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold or release a slot of a FleetLock server."""

DOCUMENTATION = r"""
module: fleet_lock
short_description: Hold or release a slot of a FleetLock server
version_added: 0.1.0
description:
  - Speaks FleetLock, the protocol by which Zincati (Fedora CoreOS) and other clients ask before they reboot, so that hosts of a rollout wait in the
    same queue. The server may be C(firebreak lock serve) or any other.
  - Locks are recursive. Asking for a slot that is held succeeds, and so does releasing one that is not.
  - Run it on the controller (C(delegate_to)), so that it works while the host is down.
options:
  url:
    description: The server's base URL; it may have a path.
    type: str
    required: true
  id:
    description: Who holds the slot, such as the host's name. It must be the same for both states.
    type: str
    required: true
  group:
    description: The group whose slots are asked for.
    type: str
    default: default
  state:
    description: V(held) asks for a slot before a reboot, V(released) gives it back when the host is well again.
    type: str
    choices: [held, released]
    default: held
  timeout:
    description: Seconds to wait for the answer.
    type: int
    default: 10
  validate_certs:
    description: Whether the server's certificate must be good.
    type: bool
    default: true
  ca_path:
    description: A file with the certificates that it may be signed by.
    type: path
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    support: full
    details: The server is not asked.
  diff_mode:
    support: none
    details: The server does not say who holds what.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Wait for a slot, for an hour
  firebreak.fleet.fleet_lock:
    url: http://locks.example.com:8086
    id: "{{ inventory_hostname }}"
    group: workers
  delegate_to: localhost
  register: slot
  until: slot is succeeded
  retries: 60
  delay: 60
"""

RETURN = r"""
kind:
  description: Why the server refused, in the protocol's words; C(no_answer) where it could not be reached.
  returned: failure
  type: str
  sample: failed_lock_semaphore_full
value:
  description: The server's own sentence.
  returned: failure
  type: str
  sample: "all 2 slots of workers are held: node1, node2"
"""

from typing import Any, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import fetch_url

from ..module_utils._rollout.lock_client import HEADERS, body_of, rejection, url_of

_ANSWER_LIMIT = 65536


def ask(module: Any) -> Tuple[int, str]:
    """(status, body) of the server's answer; a status of -1 where there is none."""
    given = module.params
    # A redirected POST becomes a GET, and what is not meant for this protocol must not be asked.
    given["follow_redirects"] = "none"
    answer, info = fetch_url(module, url_of(given["url"], given["state"]), data=body_of(given["group"], given["id"]), headers=HEADERS,
                             method="POST", timeout=given["timeout"], ca_path=given["ca_path"])
    status = info.get("status", -1)
    if status == 200:
        return 200, ""
    said = info.get("body")
    if said is None and answer is not None:
        said = answer.read(_ANSWER_LIMIT)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said or "")
    return status, text or (str(info.get("msg", "")) if status <= 0 else "")


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(
        argument_spec={"url": {"type": "str", "required": True}, "id": {"type": "str", "required": True},
                       "group": {"type": "str", "default": "default"},
                       "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
                       "timeout": {"type": "int", "default": 10}, "validate_certs": {"type": "bool", "default": True},
                       "ca_path": {"type": "path"}},
        supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=True)
    refused = rejection(*ask(module))
    if refused:
        given = module.params
        module.fail_json(msg="FleetLock at %s, group %s, id %s: %s (%s)" % (given["url"], given["group"], given["id"], refused[1], refused[0]),
                         kind=refused[0], value=refused[1])
    module.exit_json(changed=True)


if __name__ == "__main__":
    main()
