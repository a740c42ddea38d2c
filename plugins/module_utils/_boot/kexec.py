# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kexec-tools of Debian and its relatives: with LOAD_KEXEC=true a reboot starts a kernel at once, and no boot loader is asked."""

from typing import Any, Dict, Optional

from .._formats.shell_words import assignments
from .target import NoAnswerError, Target, Targets

_CONFIGURATION = "/etc/default/kexec"
_SCRIPT = "/etc/init.d/kexec-load"


def targets(host: Any) -> Optional[Targets]:
    """What a reboot starts by kexec; None where it goes through the firmware. Raises NoAnswerError."""
    if host.stat(_SCRIPT).problem or all(host.stat(path).problem for path in ("/sbin/kexec", "/usr/sbin/kexec")):
        return None
    values = _settings(host)
    if values.get("LOAD_KEXEC") != "true":
        return None
    if values.get("USE_GRUB_CONFIG") == "true":
        raise NoAnswerError("unsupported", "%s: kexec takes a kernel from grub.cfg by rules of its own (USE_GRUB_CONFIG); "
                            "/etc/init.d/kexec-load would tell" % _CONFIGURATION)
    image = values.get("KERNEL_IMAGE", "")
    if not image:
        detail = "%s: LOAD_KEXEC is true, and no KERNEL_IMAGE is named; the script /etc/init.d/kexec-load tells what it takes"
        raise NoAnswerError("absent", detail % _CONFIGURATION)
    options = values.get("APPEND") or host.read("/proc/cmdline", 65536).if_there("").strip()
    target = Target("KERNEL_IMAGE", image, "LOAD_KEXEC in %s" % _CONFIGURATION, "kexec", options, "", tuple(values.get("INITRD", "").split()))
    return Targets(_CONFIGURATION, target, None, None, "kexec-tools reads its configuration as it is", "not_applicable")


def _settings(host: Any) -> Dict[str, str]:
    folder = _CONFIGURATION + ".d"
    values: Dict[str, str] = {}
    for path in [_CONFIGURATION] + ["%s/%s" % (folder, name) for name in host.listdir(folder, 1000).if_there([]) if "." not in name]:
        try:
            values.update(assignments(host.read(path, 65536).if_there("")))
        except ValueError:
            # Nothing but comments.
            continue
    return values
