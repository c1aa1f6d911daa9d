# SPDX-License-Identifier: MIT
"""An IKEv2 peer that is driven step by step and may break any rule.

Endpoint is its UDP sockets, ports 500 and 4500 of one address. Sa is one IKE SA of it in either role: it numbers,
protects and opens messages, and nothing happens that the case doesn't ask for.
"""
import ipaddress
import os
import select
import socket
import struct
import time

import crypto
import wire

PATIENCE = 10.0  # seconds to wait for what has to come
IPV6_FREEBIND, SO_TIMESTAMPNS = 78, 35
MARKER = bytes(4)  # the non-ESP marker (RFC 7296 2.23)


class NothingCame(Exception):
    """No datagram in time."""


class Datagram:
    def __init__(self, data, port, source, at):
        self.data, self.port, self.source, self.at = data, port, source, at


class Endpoint:
    def __init__(self, address, gateway, ports, source_ports=(500, 4500)):
        """gateway: the daemon's address; ports: its two ports; source_ports: ours."""
        self.address, self.gateway, self.ports = address, gateway, ports
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.sockets = {}
        for port, own in zip((500, 4500), source_ports):
            s = socket.socket(family, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # the daemon has the wildcard address
            s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)  # when it came, not when we come to read it
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)  # a route makes the address ours
            s.bind((address, own))
            s.setblocking(False)
            self.sockets[port] = s
        self.source_ports = dict(zip((500, 4500), source_ports))
        self.seen = set()  # requests that have come before
        self.keepalives = 0
        self.sas = []  # the IKE SAs of this endpoint that have keys
        self.parked = []  # datagrams of one IKE SA that came while another was waiting

    def close(self):
        for s in self.sockets.values():
            s.close()

    @property
    def packed(self):
        return ipaddress.ip_address(self.address).packed

    @property
    def gateway_packed(self):
        return ipaddress.ip_address(self.gateway).packed

    def send(self, data, port=500, marker=True, to=None):
        """port: 500 or 4500, whose number at the daemon may be another."""
        if port == 4500 and marker:
            data = MARKER + data
        self.sockets[port].sendto(data, (to or self.gateway, self.ports[0 if port == 500 else 1]))

    def _read(self, port):
        try:
            data, control, _, source = self.sockets[port].recvmsg(65535, 64)
        except BlockingIOError:
            return None
        arrived = next(struct.unpack('qq', value) for _, kind, value in control if kind == SO_TIMESTAMPNS)
        if port == 4500:
            if data == b'\xff':
                self.keepalives += 1
                return None
            if data[:4] != MARKER:
                raise wire.WireError('no non-ESP marker on port 4500')
            data = data[4:]
        return Datagram(data, port, source, arrived[0] + arrived[1] / 1e9)

    def receive(self, timeout=PATIENCE, repeats=False):
        """The next datagram. Requests sent again are passed over unless repeats is set."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise NothingCame(f'nothing came in {timeout} s')
            readable = select.select(list(self.sockets.values()), [], [], left)[0]
            for port, s in self.sockets.items():
                if s not in readable:
                    continue
                datagram = self._read(port)
                if not datagram:
                    continue
                again = datagram.data in self.seen
                if len(datagram.data) > 19 and not datagram.data[19] & wire.RESPONSE:
                    self.seen.add(datagram.data)
                    if again and not repeats:
                        continue
                return datagram

    def message(self, timeout=PATIENCE):
        """The next datagram, decoded as far as it is in clear."""
        return wire.decode(self.receive(timeout).data)

    def receive_of(self, sa, timeout):
        """The next datagram that is of this IKE SA, or of none of ours."""
        for at, datagram in enumerate(self.parked):
            if sa.owns(datagram.data):
                return self.parked.pop(at)
        end = time.monotonic() + timeout
        while True:
            datagram = self.receive(max(0.001, end - time.monotonic()))
            if sa.owns(datagram.data) or not any(other.owns(datagram.data) for other in self.sas):
                return datagram
            self.parked.append(datagram)


def ike_transforms(encr=wire.AES_GCM_16, bits=128, integ=0, prf=wire.PRF_SHA256, method=wire.X25519):
    out = [wire.transform(wire.ENCR, encr, bits), wire.transform(wire.PRF, prf)]
    if integ:
        out.append(wire.transform(wire.INTEG, integ))
    return out + [wire.transform(wire.DH, method)]


def esp_transforms(encr=wire.AES_GCM_16, bits=128, integ=0, esn=0, method=None):
    out = [wire.transform(wire.ENCR, encr, bits)]
    if integ:
        out.append(wire.transform(wire.INTEG, integ))
    if method:
        out.append(wire.transform(wire.DH, method))
    return out + [wire.transform(wire.ESN, esn)]


class Sa:
    """One IKE SA. initiator: whether this side is its original initiator."""

    def __init__(self, endpoint, initiator, *, encr=wire.AES_GCM_16, bits=128, integ=0, prf=wire.PRF_SHA256,
                 method=wire.X25519, psk=b'', port=500):
        self.endpoint, self.initiator, self.psk, self.port = endpoint, initiator, psk, port
        self.algorithms = dict(encr=encr, bits=bits, integ=integ, prf=prf, method=method)
        self.prf, self.suite, self.method = crypto.Prf(prf), crypto.Suite(encr, bits, integ), method
        self.spi_i = os.urandom(8) if initiator else wire.NO_SPI
        self.spi_r = wire.NO_SPI if initiator else os.urandom(8)
        self.nonce = os.urandom(32)
        self.peer_nonce = b''
        self.kex = crypto.KeyExchange(method)
        self.keys = None
        self.own_init = self.peer_init = b''
        self.send_id = self.receive_id = 0
        self.inbox = []  # opened messages that came while another was waited for
        self.peer_id_body = b''
        self.children = []
        self.fragments = {}

    # -------- messages --------

    @property
    def flag(self):
        return wire.INITIATOR if self.initiator else 0

    def clear(self, exchange, payloads, *, response=False, mid=0, **more):
        return wire.Message(exchange, payloads, spi_i=self.spi_i, spi_r=self.spi_r, mid=mid,
                            flags=self.flag | (wire.RESPONSE if response else 0), **more)

    def seal(self, exchange, payloads, *, response=False, mid=None, flags=None, version=0x20, spi_i=None, spi_r=None,
             outer=(), pad=b'', pad_length=None, first=None, inner=None, sk_flags=0, tamper=None, length=0):
        """A protected message. Everything can be overridden: outer are payloads before SK, inner replaces the chain of
        payloads, first the SK payload's Next Payload, pad adds octets of padding, tamper changes the last step."""
        if mid is None:
            mid = self.receive_id if response else self.send_id
        first_inner, chain = wire.encode_chain(payloads)
        chain = chain if inner is None else inner
        first_inner = first_inner if first is None else first
        padding = pad or os.urandom(self.suite.padding(len(chain)))
        plain = chain + padding + bytes([len(padding) if pad_length is None else pad_length])
        size = self.suite.iv_len + len(plain) + self.suite.icv_len
        sk = struct.pack('>BBH', first_inner, sk_flags, 4 + size)
        outer_first, outer_chain = wire.encode_chain(list(outer) + [wire.Payload(wire.SK)])
        outer_chain = outer_chain[:-4]
        if flags is None:
            flags = self.flag | (wire.RESPONSE if response else 0)
        m = wire.Message(exchange, spi_i=spi_i or self.spi_i, spi_r=spi_r or self.spi_r, flags=flags, mid=mid,
                         version=version)
        head = m.header(outer_first, 28 + len(outer_chain) + 4 + size + length) + outer_chain + sk
        keys = (self.keys.sk_ei, self.keys.sk_ai) if self.initiator else (self.keys.sk_er, self.keys.sk_ar)
        out = head + self.suite.seal(*keys, head, plain)
        return tamper(out) if tamper else out

    def fragment(self, exchange, payloads, size, *, response=False, mid=None):
        """The message as fragments of size octets of plaintext (RFC 7383 2.5)."""
        first, chain = wire.encode_chain(payloads)
        pieces = [chain[at:at + size] for at in range(0, len(chain), size)]
        return [self.fragment_one(exchange, piece, number, len(pieces), first if number == 1 else 0, response=response,
                                  mid=mid)
                for number, piece in enumerate(pieces, 1)]

    def fragment_one(self, exchange, piece, number, total, first, *, response=False, mid=None):
        if mid is None:
            mid = self.receive_id if response else self.send_id
        plain = piece + bytes(self.suite.padding(len(piece))) + bytes([self.suite.padding(len(piece))])
        length = 8 + self.suite.iv_len + len(plain) + self.suite.icv_len
        skf = struct.pack('>BBHHH', first, 0, length, number, total)
        m = wire.Message(exchange, spi_i=self.spi_i, spi_r=self.spi_r, mid=mid,
                         flags=self.flag | (wire.RESPONSE if response else 0))
        head = m.header(wire.SKF, 28 + length) + skf
        keys = (self.keys.sk_ei, self.keys.sk_ai) if self.initiator else (self.keys.sk_er, self.keys.sk_ar)
        return head + self.suite.seal(*keys, head, plain)

    def _decrypt(self, raw, head_length):
        keys = (self.keys.sk_er, self.keys.sk_ar) if self.initiator else (self.keys.sk_ei, self.keys.sk_ai)
        plain = self.suite.open(*keys, raw[:head_length], raw[head_length:])
        wire.check(len(plain) > plain[-1], 'padding is longer than the message')
        return plain[:len(plain) - 1 - plain[-1]]

    def _check_header(self, m):
        wire.check((m.spi_i, m.spi_r) == (self.spi_i, self.spi_r), 'SPIs are not those of the IKE SA')
        flag = 0 if self.initiator else wire.INITIATOR
        wire.check(m.flags & wire.INITIATOR == flag, 'the Initiator flag is wrong')

    def open(self, data):
        """A protected message with its payloads, or None for a fragment before the last."""
        m = wire.decode(data)
        self._check_header(m)
        outer = m.payloads.pop()
        wire.check(outer.kind in (wire.SK, wire.SKF), 'the message is not protected')
        wire.check(not m.payloads, 'payloads stand in clear beside SK')
        m.inner_first = outer.next_type
        if outer.kind == wire.SK:
            chain = self._decrypt(data, 32)
        else:
            chain = self._collect(m, outer, data)
            if chain is None:
                return None
        m.payloads = wire.decode_chain(m.inner_first, chain)
        return m

    def _collect(self, m, outer, data):
        number, total = struct.unpack('>HH', outer.body[:4])
        wire.check(1 <= number <= total, 'fragment number out of range')
        wire.check(number == 1 or m.inner_first == 0, 'Next Payload of a later fragment is not zero')
        parts = self.fragments.setdefault((m.mid, m.is_response), {})
        parts[number] = (m.inner_first, self._decrypt(data, 36))
        if len(parts) < total:
            return None
        m.inner_first = parts[1][0]
        m.fragments = total
        return b''.join(parts[n][1] for n in range(1, total + 1))

    def owns(self, data):
        return data[:16] == self.spi_i + self.spi_r

    def send(self, data):
        self.endpoint.send(data, self.port)

    def receive(self, timeout=PATIENCE):
        """The next message of this SA, opened; fragments are put together."""
        if self.inbox:
            return self.inbox.pop(0)
        return self._read(timeout)

    def _read(self, timeout=PATIENCE):
        while True:
            m = self.open(self.endpoint.receive_of(self, timeout).data)
            if m:
                return m

    def response(self, mid=None, timeout=PATIENCE):
        """The response to the last request, or to that with ID mid."""
        mid = self.send_id - 1 if mid is None else mid
        end = time.monotonic() + timeout
        for at, m in enumerate(self.inbox):
            if m.is_response and m.mid == mid:
                return self.inbox.pop(at)
        while True:
            m = self._read(max(0.001, end - time.monotonic()))
            if m.is_response and m.mid == mid:
                return m
            self.inbox.append(m)

    def request(self, exchange=None, timeout=PATIENCE):
        """The daemon's next request."""
        end = time.monotonic() + timeout
        for at, m in enumerate(self.inbox):
            if not m.is_response:
                return self._took(self.inbox.pop(at), exchange)
        while True:
            m = self._read(max(0.001, end - time.monotonic()))
            if not m.is_response:
                return self._took(m, exchange)
            self.inbox.append(m)

    def _took(self, m, exchange):
        wire.check(m.mid == self.receive_id, f'request has ID {m.mid}, {self.receive_id} is expected')
        wire.check(exchange in (None, m.exchange), f'a request {m.exchange} came instead of {exchange}')
        return m

    def ask(self, exchange, payloads, **more):
        """Send a request; its ID is used up."""
        data = self.seal(exchange, payloads, **more)
        self.send(data)
        self.send_id += 1
        return data

    def call(self, exchange, payloads, timeout=PATIENCE, **more):
        """A request and its response."""
        self.ask(exchange, payloads, **more)
        m = self.response(timeout=timeout)
        wire.check(m.exchange == exchange, f'response is of exchange {m.exchange}')
        return m

    def answer(self, request, payloads=(), **more):
        """The response to a request that came."""
        data = self.seal(request.exchange, payloads, response=True, mid=request.mid, **more)
        self.receive_id = request.mid + 1
        self.send(data)
        return data

    def ping(self, timeout=PATIENCE):
        """An empty INFORMATIONAL: the IKE SA lives (1.4)."""
        m = self.call(wire.INFORMATIONAL, [], timeout=timeout)
        wire.check(not m.payloads, f'the response to an empty request holds {m}')

    # -------- IKE_SA_INIT --------

    def nat_payloads(self, source=None, destination=None):
        """source, destination: other hashes than the true ones"""
        e = self.endpoint
        own = crypto.nat_hash(self.spi_i, self.spi_r, e.packed, e.source_ports[500])
        peer = crypto.nat_hash(self.spi_i, self.spi_r, e.gateway_packed, e.ports[0])
        return [wire.notify(wire.NAT_DETECTION_SOURCE_IP, source or own),
                wire.notify(wire.NAT_DETECTION_DESTINATION_IP, destination or peer)]

    def proposal(self, number=1, **change):
        return wire.proposal(number, wire.PROTO_IKE, b'', *ike_transforms(**{**self.algorithms, **change}))

    def init_payloads(self, sa=None, ke=None, nonce=None, nat=True):
        return [sa or wire.sa(self.proposal()), ke or wire.ke(self.method, self.kex.public),
                wire.nonce(self.nonce) if nonce is None else nonce] + (self.nat_payloads() if nat else [])

    def init_request(self, payloads=None, **more):
        """IKE_SA_INIT as initiator: bytes; AUTH will cover them."""
        payloads = self.init_payloads() if payloads is None else payloads
        self.own_init = self.clear(wire.IKE_SA_INIT, payloads, **more).encode()
        return self.own_init

    def take_init_response(self, m):
        wire.check(m.exchange == wire.IKE_SA_INIT and m.is_response and m.mid == 0, f'{m} instead of IKE_SA_INIT')
        wire.check(not m.flags & wire.INITIATOR, 'the responder sets the Initiator flag')
        wire.check(m.spi_i == self.spi_i and m.spi_r != wire.NO_SPI, 'SPIs of the IKE_SA_INIT response')
        wire.check(m.error() is None, f'IKE_SA_INIT is refused: {m}')
        method, public = wire.decode_ke(m.get(wire.KE))
        wire.check(method == self.method, f'KE is of method {method}')
        self.spi_r, self.peer_init = m.spi_r, m.raw
        self.peer_nonce = m.get(wire.NONCE).body
        self.derive(public)
        self.send_id = 1

    def take_init_request(self, m):
        """As responder; the methods must be those of this Sa."""
        wire.check(m.exchange == wire.IKE_SA_INIT and not m.is_response and m.mid == 0, f'{m} instead of IKE_SA_INIT')
        wire.check(m.flags == wire.INITIATOR and m.spi_r == wire.NO_SPI, 'header of the IKE_SA_INIT request')
        self.spi_i, self.peer_init = m.spi_i, m.raw
        self.peer_nonce = m.get(wire.NONCE).body
        method, self.peer_public = wire.decode_ke(m.get(wire.KE))
        wire.check(method == self.method, f'KE is of method {method}')

    def init_response(self, payloads=None, nat=True, **more):
        if payloads is None:
            payloads = self.init_payloads(nat=nat)
        self.own_init = self.clear(wire.IKE_SA_INIT, payloads, response=True, **more).encode()
        self.derive(self.peer_public)
        self.receive_id = 1
        return self.own_init

    def derive(self, peer_public):
        ni, nr = (self.nonce, self.peer_nonce) if self.initiator else (self.peer_nonce, self.nonce)
        self.keys = crypto.Keys(self.prf, self.suite, self.kex.shared(peer_public), ni, nr, self.spi_i, self.spi_r)
        self.endpoint.sas.append(self)

    # -------- IKE_AUTH --------

    def auth_data(self, id_body, psk=None):
        return self.keys.psk_auth(psk or self.psk, self.initiator, self.own_init, self.peer_nonce, id_body)

    def signed_octets(self, id_body, own=True):
        """What a signature is over (2.15): ours, or the other side's."""
        from_initiator = self.initiator == own
        key = self.keys.sk_pi if from_initiator else self.keys.sk_pr
        first, nonce = (self.own_init, self.peer_nonce) if own else (self.peer_init, self.nonce)
        return first + nonce + self.prf(key, id_body)

    def auth_payloads(self, identity, idr=None, **more):
        """ID and AUTH of this side; identity is (type, data)."""
        kind = wire.IDI if self.initiator else wire.IDR
        own = wire.ident(kind, *identity, **more)
        out = [own] + ([wire.ident(wire.IDR, *idr)] if idr else [])
        return out + [wire.auth(wire.AUTH_PSK, self.auth_data(own.body))]

    def check_auth(self, m):
        """The other side's AUTH payload."""
        body = m.get(wire.IDI if not self.initiator else wire.IDR).body
        method, data = wire.decode_typed(m.get(wire.AUTH))
        wire.check(method == wire.AUTH_PSK, f'AUTH is of method {method}')
        good = self.keys.psk_auth(self.psk, not self.initiator, self.peer_init, self.nonce, body)
        wire.check(data == good, 'AUTH data are wrong')
        self.peer_id_body = body

    def rekeyed(self, initiator, spi_i, spi_r, ni, nr, shared, **algorithms):
        """The IKE SA that replaces this one (2.18)."""
        new = Sa(self.endpoint, initiator, psk=self.psk, port=self.port, **{**self.algorithms, **algorithms})
        new.spi_i, new.spi_r = spi_i, spi_r
        new.keys = crypto.Keys(new.prf, new.suite, shared, ni, nr, spi_i, spi_r, old=self.keys)
        self.endpoint.sas.append(new)
        return new
