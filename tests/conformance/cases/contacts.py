# SPDX-License-Identifier: MIT
"""INITIAL_CONTACT"""
from case import *  # noqa: F401,F403


def second(t, first, identity=None, extra=()):
    """Another IKE SA from the same endpoint."""
    sa = t.init(Sa(first.endpoint, True, psk=SECRET))
    m = t.authenticate(sa, identity=identity, extra=extra)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    return sa


def spis(t, name=None):
    return sorted(one['initiator-spi'] for one in t.sas(name))


@case('RFC 7296 2.4', RESPONDER, 'INITIAL_CONTACT closes the older IKE SAs of the same two identities')
def closes_older(t):
    first = t.establish()
    new = second(t, first, extra=[wire.notify(wire.INITIAL_CONTACT)])
    t.until(lambda: spis(t) == [new.spi_i.hex()], 'only the new one is there')


@case('RFC 7296 2.4', RESPONDER, 'without INITIAL_CONTACT both IKE SAs stay')
def both_stay(t):
    first = t.establish()
    new = second(t, first)
    t.equal(spis(t), sorted([first.spi_i.hex(), new.spi_i.hex()]), 'IKE SAs')
    first.ping()
    new.ping()


@case('RFC 7296 2.4', RESPONDER, 'INITIAL_CONTACT does not touch IKE SAs of another identity at the same address')
def other_identity(t):
    first = t.establish()
    other = (wire.ID_FQDN, t.own_id[1] + b'.other')
    t.connect(first.endpoint, name=t.name + 'b', remote={'id': other[1].decode()})
    second(t, first, identity=other, extra=[wire.notify(wire.INITIAL_CONTACT)])
    first.ping()


@case('RFC 7296 2.4', RESPONDER, 'INITIAL_CONTACT outside the first IKE_AUTH has no effect')
def elsewhere(t):
    first = t.establish()
    new = second(t, first)
    new.call(wire.INFORMATIONAL, [wire.notify(wire.INITIAL_CONTACT)])
    first.ping()
    t.equal(len(t.sas()), 2, 'IKE SAs')


@case('RFC 7296 2.4', INITIATOR, 'INITIAL_CONTACT is not claimed while there is an IKE SA of these identities')
def not_claimed(t):
    t.establish()
    t.connect(t.endpoints[0], name=t.name + 'b')
    sa = Sa(t.endpoints[0], False, psk=SECRET)
    sa.command = t.initiate(name=t.name + 'b')
    sa.first = sa.endpoint.message()
    sa.take_init_request(sa.first)
    sa, m = t.called_auth(sa)
    t.equal(m.notify(wire.INITIAL_CONTACT), None, 'notify')
