# SPDX-License-Identifier: MIT
"""posternd under test, and a client of its control socket (VICI) of our own."""
import os
import re
import socket
import struct
import subprocess
import threading
import time

SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = 1, 2, 3, 4, 5, 6
REQUEST, RESPONSE, UNKNOWN, REGISTER, CONFIRM, EVENT = 0, 1, 2, 3, 5, 7
PATIENCE = 20.0


class Refused(Exception):
    """The daemon says that it didn't do what was asked."""


# -------- VICI --------

def _name(text):
    return bytes([len(text)]) + text.encode()


def vici_encode(tree):
    out = b''
    for key, value in tree.items():
        if isinstance(value, dict):
            out += bytes([SECTION_START]) + _name(key) + vici_encode(value) + bytes([SECTION_END])
        elif isinstance(value, (list, tuple)):
            items = (str(item).encode() for item in value)
            out += bytes([LIST_START]) + _name(key)
            out += b''.join(bytes([LIST_ITEM]) + struct.pack('>H', len(item)) + item for item in items)
            out += bytes([LIST_END])
        else:
            data = value if isinstance(value, bytes) else str(value).encode()
            out += bytes([KEY_VALUE]) + _name(key) + struct.pack('>H', len(data)) + data
    return out


def vici_decode(data):
    at, stack = 0, [{}]

    def text(size):
        nonlocal at
        length = int.from_bytes(data[at:at + size], 'big')
        at += size + length
        return data[at - length:at].decode(errors='replace')
    while at < len(data):
        kind = data[at]
        at += 1
        if kind == SECTION_START:
            stack.append(stack[-1].setdefault(text(1), {}))
        elif kind in (SECTION_END, LIST_END):
            stack.pop()
        elif kind == KEY_VALUE:
            key = text(1)
            stack[-1][key] = text(2)
        elif kind == LIST_START:
            stack.append(stack[-1].setdefault(text(1), []))
        else:
            stack[-1].append(text(2))
    return stack[0]


class Vici:
    """One connection to the control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _send(self, kind, name, body=b''):
        packet = bytes([kind]) + _name(name) + body
        self.socket.sendall(struct.pack('>I', len(packet)) + packet)

    def _read(self, length):
        data = b''
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            if not more:
                raise Refused('the daemon closed the control connection')
            data += more
        return data

    def _receive(self):
        packet = self._read(struct.unpack('>I', self._read(4))[0])
        return packet[0], packet[1:]

    def call(self, command, request=None, events=None):
        """The response; with the name of an event also a list of those that came."""
        seen = []
        if events:
            self._send(REGISTER, events)
            if self._receive()[0] != CONFIRM:
                raise Refused(f'there is no event {events}')
        self._send(REQUEST, command, vici_encode(request or {}))
        while True:
            kind, body = self._receive()
            if kind == EVENT:
                seen.append(vici_decode(body[1 + body[0]:]))
                continue
            if kind != RESPONSE:
                raise Refused(f'there is no command {command}')
            response = vici_decode(body)
            if response.get('success', 'yes') != 'yes':
                raise Refused(response.get('errmsg', 'no reason given'))
            return (response, seen) if events else response


class Later:
    """A command that runs beside the case."""

    def __init__(self, path, command, request):
        self.error = None
        self.thread = threading.Thread(target=self._run, args=(path, command, request), daemon=True)
        self.thread.start()

    def _run(self, path, command, request):
        try:
            with Vici(path) as vici:
                vici.call(command, request)
        except (Refused, OSError) as error:
            self.error = error

    def done(self, timeout=PATIENCE):
        """Waits for its end. True: it succeeded."""
        self.thread.join(timeout)
        if self.thread.is_alive():
            raise Refused('the command does not end')
        return self.error is None


# -------- the daemon --------

class Daemon:
    """One posternd without a kernel interface, on ports of its own."""

    def __init__(self, program, folder, name, index, settings):
        self.name, self.folder = name, folder
        self.ports = (10000 * index + 500, 10000 * index + 4500)
        self.settings = {'port': self.ports[0], 'port_nat_t': self.ports[1], **settings}
        self.control = os.path.join(folder, name + '.vici')
        self.log_path = os.path.join(folder, name + '.log')
        self.config = os.path.join(folder, name + '.conf')
        self.program, self.process = program, None
        self.lock = threading.Lock()

    def start(self, secret):
        lines = ['settings {'] + [f'  {key} = {value}' for key, value in self.settings.items()]
        lines += ['}', 'secrets {', '  ike-all {', f'    secret = "{secret}"', '  }', '}', '']
        with open(self.config, 'w', encoding='ascii') as config:
            config.write('\n'.join(lines))
        with open(self.log_path, 'w', encoding='utf-8') as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.program, '--config', self.config, '--control', self.control, '--ipsec', 'null', '--no-bpf',
                 '--workers', '1', '--debug', 'ike=debug'], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not re.search(r'ready: 1 worker', self.log()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f'posternd does not come up:\n{self.log()}')
            time.sleep(0.01)

    def stop(self):
        """Its exit code."""
        if not self.process:
            return 0
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -1

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()

    def call(self, command, request=None):
        with Vici(self.control) as vici:
            return vici.call(command, request)

    def later(self, command, request):
        return Later(self.control, command, request)

    def sas(self, connection):
        """The IKE SAs of a connection, as VICI lists them."""
        with Vici(self.control) as vici:
            _, seen = vici.call('list-sas', {'ike': connection}, events='list-sa')
        return [sa for event in seen for sa in event.values()]

    def certs(self):
        """All certificates that it has loaded."""
        with Vici(self.control) as vici:
            return vici.call('list-certs', {}, events='list-cert')[1]

    def counters(self):
        return {key: int(value) for key, value in self.call('stats')['counters'].items()}
