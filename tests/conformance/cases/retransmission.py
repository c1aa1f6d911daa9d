# SPDX-License-Identifier: MIT
"""Retransmission and cached responses"""
import os

from case import *  # noqa: F401,F403

# The daemon "quick": the first wait, each further one is half as long again, three retransmissions.
FIRST_WAIT, BASE, TRIES = 0.2, 1.5, 3
QUIET = 4  # after so many seconds nothing comes any more, also where the machine has much else to do


def repetitions(endpoint, first):
    """Times at which the request first comes again, until it doesn't."""
    times = []
    while True:
        try:
            datagram = endpoint.receive(QUIET, repeats=True)
        except NothingCame:
            return times
        if datagram.data != first:
            raise Failed(f'another request came: {datagram.data.hex()}')
        times.append(datagram.at)


def backed_off(t, began, times):
    t.equal(len(times), TRIES, 'retransmissions')
    waits = [later - earlier for earlier, later in zip([began] + times, times)]
    for n, wait in enumerate(waits):
        t.check(wait > 0.9 * FIRST_WAIT * BASE**n, f'wait {n} was {wait:.3f} s')


# -------- responder --------

@case('RFC 7296 2.1', RESPONDER, 'IKE_SA_INIT that comes again gets the very same response')
def init_again(t):
    sa = t.ready()
    data = sa.init_request()
    sa.endpoint.send(data)
    first = sa.endpoint.receive().data
    for _ in range(3):
        sa.endpoint.send(data)
        t.equal(sa.endpoint.receive().data, first, 'response')
    t.equal(len(t.sas()), 1, 'IKE SAs')


@case('RFC 7296 2.1', RESPONDER, 'IKE_AUTH that comes again gets the very same response')
def auth_again(t):
    sa = t.init()
    data = sa.ask(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads())
    first = sa.endpoint.receive().data
    for _ in range(3):
        sa.send(data)
        t.equal(sa.endpoint.receive().data, first, 'response')
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.1', RESPONDER, 'INFORMATIONAL that comes again gets the very same response and is done once')
def informational_again(t):
    sa = t.establish()
    data = sa.ask(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, sa.children[0].spi_in)])
    first = sa.endpoint.receive().data
    t.equal(sa.open(first).get(wire.DELETE).body[4:], sa.children[0].spi_out, 'Delete in the response')
    for _ in range(3):
        sa.send(data)
        t.equal(sa.endpoint.receive().data, first, 'response')


@case('RFC 7296 2.1, 2.3', RESPONDER, 'a request from before the last is not answered any more')
def older_request(t):
    sa = t.establish()
    old = sa.ask(wire.INFORMATIONAL, [])
    sa.response()
    sa.ping()
    t.ignored(sa, old)


@case('RFC 7296 2.1', RESPONDER, 'IKE_SA_INIT that comes again after IKE_AUTH makes no second IKE SA')
def init_after_auth(t):
    sa = t.establish()
    sa.endpoint.send(sa.own_init)
    sa.ping()
    t.equal([one['state'] for one in t.sas()], ['ESTABLISHED'], 'IKE SAs')


@case('RFC 7296 2.1', RESPONDER, 'another IKE_SA_INIT with the same SPI is another IKE SA: the whole request is compared')
def same_spi_other_request(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request())
    first = sa.endpoint.message()
    sa.nonce = os.urandom(32)
    sa.endpoint.send(sa.init_request())
    sa.take_init_response(sa.endpoint.message())
    t.check(sa.spi_r != first.spi_r, 'the same responder SPI came')
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.1', RESPONDER, 'the same IKE_SA_INIT from two addresses: two IKE SAs')
def same_request_two_addresses(t):
    one, other = t.endpoint(), t.endpoint()
    t.connect(one)
    t.connect(other, name=t.name + 'b')
    sa = Sa(one, True, psk=SECRET)
    data = sa.init_request(sa.init_payloads(nat=False))
    one.send(data)
    first = one.message()
    other.send(data)
    second = other.message()
    t.check(first.spi_r != second.spi_r, 'both have the same responder SPI')
    sa.take_init_response(first)
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.1', RESPONDER, 'a responder never sends a response again on its own', daemon='quick')
def no_unasked_response(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request())
    sa.take_init_response(sa.endpoint.message())
    t.authenticate(sa)
    t.silent(sa.endpoint, FIRST_WAIT * 3)


@case('RFC 7296 2.1, 2.4', RESPONDER, 'a half-open IKE SA is forgotten when the initiator does not go on', daemon='quick')
def half_open_forgotten(t):
    sa = t.init()
    t.equal(len(t.sas()), 1, 'IKE SAs')
    t.gone()
    t.silent(sa.endpoint, 0.01)


@case('RFC 7296 2.1', RESPONDER, 'a repeated request with a wrong ICV gets no new response')
def forged_repetition(t):
    sa = t.establish()
    data = sa.ask(wire.INFORMATIONAL, [])
    sa.response()
    t.ignored(sa, data[:-1] + bytes([data[-1] ^ 1]))


@case('RFC 7296 2.1', RESPONDER, 'an IKE_AUTH request that fails its ICV is dropped, the true one is still answered')
def forged_auth(t):
    sa = t.init()
    good = sa.seal(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads())
    for at in (-1, 40, 60):
        sa.send(good[:at] + bytes([good[at] ^ 0x80]) + good[at:][1:])
    sa.send(good)
    sa.send_id += 1
    m = sa.response()
    sa.check_auth(m)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


# -------- initiator --------

@case('RFC 7296 2.1, 2.4', INITIATOR, 'IKE_SA_INIT is sent again bit for bit, with growing waits, then given up', daemon='quick')
def init_sent_again(t):
    endpoint = t.connect()
    command = t.initiate()
    first = endpoint.receive()
    times = repetitions(endpoint, first.data)
    backed_off(t, first.at, times)
    t.check(not command.done(), 'the daemon says that it is up')
    t.gone()


@case('RFC 7296 2.1', INITIATOR, 'IKE_AUTH is sent again bit for bit, with growing waits, then given up', daemon='quick')
def auth_sent_again(t):
    sa = t.called()
    sa.send(sa.init_response())
    first = sa.endpoint.receive()
    backed_off(t, first.at, repetitions(sa.endpoint, first.data))
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.gone()


@case('RFC 7296 2.1', INITIATOR, 'an answer to the second copy of a request ends the retransmissions', daemon='quick')
def answer_to_second(t):
    sa = t.called()
    t.equal(sa.endpoint.receive(repeats=True).data, sa.first.raw, 'IKE_SA_INIT')
    sa, m = t.called_auth(sa)
    t.equal(sa.endpoint.receive(repeats=True).data, m.raw, 'IKE_AUTH')
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')
    while True:  # what was on its way
        try:
            sa.endpoint.receive(0.01, repeats=True)
        except NothingCame:
            break
    t.silent(sa.endpoint, FIRST_WAIT * 4)


@case('RFC 7296 2.1, 2.4', INITIATOR, 'a Delete that nobody answers is sent again, then the IKE SA is gone', daemon='quick')
def delete_sent_again(t):
    sa = t.called_up()
    t.daemon.later('terminate', {'ike': t.name, 'timeout': '30000'})
    first = sa.endpoint.receive()
    t.equal(wire.decode_delete(sa.open(first.data).get(wire.DELETE))[0], wire.PROTO_IKE, 'protocol of the Delete')
    backed_off(t, first.at, repetitions(sa.endpoint, first.data))
    t.gone()


@case('RFC 7296 2.1, 3.14', INITIATOR, 'a response with a wrong ICV does not end the retransmissions', daemon='quick')
def forged_response(t):
    sa, m = t.called_auth()
    payloads = sa.auth_payloads(t.own_id) + t.child_answer(m)
    sa.send(sa.seal(wire.IKE_AUTH, payloads, response=True, tamper=lambda data: data[:-1] + bytes([data[-1] ^ 1])))
    t.equal(sa.endpoint.receive(repeats=True).data, m.raw, 'request')
    sa.answer(m, payloads)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.1', INITIATOR, 'responses that come twice do no harm')
def response_twice(t):
    sa = t.called()
    data = sa.init_response()
    sa.send(data)
    sa.send(data)
    m = sa.request(wire.IKE_AUTH)
    data = t.accept(sa, m)
    sa.send(data)
    sa.send(data)
    t.check(sa.command.done(), f'{sa.command.error}')
    sa.ping()
    t.equal(len(t.children()), 1, 'Child SAs')


@case('RFC 7296 2.1', RESPONDER, 'a Delete of the IKE SA that comes again finds no IKE SA')
def delete_again(t):
    sa = t.establish()
    data = sa.ask(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)])
    t.equal(sa.response().payloads, [], 'response')
    t.gone()
    sa.send(data)
    m = sa.endpoint.message()
    t.equal(m.error(), wire.INVALID_IKE_SPI, 'answer to the copy')
