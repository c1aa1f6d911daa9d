#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn test vectors of the C2SP Wycheproof project into the .inc files beside this script.

usage: wycheproof.py FOLDER   (FOLDER: its testvectors_v1)

Taken are the cases that IKEv2's forms of the algorithms can express: points in the clear,
nonces of the length that salt and IV make, tags of the lengths on offer.
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
NOTICE = """/*
 * Written by tests/vectors/wycheproof.py: do not edit.
 * Values from {source} of the C2SP Wycheproof project (testvectors_v1),
 * https://github.com/C2SP/wycheproof, licensed under the Apache License, Version 2.0 (see
 * LICENSE.wycheproof in this folder); selected and brought into this form by the script.
 */
"""
# How many cases of one sort (comment or flags) are kept where the source has hundreds alike.
SORT_MAX = 24


def cases(source):
    """(group, test) of every case in a file."""
    for group in json.loads((FOLDER / source).read_text())["testGroups"]:
        for test in group["tests"]:
            yield group, test


def write(name, sources, lines):
    text = NOTICE.format(source=", ".join(sources))
    (HERE / f"wycheproof_{name}.inc").write_text(text + "".join(line + "\n" for line in lines))
    print(f"{name}: {len(lines)} cases")


def line(macro, tc, *fields):
    return f"{macro}({tc}, " + ", ".join(
        str(int(f)) if isinstance(f, (bool, int)) else f'"{f}"' for f in fields) + ")"


def aead(name, source, nonce_bits, tags):
    """AEAD(tc, key bits, tag bytes, key, nonce, aad, plain, cipher, tag, valid)"""
    out = []
    for g, t in cases(source):
        if g["ivSize"] == nonce_bits and g["tagSize"] in tags:
            out.append(line("AEAD", t["tcId"], g["keySize"], g["tagSize"] // 8, t["key"], t["iv"],
                            t["aad"], t["msg"], t["ct"], t["tag"], t["result"] == "valid"))
    write(name, [source], out)


def hmac():
    """HMAC(tc, hash bits, key, message, tag, valid)"""
    out, sources = [], []
    for bits in 256, 384, 512:
        source = f"hmac_sha{bits}_test.json"
        sources.append(source)
        out += [line("HMAC", t["tcId"], bits, t["key"], t["msg"], t["tag"], t["result"] == "valid")
                for g, t in cases(source)]
    write("hmac", sources, out)


def cmac():
    """CMAC(tc, key, message, tag, valid)"""
    source = "aes_cmac_test.json"
    write("aes_cmac", [source], [
        line("CMAC", t["tcId"], t["key"], t["msg"], t["tag"], t["result"] == "valid")
        for g, t in cases(source) if g["keySize"] == 128])


def cbc():
    """CBC(tc, key bits, key, IV, plain text with its padding, cipher text)"""
    source, out = "aes_cbc_pkcs5_test.json", []
    for g, t in cases(source):
        if t["result"] == "valid":
            pad = 16 - len(t["msg"]) // 2 % 16
            out.append(line("CBC", t["tcId"], g["keySize"], t["key"], t["iv"],
                            t["msg"] + f"{pad:02x}" * pad, t["ct"]))
    write("aes_cbc", [source], out)


def xdh(name):
    """KEX(tc, private, public, shared); shared is "" where it must be refused"""
    source, out, sorts = f"{name}_test.json", [], {}
    for g, t in cases(source):
        sort = tuple(t["flags"])
        sorts[sort] = sorts.get(sort, 0) + 1
        if sorts[sort] <= SORT_MAX:
            good = t["result"] != "invalid" and set(t["shared"]) != {"0"}
            out.append(line("KEX", t["tcId"], t["private"], t["public"],
                            t["shared"] if good else ""))
    write(name, [source], out)


def ecdh(name, curve, length):
    """As xdh(); the point is what stands in the DER form of the named curve after the 04 octet."""
    source, out, sorts = f"ecdh_{curve}_test.json", [], {}
    tests = [t for g, t in cases(source)]
    start = len(tests[0]["public"]) - 4 * length
    prefix = tests[0]["public"][:start]
    for t in tests:
        sort = tuple(t["flags"])
        if (not t["public"].startswith(prefix) or len(t["public"]) != start + 4 * length
                or t["result"] == "acceptable"):
            continue
        sorts[sort] = sorts.get(sort, 0) + 1
        if sorts[sort] <= SORT_MAX:
            private = t["private"].lstrip("0").rjust(2 * length, "0")
            out.append(line("KEX", t["tcId"], private, t["public"][start:],
                            t["shared"] if t["result"] == "valid" else ""))
    write(name, [source], out)


def signature(name, source, most):
    """SIG(tc, SubjectPublicKeyInfo or "" for the one before, message, signature, valid)"""
    out, sorts, key = [], {}, None
    for g, t in cases(source):
        sort = tuple(t["flags"])
        sorts[sort] = sorts.get(sort, 0) + 1
        if sorts[sort] > most or t["result"] == "acceptable":
            continue
        out.append(line("SIG", t["tcId"], "" if g["publicKeyDer"] == key else g["publicKeyDer"],
                        t["msg"], t["sig"], t["result"] == "valid"))
        key = g["publicKeyDer"]
    write(name, [source], out)


FOLDER = pathlib.Path(sys.argv[1])
aead("aes_gcm", "aes_gcm_test.json", 96, [128])
aead("aes_ccm", "aes_ccm_test.json", 88, [64, 96, 128])
aead("chacha20_poly1305", "chacha20_poly1305_test.json", 96, [128])
hmac()
cmac()
cbc()
xdh("x25519")
xdh("x448")
ecdh("ecp256", "secp256r1", 32)
ecdh("ecp384", "secp384r1", 48)
ecdh("ecp521", "secp521r1", 66)
signature("ecdsa_p256", "ecdsa_secp256r1_sha256_test.json", 12)
signature("ed25519", "ed25519_test.json", 12)
signature("ed448", "ed448_test.json", 12)
signature("rsa_pkcs1", "rsa_signature_2048_sha256_test.json", 4)
signature("rsa_pss", "rsa_pss_2048_sha256_mgf1_32_test.json", 4)
