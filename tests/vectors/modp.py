#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write modp.inc: Diffie-Hellman in the groups of RFC 7296 B.2 and RFC 3526, worked out without OpenSSL.

The primes come from the formulas in the RFCs, with pi computed here, and the powers from Python's
integers. The private values are hashes of a label, so the file is the same each time. The second
case of each group is picked so that the shared secret begins with a zero byte, which must not be
left out (RFC 7296 2.14).
"""
import hashlib
import pathlib

# bits, exponent of 2 that pi is multiplied by, constant (RFC 7296 B.2, RFC 3526 2 to 7)
GROUPS = [(1024, 894, 129093), (1536, 1406, 741804), (2048, 1918, 124476), (3072, 2942, 1690314),
          (4096, 3966, 240904), (6144, 6014, 929484), (8192, 8062, 4743158)]


def pi_times_power(exponent):
    """floor(2^exponent * pi) by Machin's formula: pi = 16 atan(1/5) - 4 atan(1/239)."""
    guard = 64
    one = 1 << (exponent + guard)

    def atan_inverse(n):
        term = one // n
        total, k, sign = term, 1, 1
        while term:
            term //= n * n
            k, sign = k + 2, -sign
            total += sign * (term // k)
        return total

    return (16 * atan_inverse(5) - 4 * atan_inverse(239)) >> guard


def private(*label):
    return int.from_bytes(hashlib.sha256(" ".join(map(str, label)).encode()).digest() * 2, "big")


lines = ["/* Written by tests/vectors/modp.py: do not edit.",
         " * MODP(bits, prime, private a, private b, public a, public b, shared) */"]
for bits, exponent, constant in GROUPS:
    p = 2**bits - 2**(bits - 64) - 1 + 2**64 * (pi_times_power(exponent) + constant)
    size = bits // 8
    a = private("a", bits)
    public_a = pow(2, a, p)
    wanted = [lambda s: s >> (bits - 8) != 0, lambda s: s >> (bits - 8) == 0]
    n = 0
    for want in wanted:
        while True:
            n += 1
            b = private("b", bits, n)
            shared = pow(public_a, b, p)
            if want(shared):
                break
        values = [v.to_bytes(length, "big").hex() for v, length in (
            (p, size), (a, 64), (b, 64), (public_a, size), (pow(2, b, p), size), (shared, size))]
        lines.append(f"MODP({bits}, " + ",\n     ".join(f'"{v}"' for v in values) + ")")
(pathlib.Path(__file__).parent / "modp.inc").write_text("\n".join(lines) + "\n")
