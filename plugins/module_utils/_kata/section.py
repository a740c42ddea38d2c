# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``kata``: what of Kata Containers is installed, what the engines are told of it, and what each live sandbox really runs."""

from typing import Any, Dict, Optional, Tuple

from .._containers import katas, processes
from .._formats import processes as proc
from .._packages import installed as packages
from . import configurations, files, installed, leftovers, sandboxes, users
from . import handlers as kata_handlers


def collect(host: Any, section: Any, options: Dict[str, Any]) -> None:
    """Write the facts of the section ``kata``."""
    found, problem = processes.find(host)
    handlers = _collect_handlers(host, section, found)
    release = _collect_installed(host, section, found, handlers)
    if found is None or any(process.link is None for process in found.named(processes.SHIM)):
        for path in ("sandboxes", "orphans", "leftovers"):
            section.cannot_say(path, problem or "needs_root", processes.PROC)
    else:
        booted_at = proc.booted_at(host.now(), host.read("/proc/uptime", 256).if_there(""))
        shims = katas.find(host, found)
        section.put("sandboxes", sandboxes.find(host, found, shims, release, handlers, booted_at), "/proc/*/exe, cmdline, stat, root, fd")
        section.put("orphans", sandboxes.orphans(host, found, shims), "/proc/*/exe, cmdline, stat, root")
        _collect_leftovers(host, section, found, release)
    # Last of all: what takes long must not cost the rest its time.
    files.collect(host, section, options.get("kata_files"), release.tree)


def _collect_leftovers(host: Any, section: Any, found: processes.Found, release: installed.Release) -> None:
    rows, problem, detail = leftovers.find(host, found, release.origin != installed.NONE)
    if problem:
        section.cannot_say("leftovers", problem, detail)
    else:
        section.put("leftovers", rows, "%s, %s" % (leftovers.PASSWD, leftovers.FOLDERS))


def _collect_installed(host: Any, section: Any, found: Optional[processes.Found], handlers: kata_handlers.Handlers) -> installed.Release:
    trees, problem = installed.trees(host)
    owners = users.other_owners(host, found)
    package = _package_version(host, owners)
    release = installed.in_force(host, package, [row["program"] for row in handlers.rows if row["program"]])
    section.put("installed", bool(trees) or release.origin != installed.NONE, "/opt, /usr/bin")
    section.put("origin", release.origin, installed.LINK)
    for path, value, source in (("version", release.version, "/VERSION"), ("tree", release.tree, "")):
        if value is not None:
            section.put(path, value, (release.tree or "the package manager") + source)
        else:
            section.cannot_say(path, *_why_nothing(release))
    section.put("flavours", [flavour for shim, flavour in sorted(installed.FLAVOURS.items()) if any(path.endswith("/" + shim) and
                (release.tree or "?") + "/" + shim == path for path in release.shims)], installed.LINK)
    if problem:
        section.cannot_say("trees", problem, "/opt")
    else:
        section.put("trees", [{"path": tree.path, "version": tree.version, "in_force": tree.path == release.tree, "made_by": tree.made_by}
                              for tree in trees], "/opt/kata*")
    section.put("other_installers", owners, "the folders that kata-deploy and packages use")
    section.put("components", installed.components(host, release), release.tree or installed.LINK)
    return release


def _why_nothing(release: installed.Release) -> Tuple[str, str]:
    if release.origin == installed.RELEASE:
        return "unparsable", "%s/VERSION" % release.tree
    return "not_applicable", "no release below /opt is in force"


def _package_version(host: Any, owners: Any) -> Optional[str]:
    """The version of a distribution's package, asked for only where there is a trace of one."""
    if not any("package" in owner for owner in owners):
        return None
    known = packages.owned(host, installed.PACKAGES)
    return next(iter(sorted(known.versions.values())), None)


def _collect_handlers(host: Any, section: Any, found: Any) -> kata_handlers.Handlers:
    handlers = kata_handlers.find(host, found)
    if handlers.problem:
        section.cannot_say("handlers", handlers.problem, handlers.detail)
        section.cannot_say("configurations", handlers.problem, handlers.detail)
        return handlers
    section.put("handlers", handlers.rows, "the configuration of containerd, CRI-O and Docker")
    section.put("configurations", configurations.find(host, handlers), "the handlers, /etc/kata-containers, share/defaults, config.d")
    return handlers
