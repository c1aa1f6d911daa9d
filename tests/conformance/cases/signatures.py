# SPDX-License-Identifier: MIT
"""Authentication by signatures and certificates"""
import os
import struct

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from case import *  # noqa: F401,F403

X509 = 4  # Certificate Encoding: X.509 Certificate - Signature (3.6)
HASHES = (certificates.SHA256, certificates.SHA384, certificates.SHA512, certificates.IDENTITY)
OLD_METHODS = {'rsa': wire.AUTH_RSA, 'ecdsa': wire.AUTH_ECDSA256}


def announce(numbers=HASHES):
    return wire.notify(wire.SIGNATURE_HASH_ALGORITHMS, b''.join(struct.pack('>H', n) for n in numbers))


def certified(t, kind='ecdsa', own='pubkey', its='pubkey', **options):
    """Options of a connection whose sides have certificates."""
    local = {'auth': its}
    if its == 'pubkey':
        local['certs'] = [certificates.pem(authority().certs[kind])]
    remote = {'auth': own}
    if own == 'pubkey':
        remote['cacerts'] = [authority().ca.pem]
    return {'local': local, 'remote': remote, **options}


def ready(t, numbers=HASHES, **options):
    """IKE_SA_INIT done, with our hash algorithms."""
    sa = t.ready(**certified(t, **options))
    sa.endpoint.send(sa.init_request(sa.init_payloads() + ([announce(numbers)] if numbers else [])))
    sa.take_init_response(sa.endpoint.message())
    return sa


def proof(t, sa, algorithm, key=None, cert=None, identity=None, change=None, method=wire.AUTH_SIGNATURE):
    """ID, CERT and AUTH of ours. algorithm: a name in certificates.ALGORITHMS."""
    kind = algorithm.split('-')[0]
    key = key or certificates.new_key(kind)
    cert = cert or authority().ca.issue(key, t.own_id[1].decode())
    own = wire.ident(wire.IDI if sa.initiator else wire.IDR, *(identity or t.own_id))
    data = certificates.sign(key, algorithm, sa.signed_octets(own.body))
    identifier = certificates.ALGORITHMS[algorithm][0]
    if method == wire.AUTH_SIGNATURE:
        data = bytes([len(identifier)]) + identifier + data
    elif method == wire.AUTH_ECDSA256:
        data = raw_ecdsa(data)
    if change:
        data = change(data)
    return [own, wire.Payload(wire.CERT, bytes([X509]) + cert), wire.auth(method, data)]


def raw_ecdsa(der):
    """r and s one after the other (RFC 4754 7)."""
    return b''.join(number.to_bytes(32, 'big') for number in decode_dss_signature(der))


def its_proof(t, sa, m, kind, method=wire.AUTH_SIGNATURE):
    """Its AUTH, by the key of the certificate that it shows."""
    certs = [p.body for p in m.all(wire.CERT)]
    t.check(certs and certs[0] == bytes([X509]) + authority().certs[kind], 'the first certificate is not its own')
    body = m.get(wire.IDR if sa.initiator else wire.IDI).body
    found, data = wire.decode_typed(m.get(wire.AUTH))
    t.equal(found, method, 'AUTH method')
    octets = sa.signed_octets(body, own=False)
    if method == wire.AUTH_SIGNATURE:
        length = data[0]
        t.check(certificates.verify(certs[0][1:], data[1:1 + length], data[1 + length:], octets), 'the signature is wrong')
        return next(name for name, (known, _) in certificates.ALGORITHMS.items() if known == data[1:1 + length])
    if method == wire.AUTH_RSA:
        good = any(certificates.verify(certs[0][1:], certificates.ALGORITHMS[name][0], data, octets)
                   for name in ('rsa-sha1', 'rsa-sha256'))
    else:
        t.equal(len(data), 64, 'length of the signature')
        der = encode_dss_signature(int.from_bytes(data[:32], 'big'), int.from_bytes(data[32:], 'big'))
        good = certificates.verify(certs[0][1:], certificates.ALGORITHMS['ecdsa-sha256'][0], der, octets)
    t.check(good, 'the signature is wrong')
    return None


def asks_for_certificate():
    return wire.Payload(wire.CERTREQ, bytes([X509]) + authority().ca.key_id)


def accepted(t, sa, payloads, kind='ecdsa', **more):
    m = sa.call(wire.IKE_AUTH, payloads + [asks_for_certificate()] + t.child_payloads())
    t.check(m.error() is None, f'refused: {m}')
    name = its_proof(t, sa, m, kind, **more)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    return name


def refused(t, sa, payloads):
    m = sa.call(wire.IKE_AUTH, payloads + t.child_payloads())
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.AUTHENTICATION_FAILED, b'')], 'notifies')
    t.equal(len(m.payloads), 1, 'payloads')
    t.gone()


# -------- responder --------

@case('RFC 7427 4', RESPONDER, 'SIGNATURE_HASH_ALGORITHMS is answered with its own, SHA-256 among them, SHA-1 not')
def announced(t):
    sa = ready(t)
    n = wire.decode(sa.peer_init).notify(wire.SIGNATURE_HASH_ALGORITHMS)
    t.check(n and len(n.data) % 2 == 0 and not n.spi, 'no notify')
    numbers = struct.unpack(f'>{len(n.data) // 2}H', n.data)
    t.check(certificates.SHA256 in numbers and certificates.SHA1 not in numbers, f'{numbers}')


@case('RFC 7296 3.7, RFC 4945 3.2.6, 3.2.7.1', RESPONDER, 'CERTREQ names the CA by the SHA-1 of its key')
def certreq(t):
    sa = ready(t)
    bodies = [p.body for p in wire.decode(sa.peer_init).all(wire.CERTREQ)]
    t.check(any(body[0] == X509 and authority().ca.key_id in [body[at:at + 20] for at in range(1, len(body), 20)]
                for body in bodies), f'{bodies}')


def signature(algorithm, kind, rfc):
    @case(rfc, RESPONDER, f'we sign by {algorithm}, the gateway with its {kind} key')
    def both_sign(t):
        sa = ready(t, kind=kind)
        name = accepted(t, sa, proof(t, sa, algorithm), kind)
        t.check(name.startswith(kind), f'it signs by {name}')


signature('ecdsa-sha256', 'ecdsa', 'RFC 7427 3, A.3')
signature('rsa-sha256', 'rsa', 'RFC 7427 3, A.1')
signature('rsa-pss-sha256', 'ecdsa', 'RFC 7427 3, A.4')
signature('rsa-pss-sha512', 'ecdsa', 'RFC 7427 3')
signature('rsa-pss-sha256-der', 'rsa', 'RFC 7427 3, RFC 8017 A.2.3')
signature('ecdsa-sha512', 'rsa', 'RFC 7427 3, A.3')
signature('ed25519', 'ed25519', 'RFC 8420')
signature('rsa-sha512', 'ed25519', 'RFC 7427 3, A.1')


@case('RFC 7427 4', RESPONDER, 'it signs with a hash that we have announced')
def announced_only(t):
    sa = ready(t, kind='rsa', numbers=(certificates.SHA256,))
    name = accepted(t, sa, proof(t, sa, 'ecdsa-sha256'), 'rsa')
    t.equal(certificates.ALGORITHMS[name][1], certificates.SHA256, 'hash')


@case('RFC 7427 4, RFC 7296 3.8, RFC 4754', RESPONDER, 'who announces no hash algorithms is met with the old methods, and may use them')
def old_methods(t):
    for kind, method in OLD_METHODS.items():
        sa = ready(t, kind=kind, numbers=())
        payloads = proof(t, sa, 'ecdsa-sha256', method=wire.AUTH_ECDSA256)
        accepted(t, sa, payloads, kind, method=method)
        t.again()


@case('RFC 7427 3, RFC 8247 3.2', RESPONDER, 'who announces hash algorithms and signs by RSA with SHA-1 all the same is refused')
def old_method_with_sha1(t):
    for numbers in HASHES, ():
        sa = ready(t, numbers=numbers)
        payloads = proof(t, sa, 'rsa-sha1', method=wire.AUTH_RSA)
        if numbers:
            refused(t, sa, payloads)
        else:
            accepted(t, sa, payloads, method=wire.AUTH_ECDSA256)
        t.again()


@case('RFC 7427 3', RESPONDER, 'who announces hash algorithms and signs by ECDSA\'s old method is taken, and answered by the new one')
def old_method_with_sha2(t):
    sa = ready(t)
    accepted(t, sa, proof(t, sa, 'ecdsa-sha256', method=wire.AUTH_ECDSA256))


@case('RFC 7427 3', RESPONDER, 'who announces only hash algorithms that the gateway lacks gets no signature by an old method')
def no_common_hash(t):
    sa = ready(t, kind='rsa', numbers=(certificates.SHA1, 0x4321))
    refused(t, sa, proof(t, sa, 'ecdsa-sha256'))


@case('RFC 7296 2.21.2', RESPONDER, 'a wrong signature: AUTHENTICATION_FAILED')
def wrong_signature(t):
    for change in (lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:-1], lambda data: b'', lambda data: data[:1],
                   lambda data: b'\xff' + data[1:], lambda data: b'\0' + data[1:]):
        sa = ready(t)
        refused(t, sa, proof(t, sa, 'ecdsa-sha256', change=change))
        t.again()


@case('RFC 7296 2.15', RESPONDER, 'a signature by another key than the certificate\'s: AUTHENTICATION_FAILED')
def other_key(t):
    sa = ready(t)
    cert = authority().ca.issue(certificates.new_key('ecdsa'), t.own_id[1].decode())
    refused(t, sa, proof(t, sa, 'ecdsa-sha256', cert=cert))


@case('RFC 7296 2.15', RESPONDER, 'a certificate of an unknown CA, even of the same name: AUTHENTICATION_FAILED')
def other_ca(t):
    sa = ready(t)
    key = certificates.new_key('ecdsa')
    refused(t, sa, proof(t, sa, 'ecdsa-sha256', key=key, cert=certificates.Ca().issue(key, t.own_id[1].decode())))


@case('RFC 7296 3.5', RESPONDER, 'an identity that the certificate does not have: AUTHENTICATION_FAILED')
def other_name(t):
    sa = ready(t)
    key = certificates.new_key('ecdsa')
    refused(t, sa, proof(t, sa, 'ecdsa-sha256', key=key, cert=authority().ca.issue(key, 'stranger.test')))


@case('RFC 7296 2.15, RFC 5280 6.1', RESPONDER, 'an expired certificate: AUTHENTICATION_FAILED')
def expired(t):
    sa = ready(t)
    key = certificates.new_key('ecdsa')
    refused(t, sa, proof(t, sa, 'ecdsa-sha256', key=key, cert=authority().ca.issue(key, t.own_id[1].decode(), until=2021)))


@case('RFC 7296 3.6, RFC 4945 3.3.10.2', RESPONDER, 'no certificate, or octets that are none: AUTHENTICATION_FAILED')
def no_certificate(t):
    for certs in ([], [wire.Payload(wire.CERT, bytes([X509]) + os.urandom(300))]):
        sa = ready(t)
        own, _, auth = proof(t, sa, 'ecdsa-sha256')
        refused(t, sa, [own, *certs, auth])
        t.again()


@case('RFC 7427 5, RFC 8247 3', RESPONDER, 'a signature over SHA-1, which was not announced: AUTHENTICATION_FAILED')
def sha1(t):
    sa = ready(t)
    refused(t, sa, proof(t, sa, 'rsa-sha1'))


@case('RFC 7296 3.8', RESPONDER, 'a shared key instead of a signature: AUTHENTICATION_FAILED')
def shared_key(t):
    sa = ready(t)
    refused(t, sa, sa.auth_payloads(t.own_id))


@case('RFC 7296 2.15', RESPONDER, 'the two sides may use different methods: a shared key here, a signature there')
def asymmetric(t):
    sa = ready(t, own='psk')
    accepted(t, sa, sa.auth_payloads(t.own_id))
    t.again()
    sa = ready(t, its='psk')
    m = sa.call(wire.IKE_AUTH, proof(t, sa, 'ecdsa-sha256') + t.child_payloads())
    t.check(m.error() is None, f'refused: {m}')
    sa.check_auth(m)


# -------- initiator --------

def called(t, kind='ecdsa', numbers=HASHES):
    """IKE_AUTH of the daemon, which has a certificate."""
    sa = t.called(**certified(t, kind))
    t.check(sa.first.notify(wire.SIGNATURE_HASH_ALGORITHMS), 'it does not announce its hash algorithms')
    sa.send(sa.init_response(sa.init_payloads() + [asks_for_certificate()] + ([announce(numbers)] if numbers else [])))
    return sa, sa.request(wire.IKE_AUTH)


@case('RFC 7427 3, RFC 7296 3.6, 3.7', INITIATOR, 'it shows the certificate that is asked for, signs with it, and takes ours')
def client(t):
    for kind in ('ecdsa', 'rsa', 'ed25519'):
        sa, m = called(t, kind)
        its_proof(t, sa, m, kind)
        sa.answer(m, proof(t, sa, 'ecdsa-sha256') + t.child_answer(m))
        t.check(sa.command.done(), f'{sa.command.error}')
        t.again()


@case('RFC 7427 4', INITIATOR, 'to a responder that announces no hash algorithms it signs by the old methods')
def client_old_methods(t):
    for kind, method in OLD_METHODS.items():
        sa, m = called(t, kind, numbers=())
        its_proof(t, sa, m, kind, method)
        t.again()


@case('RFC 7296 2.21.2', INITIATOR, 'a wrong signature or certificate of the responder: it says so and has no IKE SA')
def client_refuses(t):
    key = certificates.new_key('ecdsa')
    for wrong in ({'change': lambda data: data[:-1] + bytes([data[-1] ^ 1])},
                  {'key': key, 'cert': certificates.Ca().issue(key, t.own_id[1].decode())},
                  {'key': key, 'cert': authority().ca.issue(key, 'impostor.test')}):
        sa, m = called(t)
        sa.answer(m, proof(t, sa, 'ecdsa-sha256', **wrong) + t.child_answer(m))
        n = sa.request(wire.INFORMATIONAL)
        t.check(n.error() == wire.AUTHENTICATION_FAILED or wire.DELETE in n.kinds(), f'{n}')
        sa.answer(n)
        t.check(not sa.command.done(), 'the daemon says that it is up')
        t.gone()
        t.again()
