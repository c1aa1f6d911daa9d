# SPDX-License-Identifier: MIT
"""Repeated authentication (RFC 4478)"""
import struct

from case import *  # noqa: F401,F403


def lifetime(seconds):
    return wire.notify(wire.AUTH_LIFETIME, struct.pack('>I', seconds))


def begins_anew(sa, t):
    """Another IKE SA; the old one is there until that is up."""
    m = sa.endpoint.message()
    t.equal((m.exchange, m.mid, m.spi_i == sa.spi_i), (wire.IKE_SA_INIT, 0, False), 'what follows')
    sa.ping()


@case('RFC 4478 2, 3', RESPONDER, 'AUTH_LIFETIME stands in its IKE_AUTH response, sealed, of protocol 0, without SPI, with the seconds')
def announced(t):
    sa = t.init(reauth_time='1h')
    n = t.authenticate(sa).notify(wire.AUTH_LIFETIME)
    t.equal((n.protocol, n.spi, n.data), (0, b'', struct.pack('>I', 3600)), 'notify')


@case('RFC 4478 2', RESPONDER, 'without reauth_time there is none')
def not_announced(t):
    t.equal(t.authenticate(t.init()).notify(wire.AUTH_LIFETIME), None, 'notify')


@case('RFC 4478 2', INITIATOR, 'AUTH_LIFETIME in IKE_AUTH: it authenticates anew within that time')
def in_auth(t):
    sa, m = t.called_auth()
    t.accept(sa, m, [lifetime(2)])
    begins_anew(sa, t)


@case('RFC 4478 2', INITIATOR, 'AUTH_LIFETIME in INFORMATIONAL: the same, and an empty response')
def later(t):
    sa = t.called_up()
    t.equal(sa.call(wire.INFORMATIONAL, [lifetime(2)]).payloads, [], 'response')
    begins_anew(sa, t)


@case('RFC 4478 2', INITIATOR, 'AUTH_LIFETIME of zero seconds in INFORMATIONAL: at once')
def at_once(t):
    sa = t.called_up()
    t.equal(sa.call(wire.INFORMATIONAL, [lifetime(0)]).payloads, [], 'response')
    begins_anew(sa, t)


@case('RFC 4478 2', INITIATOR, 'the peer has rekeyed the IKE SA: who authenticated first has to do so again, whatever the flags')
def after_rekeying(t):
    sa = t.called_up()
    new = t.rekey_ike(sa)
    new.ping()
    t.delete_ike(sa)
    t.equal(new.call(wire.INFORMATIONAL, [lifetime(0)]).payloads, [], 'response')
    begins_anew(new, t)


@case('RFC 4478 2', RESPONDER, 'AUTH_LIFETIME of an initiator is none: nothing follows')
def not_for_responders(t):
    sa = t.establish()
    t.equal(sa.call(wire.INFORMATIONAL, [lifetime(0)]).payloads, [], 'response')
    sa.ping()
    t.silent(sa.endpoint, 0.3)


@case('RFC 4478 3; RFC 7296 2.21.3', INITIATOR, 'an AUTH_LIFETIME of another length is malformed: INVALID_SYNTAX')
def malformed(t):
    for data in (b'', bytes(3), bytes(5)):
        sa = t.called_up()
        t.equal(sa.call(wire.INFORMATIONAL, [wire.notify(wire.AUTH_LIFETIME, data)]).error(), wire.INVALID_SYNTAX, 'error')
        t.again()
