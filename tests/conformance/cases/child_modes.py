# SPDX-License-Identifier: MIT
"""Transport mode and other notifies about Child SAs"""
import struct

from case import *  # noqa: F401,F403

NON_FIRST_FRAGMENTS_ALSO = 16395
TRANSPORT = {'child': {'mode': 'transport', 'local_ts': 'dynamic', 'remote_ts': 'dynamic'}}


def hosts(sa):
    """Selectors of the two hosts: ours, the gateway's"""
    return [net(sa.endpoint.address + '/32')], [net(sa.endpoint.gateway + '/32')]


def wants_transport(t, **options):
    """The answer to IKE_AUTH with USE_TRANSPORT_MODE."""
    sa = t.init(t.ready(**options))
    own, its = hosts(sa)
    m = t.authenticate(sa, tsi=own, tsr=its, extra=[wire.notify(wire.USE_TRANSPORT_MODE)])
    return sa, m


@case('RFC 7296 1.3.1', RESPONDER, 'USE_TRANSPORT_MODE is answered with it where transport mode is configured')
def transport(t):
    _, m = wants_transport(t, **TRANSPORT)
    n = m.notify(wire.USE_TRANSPORT_MODE)
    t.check(wire.SA in m.kinds() and n and (n.protocol, n.spi, n.data) == (0, b'', b''), f'{m}')
    t.equal([c['mode'] for c in t.children()], ['TRANSPORT'], 'modes')


@case('RFC 7296 1.3.1', RESPONDER, 'USE_TRANSPORT_MODE where tunnel mode is configured: declined by not answering it')
def transport_declined(t):
    _, m = wants_transport(t, child={'local_ts': 'dynamic', 'remote_ts': 'dynamic'})
    t.equal(m.notify(wire.USE_TRANSPORT_MODE), None, 'notify')
    t.equal([c['mode'] for c in t.children()], ['TUNNEL'] if wire.SA in m.kinds() else [], 'modes')


@case('RFC 7296 1.3.1', RESPONDER, 'without USE_TRANSPORT_MODE in the request there is none in the response')
def not_asked(t):
    sa = t.init(t.ready(**TRANSPORT))
    own, its = hosts(sa)
    m = t.authenticate(sa, tsi=own, tsr=its)
    t.equal(m.notify(wire.USE_TRANSPORT_MODE), None, 'notify')
    t.check('TRANSPORT' not in [c['mode'] for c in t.children()], 'transport mode')


@case('RFC 7296 1.3.1', INITIATOR, 'it asks for transport mode, and gets it')
def asks_transport(t):
    sa, m = t.called_auth(**TRANSPORT)
    n = m.notify(wire.USE_TRANSPORT_MODE)
    t.check(n and (n.protocol, n.spi, n.data) == (0, b'', b''), f'{m}')
    t.accept(sa, m, extra=[wire.notify(wire.USE_TRANSPORT_MODE)])
    t.check(sa.command.done(), f'{sa.command.error}')
    t.equal([c['mode'] for c in t.children()], ['TRANSPORT'], 'modes')


@case('RFC 7296 1.3.1', INITIATOR, 'the responder declines transport mode: the Child SA is a tunnel, or it is deleted')
def asks_transport_declined(t):
    sa, m = t.called_auth(**TRANSPORT)
    t.accept(sa, m)
    if sa.command.done():
        t.equal([c['mode'] for c in t.children()], ['TUNNEL'], 'modes')
        return
    d = sa.request(wire.INFORMATIONAL)
    t.equal(wire.decode_delete(d.get(wire.DELETE))[0], wire.PROTO_ESP, 'Delete')
    sa.answer(d)
    t.equal(t.children(), [], 'Child SAs')


@case('RFC 7296 1.3.1', INITIATOR, 'it does not ask for transport mode where tunnel mode is configured')
def asks_tunnel(t):
    _, m = t.called_auth()
    t.equal(m.notify(wire.USE_TRANSPORT_MODE), None, 'notify')


@case('RFC 7296 2.22', RESPONDER, 'IPCOMP_SUPPORTED is declined by not answering it')
def ipcomp(t):
    sa = t.init()
    m = t.authenticate(sa, extra=[wire.notify(wire.IPCOMP_SUPPORTED, b'\x12\x34' + bytes([n])) for n in (2, 3)])
    t.check(wire.SA in m.kinds() and not m.notify(wire.IPCOMP_SUPPORTED), f'{m}')


@case('RFC 7296 1.3.1, RFC 4301 7', RESPONDER, 'NON_FIRST_FRAGMENTS_ALSO is declined by not answering it')
def fragments(t):
    sa = t.init()
    m = t.authenticate(sa, extra=[wire.notify(NON_FIRST_FRAGMENTS_ALSO)])
    t.check(wire.SA in m.kinds() and not m.notify(NON_FIRST_FRAGMENTS_ALSO), f'{m}')


@case('RFC 7296 1.3.1', RESPONDER, 'ESP_TFC_PADDING_NOT_SUPPORTED is accepted')
def tfc(t):
    sa = t.init()
    m = t.authenticate(sa, extra=[wire.notify(wire.ESP_TFC_PADDING_NOT_SUPPORTED)])
    t.check(wire.SA in m.kinds(), f'{m}')


@case('RFC 7296 2.19, 3.15', RESPONDER, 'CFG_REQUEST where no addresses are configured does not keep the IKE SA from coming up')
def configuration_request(t):
    sa = t.init()
    m = t.authenticate(sa, extra=[wire.cp(wire.CFG_REQUEST, (1, b''), (3, b''), (0x3fff, b'what?'))])
    t.equal([one['state'] for one in t.sas()], ['ESTABLISHED'], 'IKE SAs')
    t.check(wire.SA in m.kinds() or m.error() in (wire.INTERNAL_ADDRESS_FAILURE, wire.FAILED_CP_REQUIRED), f'{m}')
    sa.ping()


@case('RFC 7296 3.15, 2.21.3', RESPONDER, 'a malformed configuration payload in IKE_AUTH: INVALID_SYNTAX, and no IKE SA')
def configuration_malformed(t):
    sa = t.init()
    bad = wire.Payload(wire.CP, bytes([wire.CFG_REQUEST, 0, 0, 0]) + struct.pack('>HH', 1, 100) + b'abc')
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads() + [bad])
    t.equal((m.error(), len(m.payloads)), (wire.INVALID_SYNTAX, 1), 'answer')
    t.gone()
