# SPDX-License-Identifier: MIT
"""Keys and certificates for the cases that authenticate by signatures (RFC 7296 2.15, RFC 7427)."""
import datetime
import hashlib
import os

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

SHA1, SHA256, SHA384, SHA512, IDENTITY = 1, 2, 3, 4, 5  # "Hash Algorithms" of RFC 7427
HASHES = {SHA1: hashes.SHA1, SHA256: hashes.SHA256, SHA384: hashes.SHA384, SHA512: hashes.SHA512}


def _pss(last_octet, salt, trailer):
    """AlgorithmIdentifier of RSASSA-PSS; trailer: its default value is written, as in RFC 7427 A.4.3, or left out as in DER."""
    sha2 = bytes.fromhex('300d06096086480165030402') + bytes([last_octet]) + b'\5\0'
    mgf1 = bytes.fromhex('06092a864886f70d010108') + sha2
    inner = b'\xa0\x0f' + sha2 + b'\xa1\x1c\x30\x1a' + mgf1 + b'\xa2\3\2\1' + bytes([salt])
    inner += b'\xa3\3\2\1\1' if trailer else b''
    inner = bytes.fromhex('06092a864886f70d01010a') + bytes([0x30, len(inner)]) + inner
    return bytes([0x30, len(inner)]) + inner


# AlgorithmIdentifiers of RFC 7427 A, RFC 8420 A: name, DER, hash
ALGORITHMS = {
    'rsa-sha1': (bytes.fromhex('300d06092a864886f70d0101050500'), SHA1),
    'rsa-sha256': (bytes.fromhex('300d06092a864886f70d01010b0500'), SHA256),
    'rsa-sha512': (bytes.fromhex('300d06092a864886f70d01010d0500'), SHA512),
    'rsa-pss-sha256': (_pss(1, 32, True), SHA256),
    'rsa-pss-sha384': (_pss(2, 48, True), SHA384),
    'rsa-pss-sha512': (_pss(3, 64, True), SHA512),
    'rsa-pss-sha256-der': (_pss(1, 32, False), SHA256),
    'ecdsa-sha256': (bytes.fromhex('300a06082a8648ce3d040302'), SHA256),
    'ecdsa-sha512': (bytes.fromhex('300a06082a8648ce3d040304'), SHA512),
    'ed25519': (bytes.fromhex('300506032b6570'), IDENTITY),
}


def new_key(kind):
    if kind == 'rsa':
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == 'ecdsa' else ed25519.Ed25519PrivateKey.generate()


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Ca:
    def __init__(self, name='conformance CA'):
        self.key, self.name = new_key('ecdsa'), name
        now = datetime.datetime(2020, 1, 1)
        builder = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(name))
        builder = builder.not_valid_before(now).not_valid_after(datetime.datetime(2120, 1, 1)).serial_number(1)
        builder = builder.add_extension(x509.BasicConstraints(True, None), True).public_key(self.key.public_key())
        self.cert = builder.sign(self.key, hashes.SHA256())

    @property
    def key_id(self):
        """SHA-1 of the SubjectPublicKeyInfo: what a CERTREQ holds (3.7)."""
        return hashlib.sha1(self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).digest()

    def issue(self, key, name, until=2120, ocsp=None):
        """A certificate in DER for a DNS name. ocsp: where its CA answers questions about it."""
        builder = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(self.cert.subject)
        builder = builder.not_valid_before(datetime.datetime(2020, 1, 1)).not_valid_after(datetime.datetime(until, 1, 1))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        if ocsp:
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), False)
        builder = builder.serial_number(int.from_bytes(os.urandom(8), 'big') | 1).public_key(key.public_key())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    @property
    def pem(self):
        return self.cert.public_bytes(serialization.Encoding.PEM).decode()


def pem(der):
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _pss_padding(number):
    return padding.PSS(padding.MGF1(HASHES[number]()), HASHES[number].digest_size)


def sign(key, name, octets):
    """By the algorithm of that name in ALGORITHMS."""
    number = ALGORITHMS[name][1]
    if name.startswith('rsa-pss'):
        return key.sign(octets, _pss_padding(number), HASHES[number]())
    if name.startswith('rsa'):
        return key.sign(octets, padding.PKCS1v15(), HASHES[number]())
    return key.sign(octets, ec.ECDSA(HASHES[number]())) if name.startswith('ecdsa') else key.sign(octets)


def verify(der, identifier, signature, octets):
    """Was it signed by the key of this certificate, by the algorithm with this AlgorithmIdentifier?"""
    key = x509.load_der_x509_certificate(der).public_key()
    name = next((name for name, (known, _) in ALGORITHMS.items() if known == identifier), None)
    if name is None:
        raise ValueError(f'unknown AlgorithmIdentifier {identifier.hex()}')
    algorithm = HASHES.get(ALGORITHMS[name][1])
    try:
        if name.startswith('rsa-pss'):
            key.verify(signature, octets, _pss_padding(ALGORITHMS[name][1]), algorithm())
        elif name.startswith('rsa'):
            key.verify(signature, octets, padding.PKCS1v15(), algorithm())
        elif name.startswith('ecdsa'):
            key.verify(signature, octets, ec.ECDSA(algorithm()))
        else:
            key.verify(signature, octets)
    except InvalidSignature:
        return False
    return True


class Authority:
    """One CA, and the gateway's keys and certificates by kind."""

    def __init__(self):
        self.ca = Ca()
        self.keys = {kind: new_key(kind) for kind in ('rsa', 'ecdsa', 'ed25519')}
        self.certs = {kind: self.ca.issue(key, 'gw.test') for kind, key in self.keys.items()}

    def write_keys(self, folder):
        """Where the daemon looks for them."""
        os.makedirs(os.path.join(folder, 'private'), exist_ok=True)
        for kind, key in self.keys.items():
            with open(os.path.join(folder, 'private', kind + '.pem'), 'wb') as file:
                file.write(key_pem(key))
