# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest guest there is: one processor of x86 in real mode, one page, one instruction. Called by _host.py, in a process of its own.

A virtual machine can be made, and even a processor in it, where none can run: nested virtualization that is switched off below, for instance.
"""

import ctypes
import errno
import fcntl
import mmap
import struct

# linux/kvm.h, for x86_64: requests with the sizes of their structures in them, and the offsets that are used of these.
CREATE_VM = 0xAE01
GET_VCPU_MMAP_SIZE = 0xAE04
CREATE_VCPU = 0xAE41
SET_USER_MEMORY_REGION = 0x4020AE46
RUN = 0xAE80
SET_REGS = 0x4090AE82
GET_SREGS = 0x8138AE83
SET_SREGS = 0x4138AE84
SREGS_BYTES, REGS_BYTES = 312, 144
CODE_BASE, CODE_SELECTOR = 0, 12
INSTRUCTION_POINTER, FLAGS = 16 * 8, 17 * 8
EXIT_REASON = 8
EXIT_HLT = 5

HALT = b"\xf4"
PAGE = 4096


def run(kvm: int) -> int:
    """0 when the guest came to its halt; ENOEXEC when it came elsewhere. OSError of the request that failed. Leaves everything open."""
    machine = fcntl.ioctl(kvm, CREATE_VM, 0)
    memory = mmap.mmap(-1, PAGE)
    memory[:len(HALT)] = HALT
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    fcntl.ioctl(machine, SET_USER_MEMORY_REGION, struct.pack("<IIQQQ", 0, 0, 0, PAGE, address))
    processor = fcntl.ioctl(machine, CREATE_VCPU, 0)
    shared = mmap.mmap(processor, fcntl.ioctl(kvm, GET_VCPU_MMAP_SIZE, 0))
    segments = bytearray(SREGS_BYTES)
    fcntl.ioctl(processor, GET_SREGS, segments)
    struct.pack_into("<Q", segments, CODE_BASE, 0)
    struct.pack_into("<H", segments, CODE_SELECTOR, 0)
    fcntl.ioctl(processor, SET_SREGS, bytes(segments))
    registers = bytearray(REGS_BYTES)
    # Bit 1 is always set.
    struct.pack_into("<Q", registers, FLAGS, 2)
    fcntl.ioctl(processor, SET_REGS, bytes(registers))
    fcntl.ioctl(processor, RUN, 0)
    reason, = struct.unpack_from("<I", shared, EXIT_REASON)
    return 0 if reason == EXIT_HLT else errno.ENOEXEC
