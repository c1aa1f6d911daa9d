# SPDX-License-Identifier: MIT
"""CREATE_CHILD_SA: more Child SAs"""
import os

from case import *  # noqa: F401,F403

PFS = {'child': {'esp_proposals': 'aes128gcm16-x25519'}}


def refused(t, sa, m, error, data=b''):
    """m refuses, and nothing is lost."""
    t.equal([(n.kind, n.data) for n in m.notifies()], [(error, data)], 'notifies')
    t.check(not set(m.kinds()) & {wire.SA, wire.KE, wire.NONCE, wire.TSI, wire.TSR}, f'{m}')
    t.equal(len(t.children()), 1, 'Child SAs')
    sa.ping()


@case('RFC 7296 1.3.1', RESPONDER, 'another Child SA without PFS')
def another(t):
    sa = t.establish()
    m = t.create(sa)
    child = t.created(sa, m)
    t.equal(sorted(m.kinds()), sorted([wire.SA, wire.NONCE, wire.TSI, wire.TSR]), 'payloads')
    t.equal(wire.decode_sa(m.get(wire.SA))[0].transforms, [(wire.ENCR, wire.AES_GCM_16, 128), (wire.ESN, 0, None)], 'SA')
    t.check(child.spi_out not in (bytes(4), sa.children[0].spi_out), 'SPI')
    t.equal({c['spi-out'] for c in t.children()}, {c.spi_in.hex() for c in sa.children}, 'Child SAs')


@case('RFC 7296 1.3.1', INITIATOR, 'another Child SA that the responder of the IKE SA asks for')
def another_by_responder(t):
    sa = t.called_up()
    m = t.create(sa, tsi=[OUR_NET], tsr=[ITS_NET])
    t.created(sa, m)
    t.equal(wire.decode_selectors(m.get(wire.TSI)), [OUR_NET], 'TSi: the side of who asks')
    t.equal(len(t.children()), 2, 'Child SAs')


@case('RFC 7296 1.3.1, 2.17', RESPONDER, 'another Child SA with PFS: KE in the response')
def with_pfs(t):
    sa = t.establish(**PFS)
    m = t.create(sa, method=wire.X25519)
    t.created(sa, m)
    t.equal(wire.decode_ke(m.get(wire.KE))[0], wire.X25519, 'method')
    t.equal(wire.decode_sa(m.get(wire.SA))[0].of(wire.DH), [(wire.X25519, None)], 'D-H transform')


@case('RFC 7296 1.3, 3.4', RESPONDER, 'KE of another method than the chosen one: INVALID_KE_PAYLOAD, and the next try succeeds')
def other_method(t):
    sa = t.establish(**PFS)
    both = (*esp_transforms(method=wire.ECP256), wire.transform(wire.DH, wire.X25519))
    m = t.create(sa, method=wire.ECP256, esp=both)
    refused(t, sa, m, wire.INVALID_KE_PAYLOAD, b'\0\x1f')
    t.created(sa, t.create(sa, method=wire.X25519))
    t.equal(len(t.children()), 2, 'Child SAs')


@case('RFC 7296 2.7', RESPONDER, 'PFS is configured and not offered: NO_PROPOSAL_CHOSEN')
def pfs_missing(t):
    sa = t.establish(**PFS)
    refused(t, sa, t.create(sa), wire.NO_PROPOSAL_CHOSEN)


@case('RFC 7296 2.7', RESPONDER, 'PFS is offered and not configured: NO_PROPOSAL_CHOSEN')
def pfs_unwanted(t):
    sa = t.establish()
    refused(t, sa, t.create(sa, method=wire.X25519), wire.NO_PROPOSAL_CHOSEN)


@case('RFC 7296 3.3.6', RESPONDER, 'D-H NONE is chosen: the KE payload is ignored and none comes back')
def pfs_none(t):
    sa = t.establish()
    m = t.create(sa, method=wire.X25519, esp=(*esp_transforms(method=wire.X25519), wire.transform(wire.DH, 0)))
    t.created(sa, m)
    t.equal(m.all(wire.KE), [], 'KE payloads')
    t.check(wire.decode_sa(m.get(wire.SA))[0].of(wire.DH) in ([], [(0, None)]), 'D-H transform')


@case('RFC 7296 2.21.3', RESPONDER, 'no acceptable proposal: NO_PROPOSAL_CHOSEN, and all else stays')
def nothing_fits(t):
    sa = t.establish()
    refused(t, sa, t.create(sa, esp=esp_transforms(bits=256)), wire.NO_PROPOSAL_CHOSEN)


@case('RFC 7296 2.9, 2.21.3', RESPONDER, 'selectors outside the policy: TS_UNACCEPTABLE, and all else stays')
def outside_policy(t):
    sa = t.establish()
    refused(t, sa, t.create(sa, tsi=[net('192.168.0.0/16')]), wire.TS_UNACCEPTABLE)


@case('RFC 7296 2.9', RESPONDER, 'selectors are narrowed, and the child that fits is chosen')
def narrowed(t):
    children = {'net': {'local_ts': '10.1.0.0/16', 'remote_ts': '10.2.0.0/16', 'esp_proposals': 'aes128gcm16'},
                'other': {'local_ts': '10.5.0.0/16', 'remote_ts': '10.6.0.0/16', 'esp_proposals': 'aes128gcm16'}}
    sa = t.establish(children=children)
    m = t.create(sa, tsi=[net('10.6.7.0/24')], tsr=[net('10.4.0.0-10.5.0.255')])
    t.created(sa, m)
    t.equal(wire.decode_selectors(m.get(wire.TSI)), [net('10.6.7.0/24')], 'TSi')
    t.equal(wire.decode_selectors(m.get(wire.TSR)), [net('10.5.0.0/24')], 'TSr')
    t.equal(sorted(c['name'] for c in t.children()), ['net', 'other'], 'children')


@case('RFC 7296 1.3.1, 2.21.3', RESPONDER, 'a request that lacks SA, nonce, TSi or TSr: INVALID_SYNTAX, and the IKE SA ends')
def incomplete(t):
    for missing in (wire.SA, wire.NONCE, wire.TSI, wire.TSR):
        sa = t.establish()
        m = sa.call(wire.CREATE_CHILD_SA, [p for p in t.create_payloads() if p.kind != missing])
        t.equal((m.error(), len(m.payloads)), (wire.INVALID_SYNTAX, 1), f'answer without {missing}')
        t.gone()
        t.again()


@case('RFC 7296 2.10', RESPONDER, 'a nonce of 15 octets: INVALID_SYNTAX, and the IKE SA ends')
def short_nonce(t):
    sa = t.establish()
    t.equal(t.create(sa, nonce=bytes(15)).error(), wire.INVALID_SYNTAX, 'error')
    t.gone()


@case('RFC 6989 2.5', RESPONDER, 'an unacceptable public value in CREATE_CHILD_SA: INVALID_SYNTAX, and the IKE SA ends')
def bad_public_value(t):
    sa = t.establish(**PFS)
    payloads = t.create_payloads(method=wire.X25519)
    payloads[2] = wire.ke(wire.X25519, bytes(32))
    t.equal(sa.call(wire.CREATE_CHILD_SA, payloads).error(), wire.INVALID_SYNTAX, 'error')
    t.gone()


@case('RFC 7296 2.1', RESPONDER, 'a request that comes again gets the same response, and there is one Child SA by it')
def repeated(t):
    sa = t.establish()
    data = sa.ask(wire.CREATE_CHILD_SA, t.create_payloads())
    first = sa.endpoint.receive().data
    for _ in range(3):
        sa.send(data)
        t.equal(sa.endpoint.receive().data, first, 'response')
    t.equal(len(t.children()), 2, 'Child SAs')


@case('RFC 7296 3.3.1', RESPONDER, 'an SPI of zero, or one of the reserved 1 to 255: refused, and the IKE SA stays')
def reserved_spi(t):
    sa = t.establish()
    for spi in (0, 1, 255):
        t.equal(t.create(sa, spi=spi.to_bytes(4, 'big')).error(), wire.NO_PROPOSAL_CHOSEN, f'error for SPI {spi}')
    t.created(sa, t.create(sa, spi=(256).to_bytes(4, 'big')))


@case('RFC 7296 2.5', RESPONDER, 'unknown payloads and status notifies in CREATE_CHILD_SA are ignored')
def unknown(t):
    sa = t.establish()
    t.created(sa, t.create(sa, extra=[wire.Payload(222, b'?'), wire.notify(45000, b'?'), wire.Payload(wire.VENDOR, b'?')]))


@case('RFC 7296 2.5', RESPONDER, 'an unknown critical payload in CREATE_CHILD_SA: refused, nothing is made')
def unknown_critical(t):
    sa = t.establish()
    m = t.create(sa, extra=[wire.critical(wire.Payload(222, b'?'))])
    refused(t, sa, m, wire.UNSUPPORTED_CRITICAL_PAYLOAD, b'\xde')


@case('RFC 7296 1.3.1', RESPONDER, 'many Child SAs under one IKE SA, each deleted by itself')
def many(t):
    sa = t.establish()
    for _ in range(12):
        t.created(sa, t.create(sa))
    t.equal(len(t.children()), 13, 'Child SAs')
    t.equal(len({c['spi-in'] for c in t.children()}), 13, 'different SPIs')
    for child in list(sa.children):
        t.delete_child(sa, child)
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 1.3.1, 1.4.1', RESPONDER, 'one Delete for several Child SAs gets one for all their pairs')
def delete_many(t):
    sa = t.establish()
    for _ in range(3):
        t.created(sa, t.create(sa))
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, *[c.spi_in for c in sa.children])])
    protocol, spis = wire.decode_delete(m.get(wire.DELETE))
    t.equal((protocol, sorted(spis)), (wire.PROTO_ESP, sorted(c.spi_out for c in sa.children)), 'Delete')
    t.equal(t.children(), [], 'Child SAs')


@case('RFC 7296 1.3.1', RESPONDER, 'a Child SA after the last one was deleted: the IKE SA serves on')
def after_last(t):
    sa = t.establish()
    t.delete_child(sa, sa.children[0])
    t.created(sa, t.create(sa))
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.21.2, 1.3.1', RESPONDER, 'a Child SA that failed in IKE_AUTH may be made by CREATE_CHILD_SA')
def after_failure(t):
    sa = t.init()
    m = t.authenticate(sa, tsi=[net('192.168.0.0/16')])
    t.equal(m.error(), wire.TS_UNACCEPTABLE, 'error')
    t.created(sa, t.create(sa))
    t.equal(len(t.children()), 1, 'Child SAs')


# -------- the daemon asks --------

TWO = {'net': {'local_ts': '10.1.0.0/16', 'remote_ts': '10.2.0.0/16', 'esp_proposals': 'aes128gcm16'},
       'other': {'local_ts': '10.5.0.0/16', 'remote_ts': '10.6.0.0/16', 'esp_proposals': 'aes128gcm16-x25519-ecp256'}}


def asks(t, sa):
    """The daemon asks for its child "other"."""
    sa.command = t.initiate('other')
    m = sa.request(wire.CREATE_CHILD_SA)
    for kind in (wire.SA, wire.NONCE, wire.KE, wire.TSI, wire.TSR):
        m.get(kind)
    t.equal(m.notify(wire.REKEY_SA), None, 'REKEY_SA')
    return m


@case('RFC 7296 1.3.1', BOTH, 'a second child goes into the IKE SA that is up, with PFS')
def second_child(t):
    sa = t.called_up(children=TWO)
    m = asks(t, sa)
    t.equal(wire.decode_selectors(m.get(wire.TSI)), [net('10.5.0.0/16')], 'TSi')
    t.check(16 <= len(m.get(wire.NONCE).body) <= 256, 'nonce')
    t.equal(wire.decode_ke(m.get(wire.KE))[0], wire.X25519, 'method')
    t.accept_create(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')
    t.equal(sorted(c['name'] for c in t.children()), ['net', 'other'], 'children')


@case('RFC 7296 1.3', BOTH, 'INVALID_KE_PAYLOAD: it asks again with that method and its whole offer')
def second_child_other_method(t):
    sa = t.called_up(children=TWO)
    m = asks(t, sa)
    sa.answer(m, [wire.notify(wire.INVALID_KE_PAYLOAD, b'\0\x13')])
    again = sa.request(wire.CREATE_CHILD_SA)
    t.equal(wire.decode_ke(again.get(wire.KE))[0], wire.ECP256, 'method')
    t.equal([p.transforms for p in wire.decode_sa(again.get(wire.SA))],
            [p.transforms for p in wire.decode_sa(m.get(wire.SA))], 'offer')
    t.accept_create(sa, again)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 1.3, 2.7', BOTH, 'INVALID_KE_PAYLOAD with a method that was not offered, or the same: the child fails, the IKE SA stays')
def second_child_wrong_method(t):
    for method in (b'\0\x02', b'\0\x1f'):
        sa = t.called_up(children=TWO)
        sa.answer(asks(t, sa), [wire.notify(wire.INVALID_KE_PAYLOAD, method)])
        t.check(not sa.command.done(), 'the daemon says that it is up')
        sa.ping()
        t.equal(len(t.children()), 1, 'Child SAs')
        t.again()


@case('RFC 7296 2.21.3, 1.3', BOTH, 'errors in answer to its request: that child fails, the rest stays')
def second_child_refused(t):
    for error in (wire.NO_PROPOSAL_CHOSEN, wire.TS_UNACCEPTABLE, wire.NO_ADDITIONAL_SAS, wire.SINGLE_PAIR_REQUIRED, 9999):
        sa = t.called_up(children=TWO)
        sa.answer(asks(t, sa), [wire.notify(error)])
        t.check(not sa.command.done(), f'after {error} the daemon says that it is up')
        sa.ping()
        t.equal([c['name'] for c in t.children()], ['net'], 'children')
        t.again()


@case('RFC 7296 3.3.6, 2.9', BOTH, 'an answer that was not offered: no Child SA, and the peer is told by a Delete')
def second_child_wrong_answer(t):
    sa = t.called_up(children=TWO)
    m = asks(t, sa)
    spi = os.urandom(4)
    wrong = wire.sa(wire.proposal(1, wire.PROTO_ESP, spi, *esp_transforms(bits=256, method=wire.X25519)))
    t.accept_create(sa, m, proposal=wrong, extra=[wire.ke(wire.X25519, crypto.KeyExchange(wire.X25519).public)])
    t.check(not sa.command.done(), 'the daemon says that it is up')
    d = sa.request(wire.INFORMATIONAL)
    protocol, spis = wire.decode_delete(d.get(wire.DELETE))
    t.equal((protocol, spis), (wire.PROTO_ESP, [wire.decode_sa(m.get(wire.SA))[0].spi]), 'Delete')
    sa.answer(d)
    sa.ping()


@case('RFC 6989 2.5', BOTH, 'an unacceptable public value in the answer: the IKE SA is deleted')
def second_child_bad_value(t):
    sa = t.called_up(children=TWO)
    m = asks(t, sa)
    t.child_answer(m)
    sa.answer(m, [wire.sa(wire.proposal(1, wire.PROTO_ESP, t.spi, *esp_transforms(method=wire.X25519))),
                  wire.nonce(os.urandom(32)), wire.ke(wire.X25519, bytes(32)), m.get(wire.TSI), m.get(wire.TSR)])
    deleted = None
    while deleted != wire.PROTO_IKE:  # perhaps after the Child SA that the peer takes for made
        d = sa.request(wire.INFORMATIONAL)
        deleted = wire.decode_delete(d.get(wire.DELETE))[0]
        sa.answer(d)
    t.gone()
