# SPDX-License-Identifier: MIT
"""Key exchange and nonces"""
import os

from case import *  # noqa: F401,F403

X25519_LOW_ORDER = (bytes(32), b'\1' + bytes(31), b'\xec' + b'\xff' * 30 + b'\x7f',
                    bytes.fromhex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'))


def asked(t, sa, payload, sa_payload=None):
    """Send IKE_SA_INIT with this KE payload."""
    sa.endpoint.send(sa.init_request(sa.init_payloads(ke=payload, sa=sa_payload)))


def bad_request(t, method, values, proposals):
    """None of the values makes an IKE SA or gets a good answer; a good one after them does."""
    sa = t.ready(method=method, proposals=proposals)
    for value in values:
        bad = Sa(sa.endpoint, True, psk=SECRET, method=method)
        asked(t, bad, wire.ke(method, value))
        good = Sa(sa.endpoint, True, psk=SECRET, method=method)
        good.endpoint.send(good.init_request())
        m = good.endpoint.message()
        if m.spi_i == bad.spi_i:
            t.check(m.error() == wire.INVALID_SYNTAX, f'{value.hex()} is answered: {m}')  # RFC 6989 2.5 allows it
            m = good.endpoint.message()
        t.equal(m.spi_i, good.spi_i, 'initiator SPI')
        good.take_init_response(m)
        t.check(bad.spi_i.hex() not in [one['initiator-spi'] for one in t.sas()], f'IKE SA by {value.hex()}')


def bad_response(t, method, values, proposals):
    """None of the values makes the daemon authenticate."""
    for value in values:
        sa = t.called(method=method, proposals=proposals)
        sa.send(sa.init_response(sa.init_payloads(ke=wire.ke(method, value))))
        t.equal([one['state'] for one in t.sas() if one['state'] == 'ESTABLISHED'], [], 'IKE SAs')
        t.silent(sa.endpoint, 0.02)
        t.again()


def curve_values(method):
    good = crypto.KeyExchange(method).public
    size = len(good) // 2
    off = good[:-1] + bytes([good[-1] ^ 1])
    return [bytes(2 * size), off, b'\xff' * (2 * size), good[:-1], good + b'\0', b'\4' + good, good[:size]]


def group_values(method):
    p, size = crypto.modp_prime(method), len(crypto.KeyExchange(method).public)
    return [number.to_bytes(size, 'big') for number in (0, 1, p - 1, p, p + 1)] + [b'\xff' * size, b'\2' + bytes(size),
                                                                                  os.urandom(size - 1)]


CURVES = {getattr(wire, name.upper()): f'aes128gcm16-prfsha256-{name}'
          for name in ('ecp256', 'ecp384', 'ecp521', 'ecp224', 'ecp256bp', 'ecp384bp', 'ecp512bp')}
GROUPS = {getattr(wire, name.upper()): f'aes128gcm16-prfsha256-{name}'
          for name in ('modp1024', 'modp1536', 'modp2048', 'modp3072', 'modp4096', 'modp6144', 'modp8192')}


# -------- public values --------

@case('RFC 8031 3, RFC 7748 6.1', RESPONDER, 'X25519 with an all-zero result, or of a wrong length: no IKE SA')
def x25519_request(t):
    good = crypto.KeyExchange(wire.X25519).public
    bad_request(t, wire.X25519, [*X25519_LOW_ORDER, good[:-1], good + b'\0', b'\1'], 'aes128gcm16-prfsha256-x25519')


@case('RFC 8031 3, RFC 7748 6.1', INITIATOR, 'X25519 with an all-zero result, or of a wrong length: no IKE_AUTH')
def x25519_response(t):
    good = crypto.KeyExchange(wire.X25519).public
    bad_response(t, wire.X25519, [*X25519_LOW_ORDER[:2], good[:-1], good + b'\0'], 'aes128gcm16-prfsha256-x25519')


@case('RFC 8031 3, RFC 7748 6.2', RESPONDER, 'X448 with an all-zero result, or of a wrong length: no IKE SA')
def x448_request(t):
    good = crypto.KeyExchange(wire.X448).public
    bad_request(t, wire.X448, [bytes(56), b'\1' + bytes(55), good[:-1], good + b'\0'], 'aes128gcm16-prfsha256-x448')


@case('RFC 6989 2.3', RESPONDER, 'ECP: points not on the curve, at infinity or of a wrong length: no IKE SA')
def ecp_request(t):
    for method, proposals in CURVES.items():
        bad_request(t, method, curve_values(method), proposals)
        t.again()


@case('RFC 6989 2.3', INITIATOR, 'ECP: points not on the curve or of a wrong length: no IKE_AUTH')
def ecp_response(t):
    bad_response(t, wire.ECP256, curve_values(wire.ECP256), CURVES[wire.ECP256])


@case('RFC 6989 2.1', RESPONDER, 'MODP: values outside 1 < y < p-1, or of a wrong length: no IKE SA')
def modp_request(t):
    for method, proposals in GROUPS.items():
        bad_request(t, method, group_values(method), proposals)
        t.again()


@case('RFC 6989 2.1', INITIATOR, 'MODP: values outside 1 < y < p-1, or of a wrong length: no IKE_AUTH')
def modp_response(t):
    bad_response(t, wire.MODP2048, group_values(wire.MODP2048)[:5], GROUPS[wire.MODP2048])


@case('RFC 7296 3.4', RESPONDER, 'KE without key data: no IKE SA')
def ke_empty(t):
    sa = t.ready()
    t.unanswered(sa.endpoint, sa.init_request(sa.init_payloads(ke=wire.ke(wire.X25519, b''))))
    t.unanswered(sa.endpoint, sa.init_request(sa.init_payloads(ke=wire.Payload(wire.KE, b'\0\x1f\0'))))


@case('RFC 7296 2.12', RESPONDER, 'its public values are fresh in every IKE SA')
def fresh_values(t):
    first, second = t.ready(), None
    publics, nonces = set(), set()
    for _ in range(3):
        second = Sa(first.endpoint, True, psk=SECRET)
        second.endpoint.send(second.init_request())
        m = second.endpoint.message()
        publics.add(m.get(wire.KE).body)
        nonces.add(m.get(wire.NONCE).body)
    t.equal((len(publics), len(nonces)), (3, 3), 'different public values and nonces')


# -------- INVALID_KE_PAYLOAD --------

@case('RFC 7296 1.2, 3.10.1', RESPONDER, 'KE of another method than the chosen one: INVALID_KE_PAYLOAD with the method, no state')
def other_method(t):
    sa = t.ready(proposals='aes128gcm16-prfsha256-x25519-ecp256')
    kex = crypto.KeyExchange(wire.ECP384)
    both = wire.sa(sa.proposal(method=wire.ECP384), sa.proposal(2, method=wire.ECP256))
    asked(t, sa, wire.ke(wire.ECP384, kex.public), both)
    m = sa.endpoint.message()
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.INVALID_KE_PAYLOAD, b'\0\x13')], 'notifies')
    t.equal((m.mid, m.flags, m.spi_i, m.spi_r, len(m.payloads)), (0, wire.RESPONSE, sa.spi_i, wire.NO_SPI, 1), 'message')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 2.2, 2.7', RESPONDER, 'the request after INVALID_KE_PAYLOAD has message ID 0 again, and AUTH covers it')
def other_method_again(t):
    sa = t.ready()
    kex = crypto.KeyExchange(wire.ECP384)
    both = wire.sa(sa.proposal(method=wire.ECP384), sa.proposal(2))
    asked(t, sa, wire.ke(wire.ECP384, kex.public), both)
    t.equal(sa.endpoint.message().error(), wire.INVALID_KE_PAYLOAD, 'error')
    asked(t, sa, wire.ke(wire.X25519, sa.kex.public), both)
    sa.take_init_response(sa.endpoint.message())
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 1.2', RESPONDER, 'KE of a method that the SA payload does not offer is refused')
def method_not_offered(t):
    sa = t.ready()
    asked(t, sa, wire.ke(wire.ECP256, crypto.KeyExchange(wire.ECP256).public))
    t.equal([(n.kind, n.data) for n in sa.endpoint.message().notifies()], [(wire.INVALID_KE_PAYLOAD, b'\0\x1f')], 'notifies')


def wants(sa, method, data=None):
    m = sa.clear(wire.IKE_SA_INIT, [wire.notify(wire.INVALID_KE_PAYLOAD, method.to_bytes(2, 'big') if data is None else data)],
                 response=True)
    m.spi_r = wire.NO_SPI
    sa.send(m.encode())


TWO = 'aes128gcm16-prfsha256-x25519-ecp256'


@case('RFC 7296 1.2, 2.7', INITIATOR, 'INVALID_KE_PAYLOAD: it tries again with that method, its whole offer and message ID 0')
def method_wanted(t):
    sa = t.called(proposals=TWO)
    wants(sa, wire.ECP256)
    m = sa.endpoint.message()
    t.equal(wire.decode_ke(m.get(wire.KE))[0], wire.ECP256, 'method')
    t.equal(m.get(wire.SA).body, sa.first.get(wire.SA).body, 'SA payload')
    t.equal((m.mid, m.flags, m.spi_r), (0, wire.INITIATOR, wire.NO_SPI), 'header')
    new = Sa(sa.endpoint, False, psk=SECRET, method=wire.ECP256)
    new.command = sa.command
    new.take_init_request(m)
    new, m = t.called_auth(new)
    t.accept(new, m)
    t.check(new.command.done(), f'{new.command.error}')


@case('RFC 7296 2.7, 3.4', INITIATOR, 'INVALID_KE_PAYLOAD with a method that was not offered, the one sent, or bad data: ignored')
def method_unwanted(t):
    sa = t.called(proposals=TWO)
    for method in (wire.MODP1024, wire.ECP384, wire.X25519, 0, 65535):
        wants(sa, method)
    wants(sa, 0, b'')
    wants(sa, 0, b'\x13')
    wants(sa, 0, b'\0\x13\0\x13')
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.7', INITIATOR, 'INVALID_KE_PAYLOAD back and forth does not go on for ever')
def method_loop(t):
    sa = t.called(proposals=TWO)
    rounds, method = 0, wire.ECP256
    while rounds < 50:
        wants(sa, method)
        try:
            m = sa.endpoint.message(0.2)
        except NothingCame:
            break
        t.equal(wire.decode_ke(m.get(wire.KE))[0], method, 'method')
        rounds += 1
        method = wire.X25519 if method == wire.ECP256 else wire.ECP256
    t.check(1 <= rounds <= 20, f'{rounds} rounds')


@case('RFC 7296 2.7', INITIATOR, 'a response whose KE is of another method than its SA is not accepted')
def ke_against_sa(t):
    sa = t.called(proposals=TWO)
    other = crypto.KeyExchange(wire.ECP256)
    sa.send(sa.init_response(sa.init_payloads(ke=wire.ke(wire.ECP256, other.public))))
    t.silent(sa.endpoint, 0.05)
    t.again()
    sa = t.called(proposals=TWO)
    sa.send(sa.init_response(sa.init_payloads(sa=wire.sa(sa.proposal(method=wire.ECP256)))))
    t.silent(sa.endpoint, 0.05)


# -------- nonces --------

@case('RFC 7296 2.10, 3.9', RESPONDER, 'nonces of 16 and of 256 octets are accepted')
def nonce_limits(t):
    for length in (16, 256):
        sa = t.ready()
        sa.nonce = os.urandom(length)
        t.establish(sa)
        t.again()


@case('RFC 7296 3.9', RESPONDER, 'nonces of 15 and of 257 octets: no IKE SA')
def nonce_beyond(t):
    sa = t.ready()
    for length in (0, 1, 15, 257, 1000):
        t.unanswered(sa.endpoint, sa.init_request(sa.init_payloads(nonce=wire.nonce(os.urandom(length)))))


@case('RFC 7296 2.10', RESPONDER, 'its nonces have at least half of the PRF\'s key length')
def own_nonce(t):
    sa = t.init(prf=wire.PRF_SHA512, proposals='aes128gcm16-prfsha512-x25519')
    t.check(32 <= len(sa.peer_nonce) <= 256, f'{len(sa.peer_nonce)} octets')


@case('RFC 7296 2.10', INITIATOR, 'its nonces have at least half of the longest PRF key that it offers')
def own_nonce_initiator(t):
    sa = t.called(proposals='default')
    t.check(32 <= len(sa.peer_nonce) <= 256, f'{len(sa.peer_nonce)} octets')


@case('RFC 7296 3.9', INITIATOR, 'responses with a nonce of 15 or 257 octets are not accepted, the good one after them is')
def nonce_beyond_response(t):
    sa = t.called()
    for length in (0, 15, 257):
        sa.send(sa.clear(wire.IKE_SA_INIT, sa.init_payloads(nonce=wire.nonce(os.urandom(length))), response=True).encode())
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.10', INITIATOR, 'responses with nonces of 16 and of 256 octets are accepted')
def nonce_limits_response(t):
    for length in (16, 256):
        sa = t.called()
        sa.nonce = os.urandom(length)
        sa, m = t.called_auth(sa)
        t.accept(sa, m)
        t.check(sa.command.done(), f'{sa.command.error}')
        t.again()
