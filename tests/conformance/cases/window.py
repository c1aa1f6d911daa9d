# SPDX-License-Identifier: MIT
"""Message IDs and windows"""
from case import *  # noqa: F401,F403


@case('RFC 7296 2.2', RESPONDER, 'a responder\'s first own request has message ID 0, and it counts up by one')
def own_ids_responder(t):
    sa = t.establish()
    t.daemon.later('terminate', {'child': 'net', 'ike': t.name, 'timeout': '10000'})
    m = sa.request(wire.INFORMATIONAL)
    t.equal((m.mid, m.flags), (0, 0), 'ID and flags of the first request')
    sa.answer(m, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.daemon.later('terminate', {'ike': t.name, 'timeout': '10000'})
    m = sa.request(wire.INFORMATIONAL)
    t.equal(m.mid, 1, 'ID of the second request')
    sa.answer(m)
    t.gone()


@case('RFC 7296 2.2', INITIATOR, 'an initiator\'s requests are 0, 1, 2, those of its peer begin at 0')
def own_ids_initiator(t):
    sa = t.called_up()
    t.equal(sa.first.mid, 0, 'ID of IKE_SA_INIT')
    t.equal(sa.receive_id, 2, 'ID that comes next')
    sa.ping()
    t.daemon.later('terminate', {'ike': t.name, 'timeout': '10000'})
    m = sa.request(wire.INFORMATIONAL)
    t.equal((m.mid, m.flags), (2, wire.INITIATOR), 'ID and flags')
    sa.ping()
    sa.answer(m)
    t.gone()


@case('RFC 7296 2.2', RESPONDER, 'IKE_AUTH with another message ID than 1 is not accepted')
def auth_id(t):
    sa = t.init()
    payloads = sa.auth_payloads(t.own_id) + t.child_payloads()
    for mid in (0, 2, 3):
        sa.send(sa.seal(wire.IKE_AUTH, payloads, mid=mid))
    m = t.authenticate(sa)
    t.equal(m.mid, 1, 'ID of the only answer')
    sa.ping()


def outside_window(t, sa, mid):
    """A request that must stay unanswered; only INVALID_MESSAGE_ID in a request of its own may come (2.3)."""
    sa.send(sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], mid=mid))
    sa.ask(wire.INFORMATIONAL, [])
    while True:
        m = sa.receive()
        if m.is_response:
            t.equal(m.mid, sa.send_id - 1, 'ID of the first response')
            return
        n = m.notify(wire.INVALID_MESSAGE_ID)
        t.check(m.exchange == wire.INFORMATIONAL and n, f'{m} came')
        t.equal(n.data, mid.to_bytes(4, 'big'), 'the ID that is named')
        sa.answer(m)


@case('RFC 7296 2.3', RESPONDER, 'requests ahead of the window are not answered, nor done')
def ahead_of_window(t):
    sa = t.establish()
    for ahead in (1, 2, 3, 100, 0x7fffffff):
        outside_window(t, sa, sa.send_id + ahead)
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.3', RESPONDER, 'requests behind the window are not answered, nor done')
def behind_window(t):
    sa = t.establish()
    sa.ping()
    sa.ping()
    for mid in (0, 1, 2, 0xffffffff):
        outside_window(t, sa, mid)
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.3', RESPONDER, 'an ID that was used, with other content: neither done nor answered as new')
def id_used_again(t):
    sa = t.establish()
    sa.ping()
    outside_window(t, sa, sa.send_id - 1)
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.3, 2.21.3', RESPONDER, 'SET_WINDOW_SIZE of another length than four octets is malformed: INVALID_SYNTAX')
def window_of_another_length(t):
    for data in (b'', bytes(3), bytes(8)):
        sa = t.establish()
        t.equal(sa.call(wire.INFORMATIONAL, [wire.notify(wire.SET_WINDOW_SIZE, data)]).error(), wire.INVALID_SYNTAX, 'error')
        t.again()


@case('RFC 7296 2.3', BOTH, 'it announces no window, so that the peer keeps to 1')
def no_window(t):
    sa = t.init()
    t.equal(wire.decode(sa.peer_init).notify(wire.SET_WINDOW_SIZE), None, 'notify in IKE_SA_INIT')
    t.equal(t.authenticate(sa).notify(wire.SET_WINDOW_SIZE), None, 'notify in IKE_AUTH')
    t.again()
    sa, m = t.called_auth()
    t.equal(m.notify(wire.SET_WINDOW_SIZE), None, 'notify in the IKE_AUTH request')


@case('RFC 7296 2.3', RESPONDER, 'SET_WINDOW_SIZE is accepted, in IKE_AUTH and later')
def set_window_size(t):
    sa = t.establish(offer={'extra': [wire.notify(wire.SET_WINDOW_SIZE, (4).to_bytes(4, 'big'))]})
    m = sa.call(wire.INFORMATIONAL, [wire.notify(wire.SET_WINDOW_SIZE, (8).to_bytes(4, 'big'))])
    t.check(m.error() is None, f'{m}')
    sa.ping()


@case('RFC 7296 2.3', RESPONDER, 'its window as a requester is 1: the second request waits for the first response')
def own_window(t):
    sa = t.establish(children={
        'one': {'local_ts': '10.1.1.0/24', 'remote_ts': '10.2.0.0/16', 'esp_proposals': 'aes128gcm16'}})
    t.daemon.later('terminate', {'child': 'one', 'ike': t.name, 'timeout': '10000'})
    first = sa.request(wire.INFORMATIONAL)
    t.daemon.later('terminate', {'ike': t.name, 'timeout': '10000'})
    t.until(lambda: [one['state'] for one in t.sas()] == ['DELETING'], 'the second command is there')
    sa.ping()
    t.equal(sa.inbox, [], 'requests before the first is answered')
    t.silent(sa.endpoint, 0.05)
    sa.answer(first, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    second = sa.request(wire.INFORMATIONAL)
    t.equal(second.mid, first.mid + 1, 'ID')
    sa.answer(second)
    t.gone()


@case('RFC 7296 2.2', RESPONDER, 'responses to what was never asked are ignored')
def unasked_responses(t):
    sa = t.establish()
    for mid in (0, 1, 2, 3, 1000):
        for exchange in (wire.IKE_AUTH, wire.CREATE_CHILD_SA, wire.INFORMATIONAL):
            t.ignored(sa, sa.seal(exchange, [wire.notify(wire.AUTHENTICATION_FAILED)], response=True, mid=mid))


@case('RFC 7296 2.2', INITIATOR, 'responses with another message ID or exchange are ignored')
def other_responses(t):
    sa, m = t.called_auth()
    for mid, exchange in ((0, wire.IKE_AUTH), (2, wire.IKE_AUTH), (1, wire.INFORMATIONAL), (1, wire.CREATE_CHILD_SA)):
        sa.send(sa.seal(exchange, [wire.notify(wire.AUTHENTICATION_FAILED)], response=True, mid=mid))
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.3', BOTH, 'requests of both sides at once: each is answered while the other is outstanding')
def both_at_once(t):
    sa = t.establish()
    t.daemon.later('terminate', {'child': 'net', 'ike': t.name, 'timeout': '10000'})
    m = sa.request(wire.INFORMATIONAL)
    for _ in range(5):
        sa.ping()
    sa.answer(m, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    t.until(lambda: not t.children(), 'the Child SA is gone')
    sa.ping()


@case('RFC 7296 2.2, 3.1', INITIATOR, 'the Initiator flag is clear in all the peer sends: requests with it are not taken')
def flag_of_responder(t):
    sa = t.called_up()
    sa.send(sa.seal(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)], flags=wire.INITIATOR))
    t.equal(sa.endpoint.message().error(), wire.INVALID_IKE_SPI, 'answer')
    sa.ping()
