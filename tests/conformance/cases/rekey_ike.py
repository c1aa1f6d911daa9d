# SPDX-License-Identifier: MIT
"""CREATE_CHILD_SA: new keys for IKE SAs"""
import os

from case import *  # noqa: F401,F403

SOON = {'rekey_time': '2s', 'rand_time': '0s', 'over_time': '1h'}


def listed(t):
    """SPIs of its IKE SAs and the number of their Child SAs."""
    return {one['initiator-spi']: len(one['child-sas']) for one in t.sas()}


def only(t, sa, children=1):
    t.until(lambda: listed(t) == {sa.spi_i.hex(): children}, 'only the new IKE SA is there')


# -------- responder --------

@case('RFC 7296 1.3.2, 2.8, 2.18', RESPONDER, 'the IKE SA is rekeyed: new SPIs and keys, the Child SAs move, the old one is deleted alone')
def rekey(t):
    sa = t.establish()
    new = t.rekey_ike(sa)
    new.ping()
    t.delete_ike(sa)
    only(t, new)
    new.ping()
    t.delete_child(new, new.children[0])


@case('RFC 7296 1.3.2', RESPONDER, 'the answer to a rekey of the IKE SA holds SA, nonce and KE, and no selectors')
def answer(t):
    sa = t.establish()
    m = sa.call(wire.CREATE_CHILD_SA, t.ike_payloads(sa))
    t.equal(sorted(m.kinds()), sorted([wire.SA, wire.NONCE, wire.KE]), 'payloads')
    t.ike_rekeyed(sa, m)


@case('RFC 7296 2.2, 2.8', RESPONDER, 'message IDs of the new IKE SA begin at 0 on both sides')
def message_ids(t):
    sa = t.establish()
    sa.ping()
    new = t.rekey_ike(sa)
    t.equal(new.send_id, 0, 'ID of our first request')
    new.ping()
    t.delete_ike(sa)
    t.daemon.later('terminate', {'ike': t.name, 'timeout': '20000'})
    d = new.request(wire.INFORMATIONAL)
    t.equal(d.mid, 0, 'ID of its first request')
    new.answer(d)
    t.gone()


@case('RFC 7296 2.2, 3.1', INITIATOR, 'the responder rekeys the IKE SA and is the initiator of the new one: the flags change sides')
def by_responder(t):
    sa = t.called_up()
    new = t.rekey_ike(sa)
    t.check(new.initiator and not sa.initiator, 'roles')
    new.ping()
    t.delete_ike(sa)
    only(t, new)
    t.equal(t.sas()[0].get('initiator'), None, 'its role in the new IKE SA')
    m = t.create(new)
    t.created(new, m)


@case('RFC 7296 2.18', RESPONDER, 'another PRF in the new IKE SA: SKEYSEED is by the old one')
def other_prf(t):
    sa = t.establish(proposals=['aes128gcm16-prfsha256-x25519', 'aes256gcm16-prfsha512-ecp256'])
    new = t.rekey_ike(sa, bits=256, prf=wire.PRF_SHA512, method=wire.ECP256)
    new.ping()
    t.delete_ike(sa)
    third = t.rekey_ike(new, bits=128, prf=wire.PRF_SHA256, method=wire.X25519)
    third.ping()
    t.delete_ike(new)
    only(t, third)


@case('RFC 7296 2.8', RESPONDER, 'a chain of rekeys of the IKE SA, with rekeys of its Child SA in between')
def chain(t):
    sa = t.establish()
    for _ in range(3):
        new = t.rekey_ike(sa)
        t.delete_ike(sa)
        t.created(new, t.create(new, rekey=new.children[0].spi_in))
        t.delete_child(new, new.children[0])
        sa = new
    only(t, sa)


@case('RFC 7296 2.8, 2.25', RESPONDER, 'a chain of rekeys without Deletes is not made longer: TEMPORARY_FAILURE until the old one is deleted')
def chain_undeleted(t):
    sa = t.establish()
    new = t.rekey_ike(sa)
    t.equal(new.call(wire.CREATE_CHILD_SA, t.ike_payloads(new)).error(), wire.TEMPORARY_FAILURE, 'error')
    t.equal(len(t.sas()), 2, 'IKE SAs')
    t.delete_ike(sa)
    third = t.rekey_ike(new)
    t.delete_ike(new)
    only(t, third)


@case('RFC 7296 2.7', RESPONDER, 'a rekey of the IKE SA with nothing that fits: NO_PROPOSAL_CHOSEN, and it stays')
def nothing_fits(t):
    sa = t.establish()
    m = sa.call(wire.CREATE_CHILD_SA, t.ike_payloads(sa, bits=256))
    t.equal([n.kind for n in m.notifies()], [wire.NO_PROPOSAL_CHOSEN], 'notifies')
    sa.ping()
    only(t, sa)


@case('RFC 7296 1.3, 3.4', RESPONDER, 'a rekey of the IKE SA with KE of another method: INVALID_KE_PAYLOAD, and it stays')
def other_method(t):
    sa = t.establish()
    payloads = t.ike_payloads(sa)
    payloads[2] = wire.ke(wire.ECP256, crypto.KeyExchange(wire.ECP256).public)
    m = sa.call(wire.CREATE_CHILD_SA, payloads)
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.INVALID_KE_PAYLOAD, b'\0\x1f')], 'notifies')
    new = t.rekey_ike(sa)
    t.delete_ike(sa)
    only(t, new)


@case('RFC 7296 1.3.2, 3.3.1', RESPONDER, 'a rekey of the IKE SA with an SPI of zero or of another size than 8 is refused')
def bad_spi(t):
    for spi in (bytes(8), b'four'):
        sa = t.establish()
        m = sa.call(wire.CREATE_CHILD_SA, t.ike_payloads(sa, spi=spi))
        t.check(m.error() in (wire.NO_PROPOSAL_CHOSEN, wire.INVALID_SYNTAX), f'SPI {spi}: {m}')
        t.check(len(listed(t)) <= 1, 'there is another IKE SA')
        t.again()


@case('RFC 7296 1.3.2', RESPONDER, 'a rekey of the IKE SA without KE is refused')
def without_ke(t):
    sa = t.establish()
    m = sa.call(wire.CREATE_CHILD_SA, t.ike_payloads(sa)[:2])
    t.check(m.error() in (wire.NO_PROPOSAL_CHOSEN, wire.INVALID_SYNTAX, wire.INVALID_KE_PAYLOAD), f'{m}')
    t.check(len(listed(t)) <= 1, 'there is another IKE SA')


@case('RFC 6989 2.5', RESPONDER, 'an unacceptable public value in a rekey of the IKE SA: INVALID_SYNTAX, and the IKE SA ends')
def bad_public_value(t):
    sa = t.establish()
    payloads = t.ike_payloads(sa)
    payloads[2] = wire.ke(wire.X25519, bytes(32))
    t.equal(sa.call(wire.CREATE_CHILD_SA, payloads).error(), wire.INVALID_SYNTAX, 'error')
    t.gone()


@case('RFC 7296 2.1', RESPONDER, 'a request to rekey the IKE SA that comes again gets the same response, and there is one new IKE SA')
def repeated(t):
    sa = t.establish()
    data = sa.ask(wire.CREATE_CHILD_SA, t.ike_payloads(sa))
    first = sa.endpoint.receive().data
    for _ in range(3):
        sa.send(data)
        t.equal(sa.endpoint.receive().data, first, 'response')
    t.equal(len(listed(t)), 2, 'IKE SAs')


@case('RFC 7296 2.8, 2.25.2', RESPONDER, 'on an IKE SA that was rekeyed nothing new is made: TEMPORARY_FAILURE or NO_ADDITIONAL_SAS')
def old_makes_nothing(t):
    sa = t.establish()
    new = t.rekey_ike(sa)
    m = sa.call(wire.CREATE_CHILD_SA, t.create_payloads())
    t.check(m.error() in (wire.TEMPORARY_FAILURE, wire.NO_ADDITIONAL_SAS), f'a Child SA: {m}')
    old = t.ike_payloads(sa)
    m = sa.call(wire.CREATE_CHILD_SA, old)
    t.check(m.error() in (wire.TEMPORARY_FAILURE, wire.NO_ADDITIONAL_SAS), f'an IKE SA: {m}')
    t.delete_ike(sa)
    only(t, new)


@case('RFC 7296 2.8', RESPONDER, 'the old IKE SA still answers until it is deleted')
def old_answers(t):
    sa = t.establish()
    new = t.rekey_ike(sa)
    sa.ping()
    new.ping()
    sa.ping()


@case('RFC 7296 2.8', RESPONDER, 'the new IKE SA is deleted: its Child SAs go with it, the old IKE SA may stay or go')
def new_deleted(t):
    sa = t.establish()
    new = t.rekey_ike(sa)
    t.delete_ike(new)
    t.until(lambda: not t.children(), 'the Child SAs are gone')


# -------- the daemon rekeys --------

def asked(t, initiator=False, **options):
    """(Sa, its request to rekey the IKE SA); initiator: the daemon has begun the IKE SA"""
    sa = t.called_up(**SOON, **options) if initiator else t.establish(**SOON, **options)
    m = sa.request(wire.CREATE_CHILD_SA)
    t.check(wire.decode_sa(m.get(wire.SA))[0].protocol == wire.PROTO_IKE and wire.TSI not in m.kinds(), f'{m}')
    return sa, m


def deleted_old(t, sa):
    d = sa.request(wire.INFORMATIONAL)
    t.equal(wire.decode_delete(d.get(wire.DELETE)), (wire.PROTO_IKE, []), 'Delete')
    sa.answer(d)


@case('RFC 7296 1.3.2, 2.8, 2.18', RESPONDER, 'it rekeys the IKE SA in time, is the initiator of the new one, and deletes the old one')
def own_rekey(t):
    sa, m = asked(t)
    t.equal(sorted(m.kinds()), sorted([wire.SA, wire.NONCE, wire.KE]), 'payloads')
    new = t.accept_ike(sa, m)
    deleted_old(t, sa)
    t.until(lambda: len(t.sas()) == 1 and t.sas()[0].get('initiator') == 'yes', 'the new IKE SA is its own')
    new.ping()
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 1.3.2, 2.8', INITIATOR, 'it rekeys the IKE SA that it began')
def own_rekey_initiator(t):
    sa, m = asked(t, initiator=True)
    new = t.accept_ike(sa, m)
    deleted_old(t, sa)
    new.ping()
    only(t, new)


@case('RFC 7296 2.8', BOTH, 'its rekey of the IKE SA offers SPIs other than the old ones, in every proposal')
def own_rekey_offer(t):
    sa, m = asked(t, proposals=['aes128gcm16-prfsha256-x25519', 'aes256gcm16-prfsha512-ecp256'])
    offers = wire.decode_sa(m.get(wire.SA))
    t.equal([one.number for one in offers], [1, 2], 'numbers')
    t.equal(len({one.spi for one in offers}), 1, 'SPIs')
    t.check(offers[0].spi not in (wire.NO_SPI, sa.spi_i, sa.spi_r), 'SPI')


@case('RFC 7296 2.25', BOTH, 'TEMPORARY_FAILURE to its rekey of the IKE SA: it waits and keeps all')
def own_rekey_later(t):
    sa, m = asked(t)
    sa.answer(m, [wire.notify(wire.TEMPORARY_FAILURE)])
    t.silent(sa.endpoint, 0.3)
    sa.ping()
    only(t, sa)


@case('RFC 7296 2.8', BOTH, 'other errors to its rekey of the IKE SA: it stays for the time being')
def own_rekey_refused(t):
    for error in (wire.NO_PROPOSAL_CHOSEN, wire.NO_ADDITIONAL_SAS):
        sa, m = asked(t)
        sa.answer(m, [wire.notify(error)])
        sa.ping()
        only(t, sa)
        t.again()


@case('RFC 7296 1.3, 3.4', BOTH, 'INVALID_KE_PAYLOAD to its rekey of the IKE SA: it asks again with the other method')
def own_rekey_other_method(t):
    sa, m = asked(t, proposals='aes128gcm16-prfsha256-x25519-ecp256')
    sa.answer(m, [wire.notify(wire.INVALID_KE_PAYLOAD, b'\0\x13')])
    again = sa.request(wire.CREATE_CHILD_SA)
    t.equal(wire.decode_ke(again.get(wire.KE))[0], wire.ECP256, 'method')
    sa.algorithms['method'] = wire.ECP256
    new = t.accept_ike(sa, again)
    deleted_old(t, sa)
    new.ping()


@case('RFC 6989 2.5', BOTH, 'an unacceptable public value in the answer to its rekey: the IKE SA is deleted')
def own_rekey_bad_value(t):
    sa, m = asked(t)
    sa.answer(m, [wire.sa(wire.proposal(1, wire.PROTO_IKE, os.urandom(8), *ike_transforms(**sa.algorithms))),
                  wire.nonce(os.urandom(32)), wire.ke(wire.X25519, bytes(32))])
    deleted_old(t, sa)
    t.gone()


# -------- collisions, 2.25.1, 2.25.2 and 2.8.2 --------

LOW, HIGH = bytes(32), b'\xff' * 32
CHILD_SOON = {'rekey_time': '2s', 'rand_time': '0s', 'life_time': '1h'}


def temporary(t, sa, payloads):
    m = sa.call(wire.CREATE_CHILD_SA, payloads)
    t.equal([n.kind for n in m.notifies()], [wire.TEMPORARY_FAILURE], 'notifies')
    t.equal(len(m.payloads), 1, 'payloads')


@case('RFC 7296 2.25.2', BOTH, 'a new Child SA, or a rekey of one, while it rekeys the IKE SA: TEMPORARY_FAILURE')
def child_while_rekeying(t):
    sa, m = asked(t)
    temporary(t, sa, t.create_payloads())
    temporary(t, sa, t.create_payloads(rekey=sa.children[0].spi_in))
    new = t.accept_ike(sa, m)
    deleted_old(t, sa)
    only(t, new)


@case('RFC 7296 2.25.2', BOTH, 'Delete of a Child SA while it rekeys the IKE SA: answered as usual, with a Delete')
def delete_child_while_rekeying(t):
    sa, m = asked(t)
    t.delete_child(sa, sa.children[0])
    new = t.accept_ike(sa, m)
    deleted_old(t, sa)
    only(t, new, children=0)


@case('RFC 7296 2.25.2', BOTH, 'Delete of the IKE SA while it rekeys it: answered as usual, and its rekey is forgotten')
def delete_while_rekeying(t):
    sa, _ = asked(t)
    t.delete_ike(sa)
    t.gone()
    t.silent(sa.endpoint, 0.05)


@case('RFC 7296 2.25.2', BOTH, 'a rekey of the IKE SA, or a Child SA, while it closes the IKE SA: TEMPORARY_FAILURE')
def rekey_while_closing(t):
    sa = t.establish()
    command = t.daemon.later('terminate', {'ike': t.name, 'timeout': '20000'})
    d = sa.request(wire.INFORMATIONAL)
    temporary(t, sa, t.ike_payloads(sa))
    temporary(t, sa, t.create_payloads())
    temporary(t, sa, t.create_payloads(rekey=sa.children[0].spi_in))
    sa.answer(d)
    t.check(command.done(), f'{command.error}')
    t.gone()


@case('RFC 7296 2.25.1', BOTH, 'a rekey of the IKE SA while it closes a Child SA: TEMPORARY_FAILURE')
def rekey_while_closing_child(t):
    sa = t.establish()
    command = t.daemon.later('terminate', {'ike': t.name, 'child': 'net', 'timeout': '20000'})
    d = sa.request(wire.INFORMATIONAL)
    temporary(t, sa, t.ike_payloads(sa))
    sa.answer(d, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.check(command.done(), f'{command.error}')
    new = t.rekey_ike(sa)
    t.delete_ike(sa)
    only(t, new, children=0)


@case('RFC 7296 2.25.1', BOTH, 'a rekey of the IKE SA while it rekeys a Child SA: TEMPORARY_FAILURE')
def rekey_while_rekeying_child(t):
    sa = t.establish(child=CHILD_SOON)
    m = sa.request(wire.CREATE_CHILD_SA)
    temporary(t, sa, t.ike_payloads(sa))
    t.accept_create(sa, m)


@case('RFC 7296 2.25.1', BOTH, 'a rekey of the IKE SA while it makes a Child SA: TEMPORARY_FAILURE')
def rekey_while_creating_child(t):
    two = {'net': {'local_ts': '10.1.0.0/16', 'remote_ts': '10.2.0.0/16', 'esp_proposals': 'aes128gcm16'},
           'other': {'local_ts': '10.5.0.0/16', 'remote_ts': '10.6.0.0/16', 'esp_proposals': 'aes128gcm16'}}
    sa = t.called_up(children=two)
    command = t.initiate('other')
    m = sa.request(wire.CREATE_CHILD_SA)
    temporary(t, sa, t.ike_payloads(sa))
    t.accept_create(sa, m)
    t.check(command.done(), f'{command.error}')
    t.equal(len(t.children()), 2, 'Child SAs')


def crossed(t, our_ni, our_nr):
    """Both rekey the IKE SA. (old, by our request, by its)"""
    sa, m = asked(t)
    mine = t.rekey_ike(sa, nonce=our_ni)
    its = t.accept_ike(sa, m, nonce=our_nr)
    return sa, mine, its


@case('RFC 7296 2.8.2', BOTH, 'both rekey the IKE SA, the lowest nonce is in our exchange: its new one inherits the Child SAs, '
      'we delete ours, it deletes the old one')
def cross_ours_lowest(t):
    old, mine, its = crossed(t, LOW, HIGH)
    deleted_old(t, old)
    t.delete_ike(mine)
    its.ping()
    only(t, its)


@case('RFC 7296 2.8.2', BOTH, 'both rekey the IKE SA, the lowest nonce is in its exchange: our new one inherits the Child SAs, '
      'it deletes its own, we delete the old one')
def cross_its_lowest(t):
    old, mine, its = crossed(t, HIGH, LOW)
    deleted_old(t, its)
    t.delete_ike(old)
    mine.ping()
    only(t, mine)


@case('RFC 7296 2.8.2', BOTH, 'its rekey of the IKE SA collides with one it never sees finished: after our Delete it forgets its own')
def cross_unnoticed(t):
    sa, _ = asked(t)
    new = t.rekey_ike(sa, nonce=HIGH)
    t.delete_ike(sa)
    new.ping()
    only(t, new)
