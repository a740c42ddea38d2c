# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line: ``python -m firebreak_lab up|down|status|ssh|console|reboot|halt|snapshot|reset|images``."""

import argparse
import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from firebreak_lab import cache, confined, fleets, hosts, images, inventory, processes, ssh, state
from firebreak_lab.errors import BootError, LabError
from firebreak_lab.state import Lab


def up(lab: Lab, arguments: argparse.Namespace) -> None:
    """Start the fleet's hosts that are not there yet; where one does not come, those that this call started are stopped again."""
    cache.sweep()
    wanted = fleets.load(arguments.fleet, arguments.hosts)
    known = set(lab.names())
    new = [host for host in wanted if host.name not in known]
    try:
        hosts.create(lab, new)
        inventory.write(lab)
        begin = [host.name for host in wanted if lab.supervisor(host.name) is None]
        hosts.bring_up_all(lab, begin)
    except BaseException:
        if not known:
            lab.destroy()
        raise
    status(lab, arguments)


def chosen_to_stop(lab: Lab, arguments: argparse.Namespace) -> list[Lab]:
    """With --all every lab of this user; otherwise what runs that are gone left, and with --run the labs of this run, else the named one."""
    labs = state.all_labs()
    if arguments.all:
        return labs
    orphans = [one for one in labs if one.is_orphan() and one.name != lab.name]
    if not arguments.run:
        return [lab, *orphans]
    owner = state.current_owner()
    return [one for one in labs if one in orphans or one.owner() == owner]


def down(lab: Lab, arguments: argparse.Namespace) -> None:
    """Stop labs, and leave nothing behind but the images."""
    for one in chosen_to_stop(lab, arguments):
        hosts.down(one)
        print(f"lab {one.name} is down")


def status(lab: Lab, arguments: argparse.Namespace) -> None:
    """One line for each host."""
    names = lab.names()
    print(f"lab {lab.name}: {len(names)} hosts in {lab.folder}" if names else f"lab {lab.name} has no hosts; start some with: make lab-up")
    if names:
        print(f"  {'HOST':<14}{'KIND':<11}{'IMAGE':<16}{'STATE':<30}{'BOOTS':>5}  SSH PORT")
    for name in names:
        host, run = lab.load(name), lab.run_state(name)
        text = "running" if lab.supervisor(name) else f"stopped ({run['ended'] or 'killed'})"
        print(f"  {name:<14}{host.kind:<11}{host.image:<16}{text:<30}{run['boots']:>5}  {host.port}")


def enter(lab: Lab, arguments: argparse.Namespace) -> None:
    """A shell, or a command, on a host."""
    lab.load(arguments.host)
    ssh.become(lab.folder, arguments.host, arguments.words)


def console(lab: Lab, arguments: argparse.Namespace) -> None:
    """The end of what a host printed."""
    lab.load(arguments.host)
    print(confined.tail(lab.host_folder(arguments.host) / "console.log", arguments.lines))


def reboot(lab: Lab, arguments: argparse.Namespace) -> None:
    """Let guests reboot, several at the same time, and wait for them."""
    for host in arguments.hosts:
        lab.load(host)
    with ThreadPoolExecutor(hosts.AT_ONCE) as pool:
        for host, seconds in zip(arguments.hosts, pool.map(partial(hosts.reboot, lab), arguments.hosts), strict=True):
            hosts.say(f"{host}: rebooted in {seconds:.0f} s")


def halt(lab: Lab, arguments: argparse.Namespace) -> None:
    """Stop a host at once, as by pulling its plug."""
    lab.load(arguments.host)
    hosts.halt(lab, arguments.host)


def snapshot(lab: Lab, arguments: argparse.Namespace) -> None:
    """Keep a host's disk under a label."""
    hosts.snapshot(lab, arguments.host, arguments.label)


def reset(lab: Lab, arguments: argparse.Namespace) -> None:
    """Take a host back to a snapshot, or to its beginning."""
    hosts.reset(lab, arguments.host, arguments.label)


def make_images(lab: Lab, arguments: argparse.Namespace) -> None:
    """Make images ahead of time: those named, and those of the named fleets."""
    fleet_names = arguments.fleet or ([] if arguments.names else ["drifted"])
    wanted = {host.image for fleet in fleet_names for host in fleets.load(fleet, [])} | set(arguments.names)
    for name, image in images.provide_all(sorted(wanted)).items():
        print(f"{name}: {image.folder}")


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="firebreak_lab", description="A fleet of emulated machines.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, call: object, *, locks: bool = False) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=(call.__doc__ or "").splitlines()[0])
        command.set_defaults(call=call, locks=locks)
        return command

    command = add("up", up, locks=True)
    command.add_argument("hosts", nargs="*", help="only these hosts of the fleet")
    command.add_argument("--fleet", default="drifted", help="a file of tests/lab/fleets, or a path")
    command = add("down", down)
    which = command.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every lab of this user")
    which.add_argument("--run", action="store_true", help=f"every lab of the run of tests that {state.OWNER_SETTING} names")
    add("status", status)
    command = add("ssh", enter)
    command.add_argument("host")
    command.add_argument("words", nargs=argparse.REMAINDER)
    command = add("console", console)
    command.add_argument("host")
    command.add_argument("--lines", type=int, default=60)
    add("reboot", reboot, locks=True).add_argument("hosts", metavar="host", nargs="+")
    add("halt", halt).add_argument("host")
    command = add("snapshot", snapshot, locks=True)
    command.add_argument("host")
    command.add_argument("label")
    command = add("reset", reset, locks=True)
    command.add_argument("host")
    command.add_argument("label", nargs="?")
    command = add("images", make_images)
    command.add_argument("names", nargs="*")
    command.add_argument("--fleet", action="append", help="a fleet's name, its file, or a molecule.yml; may be given more than once")
    return parser


def main(argv: list[str]) -> int:
    """0 done, 1 with one message where something is missing or did not come, 130 interrupted."""
    arguments = build_parser().parse_args(argv)
    try:
        lab = state.current_lab()
        with processes.interruptible(), lab.locked() if arguments.locks else contextlib.nullcontext():
            arguments.call(lab, arguments)
    except BootError as error:
        print(f"lab: {error}\nlab: the end of its console:\n{error.console}", file=sys.stderr)
        return 1
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; what this command had started is stopped", file=sys.stderr)
        return 130
    return 0
