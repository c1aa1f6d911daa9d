# SPDX-License-Identifier: MIT
"""CREATE_CHILD_SA: new keys for Child SAs"""
import os
import time

from case import *  # noqa: F401,F403

PFS = 'aes128gcm16-x25519'
SOON = {'rekey_time': '2s', 'rand_time': '0s', 'life_time': '1h'}


def rekeyed(t, sa, **what):
    """Our rekey of the first Child SA; the new one. The old one is still there."""
    return t.created(sa, t.create(sa, rekey=sa.children[0].spi_in, **what))


# -------- responder --------

@case('RFC 7296 1.3.3, 2.8', RESPONDER, 'a Child SA is rekeyed: the old one stays until it is deleted, then the new one is alone')
def rekey(t):
    sa = t.establish()
    old = sa.children[0]
    reqid = t.children()[0]['reqid']
    new = rekeyed(t, sa)
    t.equal({c['spi-out'] for c in t.children()}, {old.spi_in.hex(), new.spi_in.hex()}, 'Child SAs')
    t.delete_child(sa, old)
    t.equal([(c['spi-in'], c['state'], c['reqid']) for c in t.children()], [(new.spi_out.hex(), 'INSTALLED', reqid)],
            'Child SAs')
    sa.ping()


@case('RFC 7296 1.3.3', RESPONDER, 'a Child SA is rekeyed with PFS')
def rekey_pfs(t):
    sa = t.establish(child={'esp_proposals': PFS})
    m = t.create(sa, rekey=sa.children[0].spi_in, method=wire.X25519)
    new = t.created(sa, m)
    t.equal(wire.decode_ke(m.get(wire.KE))[0], wire.X25519, 'method')
    t.delete_child(sa, sa.children[0])
    t.equal([c['spi-in'] for c in t.children()], [new.spi_out.hex()], 'Child SAs')


@case('RFC 7296 1.3.3', INITIATOR, 'the responder of the IKE SA rekeys a Child SA')
def rekey_by_responder(t):
    sa = t.called_up()
    m = t.create(sa, rekey=sa.children[0].spi_in)
    new = t.created(sa, m)
    t.delete_child(sa, sa.children[0])
    t.equal([c['spi-in'] for c in t.children()], [new.spi_out.hex()], 'Child SAs')


@case('RFC 7296 1.3.3', RESPONDER, 'a chain of rekeys')
def rekey_often(t):
    sa = t.establish()
    for _ in range(5):
        rekeyed(t, sa)
        t.delete_child(sa, sa.children[0])
        t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 1.3.3, 2.8', RESPONDER, 'the new Child SA of a rekey is deleted, and not the old one: that goes on, and may be rekeyed again')
def taken_back(t):
    sa = t.establish()
    old = sa.children[0]
    new = rekeyed(t, sa)
    t.delete_child(sa, new)
    t.equal([(c['spi-in'], c['state']) for c in t.children()], [(old.spi_out.hex(), 'INSTALLED')], 'Child SAs')
    new = rekeyed(t, sa)
    t.delete_child(sa, old)
    t.equal([c['spi-in'] for c in t.children()], [new.spi_out.hex()], 'Child SAs')


@case('RFC 7296 2.8', RESPONDER, 'who is asked to rekey does not delete the old Child SA itself', daemon='quick')
def old_is_left(t):
    sa = t.establish()
    rekeyed(t, sa)
    t.silent(sa.endpoint, 0.3)
    t.equal(len(t.children()), 2, 'Child SAs')


@case('RFC 7296 2.25, 2.25.1', RESPONDER, 'REKEY_SA of an unknown SPI: CHILD_SA_NOT_FOUND with that SPI')
def unknown_spi(t):
    sa = t.establish()
    for spi in (b'none', sa.children[0].spi_out):
        m = t.create(sa, rekey=spi)
        t.equal([(n.kind, n.protocol, n.spi, n.data) for n in m.notifies()],
                [(wire.CHILD_SA_NOT_FOUND, wire.PROTO_ESP, spi, b'')], 'notifies')
        t.equal(len(m.payloads), 1, 'payloads')
    t.equal(len(t.children()), 1, 'Child SAs')
    sa.ping()


@case('RFC 7296 2.25, 3.10', RESPONDER, 'REKEY_SA with the SPI of a Child SA but the protocol of AH, or IKE: CHILD_SA_NOT_FOUND')
def other_protocol(t):
    sa = t.establish()
    spi = sa.children[0].spi_in
    for protocol in (wire.PROTO_AH, wire.PROTO_IKE, 0):
        m = t.create(sa, [wire.notify(wire.REKEY_SA, protocol=protocol, spi=spi)])
        t.equal([(n.kind, n.protocol, n.spi) for n in m.notifies()], [(wire.CHILD_SA_NOT_FOUND, protocol, spi)], 'notifies')
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.25.1', RESPONDER, 'REKEY_SA of a Child SA that was just deleted: CHILD_SA_NOT_FOUND')
def deleted_before(t):
    sa = t.establish()
    old = sa.children[0]
    t.delete_child(sa, old)
    t.equal(t.create(sa, rekey=old.spi_in).error(), wire.CHILD_SA_NOT_FOUND, 'error')
    t.created(sa, t.create(sa))


@case('RFC 7296 2.21.3, 2.8', RESPONDER, 'a rekey that is refused leaves the old Child SA as it is')
def refused(t):
    sa = t.establish()
    spi = sa.children[0].spi_in
    t.equal(t.create(sa, rekey=spi, esp=esp_transforms(bits=256)).error(), wire.NO_PROPOSAL_CHOSEN, 'error')
    t.equal(t.create(sa, rekey=spi, tsi=[net('192.168.0.0/16')]).error(), wire.TS_UNACCEPTABLE, 'error')
    t.equal([(c['spi-out'], c['state']) for c in t.children()], [(spi.hex(), 'INSTALLED')], 'Child SAs')
    rekeyed(t, sa)


@case('RFC 7296 2.9.2', RESPONDER, 'a rekey that offers the whole policy again is not narrowed below what is in use')
def not_narrower(t):
    sa = t.establish(offer={'tsi': [net('10.2.5.0/24')], 'tsr': [net('10.1.6.0/24')]})
    m = t.create(sa, rekey=sa.children[0].spi_in)
    t.created(sa, m)
    for kind, used in ((wire.TSI, net('10.2.5.0/24')), (wire.TSR, net('10.1.6.0/24'))):
        t.check(any(one.first <= used.first and used.last <= one.last for one in wire.decode_selectors(m.get(kind))),
                f'{kind} is narrower')


@case('RFC 7296 2.1', RESPONDER, 'a rekey request that comes again gets the same response and makes one new Child SA')
def repeated(t):
    sa = t.establish()
    data = sa.ask(wire.CREATE_CHILD_SA, t.create_payloads(rekey=sa.children[0].spi_in))
    first = sa.endpoint.receive().data
    sa.send(data)
    t.equal(sa.endpoint.receive().data, first, 'response')
    t.equal(len(t.children()), 2, 'Child SAs')


@case('RFC 7296 2.8', RESPONDER, 'the old Child SA may be rekeyed once more before it is deleted, or that is refused for now')
def rekeyed_twice(t):
    sa = t.establish()
    rekeyed(t, sa)
    m = t.create(sa, rekey=sa.children[0].spi_in)
    t.check(m.error() in (None, wire.TEMPORARY_FAILURE, wire.CHILD_SA_NOT_FOUND), f'{m}')
    sa.ping()


# -------- the peer has lost an SA --------

def says_lost(t, **options):
    """(Sa, its request after we have told it that we don't know the SPI it sends on)"""
    sa = t.establish(**options)
    spi = sa.children[0].spi_in
    sa.call(wire.INFORMATIONAL, [wire.notify(wire.INVALID_SPI, spi)])  # too early to be true
    time.sleep(2.1)
    sa.call(wire.INFORMATIONAL, [wire.notify(wire.INVALID_SPI, b'none'), wire.notify(wire.INVALID_SPI, b'x')])
    sa.call(wire.INFORMATIONAL, [wire.notify(wire.INVALID_SPI, spi)])
    m = sa.request(wire.CREATE_CHILD_SA)
    t.equal(m.notify(wire.REKEY_SA).spi, sa.children[0].spi_out, 'SPI that is rekeyed')
    return sa, m


@case('RFC 7296 1.5, 2.21.4', BOTH, 'INVALID_SPI within the IKE SA, about an SPI that it sends on: it rekeys the Child SA')
def lost_and_rekeyed(t):
    sa, m = says_lost(t)
    old = sa.children[0]
    new = t.accept_create(sa, m)
    deleted_old(t, sa, old)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [new.spi_out.hex()], 'only the new Child SA is there')


@case('RFC 7296 1.5, 2.25', BOTH, 'and when the peer does not know what to rekey either, it makes a new one')
def lost_and_made_anew(t):
    sa, m = says_lost(t)
    sa.answer(m, [wire.notify(wire.CHILD_SA_NOT_FOUND, protocol=wire.PROTO_ESP, spi=m.notify(wire.REKEY_SA).spi)])
    again = sa.request(wire.CREATE_CHILD_SA)
    t.check(not again.notify(wire.REKEY_SA), f'REKEY_SA again: {again}')
    new = t.accept_create(sa, again)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [new.spi_out.hex()], 'only the new Child SA is there')


# -------- the daemon rekeys --------

def asked(t, **options):
    """(Sa, its request to rekey the only Child SA)"""
    child = {**SOON, **options.pop('child', {})}
    sa = t.establish(child=child, **options)
    m = sa.request(wire.CREATE_CHILD_SA)
    t.check(m.notify(wire.REKEY_SA), f'no REKEY_SA: {m}')
    return sa, m


def deleted_old(t, sa, old):
    """Its Delete of the Child SA that was replaced, answered."""
    d = sa.request(wire.INFORMATIONAL)
    t.equal(wire.decode_delete(d.get(wire.DELETE)), (wire.PROTO_ESP, [old.spi_out]), 'Delete')
    sa.answer(d, [wire.delete(wire.PROTO_ESP, old.spi_in)])
    sa.children.remove(old)


@case('RFC 7296 1.3.3, 2.8', BOTH, 'it rekeys in time: REKEY_SA with its inbound SPI, fresh SPI and nonce, then a Delete of the old')
def own_rekey(t):
    sa, m = asked(t)
    old = sa.children[0]
    n = m.notify(wire.REKEY_SA)
    t.equal((n.protocol, n.spi, n.data), (wire.PROTO_ESP, old.spi_out, b''), 'REKEY_SA')
    offer = wire.decode_sa(m.get(wire.SA))[0]
    t.check(offer.spi not in (bytes(4), old.spi_out), 'SPI')
    t.equal(m.all(wire.KE), [], 'KE')
    new = t.accept_create(sa, m)
    deleted_old(t, sa, old)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [new.spi_out.hex()], 'only the new Child SA is there')


@case('RFC 7296 1.3.3', BOTH, 'it rekeys with PFS')
def own_rekey_pfs(t):
    sa, m = asked(t, child={'esp_proposals': PFS})
    t.equal(wire.decode_ke(m.get(wire.KE))[0], wire.X25519, 'method')
    old = sa.children[0]
    new = t.accept_create(sa, m)
    deleted_old(t, sa, old)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [new.spi_out.hex()], 'only the new Child SA is there')


@case('RFC 7296 2.9.2', BOTH, 'its rekey offers what is in use, or more')
def own_rekey_selectors(t):
    child = {'tsi': [net('10.2.5.0/24')], 'tsr': [net('10.1.6.0/24')]}
    sa = t.establish(offer=child, child=SOON)
    m = sa.request(wire.CREATE_CHILD_SA)
    for kind, used in ((wire.TSI, child['tsr'][0]), (wire.TSR, child['tsi'][0])):
        t.check(any(one.first <= used.first and used.last <= one.last for one in wire.decode_selectors(m.get(kind))),
                f'{kind} is narrower than what is in use')


@case('RFC 7296 2.9.2', BOTH, 'an answer to its rekey that holds all of its offer, and more, stands for the offer')
def own_rekey_answer_wider(t):
    sa, m = asked(t)
    old, shown = sa.children[0], t.children()[0]
    new = t.accept_create(sa, m, tsi=[net('10.0.0.0/8')], tsr=[net('0.0.0.0/0')])
    deleted_old(t, sa, old)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [new.spi_out.hex()], 'only the new Child SA is there')
    for side in ('local-ts', 'remote-ts'):
        t.equal(t.children()[0][side], shown[side], side)


@case('RFC 7296 2.9', BOTH, 'an answer to its rekey that leaves out some of its offer, and holds other things, is not taken')
def own_rekey_answer_other(t):
    sa, m = asked(t)
    old = sa.children[0]
    new = t.accept_create(sa, m, tsi=[net('10.0.0.0-10.1.0.9')], tsr=[net('10.0.0.0-10.2.0.9')])
    d = sa.request(wire.INFORMATIONAL)
    t.equal(wire.decode_delete(d.get(wire.DELETE)), (wire.PROTO_ESP, [new.spi_out]), 'Delete')
    sa.answer(d, [wire.delete(wire.PROTO_ESP, new.spi_in)])
    t.equal([c['spi-in'] for c in t.children()], [old.spi_out.hex()], 'Child SAs')


@case('RFC 7296 2.9.2', BOTH, 'an answer to its rekey that is narrower than what is in use: not taken, and the old Child SA stays')
def own_rekey_narrowed(t):
    for narrower in ({'tsi': [net('10.1.6.0/24')]}, {'tsr': [net('10.2.5.0/24')]}):
        sa, m = asked(t)
        old = sa.children[0]
        new = t.accept_create(sa, m, **narrower)
        d = sa.request(wire.INFORMATIONAL)
        t.equal(wire.decode_delete(d.get(wire.DELETE)), (wire.PROTO_ESP, [new.spi_out]), 'Delete')
        sa.answer(d, [wire.delete(wire.PROTO_ESP, new.spi_in)])
        t.equal([(c['spi-in'], c['state']) for c in t.children()], [(old.spi_out.hex(), 'INSTALLED')], 'Child SAs')
        sa.ping()
        t.again()


@case('RFC 7296 2.25', BOTH, 'TEMPORARY_FAILURE to its rekey: it waits, keeps all, and tries again later')
def own_rekey_later(t):
    sa, m = asked(t)
    sa.answer(m, [wire.notify(wire.TEMPORARY_FAILURE)])
    t.silent(sa.endpoint, 0.3)
    sa.ping()
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.25', BOTH, 'CHILD_SA_NOT_FOUND to its rekey: it drops the Child SA without a Delete and makes a new one')
def own_rekey_not_found(t):
    sa, m = asked(t)
    n = m.notify(wire.REKEY_SA)
    sa.answer(m, [wire.notify(wire.CHILD_SA_NOT_FOUND, protocol=wire.PROTO_ESP, spi=n.spi)])
    m = sa.request()
    t.equal((m.exchange, m.notify(wire.REKEY_SA)), (wire.CREATE_CHILD_SA, None), 'what comes next')
    new = t.accept_create(sa, m)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [new.spi_out.hex()], 'only the new Child SA is there')


@case('RFC 7296 2.21.3', BOTH, 'other errors to its rekey: the IKE SA and the old Child SA stay for the time being')
def own_rekey_refused(t):
    for error in (wire.NO_PROPOSAL_CHOSEN, wire.TS_UNACCEPTABLE, wire.NO_ADDITIONAL_SAS):
        sa, m = asked(t)
        sa.answer(m, [wire.notify(error)])
        sa.ping()
        t.equal([one['state'] for one in t.sas()], ['ESTABLISHED'], f'IKE SAs after {error}')
        t.again()


@case('RFC 7296 1.3, 3.4', BOTH, 'INVALID_KE_PAYLOAD to its rekey: it asks again with the other method, still with REKEY_SA')
def own_rekey_other_method(t):
    sa, m = asked(t, child={'esp_proposals': PFS + '-ecp256'})
    n = m.notify(wire.REKEY_SA)
    sa.answer(m, [wire.notify(wire.INVALID_KE_PAYLOAD, b'\0\x13')])
    again = sa.request(wire.CREATE_CHILD_SA)
    t.equal(wire.decode_ke(again.get(wire.KE))[0], wire.ECP256, 'method')
    t.equal(again.notify(wire.REKEY_SA).spi, n.spi, 'REKEY_SA')
    old = sa.children[0]
    t.accept_create(sa, again)
    deleted_old(t, sa, old)


@case('RFC 7296 2.1', BOTH, 'its rekey request is sent again bit for bit', daemon='quick')
def own_rekey_again(t):
    sa, m = asked(t)
    t.equal(sa.endpoint.receive(repeats=True).data, m.raw, 'request')
    old = sa.children[0]
    t.accept_create(sa, m)
    deleted_old(t, sa, old)


# -------- collisions, 2.25.1 and 2.8.1 --------

LOW, HIGH = bytes(32), b'\xff' * 32


def crossed(t, our_ni, our_nr):
    """Both sides rekey the same Child SA. (Sa, old, the one by our request, the one by its)"""
    sa, m = asked(t)
    old = sa.children[0]
    mine = t.created(sa, t.create(sa, rekey=old.spi_in, nonce=our_ni))
    its = t.accept_create(sa, m, nonce=our_nr)
    return sa, old, mine, its


def its_deletes(t, sa, timeout=0.3):
    """SPIs that it deletes, all answered."""
    out = []
    while True:
        try:
            d = sa.request(wire.INFORMATIONAL, timeout=timeout)
        except NothingCame:
            return out
        protocol, spis = wire.decode_delete(d.get(wire.DELETE))
        t.equal(protocol, wire.PROTO_ESP, 'protocol')
        pairs = {c.spi_out: c.spi_in for c in sa.children}
        sa.answer(d, [wire.delete(wire.PROTO_ESP, *[pairs[spi] for spi in spis])])
        out += spis


@case('RFC 7296 2.8.1', BOTH, 'both rekey, the lowest nonce is in our request: we close ours, it closes the old one')
def cross_our_request_lowest(t):
    sa, old, mine, its = crossed(t, LOW, HIGH)
    t.equal(its_deletes(t, sa), [old.spi_out], 'what it deletes')
    t.delete_child(sa, mine)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [its.spi_out.hex()], 'only its new one is left')


@case('RFC 7296 2.8.1', BOTH, 'both rekey, the lowest nonce is in the exchange that it began: it closes its own, we close the old one')
def cross_its_lowest(t):
    sa, old, mine, its = crossed(t, HIGH, LOW)
    t.equal(its_deletes(t, sa), [its.spi_out], 'what it deletes')
    t.delete_child(sa, old)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [mine.spi_out.hex()], 'only our new one is left')


@case('RFC 7296 2.8.1', BOTH, 'both rekey: nonces are compared octet by octet, and the one that ends first is lower')
def cross_prefix(t):
    # Whatever its own nonces are, ours in its exchange is sixteen zeros and ours in ours has more of them.
    sa, old, mine, its = crossed(t, bytes(33), bytes(16))
    t.equal(its_deletes(t, sa), [its.spi_out], 'what it deletes')
    t.delete_child(sa, old)
    t.until(lambda: [c['spi-in'] for c in t.children()] == [mine.spi_out.hex()], 'only our new one is left')


@case('RFC 7296 2.8.1', BOTH, 'its rekey request reaches who has finished rekeying: CHILD_SA_NOT_FOUND ends it without harm')
def cross_late(t):
    sa, m = asked(t)
    old = sa.children[0]
    new = t.created(sa, t.create(sa, rekey=old.spi_in, nonce=HIGH))
    t.delete_child(sa, old)
    n = m.notify(wire.REKEY_SA)
    sa.answer(m, [wire.notify(wire.CHILD_SA_NOT_FOUND, protocol=wire.PROTO_ESP, spi=n.spi)])
    sa.ping()
    t.until(lambda: [c['spi-in'] for c in t.children()] == [new.spi_out.hex()], 'only the new Child SA is there')


@case('RFC 7296 2.25.1', BOTH, 'Delete of a Child SA that it is rekeying: answered as usual, with a Delete')
def delete_while_rekeying(t):
    sa, m = asked(t)
    t.delete_child(sa, sa.children[0])
    n = m.notify(wire.REKEY_SA)
    sa.answer(m, [wire.notify(wire.CHILD_SA_NOT_FOUND, protocol=wire.PROTO_ESP, spi=n.spi)])
    sa.ping()


@case('RFC 7296 2.25.1', BOTH, 'rekey of a Child SA that it is closing: TEMPORARY_FAILURE')
def rekey_while_closing(t):
    sa = t.establish()
    command = t.daemon.later('terminate', {'child': 'net', 'ike': t.name, 'timeout': '20000'})
    d = sa.request(wire.INFORMATIONAL)
    m = t.create(sa, rekey=sa.children[0].spi_in)
    t.equal([n.kind for n in m.notifies()], [wire.TEMPORARY_FAILURE], 'notifies')
    sa.answer(d, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.check(command.done(), f'{command.error}')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 2.25.1', BOTH, 'a new Child SA while it is closing another: made as usual')
def create_while_closing(t):
    sa = t.establish()
    command = t.daemon.later('terminate', {'child': 'net', 'ike': t.name, 'timeout': '20000'})
    d = sa.request(wire.INFORMATIONAL)
    new = t.created(sa, t.create(sa))
    sa.answer(d, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.check(command.done(), f'{command.error}')
    t.equal([c['spi-in'] for c in t.children()], [new.spi_out.hex()], 'Child SAs')
