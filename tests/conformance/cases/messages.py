# SPDX-License-Identifier: MIT
"""Messages and their payloads"""
import struct

from case import *  # noqa: F401,F403


def patched(data, at, value):
    return data[:at] + bytes([value]) + data[at + 1:]


def answered(t, sa, data):
    """The first request data is answered as every good one."""
    sa.own_init = data
    sa.endpoint.send(data)
    sa.take_init_response(sa.endpoint.message())
    t.authenticate(sa)
    t.equal(len(t.children()), 1, 'Child SAs')


# -------- the header --------

@case('RFC 7296 3.1', RESPONDER, 'a length field above the datagram\'s length: dropped')
def length_above(t):
    sa = t.ready()
    t.unanswered(sa.endpoint, sa.clear(wire.IKE_SA_INIT, sa.init_payloads(), length=2000).encode())


@case('RFC 7296 3.1', RESPONDER, 'a length field below the datagram\'s length: dropped')
def length_below(t):
    sa = t.ready()
    t.unanswered(sa.endpoint, sa.init_request() + bytes(4))


@case('RFC 7296 2, 3.1', RESPONDER, 'a message longer than it takes: dropped, and counted as malformed', daemon='full')
def longer_than_taken(t):
    sa = t.ready()
    before = t.daemon.counters()['malformed']
    vendors = [wire.Payload(wire.VENDOR, bytes(8000)) for _ in range(4)]
    sa.endpoint.send(sa.clear(wire.IKE_SA_INIT, sa.init_payloads() + vendors).encode())
    t.until(lambda: t.daemon.counters()['malformed'] == before + 1, 'it is counted')
    t.silent(sa.endpoint, 0.01)
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 3.1', RESPONDER, 'datagrams shorter than a header: dropped')
def short_datagrams(t):
    sa = t.ready()
    for length in (0, 1, 4, 8, 16, 17, 27):
        t.unanswered(sa.endpoint, sa.init_request()[:length])


@case('RFC 7296 3.1', RESPONDER, 'the V flag and the reserved flags are ignored')
def other_flags(t):
    sa = t.ready()
    answered(t, sa, patched(sa.init_request(), 19, 0xd7 | wire.INITIATOR))


@case('RFC 7296 2.5', RESPONDER, 'a higher minor version is ignored, the answer has version 2.0')
def minor_version(t):
    sa = t.ready()
    answered(t, sa, sa.init_request(version=0x2f))


@case('RFC 7296 2.5, 1.5', RESPONDER, 'a higher major version is answered with INVALID_MAJOR_VERSION, without data')
def major_version(t):
    sa = t.ready()
    data = sa.init_request(version=0x30)
    sa.endpoint.send(data)
    m = sa.endpoint.message()
    t.equal((m.exchange, m.flags, m.mid, m.spi_i, m.spi_r),
            (wire.IKE_SA_INIT, wire.RESPONSE, 0, sa.spi_i, wire.NO_SPI), 'header of the answer')
    t.equal([n.kind for n in m.notifies()], [wire.INVALID_MAJOR_VERSION], 'notifies')
    t.equal(m.notifies()[0].data, b'', 'notification data')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 2.5, 1.5', RESPONDER, 'a higher major version with SPIs: SPIs, message ID and exchange are copied')
def major_version_later(t):
    endpoint = t.connect()
    spi_i, spi_r = b'initiato', b'responde'
    m = wire.Message(77, [wire.Payload(200, b'what version 3 may hold')], spi_i=spi_i, spi_r=spi_r,
                     flags=wire.INITIATOR, mid=4711, version=0x31)
    endpoint.send(m.encode())
    m = endpoint.message()
    t.equal((m.exchange, m.flags, m.mid, m.spi_i, m.spi_r), (77, wire.RESPONSE, 4711, spi_i, spi_r), 'header')
    t.equal(m.error(), wire.INVALID_MAJOR_VERSION, 'notify')


@case('RFC 7296 2.21.4', RESPONDER, 'a response with a higher major version is never answered')
def major_version_response(t):
    sa = t.ready()
    m = sa.clear(wire.IKE_SA_INIT, sa.init_payloads(), response=True, version=0x30)
    t.unanswered(sa.endpoint, m.encode())


@case('RFC 7296 2.5', RESPONDER, 'major version 1: dropped')
def major_version_one(t):
    sa = t.ready()
    t.unanswered(sa.endpoint, sa.init_request(version=0x10))


@case('RFC 7296 2.6', RESPONDER, 'an initiator SPI of zero: dropped')
def zero_spi(t):
    sa = t.ready()
    spi, sa.spi_i = sa.spi_i, wire.NO_SPI
    data = sa.init_request()
    sa.spi_i = spi
    t.unanswered(sa.endpoint, data)


@case('RFC 7296 2.2', RESPONDER, 'IKE_SA_INIT with a message ID other than 0 begins nothing')
def init_message_id(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request(mid=1))
    t.equal(sa.endpoint.message().error(), wire.INVALID_IKE_SPI, 'answer')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 2.2', RESPONDER, 'IKE_SA_INIT without the Initiator flag begins nothing')
def init_without_flag(t):
    sa = t.ready()
    sa.endpoint.send(patched(sa.init_request(), 19, 0))
    t.equal(sa.endpoint.message().error(), wire.INVALID_IKE_SPI, 'answer')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 2.21.4', RESPONDER, 'IKE_SA_INIT as a response to nothing: never answered')
def init_response_unasked(t):
    sa = t.ready()
    t.unanswered(sa.endpoint, sa.clear(wire.IKE_SA_INIT, sa.init_payloads(), response=True).encode())


@case('RFC 7296 1.2', RESPONDER, 'IKE_SA_INIT that lacks SA, KE or nonce: no IKE SA, no answer')
def init_incomplete(t):
    sa = t.ready()
    for kind in (wire.SA, wire.KE, wire.NONCE):
        t.unanswered(sa.endpoint, sa.init_request([p for p in sa.init_payloads() if p.kind != kind]))


# -------- payloads --------

@case('RFC 7296 3.2', RESPONDER, 'payloads shorter than their header: dropped')
def payload_length_small(t):
    sa = t.ready()
    for length in (0, 1, 3):
        payloads = sa.init_payloads()
        payloads[-1].length = length
        t.unanswered(sa.endpoint, sa.init_request(payloads))


@case('RFC 7296 3.2', RESPONDER, 'a payload that is longer than what is left: dropped')
def payload_length_large(t):
    sa = t.ready()
    for at in range(len(sa.init_payloads())):
        payloads = sa.init_payloads()
        payloads[at].length = 0xfff0
        t.unanswered(sa.endpoint, sa.init_request(payloads))


@case('RFC 7296 3.2', RESPONDER, 'a Next Payload that points behind the message: dropped')
def payload_chain_open(t):
    sa = t.ready()
    payloads = sa.init_payloads()
    payloads[-1].next_type = wire.VENDOR
    t.unanswered(sa.endpoint, sa.init_request(payloads))


@case('RFC 7296 3.2', RESPONDER, 'the RESERVED bits of payload headers are ignored')
def payload_reserved(t):
    sa = t.ready()
    payloads = sa.init_payloads()
    for p in payloads:
        p.flags = 0x7f
    answered(t, sa, sa.init_request(payloads))


@case('RFC 7296 3.3.1, 3.3.2', RESPONDER, 'the RESERVED octets of proposals and transforms are ignored')
def proposal_reserved(t):
    sa = t.ready()
    payloads = sa.init_payloads()
    body = bytearray(payloads[0].body)
    body[1] = 0xff
    at = 8
    while at < len(body):
        body[at + 1] = body[at + 5] = 0xff
        at += struct.unpack('>H', body[at + 2:at + 4])[0]
    payloads[0].body = bytes(body)
    answered(t, sa, sa.init_request(payloads))


@case('RFC 7296 3.4', RESPONDER, 'the RESERVED octets of KE are ignored')
def ke_reserved(t):
    sa = t.ready()
    answered(t, sa, sa.init_request(sa.init_payloads(ke=wire.ke(sa.method, sa.kex.public, reserved=0xffff))))


@case('RFC 7296 2.5, 3.2', RESPONDER, 'the critical bit of known payloads is ignored')
def critical_known(t):
    sa = t.ready()
    payloads = [wire.critical(p) for p in sa.init_payloads() + [wire.Payload(wire.VENDOR, b'us')]]
    sa.endpoint.send(sa.init_request(payloads))
    sa.take_init_response(sa.endpoint.message())
    m = sa.call(wire.IKE_AUTH, [wire.critical(p) for p in sa.auth_payloads(t.own_id) + t.child_payloads()])
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.5', RESPONDER, 'unknown payloads that are not critical are skipped, in clear and inside SK')
def unknown_payloads(t):
    sa = t.ready()
    strange = [wire.Payload(kind, b'?') for kind in (1, 32, 49, 127, 128, 255)]
    payloads = sa.init_payloads()
    payloads = strange[:3] + payloads[:2] + strange[3:] + payloads[2:]
    sa.endpoint.send(sa.init_request(payloads))
    sa.take_init_response(sa.endpoint.message())
    m = t.authenticate(sa, extra=strange)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    sa.send(sa.seal(wire.INFORMATIONAL, strange))
    sa.send_id += 1
    t.equal(sa.response().payloads, [], 'answer to an INFORMATIONAL request with them')


@case('RFC 7296 2.5, 3.10.1', RESPONDER, 'an unknown critical payload in IKE_SA_INIT: UNSUPPORTED_CRITICAL_PAYLOAD names it')
def critical_init(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request(sa.init_payloads() + [wire.critical(wire.Payload(251, b'!'))]))
    m = sa.endpoint.message()
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.UNSUPPORTED_CRITICAL_PAYLOAD, b'\xfb')], 'notifies')
    t.equal(m.spi_i, sa.spi_i, 'initiator SPI')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 2.21.2', RESPONDER, 'an unknown critical payload in IKE_AUTH: that error only, and no IKE SA')
def critical_auth(t):
    sa = t.init()
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads() + [wire.critical(wire.Payload(60, b'!'))])
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.UNSUPPORTED_CRITICAL_PAYLOAD, b'\x3c')], 'notifies')
    t.equal(len(m.payloads), 1, 'payloads')
    t.equal([one['state'] for one in t.sas() if one['state'] == 'ESTABLISHED'], [], 'IKE SAs')


@case('RFC 7296 2.5, 2.21.3', RESPONDER, 'an unknown critical payload within an IKE SA: refused, and the IKE SA stays')
def critical_informational(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in),
                                     wire.critical(wire.Payload(60, b'!'))])
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.UNSUPPORTED_CRITICAL_PAYLOAD, b'\x3c')], 'notifies')
    t.equal(len(t.children()), 1, 'Child SAs: the rest of the request must have no effect')
    sa.ping()


@case('RFC 7296 2.5', RESPONDER, 'an unknown critical payload beside SK is refused like one inside it')
def critical_beside(t):
    sa = t.establish()
    beside = [wire.critical(wire.Payload(60, b'!'))]
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)], outer=beside)
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.UNSUPPORTED_CRITICAL_PAYLOAD, b'\x3c')], 'notifies')
    t.equal(len(t.children()), 1, 'Child SAs: the rest of the request must have no effect')
    sa.ping()


# Refusing them was allowed once: 7296-1.7-payload-order
@case('RFC 7296 2.5', RESPONDER, 'payloads in any order in IKE_SA_INIT')
def any_order_init(t):
    sa = t.ready()
    answered(t, sa, sa.init_request(sa.init_payloads()[::-1]))


@case('RFC 7296 2.5', RESPONDER, 'payloads in any order in IKE_AUTH')
def any_order_auth(t):
    sa = t.init()
    m = sa.call(wire.IKE_AUTH, (sa.auth_payloads(t.own_id) + t.child_payloads())[::-1])
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 3.12', RESPONDER, 'vendor IDs are ignored, however many and long')
def vendor_ids(t):
    sa = t.ready()
    answered(t, sa, sa.init_request([wire.Payload(wire.VENDOR, bytes([n]) * n) for n in range(20)] + sa.init_payloads()))


@case('RFC 7296 3.10.1', RESPONDER, 'unknown status notifies are ignored')
def unknown_status(t):
    sa = t.ready()
    strange = [wire.notify(kind, b'data') for kind in (16900, 40000, 40959, 40960, 65535)]
    sa.endpoint.send(sa.init_request(strange + sa.init_payloads()))
    sa.take_init_response(sa.endpoint.message())
    m = t.authenticate(sa, extra=strange)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 3.10.1', RESPONDER, 'unknown error notifies in a request are ignored')
def unknown_error_request(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.notify(kind, b'data') for kind in (50, 8191, 8192, 16383)])
    t.equal(m.payloads, [], 'answer')
    sa.ping()


# -------- the encrypted payload --------

@case('RFC 7296 3.14', RESPONDER, 'a wrong ICV: dropped, and the IKE SA goes on')
def wrong_icv(t):
    sa = t.establish()
    for at in (-1, -16, -17, 33, 29):
        t.ignored(sa, sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)],
                              tamper=lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at:][1:]))


@case('RFC 7296 3.14', RESPONDER, 'the header is covered by the ICV: changed flags or message ID are dropped')
def header_protected(t):
    sa = t.establish()
    data = sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], mid=sa.send_id + 1)
    t.ignored(sa, data[:20] + struct.pack('>I', sa.send_id) + data[24:])
    data = sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)])
    t.ignored(sa, patched(data, 18, wire.CREATE_CHILD_SA))
    t.ignored(sa, patched(sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]), 17, 0x21))


@case('RFC 7296 3.14', RESPONDER, 'encrypted payloads that are too short for IV and ICV: dropped')
def sk_too_short(t):
    sa = t.establish()
    for length in (0, 1, 7, 8, 23, 24):
        m = sa.clear(wire.INFORMATIONAL, [wire.Payload(wire.SK, bytes(length), next_type=wire.DELETE)], mid=sa.send_id)
        t.ignored(sa, m.encode())


# RFC 5282 3
@case('RFC 7296 3.14', RESPONDER, 'any octets and any length of padding are accepted, with an AEAD')
def padding_aead(t):
    sa = t.establish()
    for pad in (b'\xff', b'\x01\x02\x03', bytes(255)):
        sa.send(sa.seal(wire.INFORMATIONAL, [], pad=pad))
        sa.send_id += 1
        t.equal(sa.response().payloads, [], 'answer')


@case('RFC 7296 3.14', RESPONDER, 'any octets and any length of padding are accepted, with CBC')
def padding_cbc(t):
    sa = t.establish(encr=wire.AES_CBC, integ=wire.INTEG_SHA256, proposals='aes128-sha256-x25519')
    for pad in (b'\xff' * 15, bytes(31), bytes(range(255))):
        sa.send(sa.seal(wire.INFORMATIONAL, [], pad=pad))
        sa.send_id += 1
        t.equal(sa.response().payloads, [], 'answer')


@case('RFC 7296 2.5, 3.14', RESPONDER, 'an unknown critical payload in front of SK: UNSUPPORTED_CRITICAL_PAYLOAD; without the bit it is skipped')
def critical_in_front(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [], outer=[wire.critical(wire.Payload(0xfb, b'?'))])
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.UNSUPPORTED_CRITICAL_PAYLOAD, b'\xfb')], 'notifies')
    t.equal(sa.call(wire.INFORMATIONAL, [], outer=[wire.Payload(0xfb, b'?')]).payloads, [], 'answer')
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.21.3', RESPONDER, 'more payloads than it takes: INVALID_SYNTAX rather than an answer to a part of them')
def payloads_too_many(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.notify(40000)] * 200 + [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.equal((m.error(), len(m.payloads)), (wire.INVALID_SYNTAX, 1), 'answer')
    t.gone()


@case('RFC 7296 3.14, 2.21.3', RESPONDER, 'a Pad Length above what was encrypted: INVALID_SYNTAX, and the IKE SA ends')
def padding_too_long(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [], pad_length=200)
    t.equal(m.error(), wire.INVALID_SYNTAX, 'answer')
    t.gone()


@case('RFC 7296 2.21.3', RESPONDER, 'malformed payloads inside SK: INVALID_SYNTAX in the response, and the IKE SA ends')
def malformed_inside(t):
    inside = {
        'payload length 3': dict(first=wire.NOTIFY, inner=b'\0\0\0\3'),
        'payload cut off': dict(first=wire.NOTIFY, inner=b'\0\0\0\x20\0\0\x40\0'),
        'no payload where one should be': dict(first=wire.NOTIFY, inner=b''),
        'SPI of a notify cut off': dict(first=wire.NOTIFY, inner=b'\0\0\0\x08\3\4\x40\0'),
        'Delete with too few SPIs': dict(first=wire.DELETE, inner=b'\0\0\0\x0c\3\4\0\2abcd'),
        'Delete of ESP with an SPI size of 8': dict(first=wire.DELETE, inner=b'\0\0\0\x10\3\x08\0\1abcdefgh'),
    }
    for what, override in inside.items():
        sa = t.establish()
        m = sa.call(wire.INFORMATIONAL, [], **override)
        t.equal((m.error(), len(m.payloads)), (wire.INVALID_SYNTAX, 1), f'answer to {what}')
        t.gone()


@case('RFC 7296 1.4, 2.4', RESPONDER, 'requests in clear after IKE_SA_INIT change nothing')
def requests_in_clear(t):
    sa = t.establish()
    for exchange, payloads in ((wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]), (wire.INFORMATIONAL, []),
                               (wire.IKE_AUTH, [wire.notify(wire.AUTHENTICATION_FAILED)]),
                               (wire.CREATE_CHILD_SA, t.child_payloads())):
        t.ignored(sa, sa.clear(exchange, payloads, mid=sa.send_id).encode())
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 1.2', RESPONDER, 'IKE_AUTH in clear is dropped, the protected one is still accepted')
def auth_in_clear(t):
    sa = t.init()
    payloads = sa.auth_payloads(t.own_id) + t.child_payloads()
    sa.send(sa.clear(wire.IKE_AUTH, payloads, mid=1).encode())
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 3.1', RESPONDER, 'an unknown exchange within an IKE SA: INVALID_SYNTAX')
def unknown_exchange(t):
    sa = t.establish()
    m = sa.call(99, [])
    t.equal(m.error(), wire.INVALID_SYNTAX, 'answer')


@case('RFC 7296 3.1', RESPONDER, 'a wrong Initiator flag within an IKE SA: not taken for a message of it')
def wrong_initiator_flag(t):
    sa = t.establish()
    sa.send(sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], flags=0))
    m = sa.endpoint.message()
    t.equal(m.error(), wire.INVALID_IKE_SPI, 'answer')
    sa.ping()


@case('RFC 7296 2.21.4', RESPONDER, 'requests to unknown SPIs: INVALID_IKE_SPI in clear, everything else copied')
def unknown_spi(t):
    sa = t.establish()
    sa.send(sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], spi_r=b'nobody..', mid=7))
    m = sa.endpoint.message()
    t.equal((m.exchange, m.flags, m.mid, m.spi_i, m.spi_r),
            (wire.INFORMATIONAL, wire.RESPONSE, 7, sa.spi_i, b'nobody..'), 'header')
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.INVALID_IKE_SPI, b'')], 'notifies')
    sa.ping()


@case('RFC 7296 2.21.4', RESPONDER, 'responses to unknown SPIs are never answered')
def unknown_spi_response(t):
    sa = t.establish()
    t.ignored(sa, sa.seal(wire.INFORMATIONAL, [], response=True, spi_r=b'nobody..', mid=7))


@case('RFC 7296 2.21.4, 1.5', RESPONDER, 'answers outside IKE SAs are limited in their rate', daemon='quick')
def outside_rate(t):
    endpoint = t.connect()
    strange = wire.Message(wire.INFORMATIONAL, [], spi_i=b'somebody', spi_r=b'unknown.', flags=wire.INITIATOR)
    for _ in range(200):
        endpoint.send(strange.encode())
    probe = Sa(endpoint, True, psk=SECRET)
    endpoint.send(probe.init_request())
    answers = 0
    while endpoint.message().spi_i != probe.spi_i:
        answers += 1
    t.check(answers < 50, f'{answers} of 200 were answered')


# -------- what the daemon writes --------

@case('RFC 7296 3.1, 3.2', INITIATOR, 'its messages have version 2.0, clear reserved bits and true lengths')
def written_init(t):
    sa = t.called()
    t.equal(sa.first.flags, wire.INITIATOR, 'flags')
    t.check(wire.NO_SPI not in (sa.spi_i,), 'the SPI is zero')
    for kind in (wire.SA, wire.KE, wire.NONCE):
        sa.first.get(kind)
    sa, m = t.called_auth(sa)
    t.equal(m.flags, wire.INITIATOR, 'flags of IKE_AUTH')
    for kind in (wire.IDI, wire.AUTH, wire.SA, wire.TSI, wire.TSR):
        m.get(kind)


@case('RFC 7296 2.5', INITIATOR, 'unknown payloads in responses are skipped, in clear and inside SK')
def unknown_payloads_response(t):
    sa = t.called()
    strange = [wire.Payload(200, b'?'), wire.notify(40000, b'?'), wire.Payload(wire.VENDOR, b'?')]
    sa.send(sa.init_response(strange + sa.init_payloads()))
    m = sa.request(wire.IKE_AUTH)
    t.accept(sa, m, extra=strange)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.5', INITIATOR, 'reserved bits, minor version and the critical bit of known payloads are ignored in responses')
def reserved_response(t):
    sa = t.called()
    payloads = sa.init_payloads()
    for p in payloads:
        p.flags = 0xff
    sa.send(sa.init_response(payloads, version=0x25))
    m = sa.request(wire.IKE_AUTH)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.5', INITIATOR, 'payloads in any order in responses')
def any_order_response(t):
    sa = t.called()
    sa.send(sa.init_response(sa.init_payloads()[::-1]))
    m = sa.request(wire.IKE_AUTH)
    sa.answer(m, (sa.auth_payloads(t.own_id) + t.child_answer(m))[::-1])
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.21.1', INITIATOR, 'malformed IKE_SA_INIT responses are dropped, a good one is still taken')
def malformed_init_response(t):
    sa = t.called()
    good = sa.init_payloads()
    for cut in (1, 20, len(good[0].body)):
        bad = sa.init_payloads()
        bad[0].length = 4 + len(bad[0].body) - cut
        sa.send(sa.clear(wire.IKE_SA_INIT, bad, response=True).encode())
    sa.send(sa.clear(wire.IKE_SA_INIT, good, response=True, length=5000).encode())
    sa.send(sa.clear(wire.IKE_SA_INIT, good, response=True, mid=3).encode())
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')
