# SPDX-License-Identifier: MIT
"""The cryptography of IKEv2 (RFC 7296 2.13, 2.14, 2.17, 3.14), on python3-cryptography and Python's own arithmetic."""
import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.cmac import CMAC

import wire


def _hmac(name):
    return lambda key, data: hmac.new(key, data, name).digest()


def _cmac(key, data):
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


def _xcbc(key, data):
    """RFC 3566 4"""
    def aes(k, block):
        enc = Cipher(algorithms.AES(k), modes.ECB()).encryptor()
        return enc.update(block) + enc.finalize()

    def xor(a, b):
        return bytes(x ^ y for x, y in zip(a, b))
    k1, k2, k3 = (aes(key, bytes([n]) * 16) for n in (1, 2, 3))
    blocks = [data[i:i + 16] for i in range(0, len(data), 16)] or [b'']
    last = blocks.pop()
    chain = bytes(16)
    for block in blocks:
        chain = aes(k1, xor(chain, block))
    last = xor(last, k2) if len(last) == 16 else xor((last + b'\x80').ljust(16, b'\0'), k3)
    return aes(k1, xor(chain, last))


def _prf_xcbc(key, data):
    """RFC 4434 2"""
    return _xcbc(key.ljust(16, b'\0') if len(key) <= 16 else _xcbc(bytes(16), key), data)


def _prf_cmac(key, data):
    """RFC 4615 3"""
    return _cmac(key if len(key) == 16 else _cmac(bytes(16), key), data)


# PRF: function, length of result, octets that it takes from each nonce (2.14; None: all).
PRFS = {wire.PRF_SHA1: (_hmac('sha1'), 20, None), wire.PRF_SHA256: (_hmac('sha256'), 32, None),
        wire.PRF_SHA384: (_hmac('sha384'), 48, None), wire.PRF_SHA512: (_hmac('sha512'), 64, None),
        wire.PRF_XCBC: (_prf_xcbc, 16, 8), wire.PRF_CMAC: (_prf_cmac, 16, 8)}
# Integrity: MAC, length of key, length of ICV.
INTEGRITY = {wire.INTEG_SHA1: (_hmac('sha1'), 20, 12), wire.INTEG_SHA256: (_hmac('sha256'), 32, 16),
             wire.INTEG_SHA384: (_hmac('sha384'), 48, 24), wire.INTEG_SHA512: (_hmac('sha512'), 64, 32),
             wire.INTEG_XCBC: (_xcbc, 16, 12), wire.INTEG_CMAC: (_cmac, 16, 12)}
# AEAD: length of salt, of ICV.
AEAD = {wire.AES_GCM_8: (4, 8), wire.AES_GCM_12: (4, 12), wire.AES_GCM_16: (4, 16), wire.AES_CCM_8: (3, 8),
        wire.AES_CCM_12: (3, 12), wire.AES_CCM_16: (3, 16), wire.CHACHA20_POLY1305: (4, 16)}
CCM = (wire.AES_CCM_8, wire.AES_CCM_12, wire.AES_CCM_16)
# Other ciphers: what makes one from key and IV, block, length of IV, of salt.
CIPHERS = {wire.AES_CBC: (lambda key, iv: Cipher(algorithms.AES(key), modes.CBC(iv)), 16, 16, 0),
           wire.CAMELLIA_CBC: (lambda key, iv: Cipher(algorithms.Camellia(key), modes.CBC(iv)), 16, 16, 0),
           wire.DES3: (lambda key, iv: Cipher(algorithms.TripleDES(key), modes.CBC(iv)), 8, 8, 0),
           # RFC 5930 2: nonce, IV, a counter from 1
           wire.AES_CTR: (lambda key, iv: Cipher(algorithms.AES(key[:-4]), modes.CTR(key[-4:] + iv + b'\0\0\0\1')), 1, 8, 4)}
# Ciphers without a KEY_LENGTH attribute.
ONLY_KEY = {wire.CHACHA20_POLY1305: 32, wire.DES3: 24}


class IntegrityError(Exception):
    """The ICV of a message is wrong."""


class Prf:
    def __init__(self, number):
        self.function, self.length, self.of_nonce = PRFS[number]

    def __call__(self, key, data):
        return self.function(key, data)

    def plus(self, key, seed, length):
        """prf+ (2.13)"""
        out, block, n = b'', b'', 0
        while len(out) < length:
            n += 1
            block = self(key, block + seed + bytes([n]))
            out += block
        return out[:length]


class Suite:
    """Cipher and, unless it is an AEAD, integrity algorithm: protects SK payloads."""

    def __init__(self, encr, bits=None, integ=0):
        self.encr, self.bits, self.integ = encr, bits, integ
        self.aead = AEAD.get(encr)
        key = ONLY_KEY.get(encr) or bits // 8
        self.encr_len = key + (self.aead[0] if self.aead else CIPHERS[encr][3])
        self.integ_len = 0 if self.aead else INTEGRITY[integ][1]

    @property
    def iv_len(self):
        return 8 if self.aead else CIPHERS[self.encr][2]

    @property
    def icv_len(self):
        return self.aead[1] if self.aead else INTEGRITY[self.integ][2]

    def padding(self, length):
        """Octets of padding before the Pad Length octet."""
        return 0 if self.aead else -(length + 1) % CIPHERS[self.encr][1]

    def _aead(self, key, iv):
        salt = self.aead[0]
        return key[:-salt], key[-salt:] + iv

    def seal(self, encr_key, integ_key, head, plain, iv=None):
        """What follows head (the message up to the IV): IV, ciphertext, ICV."""
        iv = iv or os.urandom(self.iv_len)
        if not self.aead:
            enc = CIPHERS[self.encr][0](encr_key, iv).encryptor()
            body = iv + enc.update(plain) + enc.finalize()
            mac, _, length = INTEGRITY[self.integ]
            return body + mac(integ_key, head + body)[:length]
        key, nonce = self._aead(encr_key, iv)
        if self.encr == wire.CHACHA20_POLY1305:
            return iv + ChaCha20Poly1305(key).encrypt(nonce, plain, head)
        if self.encr in CCM:
            return iv + AESCCM(key, self.icv_len).encrypt(nonce, plain, head)
        enc = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
        enc.authenticate_additional_data(head)
        body = enc.update(plain) + enc.finalize()
        return iv + body + enc.tag[:self.icv_len]

    def open(self, encr_key, integ_key, head, body):
        """The plaintext with padding, or IntegrityError."""
        if len(body) < self.iv_len + self.icv_len:
            raise IntegrityError('too short')
        iv, data, icv = body[:self.iv_len], body[self.iv_len:-self.icv_len], body[-self.icv_len:]
        try:
            return self._open(encr_key, integ_key, head, iv, data, icv)
        except (InvalidTag, InvalidSignature) as error:
            raise IntegrityError('wrong ICV') from error

    def _open(self, encr_key, integ_key, head, iv, data, icv):
        if not self.aead:
            mac, _, length = INTEGRITY[self.integ]
            if not hmac.compare_digest(mac(integ_key, head + iv + data)[:length], icv):
                raise InvalidTag()
            dec = CIPHERS[self.encr][0](encr_key, iv).decryptor()
            return dec.update(data) + dec.finalize()
        key, nonce = self._aead(encr_key, iv)
        if self.encr == wire.CHACHA20_POLY1305:
            return ChaCha20Poly1305(key).decrypt(nonce, data + icv, head)
        if self.encr in CCM:
            return AESCCM(key, self.icv_len).decrypt(nonce, data + icv, head)
        dec = Cipher(algorithms.AES(key), modes.GCM(nonce, icv, min_tag_length=8)).decryptor()
        dec.authenticate_additional_data(head)
        return dec.update(data) + dec.finalize()


# -------- key exchange --------

def _modp(bits, constant):
    """The primes of RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + constant)."""
    return 2**bits - 2**(bits - 64) - 1 + 2**64 * (_pi(bits - 130) + constant)


def _pi(shift):
    """[2^shift pi] by Machin's formula with guard bits."""
    one = 1 << (shift + 64)

    def arctan(inverse):
        total = term = one // inverse
        n, sign = 3, -1
        while term:
            term //= inverse * inverse
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total
    return (4 * (4 * arctan(5) - arctan(239))) >> 64


_MODP = {wire.MODP1024: (1024, 129093), wire.MODP1536: (1536, 741804), wire.MODP2048: (2048, 124476),
         wire.MODP3072: (3072, 1690314), wire.MODP4096: (4096, 240904), wire.MODP6144: (6144, 929484),
         wire.MODP8192: (8192, 4743158)}
_CURVES = {wire.ECP256: ec.SECP256R1, wire.ECP384: ec.SECP384R1, wire.ECP521: ec.SECP521R1, wire.ECP224: ec.SECP224R1,
           wire.ECP256BP: ec.BrainpoolP256R1, wire.ECP384BP: ec.BrainpoolP384R1, wire.ECP512BP: ec.BrainpoolP512R1}
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def modp_prime(method):
    if method not in _primes:
        _primes[method] = _modp(*_MODP[method])
    return _primes[method]


_primes = {}


class KeyExchange:
    """A private key of one method; public is what goes into KE."""

    def __init__(self, method):
        self.method = method
        if method in _MODP:
            p = modp_prime(method)
            self.private = int.from_bytes(os.urandom(40), 'big')
            self.public = pow(2, self.private, p).to_bytes(_MODP[method][0] // 8, 'big')
        elif method in _CURVES:
            self.private = ec.generate_private_key(_CURVES[method]())
            self.public = self.private.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]
        else:
            kind = x25519.X25519PrivateKey if method == wire.X25519 else x448.X448PrivateKey
            self.private = kind.generate()
            self.public = self.private.public_key().public_bytes(*_RAW)

    def shared(self, peer):
        if self.method in _MODP:
            p = modp_prime(self.method)
            return pow(int.from_bytes(peer, 'big'), self.private, p).to_bytes(len(self.public), 'big')
        if self.method in _CURVES:
            point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[self.method](), b'\4' + peer)
            return self.private.exchange(ec.ECDH(), point)
        kind = x25519.X25519PublicKey if self.method == wire.X25519 else x448.X448PublicKey
        return self.private.exchange(kind.from_public_bytes(peer))


# -------- keys of an IKE SA --------

class Keys:
    """SK_d and so on (2.14); old is the Keys of the SA being rekeyed (2.18)."""

    def __init__(self, prf, suite, shared, ni, nr, spi_i, spi_r, old=None):
        self.prf, self.suite = prf, suite
        seed = old.prf(old.sk_d, shared + ni + nr) if old else prf(ni[:prf.of_nonce] + nr[:prf.of_nonce], shared)
        lengths = (prf.length, suite.integ_len, suite.integ_len, suite.encr_len, suite.encr_len, prf.length, prf.length)
        stream = prf.plus(seed, ni + nr + spi_i + spi_r, sum(lengths))
        parts = []
        for length in lengths:
            parts.append(stream[:length])
            stream = stream[length:]
        self.sk_d, self.sk_ai, self.sk_ar, self.sk_ei, self.sk_er, self.sk_pi, self.sk_pr = parts

    def psk_auth(self, psk, from_initiator, message, peer_nonce, id_body):
        """AUTH data by shared secret (2.15): message is the sender's own IKE_SA_INIT message."""
        key = self.sk_pi if from_initiator else self.sk_pr
        octets = message + peer_nonce + self.prf(key, id_body)
        return self.prf(self.prf(psk, b'Key Pad for IKEv2'), octets)


def nat_hash(spi_i, spi_r, address, port):
    """NAT_DETECTION_*_IP (2.23); address as bytes"""
    return hashlib.sha1(spi_i + spi_r + address + struct.pack('>H', port)).digest()
