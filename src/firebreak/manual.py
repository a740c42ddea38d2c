# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual page, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from .exits import MEANINGS


def manual(group: click.Group, version: str) -> str:
    """The page in roff, for section 1."""
    return "\n".join(_lines(group, version)) + "\n"


def _lines(group: click.Group, version: str) -> Iterator[str]:
    yield f'.TH FIREBREAK 1 "" "firebreak {version}" "User Commands"'
    yield from (".SH NAME", r"firebreak \- prove that every Linux host is on one standard platform")
    yield from (".SH SYNOPSIS", r"\fBfirebreak\fR COMMAND [\fIOPTIONS\fR]", ".SH DESCRIPTION")
    yield from _text(group.help or "")
    yield ".SH COMMANDS"
    for name, command in sorted(group.commands.items()):
        if not command.hidden:
            yield from _command(name, command)
    yield ".SH EXIT STATUS"
    for status, words in MEANINGS.items():
        yield from (".TP", rf"\fB{int(status)}\fR", _escaped(words))
    yield from (".SH ENVIRONMENT", ".TP", r"\fBNO_COLOR\fR", "Where it is set, nothing is coloured.", ".TP", r"\fBANSIBLE_*\fR",
                "Every setting of Ansible, and the ansible.cfg of the folder where the command is started.")
    yield from (".SH FILES", ".TP", r"\fI.firebreak/runs/\fR", "What ansible\\-runner keeps of each run: events, output, variables.", ".TP",
                r"\fIreports/latest\fR", "The newest whole report.")


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"firebreak {name}")
    words = [parameter.make_metavar(context) for parameter in command.params if isinstance(parameter, click.Argument)]
    yield f".SS firebreak {_escaped(' '.join([name, *words]))}"
    yield from _text(command.help or "")
    for parameter in command.params:
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record:
            yield from (".TP", rf"\fB{_escaped(record[0])}\fR", _escaped(record[1]))


def _text(text: str) -> Iterator[str]:
    for part in text.split("\n\n"):
        if "\b" in part:
            yield from (".PP", ".nf", *(_escaped(line) for line in part.replace("\b", "").strip("\n").splitlines()), ".fi")
        else:
            yield from (".PP", _escaped(" ".join(part.split())))


def _escaped(text: str) -> str:
    quoted = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{quoted}" if quoted.startswith((".", "'")) else quoted
