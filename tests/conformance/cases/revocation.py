# SPDX-License-Identifier: MIT
"""Revocation of certificates, and what is fetched for it"""
import os
import time

import ocsp
from case import *  # noqa: F401,F403
from cases.signatures import X509, accepted, announce, asks_for_certificate, certified, proof, refused

OCSP_CONTENT = 14  # Certificate Encoding of RFC 4806
CHECKS = 10  # more than the daemon has threads for what may block


def ready(t, policy='strict', cert=None, **options):
    """IKE_SA_INIT done; the daemon judges our certificate by this policy. cert: its own."""
    both = certified(t)
    both['remote']['revocation'] = policy
    if cert:
        both['local']['certs'] = [certificates.pem(cert)]
    sa = t.ready(**both, **options)
    sa.endpoint.send(sa.init_request(sa.init_payloads() + [announce()]))
    sa.take_init_response(sa.endpoint.message())
    return sa


def own_cert(t, **options):
    key = certificates.new_key('ecdsa')
    return key, authority().ca.issue(key, t.own_id[1].decode(), **options)


def stapled(response):
    return wire.Payload(wire.CERT, bytes([OCSP_CONTENT]) + response)


def with_response(t, sa, response):
    """ID, CERT, OCSP response and AUTH of ours. response: made of our certificate."""
    key, cert = own_cert(t)
    own, shown, auth = proof(t, sa, 'ecdsa-sha256', key=key, cert=cert)
    return [own, shown, stapled(response(cert)), auth]


# -------- RFC 4806 --------

@case('RFC 4806 3.1, 4.1', RESPONDER, 'with ocsp = request it asks for an OCSP response, in a CERTREQ of its own; else it does not')
def asks(t):
    for policy, expected in (('request', [b'']), ('both', [b'']), ('reply', []), ('never', [])):
        sa = ready(t, ocsp=policy)
        bodies = [p.body for p in wire.decode(sa.peer_init).all(wire.CERTREQ)]
        t.equal([body[1:] for body in bodies if body[0] == OCSP_CONTENT], expected, f'ocsp = {policy}')
        t.check(any(body[0] == X509 for body in bodies), 'it asks for no certificate')
        t.again()


@case('RFC 4806 4.1, 3.2', RESPONDER, 'an OCSP response along with our certificate is what it goes by')
def takes(t):
    ca = authority().ca
    sa = ready(t)
    accepted(t, sa, with_response(t, sa, lambda cert: ocsp.response(ca, cert)))
    t.again()
    for policy in ('strict', 'ifuri', 'relaxed'):
        sa = ready(t, policy)
        refused(t, sa, with_response(t, sa, lambda cert: ocsp.response(ca, cert, ocsp.REVOKED)))
        t.again()


@case('RFC 4806 4.1, RFC 4945 3.3.10.5', RESPONDER, 'an OCSP response that proves nothing is as good as none')
def takes_no_other(t):
    ca = authority().ca
    stranger = certificates.Ca()
    for response in (lambda cert: ocsp.response(ca, cert, signer=stranger), lambda cert: b'', lambda cert: os.urandom(100),
                     lambda cert: ocsp.response(ca, authority().certs['rsa']), lambda cert: ocsp.response(ca, cert)[:-1]):
        sa = ready(t)
        refused(t, sa, with_response(t, sa, response))
        t.again()
        sa = ready(t, 'relaxed')
        accepted(t, sa, with_response(t, sa, response))
        t.again()


@case('RFC 4806 4.2, 4.1', RESPONDER, 'asked for one, it sends an OCSP response for its certificate, whatever responders are named')
def replies(t):
    with ocsp.Server() as server:
        cert = authority().ca.issue(authority().keys['ecdsa'], 'gw.test', ocsp=server.url)
        server.body = ocsp.response(authority().ca, cert)
        for hashes in (b'', os.urandom(20), os.urandom(40)):
            sa = ready(t, 'relaxed', cert=cert)
            asked = [asks_for_certificate(), wire.Payload(wire.CERTREQ, bytes([OCSP_CONTENT]) + hashes)]
            m = sa.call(wire.IKE_AUTH, proof(t, sa, 'ecdsa-sha256') + asked + t.child_payloads())
            t.check(m.error() is None, f'refused: {m}')
            t.equal([p.body for p in m.all(wire.CERT)], [bytes([X509]) + cert, bytes([OCSP_CONTENT]) + server.body], 'CERT')
            t.again()
        t.equal(server.asked, 1, 'requests to the server')
        # Not asked, it sends none.
        sa = ready(t, 'relaxed', cert=cert)
        m = sa.call(wire.IKE_AUTH, proof(t, sa, 'ecdsa-sha256') + [asks_for_certificate()] + t.child_payloads())
        t.equal([p.body[0] for p in m.all(wire.CERT)], [X509], 'encodings')


# -------- servers --------

@case('RFC 6960 4.1.2, RFC 4945 3.2.3', RESPONDER, 'the OCSP server that our certificate names decides')
def asks_server(t):
    for status in (ocsp.GOOD, ocsp.REVOKED):
        with ocsp.Server() as server:
            sa = ready(t)
            key, cert = own_cert(t, ocsp=server.url)
            server.body = ocsp.response(authority().ca, cert, status)
            payloads = proof(t, sa, 'ecdsa-sha256', key=key, cert=cert)
            if status == ocsp.GOOD:
                accepted(t, sa, payloads)
            else:
                refused(t, sa, payloads)
            t.equal(server.asked, 1, 'requests to the server')
        t.again()


@case('RFC 6960 4.2.2.1', RESPONDER, 'what a server has said is kept until its nextUpdate, or until it is flushed', 'narrow')
def keeps(t):
    with ocsp.Server() as server:
        key, cert = own_cert(t, ocsp=server.url)
        for status, flush, good in ((ocsp.GOOD, False, True), (ocsp.REVOKED, False, True), (ocsp.REVOKED, True, False)):
            server.body = ocsp.response(authority().ca, cert, status)
            if flush:
                t.daemon.call('flush-certs')
            sa = ready(t)
            (accepted if good else refused)(t, sa, proof(t, sa, 'ecdsa-sha256', key=key, cert=cert))
            t.again()
        t.equal(server.asked, 2, 'requests to the server')


@case('RFC 7296 2.4', RESPONDER, 'OCSP servers that say nothing hold up nobody but who named them', 'fetching')
def silent_servers(t):
    servers = [ocsp.Silent() for _ in range(CHECKS)]
    pending = []
    for i, server in enumerate(servers):
        endpoint = t.endpoint()
        sa = ready(t, 'ifuri', endpoint=endpoint, name=f'{t.name}s{i}')
        key, cert = own_cert(t, ocsp=server.url)
        sa.ask(wire.IKE_AUTH, proof(t, sa, 'ecdsa-sha256', key=key, cert=cert) + t.child_payloads())
        pending.append(sa)
    longest = 0
    for i in range(10):
        begin = time.monotonic()
        sa = t.establish(endpoint=t.endpoint(), name=f'{t.name}n{i}')
        t.equal(sa.call(wire.INFORMATIONAL, []).payloads, [], 'sign of life')
        longest = max(longest, time.monotonic() - begin)
    # The daemon waits 10 s for a server.
    t.check(longest < 5, f'a handshake beside the silent servers took {longest:.1f} s')
    for sa in pending:
        m = sa.receive(40)
        t.equal([n.kind for n in m.notifies()], [wire.AUTHENTICATION_FAILED], 'notifies')
    for server in servers:
        server.socket.close()


# -------- files --------

@case('RFC 7296 2.15', RESPONDER, 'certificates and keys whose files change count for new IKE SAs; one that has begun goes on')
def files(t):
    folder = t.daemon.folder
    other, key = certificates.Ca(f'CA of {t.name}'), certificates.new_key('ecdsa')
    cert = authority().ca.issue(key, 'gw.test')
    ca_file, key_file = (os.path.join(folder, *path) for path in (('x509ca', t.name + '.pem'), ('private', t.name + '.pem')))
    os.makedirs(os.path.dirname(ca_file), exist_ok=True)
    t.daemon.call('reload-settings')  # the folder is watched from now on

    def write(path, data):
        with open(path + '.new', 'wb') as file:
            file.write(data)
        os.rename(path + '.new', path)

    def loaded(what):
        return lambda: any(c.get('subject') == f'CN={other.name}' for c in t.daemon.certs()) == what

    def begin():
        both = certified(t)
        both['local']['certs'] = [certificates.pem(cert)]
        del both['remote']['cacerts']
        sa = t.ready(**both)
        sa.endpoint.send(sa.init_request(sa.init_payloads() + [announce()]))
        sa.take_init_response(sa.endpoint.message())
        own_key = certificates.new_key('ecdsa')
        return sa, proof(t, sa, 'ecdsa-sha256', key=own_key, cert=other.issue(own_key, t.own_id[1].decode()))

    def shown(sa, payloads):
        m = sa.call(wire.IKE_AUTH, payloads + [asks_for_certificate()] + t.child_payloads())
        t.check(m.error() is None, f'refused: {m}')
        t.equal([p.body for p in m.all(wire.CERT)], [bytes([X509]) + cert], 'CERT')

    # Neither the CA nor the key is there: who begins before they come is refused.
    sa, payloads = begin()
    write(key_file, certificates.key_pem(key))
    write(ca_file, other.pem.encode())
    t.until(loaded(True), 'the CA is loaded')
    refused(t, sa, payloads)
    t.again()
    # Both are there; they go while the exchange is running, which doesn't mind.
    sa, payloads = begin()
    os.remove(key_file)
    os.remove(ca_file)
    t.until(loaded(False), 'the CA is gone')
    shown(sa, payloads)
    t.again()
    sa, payloads = begin()
    refused(t, sa, payloads)
