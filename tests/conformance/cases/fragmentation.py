# SPDX-License-Identifier: MIT
"""Fragmentation (RFC 7383)"""
import os

from case import *  # noqa: F401,F403

NARROW = 576  # what the daemon "narrow" takes for the size of an IP datagram
HEADERS = 28  # IPv4 and UDP


def supported():
    return wire.notify(wire.FRAGMENTATION_SUPPORTED)


def agreed(t, sa=None, **options):
    """IKE_SA_INIT done, both have announced fragmentation."""
    sa = sa or t.ready(**options)
    sa.endpoint.send(sa.init_request(sa.init_payloads() + [supported()]))
    m = sa.endpoint.message()
    sa.take_init_response(m)
    t.check(m.notify(wire.FRAGMENTATION_SUPPORTED), 'the responder does not announce it')
    return sa


def auth_fragments(t, sa, size=60):
    pieces = sa.fragment(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads(), size)
    t.check(len(pieces) >= 2, f'{len(pieces)} fragments')
    sa.send_id += 1
    return pieces


def established(t, sa):
    m = sa.response()
    sa.check_auth(m)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    return m


def dropped(t, sa, *fragments):
    """These fragments of the next request are not taken for a message; the IKE SA goes on."""
    for one in fragments:
        sa.send(one)
    sa.ping()
    t.equal((sa.inbox, len(t.children())), ([], 1), 'what came, and Child SAs')


def up(t):
    sa = agreed(t)
    t.authenticate(sa)
    return sa


def delete_piece(sa, number, total, piece=b'', first=0, **more):
    return sa.fragment_one(wire.INFORMATIONAL, piece, number, total, first, **more)


DELETE_IKE = wire.encode_chain([wire.delete(wire.PROTO_IKE)])[1]
# Selectors that make IKE_AUTH longer than a datagram of the daemon "narrow".
MANY_OWN = [f'10.1.{n}.0/25' for n in range(16)]
MANY_ITS = [f'10.2.{n}.0/25' for n in range(16)]
MANY = {'child': {'local_ts': MANY_OWN, 'remote_ts': MANY_ITS}}


@case('RFC 7383 2.3', RESPONDER, 'FRAGMENTATION_SUPPORTED is answered with it, without protocol, SPI and data')
def announced(t):
    sa = agreed(t)
    n = wire.decode(sa.peer_init).notify(wire.FRAGMENTATION_SUPPORTED)
    t.equal((n.protocol, n.spi, n.data), (0, b'', b''), 'notify')


@case('RFC 7383 2.3', RESPONDER, 'it is not announced to who has not announced it')
def not_announced(t):
    sa = t.init()
    t.equal(wire.decode(sa.peer_init).notify(wire.FRAGMENTATION_SUPPORTED), None, 'notify')


@case('RFC 7383 2.3', RESPONDER, 'fragmentation = no: it is not announced')
def switched_off(t):
    sa = t.ready(fragmentation='no')
    sa.endpoint.send(sa.init_request(sa.init_payloads() + [supported()]))
    t.equal(sa.endpoint.message().notify(wire.FRAGMENTATION_SUPPORTED), None, 'notify')


@case('RFC 7383 2.3', INITIATOR, 'it is announced in IKE_SA_INIT')
def announced_by_initiator(t):
    sa = t.called()
    n = sa.first.notify(wire.FRAGMENTATION_SUPPORTED)
    t.check(n and (n.protocol, n.spi, n.data) == (0, b'', b''), f'{sa.first}')


@case('RFC 7383 2.4', RESPONDER, 'fragments that were not agreed on are dropped, the whole message is still answered')
def without_agreement(t):
    sa = t.init()
    for piece in auth_fragments(t, sa):
        sa.send(piece)
    sa.send_id -= 1
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7383 2.6', RESPONDER, 'IKE_AUTH in fragments, in order')
def in_order(t):
    sa = agreed(t)
    for piece in auth_fragments(t, sa):
        sa.send(piece)
    established(t, sa)


@case('RFC 7383 2.6', RESPONDER, 'IKE_AUTH in fragments, the last first and each one twice')
def reversed_twice(t):
    sa = agreed(t)
    for piece in reversed(auth_fragments(t, sa)):
        sa.send(piece)
        sa.send(piece)
    established(t, sa)
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7383 2.6', RESPONDER, 'fragments of one octet')
def tiny(t):
    sa = agreed(t)
    for piece in sa.fragment(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads(), 8):
        sa.send(piece)
    sa.send_id += 1
    established(t, sa)
    pieces = sa.fragment(wire.INFORMATIONAL, [wire.notify(50000, b'abc')], 1)
    for piece in pieces:
        sa.send(piece)
    sa.send_id += 1
    t.equal(sa.response().payloads, [], 'response')


@case('RFC 7383 2.6, RFC 7296 3.14', RESPONDER, 'IKE_AUTH in fragments, with CBC')
def with_cbc(t):
    sa = agreed(t, encr=wire.AES_CBC, integ=wire.INTEG_SHA256, proposals='aes128-sha256-x25519')
    for piece in auth_fragments(t, sa):
        sa.send(piece)
    established(t, sa)


@case('RFC 7383 2.6', RESPONDER, 'a fragment with a wrong ICV is dropped, the true one is still taken')
def wrong_icv(t):
    sa = agreed(t)
    for piece in auth_fragments(t, sa):
        sa.send(piece[:-1] + bytes([piece[-1] ^ 1]))
        sa.send(piece)
    established(t, sa)


@case('RFC 7383 2.5', RESPONDER, 'fragment number, total and header are covered by the ICV')
def numbers_protected(t):
    sa = up(t)
    first, second = (delete_piece(sa, n, 3, DELETE_IKE if n == 1 else b'', wire.DELETE if n == 1 else 0) for n in (1, 2))
    changed = [one[:35] + b'\2' + one[36:] for one in (first, second)]
    dropped(t, sa, *changed)


@case('RFC 7383 2.6', RESPONDER, 'fragment number 0, total 0 or a number above the total: dropped')
def numbers_out_of_range(t):
    sa = up(t)
    for number, total in ((0, 0), (0, 1), (1, 0), (2, 1), (65535, 2)):
        dropped(t, sa, delete_piece(sa, number, total, DELETE_IKE, wire.DELETE))


@case('RFC 7383 2.6', RESPONDER, 'a set with a higher total replaces what was there')
def higher_total(t):
    sa = agreed(t)
    sa.send(auth_fragments(t, sa, size=100)[1])
    sa.send_id -= 1
    for piece in auth_fragments(t, sa, size=40):
        sa.send(piece)
    established(t, sa)


@case('RFC 7383 2.6', RESPONDER, 'fragments with a lower total are dropped once a set has begun')
def lower_total(t):
    sa = agreed(t)
    many = auth_fragments(t, sa, size=40)
    sa.send_id -= 1
    few = auth_fragments(t, sa, size=100)
    sa.send(many[0])
    for piece in few:
        sa.send(piece)
    for piece in many[1:]:
        sa.send(piece)
    m = established(t, sa)
    t.equal(len(t.children()), 1, 'Child SAs')
    sa.check_auth(m)


@case('RFC 7383 2.6', RESPONDER, 'an incomplete set is no request: the IKE SA goes on with the whole message')
def incomplete(t):
    sa = up(t)
    dropped(t, sa, delete_piece(sa, 1, 2, DELETE_IKE, wire.DELETE))
    dropped(t, sa, delete_piece(sa, 2, 2, DELETE_IKE))


@case('RFC 7383 2.6', RESPONDER, 'a total of 65535 is not waited for: it is dropped, or the IKE SA ends')
def huge_total(t):
    sa = up(t)
    for number in (1, 2, 65535):
        sa.send(delete_piece(sa, number, 65535, DELETE_IKE, wire.DELETE if number == 1 else 0))
    sa.send(sa.seal(wire.INFORMATIONAL, []))
    m = wire.decode(sa.endpoint.receive().data)
    t.check(m.kinds() == [wire.SK] or m.error() == wire.INVALID_IKE_SPI, f'{m}')


@case('RFC 7383 2.6.1', RESPONDER, 'of a request that was answered, fragment 1 brings the response again, the others nothing')
def answered_already(t):
    sa = up(t)
    pieces = sa.fragment(wire.INFORMATIONAL, [wire.notify(50000, os.urandom(50)), wire.notify(50001)], 20)
    for piece in pieces:
        sa.send(piece)
    sa.send_id += 1
    answer = sa.endpoint.receive().data
    for piece in pieces[1:]:
        sa.send(piece)
    sa.send(pieces[0])
    t.equal(sa.endpoint.receive().data, answer, 'the response to fragment 1')
    sa.ping()
    t.equal(sa.inbox, [], 'what came for the others')


@case('RFC 7383 2.6, RFC 7296 2.21.3', RESPONDER, 'what fragments make up may be malformed: INVALID_SYNTAX')
def malformed_whole(t):
    sa = up(t)
    sa.send(delete_piece(sa, 1, 2, b'\0\0', wire.NOTIFY))
    sa.send(delete_piece(sa, 2, 2, b'\0\3'))
    sa.send_id += 1
    t.equal(sa.response().error(), wire.INVALID_SYNTAX, 'error')
    t.gone()


@case('RFC 7383 2.5', INITIATOR, 'a response in fragments, out of order')
def response_in_fragments(t):
    sa = t.called()
    sa.send(sa.init_response(sa.init_payloads() + [supported()]))
    m = sa.request(wire.IKE_AUTH)
    pieces = sa.fragment(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_answer(m), 50, response=True, mid=m.mid)
    for piece in pieces[::2] + pieces[1::2]:
        sa.send(piece)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7383 2.4, 2.5', INITIATOR, 'a long request goes out in fragments no longer than the fragment size', daemon='narrow')
def long_request(t):
    sa = t.called(**MANY)
    sa.send(sa.init_response(sa.init_payloads() + [supported()]))
    m = None
    while not m:
        datagram = sa.endpoint.receive()
        t.check(len(datagram.data) + HEADERS <= NARROW, f'{len(datagram.data)} octets')
        m = sa.open(datagram.data)
    t.check(getattr(m, 'fragments', 1) > 1, 'it came whole')
    sa.check_auth(m)
    t.equal((len(wire.decode_selectors(m.get(wire.TSI))), len(wire.decode_selectors(m.get(wire.TSR)))), (16, 16), 'selectors')
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


# 7296-2-size-1280, 7296-2-size-3000
@case('RFC 7383 2.4', INITIATOR, 'a peer that does not announce fragmentation gets long messages whole', daemon='narrow')
def long_request_whole(t):
    sa, m = t.called_auth(**MANY)
    t.check(len(m.raw) + HEADERS > NARROW, 'it is not long')
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7383 2.5, RFC 7296 2.1', INITIATOR, 'fragments are sent again bit for bit, all of them', daemon='narrow')
def fragments_again(t):
    sa = t.called(**MANY)
    sa.send(sa.init_response(sa.init_payloads() + [supported()]))
    first = []
    m = None
    while not m:
        first.append(sa.endpoint.receive().data)
        m = sa.open(first[-1])
    t.equal([sa.endpoint.receive(repeats=True).data for _ in first], first, 'the second time')
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7383 2.4, 2.5', RESPONDER, 'a long response goes out in fragments, and the same again when it is asked for', daemon='narrow')
def long_response(t):
    sa = agreed(t, **MANY)
    data = sa.ask(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads(tsi=[net('10.2.0.0/16')], tsr=[net('10.1.0.0/16')]))
    came, m = [], None
    while not m:
        came.append(sa.endpoint.receive().data)
        t.check(len(came[-1]) + HEADERS <= NARROW, f'{len(came[-1])} octets')
        m = sa.open(came[-1])
    t.check(len(came) > 1, 'it came whole')
    sa.check_auth(m)
    t.equal(len(wire.decode_selectors(m.get(wire.TSI))), 16, 'selectors')
    sa.send(data)
    t.equal([sa.endpoint.receive().data for _ in came], came, 'the second time')
