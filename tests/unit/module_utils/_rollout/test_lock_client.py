# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the FleetLock client sends, and how it reads what comes back."""

import json

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._rollout.lock_client import HEADERS, body_of, rejection, url_of


@pytest.mark.parametrize(("base", "wanted"), [("http://h:1", "http://h:1/v1/pre-reboot"), ("http://h/base/", "http://h/base/v1/pre-reboot")])
def test_endpoints_are_below_the_base(base: str, wanted: str) -> None:
    assert url_of(base, "held") == wanted
    assert url_of(base, "released") == wanted.replace("pre-reboot", "steady-state")


def test_a_request() -> None:
    assert HEADERS["fleet-lock-protocol"] == "true"
    assert json.loads(body_of("default", 'a"b')) == {"client_params": {"group": "default", "id": 'a"b'}}


@pytest.mark.parametrize(("status", "text", "wanted"), [
    (200, "", None),
    (409, '{"kind": "failed_lock_semaphore_full", "value": "full"}', ("failed_lock_semaphore_full", "full")),
    (404, "<html>", ("generic_http_404", "the server answered 404 and did not say why in the protocol's words")),
    (404, '{"kind": "", "value": "x"}', ("generic_http_404", "the server answered 404 and did not say why in the protocol's words")),
    (302, "", ("generic_http_302", "the server answered 302 and did not say why in the protocol's words")),
    (204, "", ("generic_http_204", "the server answered 204 and did not say why in the protocol's words")),
    (-1, "Connection refused", ("no_answer", "Connection refused")),
    (-1, "", ("no_answer", "the server cannot be reached")),
])
def test_answers(status: int, text: str, wanted: object) -> None:
    assert rejection(status, text) == wanted
