# SPDX-License-Identifier: MIT
"""IKEv2 messages as bytes (RFC 7296 3): an encoder that can also write what is wrong, and a strict decoder.

Payloads are values of class Payload; the functions named after payloads make them. decode() checks everything that a
sender must get right in every message (reserved bits, flags, lengths), so each case checks that on the way.
"""
import struct

IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL = 34, 35, 36, 37

INITIATOR, VERSION, RESPONSE = 0x08, 0x10, 0x20  # flags

NONE, SA, KE, IDI, IDR, CERT, CERTREQ, AUTH, NONCE, NOTIFY, DELETE, VENDOR = 0, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43
TSI, TSR, SK, CP, EAP, SKF = 44, 45, 46, 47, 48, 53

PROTO_IKE, PROTO_AH, PROTO_ESP = 1, 2, 3
ENCR, PRF, INTEG, DH, ESN = 1, 2, 3, 4, 5

DES3, AES_CBC, AES_CTR, AES_CCM_8, AES_CCM_12, AES_CCM_16 = 3, 12, 13, 14, 15, 16
AES_GCM_8, AES_GCM_12, AES_GCM_16, CAMELLIA_CBC, CHACHA20_POLY1305 = 18, 19, 20, 23, 28
PRF_SHA1, PRF_XCBC, PRF_SHA256, PRF_SHA384, PRF_SHA512, PRF_CMAC = 2, 4, 5, 6, 7, 8
INTEG_NONE, INTEG_SHA1, INTEG_XCBC, INTEG_CMAC, INTEG_SHA256, INTEG_SHA384, INTEG_SHA512 = 0, 2, 5, 8, 12, 13, 14
MODP1024, MODP1536, MODP2048, MODP3072, MODP4096, MODP6144, MODP8192 = 2, 5, 14, 15, 16, 17, 18
ECP256, ECP384, ECP521, ECP224, ECP256BP, ECP384BP, ECP512BP, X25519, X448 = 19, 20, 21, 26, 28, 29, 30, 31, 32
KEY_LENGTH = 14

UNSUPPORTED_CRITICAL_PAYLOAD, INVALID_IKE_SPI, INVALID_MAJOR_VERSION, INVALID_SYNTAX = 1, 4, 5, 7
INVALID_MESSAGE_ID, INVALID_SPI, NO_PROPOSAL_CHOSEN, INVALID_KE_PAYLOAD = 9, 11, 14, 17
AUTHENTICATION_FAILED, SINGLE_PAIR_REQUIRED, NO_ADDITIONAL_SAS, INTERNAL_ADDRESS_FAILURE = 24, 34, 35, 36
FAILED_CP_REQUIRED, TS_UNACCEPTABLE, INVALID_SELECTORS, TEMPORARY_FAILURE, CHILD_SA_NOT_FOUND = 37, 38, 39, 43, 44
AUTH_LIFETIME = 16403  # RFC 4478
INITIAL_CONTACT, SET_WINDOW_SIZE, ADDITIONAL_TS_POSSIBLE, IPCOMP_SUPPORTED = 16384, 16385, 16386, 16387
NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP, COOKIE, USE_TRANSPORT_MODE = 16388, 16389, 16390, 16391
HTTP_CERT_LOOKUP_SUPPORTED, REKEY_SA, ESP_TFC_PADDING_NOT_SUPPORTED = 16392, 16393, 16394
CHILDLESS_IKEV2_SUPPORTED, FRAGMENTATION_SUPPORTED, SIGNATURE_HASH_ALGORITHMS = 16418, 16430, 16431

ID_IPV4_ADDR, ID_FQDN, ID_RFC822_ADDR, ID_IPV6_ADDR, ID_DER_ASN1_DN, ID_KEY_ID = 1, 2, 3, 5, 9, 11
TS_IPV4, TS_IPV6 = 7, 8
AUTH_RSA, AUTH_PSK, AUTH_ECDSA256, AUTH_NULL, AUTH_SIGNATURE = 1, 2, 9, 13, 14
CFG_REQUEST, CFG_REPLY, CFG_SET, CFG_ACK = 1, 2, 3, 4

HEADER = struct.Struct('>8s8sBBBBII')
NO_SPI = bytes(8)


class WireError(Exception):
    """What came breaks a rule that every message has to keep."""


class Payload:
    """One payload. length and next_type override what the encoder would write; flags is the octet with the C bit."""

    def __init__(self, kind, body=b'', flags=0, length=None, next_type=None):
        self.kind, self.body, self.flags = kind, body, flags
        self.length, self.next_type = length, next_type

    def __repr__(self):
        return f'{NAMES.get(self.kind, self.kind)}({self.body.hex()})'


NAMES = {SA: 'SA', KE: 'KE', IDI: 'IDi', IDR: 'IDr', CERT: 'CERT', CERTREQ: 'CERTREQ', AUTH: 'AUTH', NONCE: 'Nonce',
         NOTIFY: 'N', DELETE: 'D', VENDOR: 'V', TSI: 'TSi', TSR: 'TSr', SK: 'SK', CP: 'CP', EAP: 'EAP', SKF: 'SKF'}


def critical(payload):
    payload.flags |= 0x80
    return payload


def encode_chain(payloads):
    """(type of the first, bytes)"""
    out = b''
    for at, p in enumerate(payloads):
        following = payloads[at + 1].kind if at + 1 < len(payloads) else NONE
        if p.next_type is not None:
            following = p.next_type
        length = 4 + len(p.body) if p.length is None else p.length
        out += struct.pack('>BBH', following, p.flags, length) + p.body
    return payloads[0].kind if payloads else NONE, out


class Message:
    """A message: its header's fields and its payloads."""

    def __init__(self, exchange, payloads=(), *, spi_i=NO_SPI, spi_r=NO_SPI, flags=0, mid=0, version=0x20, length=None):
        self.exchange, self.payloads = exchange, list(payloads)
        self.spi_i, self.spi_r, self.flags, self.mid = spi_i, spi_r, flags, mid
        self.version, self.length = version, length
        self.raw = None  # as received
        self.inner_first = NONE

    def header(self, first, length):
        length = self.length if self.length is not None else length
        return HEADER.pack(self.spi_i, self.spi_r, first, self.version, self.exchange, self.flags, self.mid, length)

    def encode(self):
        first, chain = encode_chain(self.payloads)
        return self.header(first, HEADER.size + len(chain)) + chain

    @property
    def is_response(self):
        return bool(self.flags & RESPONSE)

    def all(self, kind):
        return [p for p in self.payloads if p.kind == kind]

    def get(self, kind):
        """The only payload of this type."""
        found = self.all(kind)
        if len(found) != 1:
            raise WireError(f'{len(found)} payloads {NAMES.get(kind, kind)} in {self}')
        return found[0]

    def kinds(self):
        return [p.kind for p in self.payloads]

    def notifies(self):
        return [decode_notify(p.body) for p in self.all(NOTIFY)]

    def notify(self, kind):
        """The first notify of this type, or None."""
        return next((n for n in self.notifies() if n.kind == kind), None)

    def error(self):
        """Type of the first error notify, or None."""
        return next((n.kind for n in self.notifies() if n.kind < 16384), None)

    def __repr__(self):
        what = ', '.join(f'N({decode_notify(p.body).kind})' if p.kind == NOTIFY else NAMES.get(p.kind, str(p.kind))
                         for p in self.payloads)
        return f'{"response" if self.is_response else "request"} {self.exchange}/{self.mid} [{what}]'


# -------- payloads --------

def transform(kind, number, bits=None, attributes=b''):
    """bits: the Key Length attribute; attributes: more of them, encoded already."""
    if bits is not None:
        attributes = struct.pack('>HH', 0x8000 | KEY_LENGTH, bits) + attributes
    return struct.pack('>BBH', kind, 0, number) + attributes


def proposal(number, protocol, spi, *transforms, n_transforms=None):
    inner = b''
    for at, t in enumerate(transforms):
        inner += struct.pack('>BBH', 3 if at + 1 < len(transforms) else 0, 0, 4 + len(t)) + t
    count = len(transforms) if n_transforms is None else n_transforms
    return struct.pack('>BBBB', number, protocol, len(spi), count) + spi + inner


def sa(*proposals):
    body = b''
    for at, p in enumerate(proposals):
        body += struct.pack('>BBH', 2 if at + 1 < len(proposals) else 0, 0, 4 + len(p)) + p
    return Payload(SA, body)


def ke(method, data, reserved=0):
    return Payload(KE, struct.pack('>HH', method, reserved) + data)


def nonce(data):
    return Payload(NONCE, data)


def notify(kind, data=b'', protocol=0, spi=b''):
    return Payload(NOTIFY, struct.pack('>BBH', protocol, len(spi), kind) + spi + data)


def delete(protocol, *spis):
    size = len(spis[0]) if spis else 0
    return Payload(DELETE, struct.pack('>BBH', protocol, size, len(spis)) + b''.join(spis))


def ident(payload, kind, data, reserved=bytes(3)):
    return Payload(payload, bytes([kind]) + reserved + data)


def auth(method, data, reserved=bytes(3)):
    return Payload(AUTH, bytes([method]) + reserved + data)


class Selector:
    """One traffic selector (3.13.1); first and last are addresses as bytes."""

    def __init__(self, first, last, protocol=0, ports=(0, 65535)):
        self.first, self.last, self.protocol, self.ports = first, last, protocol, tuple(ports)

    def encode(self, kind=None, length=None):
        kind = kind or (TS_IPV4 if len(self.first) == 4 else TS_IPV6)
        length = length or 8 + 2 * len(self.first)
        return struct.pack('>BBHHH', kind, self.protocol, length, *self.ports) + self.first + self.last

    def __eq__(self, other):
        return self.encode() == other.encode()

    def __repr__(self):
        return f'{self.first.hex()}-{self.last.hex()}[{self.protocol}/{self.ports[0]}-{self.ports[1]}]'


def selectors(payload, *which, count=None, reserved=bytes(3)):
    """which: Selectors or bytes"""
    body = b''.join(s.encode() if isinstance(s, Selector) else s for s in which)
    return Payload(payload, bytes([len(which) if count is None else count]) + reserved + body)


def cp(kind, *attributes):
    """attributes: (type, value)"""
    body = b''.join(struct.pack('>HH', number, len(value)) + value for number, value in attributes)
    return Payload(CP, bytes([kind]) + bytes(3) + body)


# -------- decoding --------

def check(condition, what):
    if not condition:
        raise WireError(what)


def decode_chain(first, data):
    payloads, kind = [], first
    while kind != NONE:
        check(len(data) >= 4, f'payload {kind} is cut off')
        following, flags, length = struct.unpack('>BBH', data[:4])
        check(4 <= length <= len(data), f'payload {kind} has length {length}, {len(data)} octets are left')
        # 3.2: RESERVED is sent as zero; C must not be set on payloads of RFC 7296.
        check(flags == 0, f'payload {kind} has flags {flags:#x}')
        p = Payload(kind, data[4:length], next_type=following)
        payloads.append(p)
        data = data[length:]
        if kind in (SK, SKF):
            check(not data, 'something comes after the encrypted payload')  # 3.14
            break
        kind = following
    check(not data, 'octets after the last payload')
    for p in payloads:
        if p.kind not in (SK, SKF):
            p.next_type = None
    return payloads


def decode(data):
    """A datagram's message; payloads inside SK stay encrypted."""
    check(len(data) >= HEADER.size, 'shorter than a header')
    spi_i, spi_r, first, version, exchange, flags, mid, length = HEADER.unpack(data[:HEADER.size])
    check(length == len(data), f'length field is {length}, the datagram has {len(data)}')
    check(version == 0x20, f'version is {version:#x}')
    check(not flags & ~(INITIATOR | RESPONSE), f'flags are {flags:#x}')  # V and X bits are sent as zero
    check(spi_i != NO_SPI, 'initiator SPI is zero')
    m = Message(exchange, decode_chain(first, data[HEADER.size:]), spi_i=spi_i, spi_r=spi_r, flags=flags, mid=mid)
    m.raw = data
    return m


class Notify:
    """A notify payload's content."""

    def __init__(self, kind, protocol, spi, data):
        self.kind, self.protocol, self.spi, self.data = kind, protocol, spi, data


def decode_notify(body):
    check(len(body) >= 4, 'notify payload is too short')
    protocol, size, kind = struct.unpack('>BBH', body[:4])
    check(len(body) >= 4 + size, 'SPI of a notify is cut off')
    return Notify(kind, protocol, body[4:4 + size], body[4 + size:])


class Proposal:
    """A decoded proposal; transforms are (type, id, key bits or None)."""

    def __init__(self, number, protocol, spi, transforms):
        self.number, self.protocol, self.spi, self.transforms = number, protocol, spi, transforms

    def of(self, kind):
        return [(number, bits) for t, number, bits in self.transforms if t == kind]

    def __repr__(self):
        return f'#{self.number}/{self.protocol}/{self.spi.hex()}/{self.transforms}'


def decode_transforms(data, count):
    out = []
    for at in range(count):
        check(len(data) >= 8, 'transform is cut off')
        more, zero, length, kind, zero2, number = struct.unpack('>BBHBBH', data[:8])
        check(more == (3 if at + 1 < count else 0), 'Last Substruc of a transform is wrong')
        check(zero == 0 and zero2 == 0, 'RESERVED of a transform is not zero')
        check(8 <= length <= len(data), 'length of a transform is wrong')
        bits = None
        if length > 8:
            check(length == 12, 'a transform has other attributes than Key Length')
            attribute, bits = struct.unpack('>HH', data[8:12])
            check(attribute == 0x8000 | KEY_LENGTH, f'attribute {attribute:#x}')
        out.append((kind, number, bits))
        data = data[length:]
    check(not data, 'octets after the last transform')
    return out


def decode_sa(payload):
    data, out, more = payload.body, [], 2
    while more:
        check(len(data) >= 8, 'proposal is cut off')
        more, zero, length, number, protocol, size, count = struct.unpack('>BBHBBBB', data[:8])
        check(more in (0, 2) and zero == 0, 'proposal header is wrong')
        check(8 + size <= length <= len(data), 'length of a proposal is wrong')
        spi, inner = data[8:8 + size], data[8 + size:length]
        out.append(Proposal(number, protocol, spi, decode_transforms(inner, count)))
        data = data[length:]
    check(not data, 'octets after the last proposal')
    return out


def decode_ke(payload):
    method, zero = struct.unpack('>HH', payload.body[:4])
    check(zero == 0, 'RESERVED of KE is not zero')
    return method, payload.body[4:]


def decode_typed(payload):
    """(type, data) of ID and AUTH payloads"""
    check(payload.body[1:4] == bytes(3), 'RESERVED is not zero')
    return payload.body[0], payload.body[4:]


def decode_delete(payload):
    protocol, size, count = struct.unpack('>BBH', payload.body[:4])
    data = payload.body[4:]
    check(len(data) == size * count, 'number of SPIs is wrong')
    return protocol, [data[at * size:at * size + size] for at in range(count)]


def decode_selectors(payload):
    count, data, out = payload.body[0], payload.body[4:], []
    check(payload.body[1:4] == bytes(3), 'RESERVED of TS is not zero')
    for _ in range(count):
        kind, protocol, length, low, high = struct.unpack('>BBHHH', data[:8])
        size = {TS_IPV4: 4, TS_IPV6: 16}[kind]
        check(length == 8 + 2 * size <= len(data), 'length of a traffic selector is wrong')
        out.append(Selector(data[8:8 + size], data[8 + size:length], protocol, (low, high)))
        data = data[length:]
    check(not data, 'octets after the last traffic selector')
    return out


def decode_cp(payload):
    """(type, [(attribute, value)])"""
    check(payload.body[1:4] == bytes(3), 'RESERVED of CP is not zero')
    data, out = payload.body[4:], []
    while data:
        number, length = struct.unpack('>HH', data[:4])
        check(4 + length <= len(data), 'a configuration attribute is cut off')
        out.append((number, data[4:4 + length]))
        data = data[4 + length:]
    return payload.body[0], out
