# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two reports of the same fleet must have in common, whoever made them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def comparable(folder: Path) -> dict[str, Any]:
    """What a report says, without its moments and without what a busy machine says otherwise a second later."""
    report = json.loads((folder / "fleet.json").read_text(encoding="utf-8"))
    told = {name: {**{key: host[key] for key in ("verdict", "reasons", "standard", "labels")},
                   "findings": [(item["id"], item["promise"], item["expected"], item["observed"]) for item in host["findings"]]}
            for name, host in report["hosts"].items()}
    return {**{key: report[key] for key in ("schema", "partial", "summary", "standards")}, "hosts": told, "order": list(report["hosts"])}
