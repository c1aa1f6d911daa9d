# SPDX-License-Identifier: MIT
"""Cookies"""
import os

from case import *  # noqa: F401,F403


def pressed(t, **options):
    """A ready Sa; the daemon's only half-open IKE SA is its own, so that cookies are due."""
    sa = t.ready(**options)
    with t.daemon.lock:  # one filler for all
        if not getattr(t.daemon, 'filled', False):
            endpoint = t.endpoint()
            t.connect(endpoint, name='filler')
            t.connections.remove('filler')
            filler = Sa(endpoint, True, psk=SECRET)
            endpoint.send(filler.init_request())
            t.check(endpoint.message().get(wire.SA), 'the first one was not answered')
            t.daemon.filled = True
    return sa


def ask_cookie(t, sa, data=None):
    sa.endpoint.send(data or sa.init_request())
    m = sa.endpoint.message()
    t.equal([n.kind for n in m.notifies()], [wire.COOKIE], 'notifies')
    return m


def with_cookie(sa, cookie, at=0):
    payloads = sa.init_payloads()
    payloads.insert(at, wire.notify(wire.COOKIE, cookie))
    return sa.init_request(payloads)


@case('RFC 7296 2.6', RESPONDER, 'under pressure a first request gets a COOKIE and nothing else, with SPIr and message ID 0',
      daemon='cookie')
def cookie_asked(t):
    sa = pressed(t)
    m = ask_cookie(t, sa)
    t.equal((m.exchange, m.flags, m.mid, m.spi_i, m.spi_r),
            (wire.IKE_SA_INIT, wire.RESPONSE, 0, sa.spi_i, wire.NO_SPI), 'header')
    t.equal(len(m.payloads), 1, 'payloads')
    n = m.notifies()[0]
    t.check(1 <= len(n.data) <= 64 and not n.spi, f'cookie {n.data.hex()}')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 2.6, 2.15', RESPONDER, 'the request with the cookie is accepted, and AUTH covers that request', daemon='cookie')
def cookie_returned(t):
    sa = pressed(t)
    m = ask_cookie(t, sa)
    sa.endpoint.send(with_cookie(sa, m.notifies()[0].data))
    sa.take_init_response(sa.endpoint.message())
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.5, 2.6', RESPONDER, 'a cookie is found wherever it stands in the request', daemon='cookie')
def cookie_not_first(t):
    sa = pressed(t)
    m = ask_cookie(t, sa)
    sa.endpoint.send(with_cookie(sa, m.notifies()[0].data, at=3))
    sa.take_init_response(sa.endpoint.message())


@case('RFC 7296 2.6', RESPONDER, 'a wrong cookie counts as none: a new one is asked for', daemon='cookie')
def cookie_wrong(t):
    sa = pressed(t)
    good = ask_cookie(t, sa).notifies()[0].data
    for wrong in (bytes(len(good)), good[:-1], good + b'\0', good[:-1] + bytes([good[-1] ^ 1]), os.urandom(64)):
        m = ask_cookie(t, sa, with_cookie(sa, wrong))
        t.equal(len(m.notifies()[0].data), len(good), 'length of the new cookie')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 2.6', RESPONDER, 'a cookie is good for one address, SPI and nonce only', daemon='cookie')
def cookie_bound(t):
    sa = pressed(t)
    cookie = ask_cookie(t, sa).notifies()[0].data
    other = Sa(sa.endpoint, True, psk=SECRET)
    ask_cookie(t, other, with_cookie(other, cookie))
    other.nonce = sa.nonce
    ask_cookie(t, other, with_cookie(other, cookie))
    other.nonce, other.spi_i = os.urandom(32), sa.spi_i
    ask_cookie(t, other, with_cookie(other, cookie))
    elsewhere = t.endpoint()
    t.connect(elsewhere, name=t.name + 'b')
    sa.endpoint = elsewhere
    ask_cookie(t, sa, with_cookie(sa, cookie))


@case('RFC 7296 2.6', RESPONDER, 'the request with the cookie that comes again gets the very same response', daemon='cookie')
def cookie_again(t):
    sa = pressed(t)
    data = with_cookie(sa, ask_cookie(t, sa).notifies()[0].data)
    sa.endpoint.send(data)
    first = sa.endpoint.receive().data
    sa.endpoint.send(data)
    t.equal(sa.endpoint.receive().data, first, 'response')


@case('RFC 7296 2.6.1', RESPONDER, 'INVALID_KE_PAYLOAD after a cookie: the same cookie is good for the request with the other KE',
      daemon='cookie')
def cookie_then_ke(t):
    sa = pressed(t)
    cookie = ask_cookie(t, sa).notifies()[0].data
    kex = crypto.KeyExchange(wire.ECP256)
    payloads = [wire.notify(wire.COOKIE, cookie)] + sa.init_payloads(ke=wire.ke(wire.ECP256, kex.public))
    payloads[1] = wire.sa(sa.proposal(method=wire.ECP256), sa.proposal(2))
    sa.endpoint.send(sa.init_request(payloads))
    m = sa.endpoint.message()
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.INVALID_KE_PAYLOAD, b'\0\x1f')], 'notifies')
    payloads[2] = wire.ke(sa.method, sa.kex.public)
    sa.endpoint.send(sa.init_request(payloads))
    sa.take_init_response(sa.endpoint.message())


@case('RFC 7296 2.6', RESPONDER, 'a cookie that nobody asked for is ignored')
def cookie_unasked(t):
    sa = t.ready()
    sa.endpoint.send(with_cookie(sa, b'a cookie of somebody else'))
    sa.take_init_response(sa.endpoint.message())
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.6', RESPONDER, 'beyond the limit of half-open IKE SAs first requests are dropped', daemon='full')
def half_open_limit(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request())
    t.check(sa.endpoint.message().get(wire.SA), 'the first one')
    other = Sa(sa.endpoint, True, psk=SECRET)
    other.endpoint.send(other.init_request())
    t.until(lambda: t.daemon.counters()['half-open-refused'] == 1, 'it is counted')
    t.silent(sa.endpoint, 0.01)
    t.equal(len(t.sas()), 1, 'IKE SAs')


# -------- initiator --------

def cookie_message(sa, *cookies):
    """The COOKIE response, with SPIr 0 (2.6)."""
    m = sa.clear(wire.IKE_SA_INIT, [wire.notify(wire.COOKIE, cookie) for cookie in cookies], response=True)
    m.spi_r = wire.NO_SPI
    return m.encode()


def after_cookie(t, sa, cookie):
    """The request that came has this cookie first and is the first one otherwise."""
    m = sa.endpoint.message()
    t.equal(m.payloads[0].kind, wire.NOTIFY, 'first payload')
    t.equal((m.notifies()[0].kind, m.notifies()[0].data), (wire.COOKIE, cookie), 'first notify')
    t.equal((m.spi_i, m.spi_r, m.mid, m.flags), (sa.spi_i, wire.NO_SPI, 0, wire.INITIATOR), 'header')
    t.equal([(p.kind, p.body) for p in m.payloads[1:]], [(p.kind, p.body) for p in sa.first.payloads
                                                        if p.kind != wire.NOTIFY or
                                                        wire.decode_notify(p.body).kind != wire.COOKIE], 'the rest')
    sa.take_init_request(m)
    return m


@case('RFC 7296 2.6, 2.2', INITIATOR, 'the retry has the cookie as its first payload, message ID 0, SPIr 0 and the rest unchanged')
def cookie_sent_back(t):
    sa = t.called()
    for cookie in (b'x' * 20, b'1', os.urandom(64)):
        sa.send(cookie_message(sa, cookie))
        after_cookie(t, sa, cookie)


@case('RFC 7296 2.15', INITIATOR, 'after a cookie AUTH covers the request that was answered')
def cookie_auth(t):
    sa = t.called()
    sa.send(cookie_message(sa, b'biscuit'))
    after_cookie(t, sa, b'biscuit')
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.6', INITIATOR, 'cookies that are empty or longer than 64 octets are ignored')
def cookie_of_wrong_length(t):
    sa = t.called()
    sa.send(cookie_message(sa, b''))
    sa.send(cookie_message(sa, bytes(65)))
    sa.send(cookie_message(sa, b'good'))
    after_cookie(t, sa, b'good')


@case('RFC 7296 2.6', INITIATOR, 'the number of cookies that it sends back is limited')
def cookie_rounds(t):
    sa = t.called()
    rounds = 0
    for n in range(100):
        sa.send(cookie_message(sa, bytes([n + 1])))
    while True:
        try:
            m = sa.endpoint.message(0.2)
        except NothingCame:
            break
        rounds += 1
        sa.take_init_request(m)
    t.check(1 <= rounds <= 20, f'{rounds} rounds')
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.6.1', INITIATOR, 'COOKIE and then INVALID_KE_PAYLOAD: the last cookie goes along with the other KE')
def cookie_and_ke(t):
    sa = t.called(proposals='aes128gcm16-prfsha256-x25519-ecp256')
    sa.send(cookie_message(sa, b'crumbs'))
    after_cookie(t, sa, b'crumbs')
    sa.send(sa.clear(wire.IKE_SA_INIT, [wire.notify(wire.INVALID_KE_PAYLOAD, b'\0\x13')], response=True).encode())
    m = sa.endpoint.message()
    t.equal((m.payloads[0].kind, m.notifies()[0].data), (wire.NOTIFY, b'crumbs'), 'cookie')
    t.equal(wire.decode_ke(m.get(wire.KE))[0], wire.ECP256, 'method of KE')
    t.equal(m.get(wire.SA).body, sa.first.get(wire.SA).body, 'SA')
    sa.send(cookie_message(sa, b'another'))
    m = sa.endpoint.message()
    t.equal([n.data for n in m.notifies() if n.kind == wire.COOKIE], [b'another'], 'cookies')
    t.equal(wire.decode_ke(m.get(wire.KE))[0], wire.ECP256, 'method of KE')
