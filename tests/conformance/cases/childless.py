# SPDX-License-Identifier: MIT
"""IKE SAs without a Child SA (RFC 6023)"""
from case import *  # noqa: F401,F403


def notifies(m):
    # RFC 6023 4 wants Protocol ID 1, RFC 7296 3.10 zero where there is no SPI: receivers ignore it.
    return [(n.protocol in (0, wire.PROTO_IKE), n.spi, n.data) for n in m.notifies() if n.kind == wire.CHILDLESS_IKEV2_SUPPORTED]


@case('RFC 6023 3, 4', RESPONDER, 'CHILDLESS_IKEV2_SUPPORTED stands in the IKE_SA_INIT response')
def announced(t):
    sa = t.init()
    t.equal(notifies(wire.decode(sa.peer_init)), [(True, b'', b'')], 'notify')


@case('RFC 6023 3', RESPONDER, 'childless = never: it does not')
def not_announced(t):
    sa = t.init(childless='never')
    t.equal(notifies(wire.decode(sa.peer_init)), [], 'notify')


@case('RFC 6023 3, 5', RESPONDER, 'IKE_AUTH without SA, TSi and TSr makes an IKE SA alone')
def alone(t):
    sa = t.init()
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id))
    sa.check_auth(m)
    t.check(not set(m.kinds()) & {wire.SA, wire.TSI, wire.TSR} and m.error() is None, f'{m}')
    t.equal([one['state'] for one in t.sas()], ['ESTABLISHED'], 'IKE SAs')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 6023 3', RESPONDER, 'childless = never: IKE_AUTH without SA, TSi and TSr is INVALID_SYNTAX')
def never(t):
    sa = t.init(childless='never')
    t.equal(sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id)).error(), wire.INVALID_SYNTAX, 'error')
    t.gone()


@case('RFC 6023 5', RESPONDER, 'IKE_AUTH with a part of SA, TSi and TSr is INVALID_SYNTAX')
def in_part(t):
    for missing in (wire.SA, wire.TSI, wire.TSR):
        sa = t.init()
        m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + [p for p in t.child_payloads() if p.kind != missing])
        t.equal(m.error(), wire.INVALID_SYNTAX, f'error without {missing}')
        t.gone()
        t.again()


@case('RFC 6023 3', INITIATOR, 'it asks for an IKE SA alone when the responder takes that')
def asked(t):
    t.connect()
    sa = Sa(t.endpoints[0], False, psk=SECRET)
    sa.command = t.daemon.later('initiate', {'ike': t.name, 'timeout': '20000', 'loglevel': '-1'})
    sa.take_init_request(sa.endpoint.message())
    sa.send(sa.init_response(sa.init_payloads() + [wire.notify(wire.CHILDLESS_IKEV2_SUPPORTED, protocol=wire.PROTO_IKE)]))
    m = sa.request(wire.IKE_AUTH)
    sa.check_auth(m)
    t.check(not set(m.kinds()) & {wire.SA, wire.TSI, wire.TSR}, f'{m}')
    sa.answer(m, sa.auth_payloads(t.own_id))
    t.check(sa.command.done(), f'{sa.command.error}')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 6023 3', INITIATOR, 'it does not send such an IKE_AUTH to a responder that has not announced it')
def not_asked(t):
    t.connect()
    sa = Sa(t.endpoints[0], False, psk=SECRET)
    sa.command = t.daemon.later('initiate', {'ike': t.name, 'timeout': '20000', 'loglevel': '-1'})
    sa.take_init_request(sa.endpoint.message())
    sa.send(sa.init_response())
    try:
        m = sa.request(wire.IKE_AUTH, timeout=0.1)
    except NothingCame:
        return
    t.check({wire.SA, wire.TSI, wire.TSR} <= set(m.kinds()), f'{m}')


@case('RFC 6023 3; RFC 7296 3.10.1', RESPONDER, 'childless = force: IKE_AUTH with SA, TSi and TSr is INVALID_SYNTAX')
def forced(t):
    sa = t.init(childless='force')
    t.equal(len(notifies(wire.decode(sa.peer_init))), 1, 'announcements')
    t.equal(t.authenticate_any(sa).error(), wire.INVALID_SYNTAX, 'error')
    t.gone()


@case('RFC 6023 3', INITIATOR, 'childless = prefer: the Child SA is asked for by CREATE_CHILD_SA, with a key exchange')
def preferred(t):
    sa = t.called(childless='prefer', child={'esp_proposals': 'aes128gcm16-x25519'})
    sa.send(sa.init_response(sa.init_payloads() + [wire.notify(wire.CHILDLESS_IKEV2_SUPPORTED, protocol=wire.PROTO_IKE)]))
    m = sa.request(wire.IKE_AUTH)
    sa.check_auth(m)
    t.check(not set(m.kinds()) & {wire.SA, wire.TSI, wire.TSR}, f'{m}')
    sa.answer(m, sa.auth_payloads(t.own_id))
    m = sa.request(wire.CREATE_CHILD_SA)
    t.check({wire.SA, wire.NONCE, wire.KE, wire.TSI, wire.TSR} <= set(m.kinds()), f'{m}')


@case('RFC 6023 3', INITIATOR, 'childless = prefer: a responder that has not announced it gets an ordinary IKE_AUTH')
def preferred_in_vain(t):
    sa, m = t.called_auth(childless='prefer')
    t.check({wire.SA, wire.TSI, wire.TSR} <= set(m.kinds()), f'{m}')


@case('RFC 6023 3', INITIATOR, 'childless = force: a responder that has not announced it gets no IKE_AUTH')
def forced_in_vain(t):
    sa = t.called(childless='force')
    sa.send(sa.init_response())
    try:
        m = sa.request(wire.IKE_AUTH, timeout=0.5)
    except NothingCame:
        t.check(not sa.command.done(), 'the daemon says that it is up')
        return
    t.check(False, f'{m}')
