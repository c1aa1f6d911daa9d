# SPDX-License-Identifier: MIT
"""Errors in the initial exchanges"""
from case import *  # noqa: F401,F403


def refuse(sa, kind, data=b'', spi_r=wire.NO_SPI):
    m = sa.clear(wire.IKE_SA_INIT, [wire.notify(kind, data)], response=True)
    m.spi_r = spi_r
    sa.send(m.encode())


@case('RFC 7296 2.21.1', INITIATOR, 'errors in IKE_SA_INIT are hints: the good response after them is taken')
def hint_then_good(t):
    for kind in (wire.NO_PROPOSAL_CHOSEN, wire.INVALID_SYNTAX, wire.INVALID_MAJOR_VERSION, 9000,
                 wire.UNSUPPORTED_CRITICAL_PAYLOAD):
        sa = t.called()
        refuse(sa, kind)
        sa, m = t.called_auth(sa)
        t.accept(sa, m)
        t.check(sa.command.done(), f'after {kind}: {sa.command.error}')
        t.again()


@case('RFC 7296 2.21.1', INITIATOR, 'an error in IKE_SA_INIT that nothing contradicts ends the try', daemon='quick')
def hint_alone(t):
    sa = t.called()
    refuse(sa, wire.NO_PROPOSAL_CHOSEN)
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.gone()


@case('RFC 7296 2.21.1', INITIATOR, 'status notifies alone are no response to IKE_SA_INIT')
def status_alone(t):
    sa = t.called()
    for kind in (16404, 40000, wire.NAT_DETECTION_SOURCE_IP):
        refuse(sa, kind, bytes(20))
    sa.send(sa.clear(wire.IKE_SA_INIT, [], response=True).encode())
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.1, 2.4', INITIATOR, 'responses to IKE_SA_INIT with another initiator SPI or the Initiator flag are not taken')
def other_header(t):
    sa = t.called()
    m = sa.clear(wire.IKE_SA_INIT, sa.init_payloads(), response=True)
    m.spi_i = b'somebody'
    sa.send(m.encode())
    m = sa.clear(wire.IKE_SA_INIT, sa.init_payloads(), response=True)
    m.flags |= wire.INITIATOR
    sa.send(m.encode())
    m = sa.clear(wire.IKE_SA_INIT, sa.init_payloads(), response=False)
    sa.send(m.encode())
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.6', INITIATOR, 'a good response without a responder SPI is not accepted')
def no_responder_spi(t):
    sa = t.called()
    spi, sa.spi_r = sa.spi_r, wire.NO_SPI
    sa.send(sa.clear(wire.IKE_SA_INIT, sa.init_payloads(), response=True).encode())
    sa.spi_r = spi
    t.silent(sa.endpoint, 0.05)


@case('RFC 7296 2.5', INITIATOR, 'an unknown critical payload in the IKE_SA_INIT response: it is not accepted')
def critical_init_response(t):
    sa = t.called()
    sa.send(sa.init_response(sa.init_payloads() + [wire.critical(wire.Payload(250, b'!'))]))
    t.silent(sa.endpoint, 0.05)
    t.check(not [one for one in t.sas() if one['state'] == 'ESTABLISHED'], 'it is established')


@case('RFC 7296 2.5, 2.21.2', INITIATOR, 'an unknown critical payload in the IKE_AUTH response: no IKE SA')
def critical_auth_response(t):
    sa, m = t.called_auth()
    sa.answer(m, sa.auth_payloads(t.own_id) + t.child_answer(m) + [wire.critical(wire.Payload(250, b'!'))])
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.gone()


@case('RFC 7296 2.21.2', INITIATOR, 'a malformed IKE_AUTH response: no IKE SA')
def malformed_auth_response(t):
    sa, m = t.called_auth()
    sa.answer(m, [], first=wire.IDR, inner=b'\0\0\0\3')
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.gone()


@case('RFC 7296 2.21.1, RFC 6989 2.5', INITIATOR, 'answers to IKE_SA_INIT that anybody could send do not keep the good one from being taken')
def bad_answers(t):
    sa = t.called()
    good = sa.init_payloads()
    for payloads in ([good[0], wire.ke(wire.X25519, bytes(32))] + good[2:],
                     [good[0], wire.ke(wire.X25519, bytes(31))] + good[2:],
                     [good[0], wire.ke(wire.ECP256, bytes(64))] + good[2:],
                     [wire.sa(sa.proposal(bits=256))] + good[1:],
                     [wire.sa(sa.proposal(), sa.proposal(2))] + good[1:]):
        sa.send(sa.clear(wire.IKE_SA_INIT, payloads, response=True).encode())
    spi, sa.spi_r = sa.spi_r, wire.NO_SPI
    sa.send(sa.clear(wire.IKE_SA_INIT, good, response=True).encode())
    sa.spi_r = spi
    sa, m = t.called_auth(sa)
    t.accept(sa, m)
    t.check(sa.command.done(), f'the daemon says: {sa.command.error}')


@case('RFC 7296 2.21.2', INITIATOR, 'INVALID_SYNTAX or UNSUPPORTED_CRITICAL_PAYLOAD in answer to IKE_AUTH: no IKE SA, no Delete')
def auth_refused(t):
    for kind, data in ((wire.INVALID_SYNTAX, b''), (wire.UNSUPPORTED_CRITICAL_PAYLOAD, b'\x21')):
        sa, m = t.called_auth()
        sa.answer(m, [wire.notify(kind, data)])
        t.check(not sa.command.done(), 'the daemon says that it is up')
        t.gone()
        t.silent(sa.endpoint, 0.02)
        t.again()


@case('RFC 7296 2.21.2', RESPONDER, 'after a refused IKE_AUTH the same request gets the same refusal or nothing, never an IKE SA')
def refused_again(t):
    sa = t.init()
    own = wire.ident(wire.IDI, *t.own_id)
    data = sa.ask(wire.IKE_AUTH, [own, wire.auth(wire.AUTH_PSK, bytes(32))] + t.child_payloads())
    t.equal(sa.response().error(), wire.AUTHENTICATION_FAILED, 'error')
    sa.send(data)
    probe = Sa(sa.endpoint, True, psk=SECRET)
    probe.endpoint.send(probe.init_request())
    m = sa.endpoint.message()
    while m.spi_i != probe.spi_i:
        t.check(m.kinds() == [wire.SK] or m.error() == wire.INVALID_IKE_SPI, f'{m}')
        m = sa.endpoint.message()
    t.equal([one['state'] for one in t.sas()], ['CONNECTING'], 'IKE SAs')


@case('RFC 7296 2.21.2', RESPONDER, 'after a refused IKE_AUTH a good one on the same IKE SA is not accepted')
def good_after_refused(t):
    sa = t.init()
    own = wire.ident(wire.IDI, *t.own_id)
    sa.call(wire.IKE_AUTH, [own, wire.auth(wire.AUTH_PSK, bytes(32))] + t.child_payloads())
    sa.send(sa.seal(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads()))
    t.equal(sa.endpoint.message().error(), wire.INVALID_IKE_SPI, 'answer')
    t.equal(t.sas(), [], 'IKE SAs')


@case('RFC 7296 1.2', RESPONDER, 'IKE_AUTH that is sealed with other keys is not answered in the IKE SA\'s name')
def other_keys(t):
    sa = t.init()
    keys = sa.keys
    sa.keys = crypto.Keys(sa.prf, sa.suite, bytes(32), sa.nonce, sa.peer_nonce, sa.spi_i, sa.spi_r)
    sa.send(sa.seal(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + t.child_payloads()))
    sa.keys = keys
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
