# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What boot trust adds to the scan of a host with one EFI system partition: processor time and memory, beside the same host booted by BIOS.

The host is a folder with the files of a Debian of the sizes that they really have (shim, its helpers, GRUB, three kernels) and a dbx of 443
entries. Each measurement is a process of its own whose code is compiled anew, as it is on a host; both cases have loaded all sections of a scan
and read the boot loader before.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "collections")]

import boot_world  # noqa: E402
from benchmarks._measuring import Goal  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
MORE_MS, MORE_MB = 40, 8
_KILO = 1024
_SIZES = {"shim": 945 * _KILO, "mm": 850 * _KILO, "fb": 88 * _KILO, "grub": 2600 * _KILO, "kernel": 8200 * _KILO}
_KERNELS = [f"/boot/vmlinuz-6.1.0-{number}-amd64" for number in (9, 10, 11)]
_REVOKED = 443

CHILD = """
import sys, time
root = sys.argv[1]
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.witness import Witness
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import loaders
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import sections
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust.declared import put_trust

class Rooted:
    def __init__(self):
        self.live = LiveHost()
    def __getattr__(self, name):
        own = getattr(self.live, name)
        if name not in ("read", "read_bytes", "sha256", "listdir", "stat", "readlink", "realpath"):
            return own
        def ask(path, *arguments, **options):
            answer = own(root + path, *arguments, **options)
            return answer._replace(value=answer.value[len(root):]) if name == "realpath" and not answer.problem else answer
        return ask
    def run(self, argv, *arguments, **options):
        return self.live.run(["/nonexistent"])
    def uname(self):
        return ("Linux", "h", "6.1.0-9-amd64", "", "x86_64")

def peak():
    # Of this program alone: what getrusage says holds the peak of the process that started it.
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))

host = Witness(Rooted())
loaders.find_targets(host)
section = Section("boot", lambda: host.losses)
before, begun = peak(), time.process_time()
put_trust(host, section, "none")
print((time.process_time() - begun) * 1000, (peak() - before) / 1024,
      section.facts["trust"]["mode"], section.facts["trust"].get("next_boot"))
"""


def _machine() -> boot_world.Machine:
    machine = boot_world.debian()
    esp, sbat = f"{boot_world.ESP}/EFI/debian", boot_world.sbat
    parts = {"shimx64": boot_world.debian_shim(text=b"s" * _SIZES["shim"])}
    for name, kind, rows in (("grubx64", "grub", ("grub,5", "grub.debian,5")), ("mmx64", "mm", ("shim,4",)), ("fbx64", "fb", ("shim,4",))):
        parts[name] = boot_world.vendor_signed(boot_world.program({".sbat": sbat(*rows)}, text=kind.encode() * (_SIZES[kind] // len(kind))))
    for name, data in parts.items():
        machine.file(f"{esp}/{name}.efi", data)
    machine.file(f"{boot_world.ESP}/EFI/BOOT/BOOTX64.EFI", parts["shimx64"]).file("/usr/lib/shim/shimx64.efi.signed", parts["shimx64"])
    for path in _KERNELS:
        machine.file(path, boot_world.kernel(path.encode().ljust(_SIZES["kernel"], b"k")))
    digests = [number.to_bytes(32, "big") for number in range(_REVOKED)]
    machine.forbids(boot_world.signature_list(boot_world.SHA256, *digests))
    menu = "".join(f"menuentry '{path}' {{ linux {path} root=x }}\n" for path in _KERNELS)
    machine.recording["read"]["/boot/grub/grub.cfg"] = menu
    return machine


def _written(root: Path, efi: bool) -> Path:
    machine = _machine()
    files = {path: text.encode() for path, text in machine.recording["read"].items()} | machine.files | (machine.variables if efi else {})
    files |= {"/sys/firmware/acpi": b"", "/var/lib/dpkg/status": b"Package: shim-signed\n",
              "/var/lib/dpkg/info/shim-signed.list": b"/usr/lib/shim/shimx64.efi.signed\n"}
    for path, data in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return root


def _measured(root: Path, caches: Path, wanted: str) -> tuple[float, float]:
    """(milliseconds of processor, megabytes at the peak) of one run."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "collections"), "PYTHONPYCACHEPREFIX": str(caches), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", CHILD, str(root)], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    milliseconds, megabytes, mode, _next_boot = done.stdout.split()
    if mode != wanted:
        raise RuntimeError(f"the host is {mode}, not {wanted}: nothing was measured")
    return float(milliseconds), float(megabytes)


def compare(directory: Path, repeats: int) -> Iterator[str | Goal]:
    """Both cases in turn; what the one has more."""
    roots = {wanted: _written(directory / wanted, wanted == "enforced") for wanted in ("enforced", "not_efi")}
    seen = {wanted: [_measured(root, directory / "caches", wanted) for _turn in range(repeats)] for wanted, root in roots.items()}
    time = {wanted: median(cost[0] for cost in costs) for wanted, costs in seen.items()}
    memory = {wanted: median(cost[1] for cost in costs) for wanted, costs in seen.items()}
    for wanted in seen:
        yield f"boot trust, {wanted:8} {time[wanted]:7.1f} ms of processor, {memory[wanted]:5.1f} MB"
    yield Goal("boot trust on a host with one EFI system partition, more milliseconds of processor", time["enforced"] - time["not_efi"], MORE_MS)
    yield Goal("boot trust on a host with one EFI system partition, more megabytes", memory["enforced"] - memory["not_efi"], MORE_MB)
