# SPDX-License-Identifier: MIT
"""Configuration payloads and internal addresses"""
import ipaddress

from case import *  # noqa: F401,F403

IP4_ADDRESS, IP4_NETMASK, IP4_DNS, APPLICATION_VERSION, IP6_ADDRESS, IP6_DNS, SUPPORTED_ATTRIBUTES = 1, 2, 3, 7, 8, 10, 14
ANY4, ANY6 = net('0.0.0.0/0'), net('::/0')
DYNAMIC = {'remote_ts': 'dynamic'}


def network(t, bits=29):
    """Addresses of this case alone."""
    return f'10.{100 + t.number // 250}.{t.number % 250}.0/{bits}'


def gateway(t, addrs=None, child=None, **options):
    """A ready Sa; the gateway lends addresses."""
    name = t.pool(addrs or network(t), **options)
    return t.ready(pools=name, child={**DYNAMIC, **(child or {})})


def asks(t, sa, *attributes, tsi=None, identity=None):
    """IKE_AUTH with CFG_REQUEST; the response."""
    t.init(sa)
    return t.authenticate(sa, tsi=tsi or [ANY4], extra=[wire.cp(wire.CFG_REQUEST, *attributes)], identity=identity)


def reply(t, m):
    """The attributes of CFG_REPLY."""
    kind, attributes = wire.decode_cp(m.get(wire.CP))
    t.equal(kind, wire.CFG_REPLY, 'type of the configuration payload')
    return attributes


def lent(t, m):
    """The IPv4 address that came."""
    found = [value for number, value in reply(t, m) if number == IP4_ADDRESS]
    t.equal([len(value) for value in found], [4], 'lengths of addresses')
    return found[0]


@case('RFC 7296 2.19, 3.15', RESPONDER, 'CFG_REQUEST for an IPv4 address: one of the pool comes, and TSi is narrowed to it')
def address(t):
    sa = gateway(t)
    m = asks(t, sa, (IP4_ADDRESS, b''))
    value = lent(t, m)
    t.check(ipaddress.ip_address(value) in ipaddress.ip_network(network(t)), f'{value}')
    t.equal(wire.decode_selectors(m.get(wire.TSI)), [wire.Selector(value, value)], 'TSi')
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.19, 3.15.1', RESPONDER, 'CFG_REQUEST for an IPv6 address: one with a prefix length comes')
def address_ipv6(t):
    sa = gateway(t, addrs=f'fd09:{t.number:x}::/120')
    m = asks(t, sa, (IP6_ADDRESS, b''), tsi=[ANY6, ANY4])
    found = [value for number, value in reply(t, m) if number == IP6_ADDRESS]
    t.equal([len(value) for value in found], [17], 'lengths of addresses')
    t.check(found[0][:4] == bytes.fromhex('fd09') + t.number.to_bytes(2, 'big') and found[0][16] <= 128, f'{found}')


@case('RFC 7296 3.15.1', RESPONDER, 'the address that is asked for is lent if it is free')
def wanted(t):
    sa = gateway(t)
    want = ipaddress.ip_network(network(t))[5].packed
    t.equal(lent(t, asks(t, sa, (IP4_ADDRESS, want))), want, 'address')


@case('RFC 7296 3.15.1', RESPONDER, 'an address outside the pool is not lent, another one is')
def wanted_outside(t):
    m = asks(t, gateway(t), (IP4_ADDRESS, bytes([192, 0, 2, 1])))
    t.check(ipaddress.ip_address(lent(t, m)) in ipaddress.ip_network(network(t)), 'it is outside')


@case('RFC 7296 3.15.1', RESPONDER, 'DNS servers come along when they are asked for')
def dns(t):
    m = asks(t, gateway(t, dns=['10.0.0.53']), (IP4_ADDRESS, b''), (IP4_DNS, b''))
    t.check((IP4_DNS, bytes([10, 0, 0, 53])) in reply(t, m), 'no DNS server')


@case('RFC 7296 2.19, 3.15.1', RESPONDER, 'unknown attributes are ignored, and there is a CFG_REPLY')
def unknown_attributes(t):
    # 5 was INTERNAL_ADDRESS_EXPIRY once (7296-1.7-expiry-attr).
    m = asks(t, gateway(t), (0x1234, b'??'), (5, bytes(4)), (IP4_ADDRESS, b''), (0x7fff, b''))
    t.check(not {5, 0x1234, 0x7fff} & {number for number, _ in reply(t, m)}, 'they are answered')
    lent(t, m)


@case('RFC 7296 3.15, 3.15.1', RESPONDER, 'reserved octets and bits of configuration payloads are ignored')
def reserved(t):
    sa = t.init(gateway(t))
    cp = wire.Payload(wire.CP, bytes([wire.CFG_REQUEST]) + b'\xff\xff\xff' + b'\x80\x01\0\0')
    lent(t, t.authenticate(sa, tsi=[ANY4], extra=[cp]))


@case('RFC 7296 2.19', RESPONDER, 'without CFG_REQUEST there is no CFG_REPLY')
def not_asked(t):
    sa = t.init()
    t.equal(t.authenticate(sa).all(wire.CP), [], 'configuration payloads')


@case('RFC 7296 2.19', RESPONDER, 'CFG_SET, CFG_ACK and CFG_REPLY in IKE_AUTH are no request')
def other_types(t):
    sa = t.init()
    m = t.authenticate(sa, extra=[wire.cp(kind, (IP4_ADDRESS, bytes(4))) for kind in (wire.CFG_REPLY, wire.CFG_SET, wire.CFG_ACK)])
    t.check(wire.SA in m.kinds() and not m.all(wire.CP), f'{m}')


@case('RFC 7296 2.19, 3.10.1', RESPONDER, 'no address is left: INTERNAL_ADDRESS_FAILURE, no Child SA, the IKE SA stays')
def exhausted(t):
    sa = gateway(t, addrs=network(t, bits=32))
    lent(t, asks(t, sa, (IP4_ADDRESS, b'')))
    other = t.endpoint()
    identity = (wire.ID_FQDN, b'other.' + t.own_id[1])
    t.connect(other, name=t.name + 'b', pools=t.name, child=DYNAMIC, remote={'id': identity[1].decode()})
    second = Sa(other, True, psk=SECRET)
    m = asks(t, second, (IP4_ADDRESS, b''), identity=identity)
    t.equal(m.error(), wire.INTERNAL_ADDRESS_FAILURE, 'error')
    t.check(not set(m.kinds()) & {wire.SA, wire.TSI, wire.TSR, wire.CP}, f'{m}')
    second.ping()
    sa.ping()


@case('RFC 7296 2.19, 3.10.1', RESPONDER, 'addresses are demanded and not asked for: FAILED_CP_REQUIRED, no Child SA, the IKE SA stays')
def required(t):
    sa = t.init(gateway(t))
    m = t.authenticate(sa, tsi=[ANY4])
    t.equal(m.error(), wire.FAILED_CP_REQUIRED, 'error')
    t.check(wire.SA not in m.kinds(), f'{m}')
    sa.ping()


@case('RFC 7296 2.19', RESPONDER, 'two clients have two addresses')
def two_clients(t):
    first = gateway(t)
    one = lent(t, asks(t, first, (IP4_ADDRESS, b'')))
    other = t.endpoint()
    identity = (wire.ID_FQDN, b'other.' + t.own_id[1])
    t.connect(other, name=t.name + 'b', pools=t.name, child=DYNAMIC, remote={'id': identity[1].decode()})
    two = lent(t, asks(t, Sa(other, True, psk=SECRET), (IP4_ADDRESS, b''), identity=identity))
    t.check(one != two, 'both have the same')


@case('RFC 7296 2.20', RESPONDER, 'CFG_REQUEST in INFORMATIONAL for version and attributes: CFG_REPLY')
def informational(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.cp(wire.CFG_REQUEST, (APPLICATION_VERSION, b''), (SUPPORTED_ATTRIBUTES, b''))])
    attributes = dict(reply(t, m))
    t.check(APPLICATION_VERSION in attributes and len(attributes.get(SUPPORTED_ATTRIBUTES, b'')) % 2 == 0, f'{attributes}')


# -------- client --------

def called_client(t, **options):
    sa, m = t.called_auth(vips='0.0.0.0', child={'local_ts': 'dynamic'}, **options)
    kind, attributes = wire.decode_cp(m.get(wire.CP))
    t.equal(kind, wire.CFG_REQUEST, 'type of the configuration payload')
    return sa, m, attributes


@case('RFC 7296 2.19', INITIATOR, 'a client asks for an address and offers selectors that it may be narrowed from')
def client_asks(t):
    _, m, attributes = called_client(t)
    t.check((IP4_ADDRESS, b'') in attributes, f'{attributes}')
    t.check(any(one.first == bytes(4) for one in wire.decode_selectors(m.get(wire.TSI))), 'TSi')


@case('RFC 7296 2.19', INITIATOR, 'a client takes the address, and its side is that')
def client_gets(t):
    sa, m, _ = called_client(t)
    value = bytes([10, 99, t.number // 250, t.number % 250])
    t.accept(sa, m, tsi=[wire.Selector(value, value)],
             extra=[wire.cp(wire.CFG_REPLY, (0x2222, b'??'), (IP4_ADDRESS, value), (IP4_DNS, bytes([10, 0, 0, 53])))])
    t.check(sa.command.done(), f'{sa.command.error}')
    t.equal(t.children()[0]['local-ts'], [str(ipaddress.ip_address(value)) + '/32'], 'local selectors')


@case('RFC 7296 2.19, 3.10.1', INITIATOR, 'INTERNAL_ADDRESS_FAILURE: no Child SA, the IKE SA is not lost by it')
def client_refused(t):
    sa, m, _ = called_client(t)
    sa.answer(m, sa.auth_payloads(t.own_id) + [wire.notify(wire.INTERNAL_ADDRESS_FAILURE)])
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 2.19', INITIATOR, 'a CFG_REPLY that was not asked for is ignored')
def client_unasked(t):
    sa, m = t.called_auth()
    t.equal(m.all(wire.CP), [], 'configuration payloads')
    t.accept(sa, m, extra=[wire.cp(wire.CFG_REPLY, (IP4_ADDRESS, bytes([10, 99, 0, 1])))])
    t.check(sa.command.done(), f'{sa.command.error}')
    t.equal(t.children()[0]['local-ts'], ['10.1.0.0/16'], 'local selectors')
