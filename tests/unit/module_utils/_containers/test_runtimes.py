# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that start containers, and whose version they have."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import runtimes
from ansible_collections.firebreak.fleet.plugins.module_utils._packages.installed import dpkg_sources, dpkg_versions
from recorded_host import RecordedHost

STATUS = ("Package: runc\nStatus: install ok installed\nSource: runc-app\nVersion: 1.1.12-0ubuntu3.1\n\n"
          "Package: crun\nStatus: deinstall ok config-files\nVersion: 1.8-1\n\n"
          "Package: containerd.io\nStatus: install ok installed\nVersion: 1.7.27-1\n\n"
          "Package: qemu-system-x86\nStatus: install ok installed\nSource: qemu (1:7.2+dfsg-7)\nVersion: 1:7.2+dfsg-7+b3\n")


def found(status: str, *paths: str) -> list[dict[str, Any]]:
    stats = {path: ["file", 0o755, 0, 0, 1, 0.0, 0.0, 1, 1] for path in paths}
    stats["/var/lib/dpkg/status"] = ["file", 0o644, 0, 0, 1, 0.0, 0.0, 1, 2]
    host = RecordedHost({"read": {"/var/lib/dpkg/status": status}, "stat": stats,
                         "listdir": {"/var/lib/dpkg": ["status"]}})
    rows, problem, _detail = runtimes.find(host)
    assert problem is None
    return rows


def test_a_runtime_has_its_packages_version_and_source() -> None:
    (row,) = found(STATUS, "/usr/bin/runc")
    assert row == {"name": "runc", "path": "/usr/bin/runc", "package": "runc", "source": "runc-app", "module": None, "version": "1.1.12-0ubuntu3.1"}


def test_what_a_package_brings_beside_others_has_no_version_of_its_own() -> None:
    without = STATUS.replace("Package: runc\n", "Package: runc-doc\n")
    (row,) = found(without, "/usr/bin/runc")
    assert (row["package"], row["version"]) == ("containerd.io", None)
    (own,) = found(STATUS, "/usr/local/bin/crun")
    assert (own["package"], own["version"]) == (None, None)


@pytest.mark.parametrize(("path", "name"), [
    ("/var/lib/rancher/k3s/data/current/bin/runc", "runc"), ("/var/lib/rancher/rke2/bin/runc", "runc"), ("/var/lib/k0s/bin/runc", "runc"),
    ("/snap/microk8s/current/bin/runc", "runc"), ("/snap/docker/current/bin/runc", "runc"), ("/usr/libexec/crio/crun", "crun"),
    ("/usr/lib/cri-o-runc/sbin/runc", "runc")])
def test_a_runtime_that_an_engine_brings_is_there_and_of_no_known_version(path: str, name: str) -> None:
    """k3s, rke2, k0s, canonical/microk8s, the snap of Docker's, and cri-o/packaging: a hole in runc is not closed by having no package of it."""
    (row,) = found(STATUS, path)
    assert (row["name"], row["path"], row["package"], row["version"]) == (name, path, None, None)


def test_sources_of_binary_packages() -> None:
    names = ("runc", "crun", "qemu-system-x86", "containerd.io")
    assert dpkg_sources(STATUS, names) == {"runc": "runc-app", "qemu-system-x86": "qemu", "containerd.io": "containerd.io"}
    assert dpkg_versions(STATUS, names)["qemu-system-x86"] == "1:7.2+dfsg-7+b3"
