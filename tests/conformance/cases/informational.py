# SPDX-License-Identifier: MIT
"""INFORMATIONAL, Delete and liveness"""
import os

from case import *  # noqa: F401,F403


# -------- requests of the peer --------

@case('RFC 7296 1.4, 2.4', RESPONDER, 'an empty request gets an empty response')
def empty(t):
    sa = t.establish()
    for _ in range(3):
        sa.ping()


@case('RFC 7296 1.4, 2.4', INITIATOR, 'an empty request of the responder gets an empty response')
def empty_of_responder(t):
    sa = t.called_up()
    for _ in range(3):
        sa.ping()


@case('RFC 7296 1.4.1', RESPONDER, 'Delete of the IKE SA: an empty response, and everything is gone')
def delete_ike(t):
    sa = t.establish()
    t.equal(sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]).payloads, [], 'response')
    t.gone()


@case('RFC 7296 1.4.1', INITIATOR, 'Delete of the IKE SA by its responder')
def delete_ike_by_responder(t):
    sa = t.called_up()
    t.equal(sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]).payloads, [], 'response')
    t.gone()


@case('RFC 7296 1.4.1, 3.11', RESPONDER, 'Delete of a Child SA: the response has a Delete of the paired SA')
def delete_child(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.equal(m.kinds(), [wire.DELETE], 'payloads')
    t.equal(wire.decode_delete(m.get(wire.DELETE)), (wire.PROTO_ESP, [sa.children[0].spi_out]), 'Delete')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 1.4.1', INITIATOR, 'Delete of a Child SA by its responder: the response has a Delete of the paired SA')
def delete_child_by_responder(t):
    sa = t.called_up()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.equal(wire.decode_delete(m.get(wire.DELETE)), (wire.PROTO_ESP, [sa.children[0].spi_out]), 'Delete')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 1.4.1, 2.25.1', RESPONDER, 'Delete of an SPI that is unknown: a response without Delete, and nothing happens')
def delete_unknown(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, b'none')])
    t.equal(m.payloads, [], 'response')
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 3.11', RESPONDER, 'Delete names the sender\'s SPI: the receiver\'s own is unknown')
def delete_wrong_side(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_out)])
    t.equal(m.payloads, [], 'response')
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 3.11', RESPONDER, 'several SPIs in one Delete, unknown ones and repetitions among them')
def delete_several(t):
    sa = t.establish()
    spi = sa.children[0].spi_in
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, b'none', spi, spi, b'nope')])
    t.equal(wire.decode_delete(m.get(wire.DELETE)), (wire.PROTO_ESP, [sa.children[0].spi_out]), 'Delete')


@case('RFC 7296 3.11', RESPONDER, 'several Delete payloads in one request')
def delete_payloads(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, b'none'), wire.delete(wire.PROTO_AH, b'none'),
                                     wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.equal(wire.decode_delete(m.get(wire.DELETE)), (wire.PROTO_ESP, [sa.children[0].spi_out]), 'Delete')
    sa.ping()


@case('RFC 7296 3.11', RESPONDER, 'Delete of AH does not touch the ESP SA of that SPI')
def delete_ah(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_AH, sa.children[0].spi_in)])
    t.equal(m.payloads, [], 'response')
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 3.11', RESPONDER, 'Delete without SPIs deletes nothing')
def delete_none(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.Payload(wire.DELETE, b'\3\4\0\0')])
    t.equal(m.payloads, [], 'response')
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 1.4.1', RESPONDER, 'Delete of the IKE SA and of a Child SA in one request: all is gone')
def delete_both(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in), wire.delete(wire.PROTO_IKE)])
    t.check(m.error() is None, f'{m}')
    t.gone()


@case('RFC 7296 1.4', RESPONDER, 'notifies that need no action: an empty response')
def idle_notifies(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.notify(wire.INITIAL_CONTACT), wire.notify(wire.ADDITIONAL_TS_POSSIBLE),
                                     wire.notify(wire.HTTP_CERT_LOOKUP_SUPPORTED), wire.notify(50000, b'x')])
    t.equal(m.payloads, [], 'response')
    sa.ping()


@case('RFC 7296 1.4, 3.10.1', RESPONDER, 'INVALID_SELECTORS: an empty response, and all SAs stay')
def invalid_selectors(t):
    sa = t.establish()
    child = sa.children[0]
    m = sa.call(wire.INFORMATIONAL, [wire.notify(wire.INVALID_SELECTORS, bytes(40), protocol=wire.PROTO_ESP, spi=child.spi_in)])
    t.equal(m.payloads, [], 'response')
    t.equal([c['state'] for c in t.children()], ['INSTALLED'], 'Child SAs')
    sa.ping()


@case('RFC 7296 2.21.2', RESPONDER, 'AUTHENTICATION_FAILED of an initiator right after IKE_AUTH: the IKE SA is gone')
def initiator_did_not_believe(t):
    sa = t.establish()
    m = sa.call(wire.INFORMATIONAL, [wire.notify(wire.AUTHENTICATION_FAILED)])
    t.equal(m.payloads, [], 'response')
    t.gone()


@case('RFC 7296 2.21.2', RESPONDER, 'INVALID_SYNTAX and UNSUPPORTED_CRITICAL_PAYLOAD right after IKE_AUTH: the IKE SA is gone; later they are '
      'errors in a request, which change nothing')
def initiator_did_not_understand(t):
    for error in (wire.notify(wire.INVALID_SYNTAX), wire.notify(wire.UNSUPPORTED_CRITICAL_PAYLOAD, bytes([200]))):
        sa = t.establish()
        sa.ping()
        m = sa.call(wire.INFORMATIONAL, [error])
        t.equal(m.payloads, [], 'response')
        sa.ping()
        t.delete_ike(sa)
        sa = t.establish()
        m = sa.call(wire.INFORMATIONAL, [error])
        t.equal(m.payloads, [], 'response')
        t.gone()


@case('RFC 7296 1.4', RESPONDER, 'IKE_AUTH after the IKE SA is up is refused and changes nothing it has')
def late_auth(t):
    sa = t.establish()
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads())
    t.check(m.error() is not None and wire.SA not in m.kinds(), f'{m}')
    t.check(len(t.children()) <= 1, 'there are two Child SAs')


# 7296-1-order
@case('RFC 7296 1.2', RESPONDER, 'INFORMATIONAL and CREATE_CHILD_SA before IKE_AUTH have no effect')
def before_auth(t):
    for exchange in (wire.INFORMATIONAL, wire.CREATE_CHILD_SA):
        sa = t.init()
        payloads = [wire.delete(wire.PROTO_IKE)] if exchange == wire.INFORMATIONAL else (
            t.child_payloads() + [wire.nonce(os.urandom(32))])
        sa.send(sa.seal(exchange, payloads))
        try:
            m = sa.receive(0.05)
        except NothingCame:
            m = None
        t.check(m is None or m.error() is not None, f'{m}')
        t.equal(t.children(), [], 'Child SAs')
        t.check(not [one for one in t.sas() if one['state'] == 'ESTABLISHED'], 'it is established')
        t.again()


# -------- requests of the daemon --------

def terminate(t, **what):
    return t.daemon.later('terminate', {'timeout': '20000', **what})


@case('RFC 7296 1.4.1, 3.11', BOTH, 'its Delete of the IKE SA has no SPI, and the IKE SA lives until the answer')
def own_delete_ike(t):
    sa = t.establish()
    command = terminate(t, ike=t.name)
    m = sa.request(wire.INFORMATIONAL)
    t.equal(m.get(wire.DELETE).body, bytes([wire.PROTO_IKE, 0, 0, 0]), 'Delete')
    sa.ping()
    sa.answer(m)
    t.check(command.done(), f'{command.error}')
    t.gone()


@case('RFC 7296 1.4.1, 3.11', BOTH, 'its Delete of a Child SA names its own inbound SPI')
def own_delete_child(t):
    sa = t.establish()
    command = terminate(t, child='net', ike=t.name)
    m = sa.request(wire.INFORMATIONAL)
    t.equal(wire.decode_delete(m.get(wire.DELETE)), (wire.PROTO_ESP, [sa.children[0].spi_out]), 'Delete')
    sa.answer(m, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.check(command.done(), f'{command.error}')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 1.4.1', BOTH, 'a response without Delete closes its Child SA, too')
def own_delete_child_unanswered(t):
    sa = t.establish()
    command = terminate(t, child='net', ike=t.name)
    sa.answer(sa.request(wire.INFORMATIONAL))
    t.check(command.done(), f'{command.error}')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 1.4.1, 2.25.1', BOTH, 'Deletes of one Child SA that cross: the response to the peer\'s has no Delete')
def crossing_delete_child(t):
    sa = t.establish()
    command = terminate(t, child='net', ike=t.name)
    m = sa.request(wire.INFORMATIONAL)
    answer = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.equal(answer.payloads, [], 'response')
    sa.answer(m)
    t.check(command.done(), f'{command.error}')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 1.4.1, 2.25.2', BOTH, 'Deletes of the IKE SA that cross: both are answered, both sides have nothing')
def crossing_delete_ike(t):
    sa = t.establish()
    command = terminate(t, ike=t.name)
    sa.request(wire.INFORMATIONAL)
    answer = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)])
    t.equal(answer.payloads, [], 'response')
    t.check(command.done(), f'{command.error}')
    t.gone()


@case('RFC 7296 1.4.1, 2.25.2', BOTH, 'while it deletes the IKE SA a Delete of a Child SA is answered as ever')
def delete_child_while_closing(t):
    sa = t.establish()
    command = terminate(t, ike=t.name)
    m = sa.request(wire.INFORMATIONAL)
    answer = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.equal(wire.decode_delete(answer.get(wire.DELETE)), (wire.PROTO_ESP, [sa.children[0].spi_out]), 'Delete')
    sa.answer(m)
    t.check(command.done(), f'{command.error}')


@case('RFC 7296 1.4.1', RESPONDER, 'a Delete of a hundred Child SAs is answered by a Delete of a hundred')
def delete_many(t):
    sa = t.establish()
    for _ in range(99):
        t.created(sa, t.create(sa))
    m = sa.call(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, *[c.spi_in for c in sa.children])])
    named = [spi for p in m.payloads if p.kind == wire.DELETE for spi in wire.decode_delete(p)[1]]
    t.equal(sorted(named), sorted(c.spi_out for c in sa.children), 'SPIs')
    t.equal(t.children(), [], 'Child SAs')


# -------- liveness --------

@case('RFC 7296 2.4', BOTH, 'after dpd_delay without traffic it asks with an empty INFORMATIONAL request')
def liveness_asked(t):
    sa = t.establish(dpd_delay='1s')
    for _ in range(2):
        m = sa.request(wire.INFORMATIONAL)
        t.equal(m.payloads, [], 'payloads')
        sa.answer(m)
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.4', BOTH, 'a peer that does not answer liveness checks is dead: the IKE SA is gone', daemon='quick')
def liveness_failed(t):
    sa = t.establish(dpd_delay='1s')
    first = sa.endpoint.receive()
    t.equal(sa.open(first.data).payloads, [], 'payloads')
    t.gone()


@case('RFC 7296 2.4', BOTH, 'answers in clear are no sign of life: the IKE SA is gone all the same', daemon='quick')
def liveness_forged(t):
    sa = t.establish(dpd_delay='1s')
    m = sa.request(wire.INFORMATIONAL)
    sa.send(sa.clear(wire.INFORMATIONAL, [], response=True, mid=m.mid).encode())
    sa.send(sa.seal(wire.INFORMATIONAL, [], response=True, mid=m.mid, tamper=lambda data: data[:-1] + b'!'))
    t.gone()


@case('RFC 7296 2.4', BOTH, 'errors in clear about an IKE SA do not end it')
def hints_in_clear(t):
    sa = t.establish()
    for kind in (wire.INVALID_IKE_SPI, wire.INVALID_SPI, wire.AUTHENTICATION_FAILED, wire.INVALID_SYNTAX,
                 wire.INVALID_MAJOR_VERSION):
        for response in (False, True):
            t.ignored(sa, sa.clear(wire.INFORMATIONAL, [wire.notify(kind)], response=response, mid=sa.send_id).encode())
    t.equal(len(t.children()), 1, 'Child SAs')


# -------- INVALID_SYNTAX --------

@case('RFC 7296 2.21.3', BOTH, 'INVALID_SYNTAX in answer to a request of its own: the IKE SA is gone, without a Delete')
def syntax_in_answer(t):
    sa = t.establish(dpd_delay='1s')
    sa.answer(sa.request(wire.INFORMATIONAL), [wire.notify(wire.INVALID_SYNTAX)])
    t.gone()
    t.silent(sa.endpoint, 0.2)


@case('RFC 7296 2.21.3', BOTH, 'the same in answer to CREATE_CHILD_SA')
def syntax_in_create(t):
    sa = t.establish(child={'rekey_time': '1s', 'rand_time': '0s'})
    sa.answer(sa.request(wire.CREATE_CHILD_SA), [wire.notify(wire.INVALID_SYNTAX)])
    t.gone()
    t.silent(sa.endpoint, 0.2)
