# SPDX-License-Identifier: MIT
"""Authentication"""
import os

from case import *  # noqa: F401,F403


def told(t, sa, payloads):
    """IKE_AUTH with these payloads is refused with AUTHENTICATION_FAILED, protected, and the IKE SA is gone."""
    m = sa.call(wire.IKE_AUTH, payloads)
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.AUTHENTICATION_FAILED, b'')], 'notifies')
    t.equal(len(m.payloads), 1, 'payloads: nothing else is told')
    t.gone()


# -------- responder --------

@case('RFC 7296 2.15, 2.21.2', RESPONDER, 'wrong AUTH data: AUTHENTICATION_FAILED, protected, alone, and no IKE SA')
def wrong_auth(t):
    sa = t.init()
    own = wire.ident(wire.IDI, *t.own_id)
    good = sa.auth_data(own.body)
    told(t, sa, [own, wire.auth(wire.AUTH_PSK, good[:-1] + bytes([good[-1] ^ 1]))] + t.child_payloads())


@case('RFC 7296 2.15', RESPONDER, 'AUTH data that are cut off, longer or empty: AUTHENTICATION_FAILED')
def auth_length(t):
    for change in (lambda data: data[:-1], lambda data: data + b'\0', lambda data: b''):
        sa = t.init()
        own = wire.ident(wire.IDI, *t.own_id)
        told(t, sa, [own, wire.auth(wire.AUTH_PSK, change(sa.auth_data(own.body)))] + t.child_payloads())
        t.again()


@case('RFC 7296 2.15', RESPONDER, 'another secret: AUTHENTICATION_FAILED')
def other_secret(t):
    sa = t.init()
    sa.psk = b'what nobody knows'
    told(t, sa, sa.auth_payloads(t.own_id) + t.child_payloads())


@case('RFC 7296 2.15', RESPONDER, 'the key pad has no NUL at its end: AUTH with one fails')
def key_pad(t):
    sa = t.init()
    own = wire.ident(wire.IDI, *t.own_id)
    octets = sa.own_init + sa.peer_nonce + sa.prf(sa.keys.sk_pi, own.body)
    told(t, sa, [own, wire.auth(wire.AUTH_PSK, sa.prf(sa.prf(SECRET, b'Key Pad for IKEv2\0'), octets))] + t.child_payloads())


@case('RFC 7296 2.15', RESPONDER, 'AUTH by the responder\'s key or over the responder\'s nonce: AUTHENTICATION_FAILED')
def reflected(t):
    sa = t.init()
    own = wire.ident(wire.IDI, *t.own_id)
    told(t, sa, [own, wire.auth(wire.AUTH_PSK, sa.keys.psk_auth(SECRET, False, sa.peer_init, sa.nonce, own.body))] +
         t.child_payloads())


@case('RFC 7296 2.15, 3.5', RESPONDER, 'AUTH covers the ID payload with its RESERVED octets as they were sent')
def id_reserved(t):
    sa = t.init()
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id, reserved=b'\1\2\3') + t.child_payloads())
    sa.check_auth(m)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 3.8', RESPONDER, 'the RESERVED octets of AUTH are ignored')
def auth_reserved(t):
    sa = t.init()
    own = wire.ident(wire.IDI, *t.own_id)
    m = sa.call(wire.IKE_AUTH, [own, wire.auth(wire.AUTH_PSK, sa.auth_data(own.body), b'\xff\xff\xff')] + t.child_payloads())
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 3.8, 2.21.2', RESPONDER, 'other AUTH methods than the configured one: AUTHENTICATION_FAILED')
def other_methods(t):
    for method in (0, wire.AUTH_RSA, 3, wire.AUTH_ECDSA256, wire.AUTH_NULL, wire.AUTH_SIGNATURE, 200):
        sa = t.init()
        own = wire.ident(wire.IDI, *t.own_id)
        told(t, sa, [own, wire.auth(method, sa.auth_data(own.body))] + t.child_payloads())
        t.again()


@case('RFC 7296 2.21.2', RESPONDER, 'an identity that nobody has configured: AUTHENTICATION_FAILED')
def unknown_identity(t):
    sa = t.init()
    told(t, sa, sa.auth_payloads((wire.ID_FQDN, b'stranger.test')) + t.child_payloads())


@case('RFC 7296 3.5', RESPONDER, 'the same octets as an identity of another type are another identity')
def identity_type(t):
    for kind in (wire.ID_RFC822_ADDR, wire.ID_KEY_ID, wire.ID_DER_ASN1_DN, 77):
        sa = t.init()
        told(t, sa, sa.auth_payloads((kind, t.own_id[1])) + t.child_payloads())
        t.again()


@case('RFC 7296 3.5', RESPONDER, 'identities of all types that need no certificate')
def identity_types(t):
    for text, identity in (('10.9.8.7', (wire.ID_IPV4_ADDR, bytes([10, 9, 8, 7]))), ('me@peer.test', (wire.ID_RFC822_ADDR, b'me@peer.test')),
                           ('fd00::7', (wire.ID_IPV6_ADDR, bytes.fromhex('fd00' + '00' * 13 + '07'))),
                           ('@#0102ff', (wire.ID_KEY_ID, b'\1\2\xff'))):
        sa = t.init(t.ready(remote={'id': text}))
        m = t.authenticate(sa, identity=identity)
        t.check(wire.SA in m.kinds(), f'{text}: {m}')
        t.again()


@case('RFC 7296 3.5', RESPONDER, 'malformed identities make no IKE SA')
def malformed_identity(t):
    for body in (b'', b'\2', b'\2\0\0', b'\1\0\0\0abc', b'\1\0\0\0abcde', b'\5\0\0\0abcd'):
        sa = t.init()
        own = wire.Payload(wire.IDI, body)
        m = sa.call(wire.IKE_AUTH, [own, wire.auth(wire.AUTH_PSK, sa.auth_data(body))] + t.child_payloads())
        t.check(m.error() in (wire.INVALID_SYNTAX, wire.AUTHENTICATION_FAILED), f'{m}')
        t.gone()
        t.again()


@case('RFC 7296 1.2, 3.5', RESPONDER, 'IDr that is its identity: it answers with it')
def own_idr(t):
    sa = t.init()
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id, idr=GATEWAY_ID) + t.child_payloads())
    sa.check_auth(m)
    t.equal(wire.decode_typed(m.get(wire.IDR)), GATEWAY_ID, 'identity')
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 1.2', RESPONDER, 'without IDr it shows its configured identity')
def no_idr(t):
    sa = t.establish()
    t.equal(sa.peer_id_body, bytes([wire.ID_FQDN, 0, 0, 0]) + GATEWAY_ID[1], 'identity')


@case('RFC 7296 2.21.2', RESPONDER, 'IDr that nobody here is: AUTHENTICATION_FAILED, or its true identity')
def other_idr(t):
    sa = t.init()
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id, idr=(wire.ID_FQDN, b'other.test')) + t.child_payloads())
    if m.error() == wire.AUTHENTICATION_FAILED:
        t.gone()
        return
    sa.check_auth(m)
    t.equal(wire.decode_typed(m.get(wire.IDR)), GATEWAY_ID, 'identity')


@case('RFC 7296 1.2', RESPONDER, 'connections are told apart by identity, with a secret for each')
def by_identity(t):
    t.daemon.call('load-shared', {'id': t.name, 'type': 'IKE', 'data': 'the second secret',
                                  'owners': ['second.test', 'gw-b.test']})
    endpoint = t.connect()
    t.connect(endpoint, name=t.name + 'b', remote={'id': 'second.test'}, local={'id': 'gw-b.test'})
    sa = Sa(endpoint, True, psk=b'the second secret')
    t.init(sa)
    m = t.authenticate(sa, identity=(wire.ID_FQDN, b'second.test'))
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    t.equal(wire.decode_typed(m.get(wire.IDR)), (wire.ID_FQDN, b'gw-b.test'), 'identity')
    first = t.init(Sa(endpoint, True, psk=SECRET))
    m = t.authenticate(first)
    t.equal(wire.decode_typed(m.get(wire.IDR)), GATEWAY_ID, 'identity')


@case('RFC 7296 1.2, 2.21.3', RESPONDER, 'IKE_AUTH that lacks IDi, or TSi with its SA: INVALID_SYNTAX, and no IKE SA')
def auth_incomplete(t):
    for missing in (wire.IDI, wire.TSI):
        sa = t.init()
        payloads = [p for p in sa.auth_payloads(t.own_id) + t.child_payloads() if p.kind != missing]
        m = sa.call(wire.IKE_AUTH, payloads)
        t.equal((m.error(), len(m.payloads)), (wire.INVALID_SYNTAX, 1), f'answer without {missing}')
        t.gone()
        t.again()


@case('RFC 7296 2.16, 2.21.2', RESPONDER, 'IKE_AUTH without AUTH asks for EAP, which it does not have: AUTHENTICATION_FAILED')
def eap_refused(t):
    sa = t.init()
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id)[:1] + t.child_payloads())
    t.equal((m.error(), len(m.payloads)), (wire.AUTHENTICATION_FAILED, 1), 'answer')
    t.gone()


@case('RFC 7296 2.15', RESPONDER, 'a secret that is longer than the PRF\'s block, and one with any octets')
def secrets(t):
    for number, secret in enumerate((os.urandom(200), b'\0\1\2 \xff')):
        owner = f'{t.name}-{number}.test'
        t.daemon.call('load-shared', {'id': owner, 'type': 'IKE', 'data': secret, 'owners': [owner]})
        sa = t.ready(remote={'id': owner})
        sa.psk = secret
        m = t.authenticate(t.init(sa), identity=(wire.ID_FQDN, owner.encode()))
        t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
        t.again()


@case('RFC 7296 2.4', RESPONDER, 'INITIAL_CONTACT in IKE_AUTH is accepted')
def initial_contact(t):
    sa = t.init()
    m = t.authenticate(sa, extra=[wire.notify(wire.INITIAL_CONTACT)])
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.4', RESPONDER, 'INITIAL_CONTACT of somebody who is not authenticated has no effect')
def initial_contact_forged(t):
    endpoint = t.connect()
    good = t.establish(Sa(endpoint, True, psk=SECRET))
    bad = t.init(Sa(endpoint, True, psk=b'wrong'))
    m = bad.call(wire.IKE_AUTH, bad.auth_payloads(t.own_id) + t.child_payloads() + [wire.notify(wire.INITIAL_CONTACT)])
    t.equal(m.error(), wire.AUTHENTICATION_FAILED, 'error')
    good.ping()


# -------- initiator --------

def rejects(t, payloads, **options):
    """The answer to IKE_AUTH, made by payloads(sa, m), is not believed: the daemon says so and has no IKE SA."""
    sa, m = t.called_auth(**options)
    sa.answer(m, payloads(sa, m))
    n = sa.request(wire.INFORMATIONAL)
    t.check(n.mid == 2 and (n.error() == wire.AUTHENTICATION_FAILED or wire.DELETE in n.kinds()), f'{n}')
    sa.answer(n)
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.gone()


@case('RFC 7296 2.21.2', INITIATOR, 'wrong AUTH of the responder: AUTHENTICATION_FAILED in an INFORMATIONAL request, no IKE SA')
def responder_wrong_auth(t):
    def payloads(sa, m):
        own = wire.ident(wire.IDR, *t.own_id)
        return [own, wire.auth(wire.AUTH_PSK, os.urandom(32))] + t.child_answer(m)
    rejects(t, payloads)


@case('RFC 7296 2.15, 2.21.2', INITIATOR, 'its own AUTH sent back is not the responder\'s')
def responder_reflects(t):
    def payloads(sa, m):
        return [wire.Payload(wire.IDR, m.get(wire.IDI).body), m.get(wire.AUTH)] + t.child_answer(m)
    rejects(t, payloads, remote={'id': 'gw.test'})


@case('RFC 7296 2.21.2', INITIATOR, 'another identity of the responder than the configured one is not accepted')
def responder_other_identity(t):
    rejects(t, lambda sa, m: sa.auth_payloads((wire.ID_FQDN, b'impostor.test')) + t.child_answer(m))


@case('RFC 7296 3.5, 3.8', INITIATOR, 'an identity of another type, or another AUTH method, is not accepted')
def responder_other_type(t):
    rejects(t, lambda sa, m: sa.auth_payloads((wire.ID_RFC822_ADDR, t.own_id[1])) + t.child_answer(m))
    t.again()

    def other_method(sa, m):
        own = wire.ident(wire.IDR, *t.own_id)
        return [own, wire.auth(wire.AUTH_NULL, sa.auth_data(own.body))] + t.child_answer(m)
    rejects(t, other_method)


@case('RFC 7296 2.15', INITIATOR, 'the responder\'s ID payload is covered with its RESERVED octets')
def responder_id_reserved(t):
    sa, m = t.called_auth()
    sa.answer(m, sa.auth_payloads(t.own_id, reserved=b'\xaa\xbb\xcc') + t.child_answer(m))
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.21.2', INITIATOR, 'AUTHENTICATION_FAILED in the response: the IKE SA is gone, without a Delete')
def responder_refuses(t):
    sa, m = t.called_auth()
    sa.answer(m, [wire.notify(wire.AUTHENTICATION_FAILED)])
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.gone()
    t.silent(sa.endpoint, 0.02)


@case('RFC 7296 2.4, 2.21.2', INITIATOR, 'AUTHENTICATION_FAILED in clear changes nothing')
def refused_in_clear(t):
    sa, m = t.called_auth()
    sa.send(sa.clear(wire.IKE_AUTH, [wire.notify(wire.AUTHENTICATION_FAILED)], response=True, mid=1).encode())
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 1.2', INITIATOR, 'IKE_AUTH holds IDi as configured, IDr of the peer it wants, AUTH by shared key')
def own_identity(t):
    sa, m = t.called_auth(local={'id': 'someone@gw.test'}, remote={'id': t.own_id[1].decode()})
    t.equal(wire.decode_typed(m.get(wire.IDI)), (wire.ID_RFC822_ADDR, b'someone@gw.test'), 'IDi')
    t.equal(wire.decode_typed(m.get(wire.IDR)), t.own_id, 'IDr')
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.21.2', INITIATOR, 'a response that is authentic but has no AUTH makes no IKE SA')
def responder_without_auth(t):
    for missing in (wire.AUTH, wire.IDR):
        sa, m = t.called_auth()
        sa.answer(m, [p for p in sa.auth_payloads(t.own_id) + t.child_answer(m) if p.kind != missing])
        t.check(not sa.command.done(), 'the daemon says that it is up')
        t.gone()
        t.again()
