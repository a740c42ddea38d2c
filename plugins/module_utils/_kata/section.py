# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``kata``: what of Kata Containers is installed, what the engines are told of it, and what each live sandbox really runs."""

from typing import Any, Dict, Optional, Tuple

from .._containers import processes
from .._formats import processes as proc
from .._host.record import Fact
from .._packages import installed as packages
from . import configurations, files, installed, leftovers, sandboxes, users
from . import handlers as kata_handlers

FACTS = [
    Fact("installed", "bool", "a shim of Kata Containers is on the host, unpacked below /opt or by a package"),
    Fact("origin", "str", "what a new sandbox gets: release (of /opt/kata), package or none"),
    Fact("version", "str", "the version of that"),
    Fact("tree", "str", "the folder that /opt/kata leads to"),
    Fact("flavours", "list", "the shims there: go, rust"),
    Fact("trees", "list", "every release below /opt"),
    Fact("trees[].path", "str", "its folder"),
    Fact("trees[].version", "str", "what its VERSION says, null where that is no version"),
    Fact("trees[].in_force", "bool", "/opt/kata leads to it"),
    Fact("trees[].made_by", "str", "firebreak (the role kata) or unknown"),
    Fact("other_installers", "list", "traces of kata-deploy or of a distribution's package: path and whose"),
    Fact("components", "list", "the parts of the release in force"),
    Fact("components[].name", "str", "shim-go, shim-rust, qemu, cloud-hypervisor, firecracker, virtiofsd, guest-kernel, guest-image or guest-initrd"),
    Fact("components[].path", "str", "the file, links resolved"),
    Fact("components[].version", "str",
         "by the file itself: its name, the text in it or its answer to --version; else by VERSION or versions.yaml; null where none tells"),
    Fact("components[].size", "int", "bytes"),
    Fact("components[].modified_at", "str", "its modification time in UTC"),
    Fact("files", "list", "the files of the release in force that the scan was asked to hash; null where it was not"),
    Fact("files[].path", "str", "its path below the release"),
    Fact("files[].sha256", "str", "its SHA-256, null as problem says"),
    Fact("files[].problem", "str", "absent, needs_root, unreadable, too_large or deadline; empty where it was hashed"),
    Fact("handlers", "list", "the runtime handlers of engines that name a shim of Kata's"),
    Fact("handlers[].engine", "str", "containerd, crio or docker"),
    Fact("handlers[].name", "str", "what a RuntimeClass, or --runtime, calls it"),
    Fact("handlers[].shim", "str", "the shim's path, null where the engine looks it up by its type"),
    Fact("handlers[].program", "str", "the shim that is started in the end: links, the engine's search path and wrapper scripts followed"),
    Fact("handlers[].config", "str", "the configuration that the shim is given, null for its own default"),
    Fact("handlers[].reads", "str", "the configuration that the shim reads: that one, a wrapper's, or its own default; null where none is there"),
    Fact("handlers[].source", "str", "the engine's file that says so"),
    Fact("handlers[].dead", "str",
         "why it cannot start a sandbox (a file that it names is gone, a later file takes it away, CRI is disabled ...); empty where it can"),
    Fact("handlers[].loaded", "bool", "the running engine has it: false where none runs, null where the file was changed after it started"),
    Fact("configurations", "list", "what the shims of the handlers read"),
    Fact("configurations[].path", "str", "the configuration that the handler's shim reads; null where it finds none, as problem says"),
    Fact("configurations[].file", "str", "the file that the path leads to, beside which config.d is read; null where there is none"),
    Fact("configurations[].handlers", "list", "engine/name of the handlers that use it"),
    Fact("configurations[].dialect", "str", "go or rust: for which shim it is written; null as problem says"),
    Fact("configurations[].monitor", "str", "the machine monitor that it configures: qemu, clh, ...; null as problem says"),
    Fact("configurations[].drop_ins", "list", "the files in config.d in the order in which the shim reads them, whatever their names"),
    Fact("configurations[].strays", "list", "those that should not be there: path and why"),
    Fact("configurations[].unknown_keys", "list", "keys of drop-ins that the configuration does not know and the shim passes over: file, key, why"),
    Fact("configurations[].settings", "mapping", "table.key and value in effect, drop-ins included, of each setting that hardens"),
    Fact("configurations[].unmet.baseline", "list", "what the profile baseline of the role kata asks for and is not in effect"),
    Fact("configurations[].unmet.strict", "list", "the same of the profile strict"),
    Fact("configurations[].unmet.confidential", "list", "the same of the profile confidential"),
    Fact("configurations[].problem", "str", "why it could not be read or understood; empty where it could"),
    Fact("sandboxes", "list", "the live sandboxes"),
    Fact("sandboxes[].id", "str", "the engine's id of the sandbox"),
    Fact("sandboxes[].namespace", "str", "containerd's namespace"),
    Fact("sandboxes[].version", "str", "the version of the release that its shim is of, null for one outside of /opt"),
    Fact("sandboxes[].handler", "str", "engine/name of the handler whose next sandbox it was held against; null where none fits"),
    Fact("sandboxes[].shim", "str", "the shim's binary"),
    Fact("sandboxes[].shim_pid", "int", "its process id"),
    Fact("sandboxes[].vmm", "str", "the machine monitor's binary, of Dragonball the shim's; null where none was found"),
    Fact("sandboxes[].vmm_pid", "int", "its process id"),
    Fact("sandboxes[].vmm_name", "str", "qemu, cloud-hypervisor, firecracker, dragonball, openvmm or as its program is called"),
    Fact("sandboxes[].virtiofsd", "str", "the virtiofsd's binary, null where it has none"),
    Fact("sandboxes[].virtiofsd_pid", "int", "its process id"),
    Fact("sandboxes[].guest_kernel", "str",
         "the guest kernel's version by its file's name: of a command line, an open file, the shim's state or an unchanged configuration"),
    Fact("sandboxes[].guest_image", "str", "the guest's image or initrd, null where neither the monitor nor the shim names one"),
    Fact("sandboxes[].started_at", "str", "start in UTC"),
    Fact("sandboxes[].started_with", "mapping", "what its processes show of the settings that it was started with, by name"),
    Fact("sandboxes[].unmet.baseline", "list", "what the profile baseline asks for and this sandbox visibly lacks, whatever files say by now"),
    Fact("sandboxes[].unmet.strict", "list", "the same of the profile strict"),
    Fact("sandboxes[].unmet.confidential", "list", "the same of the profile confidential"),
    Fact("sandboxes[].stale", "bool", "a new one would get another shim, monitor, virtiofsd, guest kernel or image; null where it cannot be said"),
    Fact("sandboxes[].reasons", "list", "what is stale, or why it cannot be said"),
    Fact("orphans", "list", "machine monitors of sandboxes whose shims are gone"),
    Fact("orphans[].pid", "int", "the process id"),
    Fact("orphans[].path", "str", "its binary"),
    Fact("orphans[].name", "str", "which monitor"),
    Fact("leftovers", "list", "what sandboxes with a monitor of its own user left behind: local users and folders below /run/user that none needs"),
    Fact("leftovers[].user", "str", "the local user that a shim made, null where it is gone and its folder stayed"),
    Fact("leftovers[].uid", "int", "its id"),
    Fact("leftovers[].folder", "str", "its folder below /run/user, null where there is none"),
]


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
        section.put("sandboxes", sandboxes.find(host, found, release, handlers, booted_at), "/proc/*/exe, cmdline, stat, root, fd")
        section.put("orphans", sandboxes.orphans(host, found), "/proc/*/exe, cmdline, stat, root")
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
