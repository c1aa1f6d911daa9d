# SPDX-License-Identifier: MIT
"""What a case is, and what it has at hand.

	@case('RFC 7296 2.1', RESPONDER, 'a repeated request gets the very same response')
	def repeated(t):
	    sa = t.establish()
	    ...

Each case has an address, a connection and IKE SAs of its own, so all of them run beside each other on few daemons.
"""
import functools
import ipaddress
import os
import re
import time

import certificates
import crypto
import wire
from daemon import Refused
from peer import PATIENCE, Endpoint, NothingCame, Sa, esp_transforms, ike_transforms

INITIATOR, RESPONDER, BOTH = 'initiator', 'responder', 'both'  # the role that posternd has
SECRET = b'what the gateway and every case know'
GATEWAY, GATEWAY6 = '127.0.0.1', 'fd00:5::1'
GATEWAY_ID = (wire.ID_FQDN, b'gw.test')

cases = []


@functools.lru_cache(None)
def authority():
    """The CA of the gateway's certificates, whose keys all daemons have."""
    return certificates.Authority()


class Case:
    def __init__(self, rfc, role, title, run, daemon):
        self.rfc, self.role, self.title, self.run, self.daemon = rfc, role, title, run, daemon
        self.topic = ''


def case(rfc, role, title, daemon='main'):
    def register(function):
        new = Case(rfc, role, title, function, daemon)
        new.topic = function.__module__.rsplit('.', 1)[-1]
        cases.append(new)
        return function
    return register


class Failed(Exception):
    """The daemon did what it must not."""


def net(text, protocol=0, ports=(0, 65535)):
    """'10.2.0.0/16' or '10.2.0.1-10.2.0.9' as a selector"""
    if '-' in text:
        first, last = (ipaddress.ip_address(part) for part in text.split('-'))
    else:
        network = ipaddress.ip_network(text)
        first, last = network[0], network[-1]
    return wire.Selector(first.packed, last.packed, protocol, ports)


# Our networks and the gateway's in the default connection.
OUR_NET, ITS_NET = net('10.2.0.0/16'), net('10.1.0.0/16')


class Child:
    """A Child SA as this side sees it."""

    def __init__(self, spi_in, spi_out):
        self.spi_in, self.spi_out = spi_in, spi_out


class Test:
    """What a case works with. Numbers: a case's own, for its address and names."""

    def __init__(self, number, one, daemon):
        self.number, self.daemon, self.case = number, daemon, one
        self.name = f'c{number}'
        self.own_id = (wire.ID_FQDN, f'peer{number}.test'.encode())  # INITIAL_CONTACT goes by identities
        self.addresses = 0
        self.endpoints = []
        self.connections = []
        self.pools = []

    def close(self):
        for endpoint in self.endpoints:
            endpoint.close()
        for name in self.connections:
            try:
                if self.daemon.sas(name):
                    self.daemon.call('terminate', {'ike': name, 'force': 'yes', 'timeout': '10000'})
                self.daemon.call('unload-conn', {'name': name})
            except (Refused, OSError):
                pass  # the daemon's end says more
        for name in self.pools:
            try:
                self.daemon.call('unload-pool', {'name': name})
            except (Refused, OSError):
                pass

    def again(self):
        """Begin anew, from another address and with a new connection."""
        self.close()
        self.endpoints, self.connections, self.pools = [], [], []

    def pool(self, addrs, name=None, **options):
        """Load a pool of internal addresses; its name."""
        name = name or self.name
        self.daemon.call('load-pool', {name: {'addrs': addrs, **options}})
        self.pools.append(name)
        return name

    # -------- checks --------

    def check(self, condition, what):
        if not condition:
            raise Failed(what)

    def equal(self, found, expected, what):
        if found != expected:
            raise Failed(f'{what}: found {found!r}, expected {expected!r}')

    def until(self, condition, what, timeout=PATIENCE):
        """Waits until condition() holds; returns its value."""
        end = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise Failed(f'waited in vain until {what}')
            time.sleep(0.005)

    def silent(self, endpoint, seconds):
        """Nothing comes for that time."""
        try:
            datagram = endpoint.receive(seconds, repeats=True)
        except NothingCame:
            return
        raise Failed(f'something came: {datagram.data.hex()}')

    def unanswered(self, endpoint, data, port=500):
        """The datagram is dropped: a good first request right after it gets the first answer."""
        probe = Sa(endpoint, True, psk=SECRET)
        endpoint.send(data, port)
        endpoint.send(probe.init_request(), port)
        m = endpoint.message()
        self.check(m.spi_i == probe.spi_i and m.get(wire.SA), f'it was answered: {m}')

    def ignored(self, sa, data):
        """The datagram is dropped and the IKE SA goes on: a request right after it gets the first answer."""
        sa.send(data)
        sa.ask(wire.INFORMATIONAL, [])
        m = sa.receive()
        self.equal((m.is_response, m.mid, m.payloads), (True, sa.send_id - 1, []), 'the first that came')

    def gone(self, name=None):
        """The daemon has no IKE SA of this case any more."""
        self.until(lambda: not self.sas(name), 'the IKE SA is gone')

    # -------- set-up --------

    def endpoint(self, ipv6=False, like=None, **more):
        """like: another endpoint, whose address it has"""
        self.addresses += 1
        if like:
            address, gateway = like.address, like.gateway
        elif ipv6:
            address, gateway = f'fd00:5::{self.number:x}:{self.addresses:x}', GATEWAY6
        else:
            address, gateway = f'127.{10 + self.addresses}.{self.number // 250}.{1 + self.number % 250}', GATEWAY
        endpoint = Endpoint(address, gateway, self.daemon.ports, **more)
        self.endpoints.append(endpoint)
        return endpoint

    def connect(self, endpoint=None, name=None, children=None, child=None, local=None, remote=None, **options):
        """Load a connection for the endpoint's address. child: options of the only child, named net."""
        endpoint = endpoint or (self.endpoints[0] if self.endpoints else self.endpoint())
        name = name or self.name
        child_options = {'local_ts': '10.1.0.0/16', 'remote_ts': '10.2.0.0/16', 'esp_proposals': 'aes128gcm16',
                         **(child or {})}
        connection = {
            'remote_addrs': endpoint.address, 'local_addrs': endpoint.gateway,
            'proposals': 'aes128gcm16-prfsha256-x25519',
            'local': {'auth': 'psk', 'id': 'gw.test', **(local or {})},
            'remote': {'auth': 'psk', 'id': self.own_id[1].decode(), **(remote or {})},
            'children': children if children is not None else {'net': child_options},
            **options}
        self.daemon.call('load-conn', {name: connection})
        self.daemon.sas(name)  # goes through the worker, which has the new configuration after that
        if name not in self.connections:
            self.connections.append(name)
        return endpoint

    def sas(self, name=None):
        return self.daemon.sas(name or self.name)

    def children(self):
        """The Child SAs of this case at the daemon. Those that are DELETED only receive what was on its way."""
        return [c for sa in self.sas() for c in sa.get('child-sas', {}).values() if c['state'] != 'DELETED']

    def log(self):
        """Lines of the daemon's log about this case."""
        patterns = [rf'\b{self.name}b?\['] + [rf'{re.escape(e.address)}\b' for e in self.endpoints]
        mine = re.compile('|'.join(patterns))
        return [line for line in self.daemon.log().splitlines() if mine.search(line)]

    # -------- the daemon as responder --------

    def ready(self, **options):
        """An Sa of an initiator, its connection loaded; nothing is sent yet. Options: those of Sa, the rest connect's."""
        mine = {key: options.pop(key) for key in ('encr', 'bits', 'integ', 'prf', 'method', 'port') if key in options}
        endpoint = self.connect(**options)
        return Sa(endpoint, True, psk=SECRET, **mine)

    def init(self, sa=None, **options):
        """IKE_SA_INIT done."""
        sa = sa or self.ready(**options)
        sa.endpoint.send(sa.init_request(), sa.port)
        sa.take_init_response(sa.endpoint.message())
        return sa

    def child_payloads(self, proposal=None, tsi=None, tsr=None, spi=None):
        """SA, TSi, TSr of a request; the SPI is remembered as self.spi"""
        self.spi = spi or os.urandom(4)
        return [proposal or wire.sa(wire.proposal(1, wire.PROTO_ESP, self.spi, *esp_transforms())),
                wire.selectors(wire.TSI, *(tsi or [OUR_NET])), wire.selectors(wire.TSR, *(tsr or [ITS_NET]))]

    def authenticate(self, sa, extra=(), identity=None, **child):
        """IKE_AUTH; returns the response, verified."""
        m = sa.call(wire.IKE_AUTH, sa.auth_payloads(identity or self.own_id) + self.child_payloads(**child) + list(extra))
        sa.check_auth(m)
        if wire.SA in m.kinds():
            sa.children.append(Child(self.spi, wire.decode_sa(m.get(wire.SA))[0].spi))
        return m

    def authenticate_any(self, sa, **child):
        """The response to IKE_AUTH, whatever it says."""
        return sa.call(wire.IKE_AUTH, sa.auth_payloads(self.own_id) + self.child_payloads(**child))

    def establish(self, sa=None, child=None, offer=None, **options):
        """An IKE SA with a Child SA; we are the initiator. child: options of the daemon's child; offer: of authenticate()."""
        sa = self.init(sa, **options) if sa else self.init(child=child, **options)
        m = self.authenticate(sa, **(offer or {}))
        self.check(wire.SA in m.kinds(), f'no Child SA: {m}')
        return sa

    # -------- the daemon as initiator --------

    def initiate(self, child='net', name=None, **request):
        """Ask the daemon to begin."""
        return self.daemon.later('initiate', {'ike': name or self.name, 'child': child, 'timeout': '30000',
                                              'loglevel': '-1', **request})

    def called(self, **options):
        """An Sa of a responder after the daemon's IKE_SA_INIT request, which is not answered yet."""
        mine = {key: options.pop(key) for key in ('encr', 'bits', 'integ', 'prf', 'method') if key in options}
        endpoint = self.connect(**options)
        sa = Sa(endpoint, False, psk=SECRET, **mine)
        sa.command = self.initiate()
        sa.first = endpoint.message()
        sa.take_init_request(sa.first)
        return sa

    def called_auth(self, sa=None, **options):
        """IKE_SA_INIT done; returns the Sa and the daemon's IKE_AUTH request, verified."""
        sa = sa or self.called(**options)
        sa.send(sa.init_response())
        m = sa.request(wire.IKE_AUTH)
        sa.check_auth(m)
        return sa, m

    def child_answer(self, m, spi=None, tsi=None, tsr=None, proposal=None):
        """SA, TSi, TSr that accept a request as it is; self.spi is ours"""
        self.spi = spi or os.urandom(4)
        offer = wire.decode_sa(m.get(wire.SA))[0]
        self.offered = offer
        return [proposal or wire.sa(wire.proposal(offer.number, wire.PROTO_ESP, self.spi, *esp_transforms())),
                wire.selectors(wire.TSI, *(tsi or wire.decode_selectors(m.get(wire.TSI)))),
                wire.selectors(wire.TSR, *(tsr or wire.decode_selectors(m.get(wire.TSR))))]

    def accept(self, sa, m, extra=(), **child):
        """Answer the IKE_AUTH request m of the daemon; as responder this side is gw's peer."""
        answer = sa.auth_payloads(self.own_id) + self.child_answer(m, **child) + list(extra)
        data = sa.answer(m, answer)
        sa.children.append(Child(self.spi, self.offered.spi))
        return data

    def called_up(self, **options):
        """An IKE SA with a Child SA; the daemon is the initiator."""
        sa, m = self.called_auth(**options)
        self.accept(sa, m)
        self.check(sa.command.done(), f'the daemon says: {sa.command.error}')
        return sa

    # -------- CREATE_CHILD_SA, ours --------

    def create_payloads(self, method=None, kex=None, nonce=None, rekey=None, esp=None, tsi=None, tsr=None, spi=None):
        """A request for a Child SA; rekey: SPI of ours that is replaced. self.spi, self.nonce are ours."""
        self.spi, self.nonce = spi or os.urandom(4), os.urandom(32) if nonce is None else nonce
        offer = wire.proposal(1, wire.PROTO_ESP, self.spi, *(esp or esp_transforms(method=method)))
        out = [wire.notify(wire.REKEY_SA, protocol=wire.PROTO_ESP, spi=rekey)] if rekey else []
        out += [wire.sa(offer), wire.nonce(self.nonce)]
        if method:
            out.append(wire.ke(method, (kex or crypto.KeyExchange(method)).public))
        return out + [wire.selectors(wire.TSI, *(tsi or [OUR_NET])), wire.selectors(wire.TSR, *(tsr or [ITS_NET]))]

    def created(self, sa, m):
        """The Child SA that the response m makes; remembered in sa."""
        self.check(m.error() is None, f'refused: {m}')
        answer = wire.decode_sa(m.get(wire.SA))
        self.equal(len(answer), 1, 'proposals')
        self.check(16 <= len(m.get(wire.NONCE).body) <= 256, 'length of the nonce')
        child = Child(self.spi, answer[0].spi)
        child.ni, child.nr = self.nonce, m.get(wire.NONCE).body
        sa.children.append(child)
        return child

    def create(self, sa, extra=(), **what):
        """CREATE_CHILD_SA for a Child SA; the response."""
        return sa.call(wire.CREATE_CHILD_SA, list(extra) + self.create_payloads(**what))

    def delete_child(self, sa, child):
        """Delete it as ours; checks the response."""
        m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, child.spi_in)])
        self.equal(wire.decode_delete(m.get(wire.DELETE)), (wire.PROTO_ESP, [child.spi_out]), 'Delete in the response')
        sa.children.remove(child)

    def ike_payloads(self, sa, spi=None, nonce=None, method=None, **change):
        """A request to rekey the IKE SA; self.ike_spi, self.ike_nonce, self.ike_kex are ours."""
        algorithms = {**sa.algorithms, **change, 'method': method or sa.method}
        self.ike_spi, self.ike_nonce = spi or os.urandom(8), nonce or os.urandom(32)
        self.ike_kex = crypto.KeyExchange(algorithms['method'])
        self.ike_algorithms = algorithms
        return [wire.sa(wire.proposal(1, wire.PROTO_IKE, self.ike_spi, *ike_transforms(**algorithms))),
                wire.nonce(self.ike_nonce), wire.ke(algorithms['method'], self.ike_kex.public)]

    def ike_rekeyed(self, sa, m):
        """The new IKE SA by the response m; the Child SAs are its own."""
        self.check(m.error() is None, f'refused: {m}')
        answer = wire.decode_sa(m.get(wire.SA))
        self.equal((len(answer), answer[0].protocol, len(answer[0].spi)), (1, wire.PROTO_IKE, 8), 'answer')
        self.check(answer[0].spi not in (wire.NO_SPI, sa.spi_i, sa.spi_r), 'SPI of the new IKE SA')
        method, public = wire.decode_ke(m.get(wire.KE))
        self.equal(method, self.ike_algorithms['method'], 'method of KE')
        new = sa.rekeyed(True, self.ike_spi, answer[0].spi, self.ike_nonce, m.get(wire.NONCE).body,
                         self.ike_kex.shared(public), **self.ike_algorithms)
        new.nonces = self.ike_nonce, m.get(wire.NONCE).body
        new.children = sa.children
        return new

    def rekey_ike(self, sa, **what):
        """The new IKE SA; the old one is still there."""
        return self.ike_rekeyed(sa, sa.call(wire.CREATE_CHILD_SA, self.ike_payloads(sa, **what)))

    def delete_ike(self, sa):
        self.equal(sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]).payloads, [], 'response to the Delete')

    # -------- CREATE_CHILD_SA, the daemon's --------

    def accept_create(self, sa, m, nonce=None, extra=(), **child):
        """Answer its request m for a Child SA; the Child, with its nonces."""
        nonce = nonce or os.urandom(32)
        offer = wire.decode_sa(m.get(wire.SA))[0]
        payloads = self.child_answer(m, **child)
        payloads.insert(1, wire.nonce(nonce))
        if wire.KE in m.kinds() and 'proposal' not in child:
            method, _ = wire.decode_ke(m.get(wire.KE))
            payloads[0] = wire.sa(wire.proposal(offer.number, wire.PROTO_ESP, self.spi, *esp_transforms(method=method)))
            payloads.insert(2, wire.ke(method, crypto.KeyExchange(method).public))
        sa.answer(m, payloads + list(extra))
        new = Child(self.spi, offer.spi)
        new.ni, new.nr = m.get(wire.NONCE).body, nonce
        sa.children.append(new)
        return new

    def accept_ike(self, sa, m, nonce=None):
        """Answer its request m to rekey the IKE SA; the new IKE SA, whose initiator it is."""
        offer = wire.decode_sa(m.get(wire.SA))[0]
        self.equal((offer.protocol, len(offer.spi)), (wire.PROTO_IKE, 8), 'offer')
        method, public = wire.decode_ke(m.get(wire.KE))
        spi, nonce, kex = os.urandom(8), nonce or os.urandom(32), crypto.KeyExchange(method)
        sa.answer(m, [wire.sa(wire.proposal(offer.number, wire.PROTO_IKE, spi, *ike_transforms(**sa.algorithms))),
                      wire.nonce(nonce), wire.ke(method, kex.public)])
        new = sa.rekeyed(False, offer.spi, spi, m.get(wire.NONCE).body, nonce, kex.shared(public))
        new.nonces = m.get(wire.NONCE).body, nonce
        new.children = sa.children
        return new


__all__ = ['INITIATOR', 'RESPONDER', 'BOTH', 'SECRET', 'GATEWAY_ID', 'OUR_NET', 'ITS_NET', 'Child', 'Failed',
           'Test', 'case', 'cases', 'net', 'crypto', 'wire', 'NothingCame', 'Refused', 'Sa',
           'esp_transforms', 'ike_transforms', 'certificates', 'authority']
