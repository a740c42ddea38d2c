#!/usr/bin/env python3
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a disk with the smallest system that can tell whether it was started anew: make_guest.py PATH.

It notes its processor's time stamp at address 500h when it boots, waits for the power button, and switches itself off.
"""

import sys
from pathlib import Path

CODE = (
    "31c0 8ed8 8ed0 bc007c",  # xor ax,ax; mov ds,ax; mov ss,ax; mov sp,7c00h
    "0f31 66a30005",  # rdtsc; mov [500h],eax
    "ba0206 b80001 ef",  # mov dx,602h; mov ax,100h; out dx,ax: let ACPI tell of the power button
    "fb",  # sti
    "f4 ba0006 ed f6c401 74f6",  # wait: hlt; mov dx,600h; in ax,dx; test ah,1; jz wait
    "ba0406 b80020 ef ebfe",  # mov dx,604h; mov ax,2000h; out dx,ax: off
)

if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(bytes.fromhex(" ".join(CODE)).ljust(510, b"\0") + b"\x55\xaa" + bytes(1024 * 1024 - 512))
