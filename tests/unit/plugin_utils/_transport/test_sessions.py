# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ssh client would say about a session (ssh_config(5)), so that a kept connection may be asked without one."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport import sessions

ANSIBLE = ["-C", "-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", "Port=22", "-o", 'User="root"', "-o", "ConnectTimeout=10",
           "-o", 'ControlPath="/root/.ansible/cp/0a1b2c"']
# As Debian 12 and Fedora 43 install them.
DEBIAN = ("Include /etc/ssh/ssh_config.d/*.conf\nHost *\n#   ForwardAgent no\n    SendEnv LANG LC_*\n    HashKnownHosts yes\n"
          "    GSSAPIAuthentication yes\n")
FEDORA = ("Match final all\n\tInclude /etc/crypto-policies/back-ends/openssh.config\n\tGSSAPIAuthentication yes\n\tForwardX11Trusted yes\n"
          "    SendEnv LANG LC_CTYPE\n    SendEnv XMODIFIERS\n")
OURS = {"LANG": "C.UTF-8", "LC_ALL": "C", "HOME": "/root"}


def _environment(text: str, **included: str) -> list[str] | None:
    return sessions.environment(sessions.settings(text, lambda name: [included[name]] if name in included else []), OURS)


def test_the_path_is_that_of_the_first_word_on_it() -> None:
    assert sessions.kept_path(ANSIBLE) == "/root/.ansible/cp/0a1b2c"
    assert sessions.kept_path([*ANSIBLE, "-o", "ControlPath=/elsewhere"]) == "/root/.ansible/cp/0a1b2c"
    assert sessions.kept_path(["-o", "controlpath /a b", "-o", "ControlMaster no"]) == "/a b"


@pytest.mark.parametrize("more", [
    ["-o", "ForwardAgent=yes"], ["-A"], ["-tt"], ["-vvv"], ["-oPort=22"], ["-F", "/etc/other"], ["-o", "SetEnv=A=b"], ["-o", "RemoteCommand=id"],
    ["-o", "LocalForward=1 h:2"], ["-o", "SomethingNew=yes"], ["-o"], ["-o", "Port"], ["host"],
])
def test_an_argument_that_may_be_about_the_session_is_a_clients(more: list[str]) -> None:
    assert sessions.kept_path([*more, *ANSIBLE]) == ""


@pytest.mark.parametrize("path", ["/run/%C", "~/.ssh/cp", "/run/${USER}", "none", "relative", ""])
def test_a_path_that_a_client_fills_in_is_a_clients(path: str) -> None:
    assert sessions.kept_path(["-o", "ControlMaster=auto", "-o", f"ControlPath={path}"]) == ""


@pytest.mark.parametrize("master", ["yes", "ask", "autoask"])
def test_a_connection_that_is_to_be_made_anew_or_asked_about_is_a_clients(master: str) -> None:
    assert sessions.kept_path(["-o", f"ControlMaster={master}", "-o", "ControlPath=/a"]) == ""


def test_the_environment_is_what_distributions_have_ssh_send() -> None:
    assert _environment(DEBIAN) == ["LANG=C.UTF-8", "LC_ALL=C"]
    assert _environment(FEDORA) == ["LANG=C.UTF-8"]
    assert _environment("") == []


@pytest.mark.parametrize("text", [
    "ForwardAgent yes", "Host *\n  RequestTTY=force", "forwardx11 yes", '"SetEnv" A=b', "Match exec true\n  Port 22", "Match host a", "Unheard of",
    "Host a\n  RemoteForward 1 h:2", "SendEnv -LANG", "SendEnv LC_[A-Z]*", "unreadable", "Host a b\n  SendEnv LANG", "Host *.org\nSendEnv L*",
    "Host a\n  Include inner", "ControlMaster yes", "EscapeChar none",
])
def test_what_is_said_of_a_session_or_of_some_hosts_is_a_clients(text: str) -> None:
    assert _environment(text, inner="Host *\nSendEnv LANG") is None


def test_what_is_said_of_connections_and_of_variables_that_we_do_not_have_matters_to_no_session() -> None:
    assert _environment("Include inner\nHost a\n  ProxyJump b\n  User c\n  SendEnv GIT_*\n", inner="Host *\n  SendEnv HOME\n") == ["HOME=/root"]


def test_files_that_include_themselves_are_a_clients() -> None:
    assert _environment("Include inner", inner="Include inner") is None
