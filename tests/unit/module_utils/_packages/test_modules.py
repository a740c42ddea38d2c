# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which module streams packages are, by the label that rpm keeps."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import installed
from recorded_host import RecordedHost

RUNC, CRUN = "1:1.1.12-1.module+el8.9.0+21243+a586538b", "1.14.3-2.module+el8.10.0+22346+28c02849"


# rpm writes NAME:STREAM:VERSION:CONTEXT (RPMTAG_MODULARITYLABEL), "(none)" where there is no label.
@pytest.mark.parametrize(("versions", "answer", "wanted"), [
    ({"runc": RUNC}, [0, "runc\tcontainer-tools:rhel8:8090020240201111813:d7b6f4b7\n", ""], {"runc": "container-tools:rhel8"}),
    ({"runc": RUNC}, [0, "runc\t(none)\n", ""], {}),
    ({"runc": RUNC}, [1, "error: incorrect format: unknown tag: \"MODULARITYLABEL\"\n", ""], {}),
    ({"crun": CRUN, "podman": "4:5.4.0-9.el9_6", "runc": RUNC}, [0, "crun\tcontainer-tools:4.0:80100:1\nrunc\tcontainer-tools:4.0:80100:1\n", ""],
     {"crun": "container-tools:4.0", "runc": "container-tools:4.0"}),
])
def test_a_label_names_the_module_of_a_build(versions: dict[str, str], answer: list[Any], wanted: dict[str, str]) -> None:
    asked = " ".join(installed.module_query(sorted(name for name in versions if name != "podman")))
    assert installed.modules_of(RecordedHost({"run": {asked: answer}}), versions) == wanted


def test_rpm_is_not_asked_where_no_version_is_of_a_module() -> None:
    versions = {"podman": "4:5.4.0-9.el9_6", "runc": "1.2.5-1.el9_6"}
    host = RecordedHost({"run": {" ".join(installed.module_query(sorted(versions))): [0, "podman\tcontainer-tools:4.0:80100:1\n", ""]}})
    assert installed.modules_of(host, versions) == {}
