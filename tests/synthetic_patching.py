# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a synthetic host patched between reboots: its live patches, and its services on the files that are installed."""

from __future__ import annotations

import random
from typing import Any

Document = dict[str, Any]

# Whose patches a host of each distribution has, and what its client calls the newest level; others have none.
PROVIDERS = {"ubuntu": ("canonical", "113.1"), "rhel": ("kpatch", "1-4"), "sles": ("suse", "18"), "almalinux": ("kernelcare", "11")}
_MODULES = {"canonical": "lkp_Ubuntu", "kpatch": "kpatch", "suse": "livepatch", "kernelcare": "kcare"}
_REASONS = {"protected": "fix_active", "stale": "newer_available", "unprotected": "no_patch_loaded", "not_applicable": "no_provider"}
_UNITS = ("chrony.service", "cron.service", "dbus.service", "ssh.service", "systemd-journald.service", "systemd-logind.service")


def live_patch(rng: random.Random, distribution: str, release: str) -> Document:
    """The section ``live_patch``: most patched hosts are protected, some lag behind, a few have a client and no patch in force."""
    provider, newest = PROVIDERS.get(distribution, ("none", None))
    protection = rng.choices(("protected", "stale", "unprotected"), weights=(90, 7, 3))[0] if newest else "not_applicable"
    level = {"protected": newest, "stale": f"{newest}~1"}.get(protection)
    module = {"id": f"{_MODULES.get(provider)}_{rng.getrandbits(32):08x}", "kind": "fix", "state": "active", "cves": [], "replace": True,
              "stack_order": 1, "functions": rng.randint(4, 60), "package": None, "for_kernel": release, "built_at": None}
    return {
        "provider": {"id": provider, "also_present": [], "mechanism": "none" if not newest else "kcare" if provider == "kernelcare" else "klp",
                     "entitled": True if newest else None, "client_version": "10.8.1" if newest else None, "mode": "online" if newest else None,
                     "auto_update": bool(newest), "autoload": {"unit": None, "enabled": None}},
        "kernel": {"release": release, "livepatch_capable": True, "once_patched": bool(level), "lockdown": "none", "signature_required": False},
        "patches": [module] if level else [], "installed_not_loaded": [],
        "transition": {"in_progress": False, "patch": "", "blocking": [], "blocking_count": 0},
        "support": {"state": "supported" if newest else None, "until": None, "basis": "client" if newest else None},
        "effective": {"kernel": None, "level": level, "up_to_date": level == newest if newest else None, "latest_available": newest},
        "cves": {"fixed": [], "basis": "none", "complete": False, "not_fixed": None, "blocked_by_pin": []},
        "last_check": {"at": None, "result": "ok" if newest else None}, "pin": {"kind": "none", "value": ""}, "inhibitors": [],
        "persistence": {"same_kernel": True if newest else None, "via": None, "kernels": [release]},
        "protection": protection, "reasons": [_REASONS[protection]],
    }


def services(rng: random.Random, booted_at: str) -> Document:
    """The section ``services``: on a few hosts an update replaced a library that services still run on."""
    stale = rng.sample(("ssh.service", "cron.service", "dbus.service"), k=rng.randint(1, 3)) if rng.random() < 0.05 else []
    rows = [{"unit": unit, "kind": "until_reboot" if unit == "dbus.service" else "service", "user": None, "program": f"/usr/sbin/{unit[:-8]}",
             "pid": rng.randint(400, 4000), "started_at": booted_at, "processes": 1, "replaced": ["/usr/lib/x86_64-linux-gnu/libssl.so.3"],
             "deleted": []} for unit in stale]
    return {"stale": rows, "unread": [], "examined": rng.randint(60, 400), "in_containers": 0, "active": list(_UNITS), "failed": [], "masked": []}
