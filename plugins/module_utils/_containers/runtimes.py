# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that start containers for an engine: they run for a moment, and what is installed is what the next container gets."""

from typing import Any, Dict, List, Optional, Tuple

from .._packages import installed

# Each program, where it lies, and the packages that may bring it. containerd.io brings a runc of its own.
RUNTIMES = (
    ("runc", ("/usr/bin/runc", "/usr/sbin/runc", "/usr/local/bin/runc", "/usr/local/sbin/runc"), ("runc", "containerd.io", "moby-runc")),
    ("crun", ("/usr/bin/crun", "/usr/local/bin/crun"), ("crun",)),
)
# Where distributions of Kubernetes, snaps and CRI-O's own packages keep theirs, which no list of packages knows by that name.
OWN_FOLDERS = ("/var/lib/rancher/k3s/data/current/bin", "/var/lib/rancher/rke2/bin", "/var/lib/k0s/bin", "/snap/microk8s/current/bin",
               "/snap/docker/current/bin", "/usr/libexec/crio", "/usr/lib/cri-o-runc/sbin")
_OF_PACKAGES = ("/usr/bin/", "/usr/sbin/")
_NAMES = tuple(name for _runtime, _paths, names in RUNTIMES for name in names)


def find(host: Any) -> Tuple[List[Dict[str, Any]], Optional[str], str]:
    """(the runtimes, problem, detail). The version of a package that brings a program beside others is not the program's own: null."""
    present = [(name, path, packages) for name, paths, packages in RUNTIMES
               for path in paths + tuple("%s/%s" % (folder, name) for folder in OWN_FOLDERS) if not host.stat(path).problem]
    if not present:
        return [], None, ""
    known = installed.owned(host, _NAMES)
    rows = []
    for name, path, packages in present:
        package = next((item for item in packages if item in known.versions), None) if path.startswith(_OF_PACKAGES) else None
        own = package is not None and package != "containerd.io"
        rows.append({"name": name, "path": path, "package": package, "source": known.sources.get(package or ""),
                     "module": known.modules.get(package or ""), "version": known.versions.get(package or "") if own else None})
    return _once(rows), known.problem, known.detail


def _once(rows: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """One row for each program of a package: /usr/sbin may be /usr/bin."""
    kept: Dict[Tuple[str, str], Dict[str, Any]] = {}
    for row in rows:
        kept.setdefault((row["name"], row["package"] or row["path"]), row)
    return list(kept.values())
