#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drives a daemon over one connection to its control socket (VICI).

Usage: drive.py SOCKET cycle IKE CHILD TIMES		a tunnel comes up and goes down again
       drive.py SOCKET rekey-child CHILD TIMES		a Child SA is rekeyed, each time when the one before is done
       drive.py SOCKET rekey-ike IKE TIMES		the same of an IKE SA
       drive.py SOCKET install IKE CHILD TIMES		two clients at once install a trap, and one takes it away again
"""
import socket
import struct
import sys
import time

CMD_REQUEST, CMD_RESPONSE, KEY_VALUE = 0, 1, 3
PATIENCE = 60  # seconds, for one rekeying


def receive(control, length):
    data = b''
    while len(data) < length:
        more = control.recv(length - len(data))
        if not more:
            sys.exit('the daemon closed the connection')
        data += more
    return data


def send(control, command, **arguments):
    message = b''.join(struct.pack('!BB', KEY_VALUE, len(key)) + key.encode() + struct.pack('!H', len(value)) + value.encode()
                       for key, value in arguments.items())
    packet = struct.pack('!BB', CMD_REQUEST, len(command)) + command.encode() + message
    control.sendall(struct.pack('!I', len(packet)) + packet)


def take(control, command):
    """The bytes of the answer to a command that was sent."""
    answer = receive(control, struct.unpack('!I', receive(control, 4))[0])
    if answer[0] != CMD_RESPONSE:
        sys.exit(f'{command} is answered with {answer!r}')
    return answer


def ask(control, command, **arguments):
    send(control, command, **arguments)
    return take(control, command)


def succeed(control, command):
    """The answer has to say success = yes."""
    answer = take(control, command)
    if b'\x07success\x00\x03yes' not in answer:
        sys.exit(f'{command} failed: {answer!r}')


def call(control, command, **arguments):
    send(control, command, **arguments)
    succeed(control, command)


def counter(control, name):
    answer = ask(control, 'stats')
    key = struct.pack('!BB', KEY_VALUE, len(name)) + name.encode()
    at = answer.find(key)
    if at < 0:
        sys.exit(f'stats has no {name}')
    at += len(key)
    length, = struct.unpack('!H', answer[at:at + 2])
    return int(answer[at + 2:at + 2 + length])


def cycle(control, ike, child):
    call(control, 'initiate', ike=ike, child=child, timeout='60000')
    call(control, 'terminate', ike=ike, timeout='60000')


def rekey(control, count, **what):
    before = counter(control, count)
    call(control, 'rekey', **what)
    until = time.monotonic() + PATIENCE
    while counter(control, count) == before:
        if time.monotonic() > until:
            sys.exit(f'{what} was not rekeyed in {PATIENCE} s')
        time.sleep(0.005)


def install(control, path, ike, child):
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(path)
        for client in control, other:
            send(client, 'install', ike=ike, child=child)
        for client in control, other:
            succeed(client, 'install')
    call(control, 'uninstall', ike=ike, child=child)


def main():
    path, verb, *names, times = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(path)
        began = time.monotonic()
        for n in range(1, int(times) + 1):
            if verb == 'cycle':
                cycle(control, *names)
            elif verb == 'rekey-child':
                rekey(control, 'children-rekeyed', child=names[0])
            elif verb == 'rekey-ike':
                rekey(control, 'rekeyed', ike=names[0])
            elif verb == 'install':
                install(control, path, *names)
            else:
                sys.exit(__doc__)
            if n % 100 == 0:
                print(f'# {verb}: {n}, {time.monotonic() - began:.1f} s', flush=True)


if __name__ == '__main__':
    main()
