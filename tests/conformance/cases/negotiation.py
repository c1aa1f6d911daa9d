# SPDX-License-Identifier: MIT
"""Negotiation of algorithms"""
import struct

from case import *  # noqa: F401,F403

GCM = wire.transform(wire.ENCR, wire.AES_GCM_16, 128)
CBC = wire.transform(wire.ENCR, wire.AES_CBC, 128)
SHA256 = wire.transform(wire.INTEG, wire.INTEG_SHA256)
PRF256 = wire.transform(wire.PRF, wire.PRF_SHA256)
X25519 = wire.transform(wire.DH, wire.X25519)
GOOD = (GCM, PRF256, X25519)
CHOSEN = [(wire.ENCR, wire.AES_GCM_16, 128), (wire.PRF, wire.PRF_SHA256, None), (wire.DH, wire.X25519, None)]


def ike(number, *transforms, spi=b'', protocol=wire.PROTO_IKE):
    return wire.proposal(number, protocol, spi, *transforms)


def offer(t, sa, *proposals):
    """The answer to an IKE_SA_INIT request with these proposals."""
    sa.endpoint.send(sa.init_request(sa.init_payloads(sa=wire.sa(*proposals))))
    return sa.endpoint.message()


def chosen(t, sa, *proposals):
    """The one proposal of the good answer."""
    m = offer(t, sa, *proposals)
    sa.take_init_response(m)
    found = wire.decode_sa(m.get(wire.SA))
    t.equal(len(found), 1, 'proposals in the answer')
    for kind in (wire.ENCR, wire.PRF, wire.INTEG, wire.DH, wire.ESN):
        t.check(len(found[0].of(kind)) <= 1, f'transforms of type {kind}: {found[0]}')
    t.equal((found[0].protocol, found[0].spi), (wire.PROTO_IKE, b''), 'protocol and SPI')
    return found[0]


def refused(t, *proposals, **options):
    sa = t.ready(**options)
    m = offer(t, sa, *proposals)
    t.equal([(n.kind, n.data) for n in m.notifies()], [(wire.NO_PROPOSAL_CHOSEN, b'')], 'notifies')
    t.equal((m.flags, m.mid, m.spi_i), (wire.RESPONSE, 0, sa.spi_i), 'header')
    t.check(sa.spi_i.hex() not in [one['initiator-spi'] for one in t.sas()], 'there is an IKE SA')


def suite(text, rfc, **algorithms):
    """Both roles get through with one suite."""
    @case(rfc, RESPONDER, f'an IKE SA with {text}')
    def suite_responder(t):
        sa = t.establish(proposals=text, **algorithms)
        sa.ping()

    @case(rfc, INITIATOR, f'an IKE SA with {text}')
    def suite_initiator(t):
        sa = t.called_up(proposals=text, **algorithms)
        sa.ping()


suite('aes128gcm16-prfsha256-ecp256', 'RFC 5282, 5903', method=wire.ECP256)
suite('aes256gcm16-prfsha384-ecp384', 'RFC 5282, 5903, 4868', bits=256, prf=wire.PRF_SHA384, method=wire.ECP384)
suite('aes256gcm16-prfsha512-ecp521', 'RFC 5282, 5903, 4868', bits=256, prf=wire.PRF_SHA512, method=wire.ECP521)
suite('aes192gcm16-prfsha256-x448', 'RFC 5282, 8031', bits=192, method=wire.X448)
suite('aes128gcm8-prfsha256-x25519', 'RFC 5282', encr=wire.AES_GCM_8)
suite('aes256gcm12-prfsha256-x25519', 'RFC 5282', encr=wire.AES_GCM_12, bits=256)
suite('aes128ccm16-prfsha256-x25519', 'RFC 5282', encr=wire.AES_CCM_16)
suite('chacha20poly1305-prfsha256-x25519', 'RFC 7634', encr=wire.CHACHA20_POLY1305, bits=None)
suite('aes128-sha256-modp2048', 'RFC 3602, 4868, 3526', encr=wire.AES_CBC, integ=wire.INTEG_SHA256, method=wire.MODP2048)
suite('aes192-sha384-modp3072', 'RFC 3602, 4868, 3526', encr=wire.AES_CBC, bits=192, integ=wire.INTEG_SHA384,
      prf=wire.PRF_SHA384, method=wire.MODP3072)
suite('aes256-sha512-modp4096', 'RFC 3602, 4868, 3526', encr=wire.AES_CBC, bits=256, integ=wire.INTEG_SHA512,
      prf=wire.PRF_SHA512, method=wire.MODP4096)
suite('aes128-sha1-prfsha1-x25519', 'RFC 3602, 2404', encr=wire.AES_CBC, integ=wire.INTEG_SHA1, prf=wire.PRF_SHA1)
suite('aes128ccm8-prfaesxcbc-ecp256', 'RFC 5282, 4434', encr=wire.AES_CCM_8, prf=wire.PRF_XCBC, method=wire.ECP256)
suite('aes192ccm12-prfaescmac-modp6144', 'RFC 5282, 4615, 3526', encr=wire.AES_CCM_12, bits=192, prf=wire.PRF_CMAC,
      method=wire.MODP6144)
suite('aes128ctr-aesxcbc-prfaesxcbc-ecp256bp', 'RFC 5930, 3566, 4434, 6954', encr=wire.AES_CTR, integ=wire.INTEG_XCBC,
      prf=wire.PRF_XCBC, method=wire.ECP256BP)
suite('aes256ctr-aescmac-prfaescmac-ecp512bp', 'RFC 5930, 4494, 4615, 6954', encr=wire.AES_CTR, bits=256,
      integ=wire.INTEG_CMAC, prf=wire.PRF_CMAC, method=wire.ECP512BP)
suite('camellia192-sha256-ecp384bp', 'RFC 5529, 6954', encr=wire.CAMELLIA_CBC, bits=192, integ=wire.INTEG_SHA256,
      method=wire.ECP384BP)
suite('3des-sha1-prfsha1-modp1024', 'RFC 2451, 2404, 8247', encr=wire.DES3, bits=None, integ=wire.INTEG_SHA1, prf=wire.PRF_SHA1,
      method=wire.MODP1024)
suite('aes256-sha512-ecp224', 'RFC 3602, 4868, 5114', encr=wire.AES_CBC, bits=256, integ=wire.INTEG_SHA512,
      prf=wire.PRF_SHA512, method=wire.ECP224)
suite('aes128-sha256-modp1536', 'RFC 3602, 4868, 3526', encr=wire.AES_CBC, integ=wire.INTEG_SHA256, method=wire.MODP1536)
suite('aes128-sha256-modp8192', 'RFC 3602, 4868, 3526', encr=wire.AES_CBC, integ=wire.INTEG_SHA256, method=wire.MODP8192)


# -------- responder, IKE --------

@case('RFC 7296 2.7, 3.3.6', RESPONDER, 'of many transforms one of each type is chosen')
def one_of_each(t):
    sa = t.ready()
    answer = chosen(t, sa, ike(1, wire.transform(wire.ENCR, wire.AES_GCM_16, 256), GCM,
                               wire.transform(wire.PRF, wire.PRF_SHA512), PRF256,
                               wire.transform(wire.DH, wire.ECP256), X25519))
    t.equal(sorted(answer.transforms, key=str), sorted(CHOSEN, key=str), 'transforms')


@case('RFC 7296 3.3.1', RESPONDER, 'the answer has the number of the proposal that was chosen')
def number_of_chosen(t):
    sa = t.ready()
    answer = chosen(t, sa, ike(1, CBC, SHA256, PRF256, X25519),
                    ike(2, wire.transform(wire.ENCR, wire.CHACHA20_POLY1305), PRF256, X25519), ike(3, *GOOD))
    t.equal((answer.number, answer.transforms), (3, CHOSEN), 'proposal')
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.7', RESPONDER, 'nothing that fits: NO_PROPOSAL_CHOSEN and no IKE SA')
def nothing_fits(t):
    refused(t, ike(1, wire.transform(wire.ENCR, 3), PRF256, SHA256, X25519),
            ike(2, CBC, wire.transform(wire.PRF, wire.PRF_SHA256), SHA256, X25519))


@case('RFC 7296 2.7', RESPONDER, 'more proposals or transforms than it looks at are answered, by NO_PROPOSAL_CHOSEN')
def too_many(t):
    refused(t, *[ike(n, *GOOD) for n in range(1, 41)])
    refused(t, ike(1, *[GCM] * 80, PRF256, X25519))


@case('RFC 7296 3.3.6', RESPONDER, 'an unknown transform is passed over, the others of its type are looked at')
def unknown_transform(t):
    sa = t.ready()
    answer = chosen(t, sa, ike(1, wire.transform(wire.ENCR, 1000, 128), wire.transform(wire.ENCR, 60000), GCM,
                               wire.transform(wire.PRF, 1000), PRF256, wire.transform(wire.DH, 1000), X25519))
    t.equal(answer.transforms, CHOSEN, 'transforms')


@case('RFC 7296 3.3.6', RESPONDER, 'a proposal with an unknown transform type is not acceptable, the next one is')
def unknown_transform_type(t):
    sa = t.ready()
    answer = chosen(t, sa, ike(1, *GOOD, wire.transform(241, 1)), ike(2, *GOOD))
    t.equal(answer.number, 2, 'number')
    refused(t, ike(1, *GOOD, wire.transform(241, 1)))


@case('RFC 7296 3.3.6', RESPONDER, 'a transform with an unknown attribute is not acceptable, others of its type are')
def unknown_attribute(t):
    sa = t.ready()
    strange = struct.pack('>HH', 0x8000 | 99, 1)
    longer = struct.pack('>HH', 100, 3) + b'abc'
    answer = chosen(t, sa, ike(1, wire.transform(wire.ENCR, wire.AES_GCM_16, 128, strange),
                               wire.transform(wire.ENCR, wire.AES_GCM_16, 128, longer), GCM, PRF256, X25519))
    t.equal(answer.transforms, CHOSEN, 'transforms')
    refused(t, ike(1, wire.transform(wire.ENCR, wire.AES_GCM_16, 128, strange), PRF256, X25519))


# RFC 5282 7.3
@case('RFC 7296 3.3.5', RESPONDER, 'AES without Key Length, or with one that does not exist, is not acceptable')
def key_length(t):
    refused(t, ike(1, wire.transform(wire.ENCR, wire.AES_GCM_16), PRF256, X25519), proposals='default')
    for bits in (0, 1, 64, 129, 512, 65535):
        refused(t, ike(1, wire.transform(wire.ENCR, wire.AES_GCM_16, bits), PRF256, X25519), proposals='default')


@case('RFC 7296 3.3.5', RESPONDER, 'key lengths are told apart: that of the configuration is chosen')
def key_length_chosen(t):
    sa = t.ready(bits=256, proposals='aes256gcm16-prfsha256-x25519')
    answer = chosen(t, sa, ike(1, GCM, wire.transform(wire.ENCR, wire.AES_GCM_16, 192),
                               wire.transform(wire.ENCR, wire.AES_GCM_16, 256), PRF256, X25519))
    t.equal(answer.of(wire.ENCR), [(wire.AES_GCM_16, 256)], 'cipher')


@case('RFC 7296 3.3.5', RESPONDER, 'a Key Length for a cipher with a fixed one is not acceptable')
def key_length_fixed(t):
    refused(t, ike(1, wire.transform(wire.ENCR, wire.CHACHA20_POLY1305, 256), PRF256, X25519),
            proposals='chacha20poly1305-prfsha256-x25519')


@case('RFC 5282 8, RFC 7296 3.3', RESPONDER, 'an AEAD with an integrity algorithm is not acceptable')
def aead_with_integrity(t):
    refused(t, ike(1, GCM, SHA256, PRF256, X25519))


@case('RFC 5282 8, RFC 7296 3.3.2', RESPONDER, 'an AEAD with INTEG NONE is acceptable, and NONE or nothing comes back')
def aead_with_none(t):
    sa = t.ready()
    answer = chosen(t, sa, ike(1, GCM, wire.transform(wire.INTEG, 0), PRF256, X25519))
    t.check(answer.of(wire.INTEG) in ([], [(0, None)]), f'{answer}')
    t.authenticate(sa)


@case('RFC 7296 3.3.3', RESPONDER, 'a cipher that is no AEAD needs an integrity algorithm: without, or NONE, is not acceptable')
def cipher_without_integrity(t):
    for more in ((), (wire.transform(wire.INTEG, 0),)):
        refused(t, ike(1, CBC, PRF256, X25519, *more), proposals='aes128-sha256-x25519')


@case('RFC 7296 3.3.3', RESPONDER, 'an IKE proposal that lacks ENCR, PRF or D-H is not acceptable')
def mandatory_types(t):
    for missing in range(3):
        refused(t, ike(1, *[part for at, part in enumerate(GOOD) if at != missing]))


@case('RFC 7296 3.3.3', RESPONDER, 'D-H NONE is not acceptable for an IKE SA')
def dh_none(t):
    refused(t, ike(1, GCM, PRF256, wire.transform(wire.DH, 0)))


@case('RFC 7296 3.3.1', RESPONDER, 'proposals of other protocols are not acceptable for an IKE SA')
def other_protocols(t):
    for protocol in (0, wire.PROTO_AH, wire.PROTO_ESP, 99):
        spi = b'' if protocol in (0, 99) else b'spi!'
        refused(t, ike(1, *GOOD, spi=spi, protocol=protocol))


@case('RFC 7296 3.3.1', RESPONDER, 'malformed SA payloads: no IKE SA, no answer')
def malformed_sa(t):
    sa = t.ready()
    good = wire.sa(ike(1, *GOOD)).body
    two = wire.sa(ike(1, *GOOD), ike(2, *GOOD)).body
    bodies = {
        'empty': b'', 'cut off in the proposal': good[:6], 'cut off in a transform': good[:-4], 'octets behind': good + b'\0',
        'proposal length of 3': good[:2] + b'\0\3' + good[4:],
        'too many transforms': good[:7] + b'\x09' + good[8:], 'too few transforms': good[:7] + b'\1' + good[8:],
        'first Last Substruc 7': b'\7' + good[1:], 'says that more come': b'\2' + good[1:],
        'says that it is the last': b'\0' + two[1:],
        'transform length of 5': good[:10] + b'\0\5' + good[12:],
        'SPI size beyond the proposal': good[:6] + b'\xff' + good[7:],
        'second number is 1': wire.sa(ike(1, *GOOD), ike(1, *GOOD)).body,
        'numbers begin at 2': wire.sa(ike(2, *GOOD), ike(3, *GOOD)).body,
    }
    for what, body in bodies.items():
        try:
            t.unanswered(sa.endpoint, sa.init_request(sa.init_payloads(sa=wire.Payload(wire.SA, body))))
        except Failed as error:
            raise Failed(f'{what}: {error}') from error


@case('RFC 7296 3.3', RESPONDER, 'many proposals with many transforms are read to the end')
def many_proposals(t):
    sa = t.ready()
    filler = [wire.transform(wire.ENCR, 2000 + n, 128) for n in range(20)]
    answer = chosen(t, sa, *[ike(n, *filler, PRF256, X25519) for n in range(1, 8)], ike(8, *filler, *GOOD))
    t.equal((answer.number, answer.transforms), (8, CHOSEN), 'proposal')


# -------- responder, ESP --------

def esp_offer(t, *transforms, esp='aes128gcm16', protocol=wire.PROTO_ESP, spi=b'spi1'):
    """The answer to IKE_AUTH with this ESP proposal: (Sa, message)"""
    sa = t.init(t.ready(child={'esp_proposals': esp}))
    m = t.authenticate(sa, proposal=wire.sa(wire.proposal(1, protocol, spi, *transforms)))
    return sa, m


def child_refused(t, error, *transforms, **more):
    sa, m = esp_offer(t, *transforms, **more)
    t.equal(m.error(), error, 'error')
    t.check(not set(m.kinds()) & {wire.SA, wire.TSI, wire.TSR}, f'{m}')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


NO_ESN, USE_ESN = wire.transform(wire.ESN, 0), wire.transform(wire.ESN, 1)


@case('RFC 7296 2.7, 2.21.2', RESPONDER, 'no acceptable ESP proposal: NO_PROPOSAL_CHOSEN, and the IKE SA stays')
def esp_nothing_fits(t):
    child_refused(t, wire.NO_PROPOSAL_CHOSEN, wire.transform(wire.ENCR, wire.AES_GCM_16, 256), NO_ESN)


@case('RFC 7296 3.3.3', RESPONDER, 'an ESP proposal without ESN or without ENCR is not acceptable')
def esp_mandatory(t):
    child_refused(t, wire.NO_PROPOSAL_CHOSEN, GCM)
    t.again()
    child_refused(t, wire.NO_PROPOSAL_CHOSEN, NO_ESN)


@case('RFC 7296 3.3.6', RESPONDER, 'an ESP proposal with an unknown transform type is not acceptable')
def esp_unknown_type(t):
    child_refused(t, wire.NO_PROPOSAL_CHOSEN, GCM, NO_ESN, wire.transform(77, 0))


@case('RFC 7296 3.3.1', RESPONDER, 'AH is refused, and the IKE SA stays')
def ah_refused(t):
    child_refused(t, wire.NO_PROPOSAL_CHOSEN, SHA256, NO_ESN, protocol=wire.PROTO_AH)


@case('RFC 7296 3.3.1, 3.10', RESPONDER, 'an ESP SPI of zero, or of another size than 4, is not acceptable')
def esp_spi(t):
    for spi in (bytes(4), b'', b'12345678'):
        sa, m = esp_offer(t, GCM, NO_ESN, spi=spi)
        t.check(wire.SA not in m.kinds() and m.error() is not None, f'SPI {spi.hex()}: {m}')
        t.equal(t.children(), [], 'Child SAs')
        sa.ping()
        t.again()


@case('RFC 4304, RFC 7296 3.3.2', RESPONDER, 'extended sequence numbers are chosen where the configuration has them')
def esn_chosen(t):
    _, m = esp_offer(t, GCM, NO_ESN, USE_ESN, esp='aes128gcm16-esn')
    answer = wire.decode_sa(m.get(wire.SA))[0]
    t.equal(answer.of(wire.ESN), [(1, None)], 'ESN')
    t.equal(t.children()[0].get('esn'), '1', 'the Child SA has them')


@case('RFC 4304, RFC 7296 3.3.2', RESPONDER, 'ESN only, where the configuration has none, is not acceptable')
def esn_only(t):
    child_refused(t, wire.NO_PROPOSAL_CHOSEN, GCM, USE_ESN)


@case('RFC 7296 1.2', RESPONDER, 'the Child SA of IKE_AUTH has no key exchange: D-H NONE is acceptable')
def esp_dh_none(t):
    _, m = esp_offer(t, GCM, wire.transform(wire.DH, 0), NO_ESN)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.7', RESPONDER, 'the ESP answer has one transform of each type, our number and a fresh SPI')
def esp_answer(t):
    sa = t.init()
    proposals = [wire.proposal(1, wire.PROTO_ESP, b'one!', wire.transform(wire.ENCR, wire.CHACHA20_POLY1305), NO_ESN),
                 wire.proposal(2, wire.PROTO_ESP, b'two!', wire.transform(wire.ENCR, wire.AES_GCM_16, 256), GCM, USE_ESN,
                               NO_ESN)]
    m = t.authenticate(sa, proposal=wire.sa(*proposals))
    answer = wire.decode_sa(m.get(wire.SA))
    t.equal(len(answer), 1, 'proposals')
    t.equal((answer[0].number, answer[0].protocol), (2, wire.PROTO_ESP), 'number and protocol')
    t.equal(answer[0].transforms, [(wire.ENCR, wire.AES_GCM_16, 128), (wire.ESN, 0, None)], 'transforms')
    t.check(len(answer[0].spi) == 4 and answer[0].spi not in (bytes(4), b'one!', b'two!'), f'{answer}')
    t.equal(t.children()[0]['spi-out'], b'two!'.hex(), 'SPI that is sent to')


# -------- initiator --------

@case('RFC 7296 3.3', INITIATOR, 'its offer: numbers from 1, AEADs apart from ciphers with integrity, no SPI, key lengths with AES')
def own_offer(t):
    sa = t.called(proposals='default')
    for number, p in enumerate(wire.decode_sa(sa.first.get(wire.SA)), 1):
        t.equal((p.number, p.protocol, p.spi), (number, wire.PROTO_IKE, b''), 'number, protocol, SPI')
        aead = [one in crypto.AEAD for one, _ in p.of(wire.ENCR)]
        t.check(all(aead) or not any(aead), f'AEADs are mixed with others: {p}')
        t.check(bool(p.of(wire.INTEG)) != aead[0] or p.of(wire.INTEG) == [(0, None)], f'integrity: {p}')
        for one, bits in p.of(wire.ENCR):
            t.check((bits is None) == (one == wire.CHACHA20_POLY1305), f'key length: {p}')
        t.check(p.of(wire.PRF) and p.of(wire.DH) and not p.of(wire.ESN), f'{p}')
    first = wire.decode_sa(sa.first.get(wire.SA))[0]
    t.equal(wire.decode_ke(sa.first.get(wire.KE))[0], first.of(wire.DH)[0][0], 'method of KE')


@case('RFC 8247 2', INITIATOR, 'by default no algorithm is offered that RFC 8247 says MUST NOT or SHOULD NOT')
def own_offer_strong(t):
    sa = t.called(proposals='default')
    for p in wire.decode_sa(sa.first.get(wire.SA)):
        t.check(not {1, 2, 3, 5, 6, 7, 11} & {one for one, _ in p.of(wire.ENCR)}, f'ciphers {p}')
        t.check(not {1, 3} & {one for one, _ in p.of(wire.PRF)}, f'PRFs {p}')
        t.check(not {1, 3, 4} & {one for one, _ in p.of(wire.INTEG)}, f'integrity {p}')
        t.check(not {1, 2, 5, 22, 23, 24} & {one for one, _ in p.of(wire.DH)}, f'methods {p}')


def wrong_choice(t, *proposals, method=None, **options):
    """The daemon gives up when IKE_SA_INIT is answered with this, and does not authenticate."""
    sa = t.called(**options)
    payloads = sa.init_payloads(sa=wire.sa(*proposals))
    sa.send(sa.init_response(payloads))
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.gone()
    t.silent(sa.endpoint, 0.02)


@case('RFC 7296 3.3.6, 2.7', INITIATOR, 'an answer that was not offered ends the exchange')
def not_offered(t):
    for transforms in ((wire.transform(wire.ENCR, wire.AES_GCM_16, 256), PRF256, X25519),
                       (GCM, wire.transform(wire.PRF, wire.PRF_SHA512), X25519),
                       (wire.transform(wire.ENCR, wire.AES_GCM_16), PRF256, X25519),
                       (GCM, PRF256, X25519, wire.transform(wire.ESN, 0)),
                       (GCM, PRF256), (GCM, X25519), (PRF256, X25519)):
        wrong_choice(t, ike(1, *transforms))


@case('RFC 7296 3.3.6, 2.7', INITIATOR, 'an answer with two transforms of a type, two proposals or another number ends the exchange')
def not_one(t):
    both = 'aes128gcm16-aes256gcm16-prfsha256-x25519'
    wrong_choice(t, ike(1, GCM, wire.transform(wire.ENCR, wire.AES_GCM_16, 256), PRF256, X25519), proposals=both)
    wrong_choice(t, ike(1, *GOOD), ike(2, *GOOD), proposals=both)
    wrong_choice(t, ike(2, *GOOD), proposals=both)
    wrong_choice(t, ike(1, *GOOD, protocol=wire.PROTO_ESP, spi=b'spi!'), proposals=both)


@case('RFC 7296 2.7', INITIATOR, 'the second proposal may be chosen')
def second_chosen(t):
    sa = t.called(proposals=['aes256gcm16-prfsha256-x25519', 'aes128gcm16-prfsha256-x25519'])
    sa.send(sa.init_response(sa.init_payloads(sa=wire.sa(ike(2, *GOOD)))))
    m = sa.request(wire.IKE_AUTH)
    sa.check_auth(m)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 3.3.6', INITIATOR, 'an ESP answer that was not offered: no Child SA, and the peer is told by a Delete')
def esp_not_offered(t):
    sa, m = t.called_auth()
    wrong = wire.sa(wire.proposal(1, wire.PROTO_ESP, b'spi1', wire.transform(wire.ENCR, wire.AES_GCM_16, 256), NO_ESN))
    t.accept(sa, m, proposal=wrong)
    d = sa.request(wire.INFORMATIONAL)
    protocol, spis = wire.decode_delete(d.get(wire.DELETE))
    if protocol == wire.PROTO_ESP:
        t.equal(spis, [sa.children[0].spi_out], 'SPI of the Delete')
    sa.answer(d)
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.equal(t.children(), [], 'Child SAs')


@case('RFC 7296 1.2', INITIATOR, 'the ESP offer of IKE_AUTH has no D-H transform, and a nonzero SPI')
def esp_own_offer(t):
    _, m = t.called_auth(child={'esp_proposals': ['aes128gcm16-x25519', 'aes128-sha256-ecp256-esn-noesn']})
    offers = wire.decode_sa(m.get(wire.SA))
    for number, p in enumerate(offers, 1):
        t.equal((p.number, p.protocol, len(p.spi)), (number, wire.PROTO_ESP, 4), 'number, protocol, size of SPI')
        t.equal(p.of(wire.DH), [], 'D-H transforms')
        t.check(p.spi != bytes(4) and p.of(wire.ENCR) and p.of(wire.ESN), f'{p}')
    t.equal(offers[1].of(wire.ESN), [(1, None), (0, None)], 'ESN')
