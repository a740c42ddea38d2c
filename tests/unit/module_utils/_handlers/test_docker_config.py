# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json: ours is merged, the operator's stays, and what cannot be merged is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.containerd_config import Handler
from ansible_collections.firebreak.fleet.plugins.module_utils._handlers.docker_config import check_daemon, merged, missing
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused

SHIM = "/opt/kata/bin/shim"
KATA, BARE = Handler("kata", SHIM, "/opt/kata/q.toml"), Handler("bare", SHIM, "")
OPERATORS = '{\n  "log-driver": "journald",\n  "runtimes": {\n    "nvidia": {\n      "path": "x"\n    }\n  },\n  "bip": "\u00fc"\n}\n'


def test_merge_keeps_the_operators_own() -> None:
    """Order, indentation and characters; the same a second time; gone without a trace."""
    once = merged(OPERATORS, [KATA, BARE], "d")
    assert json.loads(once)["runtimes"] == {
        "nvidia": {"path": "x"}, "bare": {"runtimeType": SHIM}, "kata": {"runtimeType": SHIM, "options": {"ConfigPath": "/opt/kata/q.toml"}}}
    assert list(json.loads(once)) == ["log-driver", "runtimes", "bip"]
    assert once.startswith(OPERATORS[:60])
    assert "\u00fc" in once
    assert merged(once, [BARE, KATA], "d") == once
    assert merged(once, [], "d") == OPERATORS
    assert "bare" not in merged(once, [KATA], "d")


@pytest.mark.parametrize("text", ["", "{}", " \n"])
def test_an_empty_configuration(text: str) -> None:
    """Nothing is written where nothing is wanted."""
    assert merged(text, [], "d") == text
    made = merged(text, [BARE], "d")
    assert json.loads(made) == {"runtimes": {"bare": {"runtimeType": SHIM}}}
    assert json.loads(merged(made, [], "d")) == {}


@pytest.mark.parametrize(
    ("text", "handler", "says"),
    [
        ("{", KATA, "d is no JSON"),
        ("[]", KATA, "d: wanted a JSON object"),
        ('{"runtimes": []}', KATA, r"runtimes is \[\], wanted an object"),
        ('{"runtimes": {"kata": {"path": "x"}}}', KATA, "runtimes.kata is the operator's own"),
        ("{}", Handler("kata", "/usr/bin/shim", ""), "wanted one below /opt/kata/"),
    ],
)
def test_what_is_refused(text: str, handler: Handler, says: str) -> None:
    """Before anything is written."""
    with pytest.raises(Refused, match=says):
        merged(text, [handler], "d")


def test_missing() -> None:
    """What the daemon itself says it knows."""
    assert missing({"Runtimes": {"runc": {}, "kata": {}}}, [KATA, BARE]) == ["bare"]
    assert missing({"Runtimes": None}, [KATA]) == ["kata"]


@pytest.mark.parametrize("info", [{"ServerVersion": "20.10.24+dfsg1"}, {"ServerVersion": ""}, {}])
def test_a_daemon_without_shims(info: dict[str, Any]) -> None:
    """Is named with its version."""
    with pytest.raises(Refused, match="cannot use a shim as a runtime, wanted 23 or newer"):
        check_daemon(info)


def test_a_daemon_with_shims() -> None:
    """Debian 13 has one."""
    check_daemon({"ServerVersion": "26.1.5+dfsg1"})
