#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the running kernel offers to the tests, as one line:

	# kernel 6.18.44 xfrm: esp=no io_uring=yes bpf=yes fentry=no

Every feature is tried, never read off a version. Tests that need a feature skip by it and name it.
Usage: features.py [NAME]		with a NAME: exit code 0 if the kernel has it, 1 if not
"""
import ctypes
import errno
import os
import struct
import subprocess
import sys

SYS_BPF, SYS_IO_URING_SETUP = 321, 425  # the second is the same everywhere, the first is x86-64's
if os.uname().machine == 'aarch64':
    SYS_BPF = 280

BPF_PROG_LOAD = 5
BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_TRACING = 1, 26
BPF_TRACE_FENTRY = 24

_libc = ctypes.CDLL(None, use_errno=True)


def _load_program(prog_type, attach_type=0, btf_id=0):
    """Loads "return 0" and closes it again; returns 0 or the error number."""
    insns = ctypes.create_string_buffer(struct.pack('=BBhiBBhi', 0xb7, 0, 0, 0, 0x95, 0, 0, 0), 16)
    licence = ctypes.create_string_buffer(b'GPL')
    attr = ctypes.create_string_buffer(144)
    struct.pack_into('=IIQQ', attr, 0, prog_type, 2, ctypes.addressof(insns), ctypes.addressof(licence))
    struct.pack_into('=I', attr, 68, attach_type)
    struct.pack_into('=I', attr, 108, btf_id)
    fd = _libc.syscall(SYS_BPF, BPF_PROG_LOAD, attr, ctypes.sizeof(attr))
    if fd < 0:
        return ctypes.get_errno()
    os.close(fd)
    return 0


def has_esp():
    """An SA of the kind we negotiate first can be added (in a network namespace of its own)."""
    add = ['unshare', '-n', 'ip', 'xfrm', 'state', 'add', 'src', '192.0.2.1', 'dst', '192.0.2.2', 'proto', 'esp',
           'spi', '0x100', 'mode', 'tunnel', 'aead', 'rfc4106(gcm(aes))', '0x' + '01' * 20, '128']
    return subprocess.run(add, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def has_io_uring():
    fd = _libc.syscall(SYS_IO_URING_SETUP, 1, ctypes.create_string_buffer(120))
    if fd < 0:
        return False
    os.close(fd)
    return True


def has_bpf():
    return _load_program(BPF_PROG_TYPE_SOCKET_FILTER) == 0


def has_fentry():
    """BTF id 1 is never a function: a kernel that lets us trace says so, one that doesn't says EPERM first."""
    return _load_program(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, 1) == errno.EINVAL


FEATURES = {'esp': has_esp, 'io_uring': has_io_uring, 'bpf': has_bpf, 'fentry': has_fentry}


def line():
    """The line; found out once per run of tests and inherited through KSFT_FEATURES."""
    if 'KSFT_FEATURES' not in os.environ:
        shown = ' '.join(f'{name}={"yes" if probe() else "no"}' for name, probe in FEATURES.items())
        os.environ['KSFT_FEATURES'] = f'# kernel {os.uname().release} xfrm: {shown}'
    return os.environ['KSFT_FEATURES']


if __name__ == '__main__':
    if len(sys.argv) > 1:
        sys.exit(0 if f'{sys.argv[1]}=yes' in line().split() else 1)
    print(line())
