#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Brings a tunnel up and takes it down again, many times over one connection to the control socket (VICI).

Usage: cycle-tunnel.py SOCKET IKE CHILD TIMES
"""
import socket
import struct
import sys
import time

CMD_REQUEST, CMD_RESPONSE, KEY_VALUE = 0, 1, 3


def receive(control, length):
    data = b''
    while len(data) < length:
        more = control.recv(length - len(data))
        if not more:
            sys.exit('the daemon closed the connection')
        data += more
    return data


def call(control, command, **arguments):
    """Sends a command, whose answer has to say success = yes."""
    message = b''.join(struct.pack('!BB', KEY_VALUE, len(key)) + key.encode() + struct.pack('!H', len(value)) + value.encode()
                       for key, value in arguments.items())
    packet = struct.pack('!BB', CMD_REQUEST, len(command)) + command.encode() + message
    control.sendall(struct.pack('!I', len(packet)) + packet)
    answer = receive(control, struct.unpack('!I', receive(control, 4))[0])
    if answer[0] != CMD_RESPONSE or b'\x07success\x00\x03yes' not in answer:
        sys.exit(f'{command} failed: {answer!r}')


def main():
    path, ike, child, times = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(path)
        began = time.monotonic()
        for n in range(1, int(times) + 1):
            call(control, 'initiate', ike=ike, child=child, timeout='60000')
            call(control, 'terminate', ike=ike, timeout='60000')
            if n % 100 == 0:
                print(f'# {n} tunnels, {time.monotonic() - began:.1f} s', flush=True)


if __name__ == '__main__':
    main()
