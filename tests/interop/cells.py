#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The cells of the interop matrix: whether they cover what they should, and the page about them.

Usage: cells.py --check			KTAP: the file "cells" is right, every pair is covered, docs/interop.md is up to date
       cells.py --table >docs/interop.md
       cells.py --fill PEER		prints lines for "cells" that cover the pairs of PEER that no line covers yet

Lines of the file:

	peer NAME: TITLE
	NAME ROLE AUTHENTICATION FAMILY CIPHER WHAT...		a cell: one tunnel, and what is done with it (scenarios.sh)
	cannot NAME FACTOR=VALUE...: REASON			one value, or two together, that this peer can't do

Every pair of values of two of the factors role, authentication, family, cipher and what has to be in a cell of each peer,
unless it can't be. ROLE is posternd's.
"""
import itertools
import os
import random
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
CELLS = os.path.join(HERE, 'cells')
PAGE = os.path.join(HERE, '../../docs/interop.md')

SINGLE = {
    'role': ['initiator', 'responder'],
    'auth': ['psk', 'rsa', 'ecdsa', 'ed25519'],
    'family': ['ipv4', 'ipv6'],
    'cipher': ['gcm', 'cbc', 'chacha'],
}
# What can be done with a tunnel, in the order of a line: how it is made, what is done to it, how it ends.
MADE = ['fragmentation', 'nat', 'pfs', 'transport', 'virtual-ip']
DONE = ['rekey-child-by-us', 'rekey-child-by-peer', 'rekey-ike-by-us', 'rekey-ike-by-peer', 'delete-child-by-us',
        'delete-child-by-peer']
ENDS = ['delete-ike-by-us', 'delete-ike-by-peer', 'dpd']
FACTORS = {**SINGLE, 'what': MADE + DONE + ENDS}
APART = [{'transport', 'virtual-ip'}, {'transport', 'nat'}, {'delete-child-by-us', 'delete-child-by-peer'}]
SHOWN = {
    'psk': 'PSK', 'rsa': 'RSA', 'ecdsa': 'ECDSA', 'ed25519': 'Ed25519', 'ipv4': 'IPv4', 'ipv6': 'IPv6',
    'gcm': 'AES-GCM', 'cbc': 'AES-CBC, HMAC', 'chacha': 'ChaCha20-Poly1305', 'nat': 'NAT between', 'pfs': 'PFS',
    'transport': 'transport mode', 'virtual-ip': 'virtual IP', 'rekey-child-by-us': 'rekey Child by us',
    'rekey-child-by-peer': 'rekey Child by the peer', 'rekey-ike-by-us': 'rekey IKE by us',
    'rekey-ike-by-peer': 'rekey IKE by the peer', 'delete-child-by-us': 'delete Child by us',
    'delete-child-by-peer': 'delete Child by the peer', 'delete-ike-by-us': 'delete IKE by us',
    'delete-ike-by-peer': 'delete IKE by the peer', 'dpd': 'DPD after a kill',
}


class Bad(Exception):
    """A line of the file is not as it should be."""


class Peer:
    def __init__(self, name, title):
        self.name, self.title = name, title
        self.cells, self.cannot = [], []  # (values of SINGLE, words), ({(factor, value)}, reason)

    def excuse(self, pair):
        """Why it can't be, or None."""
        return next((reason for values, reason in self.cannot if values <= pair), None)

    def uncovered(self):
        return {pair for pair in all_pairs() if not self.excuse(pair)} - set().union(*map(pairs_of, self.cells))


def all_pairs():
    for one, other in itertools.combinations(FACTORS, 2):
        for a, b in itertools.product(FACTORS[one], FACTORS[other]):
            yield frozenset({(one, a), (other, b)})


def pairs_of(cell):
    single, words = cell
    fixed = list(zip(SINGLE, single))
    pairs = {frozenset(pair) for pair in itertools.combinations(fixed, 2)}
    return pairs | {frozenset({one, ('what', word)}) for one in fixed for word in words}


def fault_of(single, words):
    """What is wrong with a cell, or None."""
    if len(single) < len(SINGLE):
        return 'too short'
    for factor, value in [*zip(SINGLE, single), *(('what', word) for word in words)]:
        if value not in FACTORS[factor]:
            return f'no {factor} {value}'
    if [w for w in FACTORS['what'] if w in words] != list(words):
        return 'twice, or in another order than ' + ' '.join(FACTORS['what'])
    if sum(word in ENDS for word in words) != 1:
        return 'one of the ends ' + ' '.join(ENDS)
    if 'pfs' in words and not any(word.startswith('rekey-child') for word in words):
        return 'pfs shows when a Child SA is rekeyed'
    return next(('not together: ' + ' '.join(sorted(apart)) for apart in APART if apart <= set(words)), None)


def read():
    peers = {}
    with open(CELLS, encoding='utf-8') as lines:
        for number, line in enumerate(lines, 1):
            line = line.strip()
            if not line or line.startswith('#'):
                continue
            fault = read_line(peers, line)
            if fault:
                raise Bad(f'cells:{number}: {fault}')
    return peers


def read_line(peers, line):
    head, _, text = line.partition(':')
    word, *rest = head.split()
    text = text.strip()
    if word == 'peer':
        peers[rest[0]] = Peer(rest[0], text)
        return None
    if word == 'cannot':
        values = frozenset(tuple(value.split('=', 1)) for value in rest[1:])
        if rest[0] not in peers or not text or len(values) not in (1, 2):
            return 'cannot PEER FACTOR=VALUE [FACTOR=VALUE]: REASON'
        if any(len(v) != 2 or v[1] not in FACTORS.get(v[0], []) for v in values):
            return 'a factor or value that there isn\'t'
        peers[rest[0]].cannot.append((values, text))
        return None
    if word not in peers:
        return f'no peer {word}'
    single, words = tuple(rest[:len(SINGLE)]), tuple(rest[len(SINGLE):])
    fault = fault_of(single, words)
    if not fault:
        peers[word].cells.append((single, words))
        fault = next((f'it says that {shown(pair)} can\'t be' for pair in pairs_of((single, words))
                      if peers[word].excuse(pair)), None)
    return fault


def shown(values):
    return ' with '.join(SHOWN.get(value, value) for _, value in sorted(values, key=lambda v: list(FACTORS).index(v[0])))


# -------- filling --------

def random_cell(peer, rng):
    single = tuple(rng.choice(values) for values in SINGLE.values())
    words = {word for word in MADE + DONE if rng.random() < 0.4} | {rng.choice(ENDS)}
    words = {w for w in words if not any(peer.excuse(frozenset({one, ('what', w)})) for one in zip(SINGLE, single))}
    words = tuple(word for word in FACTORS['what'] if word in words)
    if fault_of(single, words) or any(peer.excuse(pair) for pair in pairs_of((single, words))):
        return None
    return single, words


def cost(cell):
    """In the time of a tunnel that comes up."""
    return 1 + sum(2 if word == 'dpd' else 0.5 for word in cell[1])


def fill_once(peer, rng):
    left, cells = peer.uncovered(), []
    while left:
        tries = [cell for cell in (random_cell(peer, rng) for _ in range(300)) if cell]
        best = max(tries, key=lambda cell: len(pairs_of(cell) & left) / cost(cell))
        left -= pairs_of(best)
        cells.append(best)
    return cells


def fill(peer):
    ways = (fill_once(peer, random.Random(seed)) for seed in range(60))
    best = min(ways, key=lambda cells: sum(map(cost, cells)))
    for single, words in sorted(best, key=lambda cell: [SINGLE[f].index(v) for f, v in zip(SINGLE, cell[0])]):
        print(peer.name, *single, *words)


# -------- the page --------

INTRODUCTION = '''# Interoperability

Printed by `tests/interop/cells.py --table` from `tests/interop/cells`; a test (`docs/interop`) fails when this page isn't up to
date. `tests/interop/matrix.sh PEER` runs the cells of a peer in the VM (tests `interop/matrix-PEER`) and prints its table with the
results.

A cell is one tunnel between posternd and the peer, and what is done with it. The role is posternd's. Each pair of values of
role, authentication, family, cipher and what is done is in some cell of each peer, as the same test shows, but for those that the
peer can't do.
'''


def able(peer, word):
    reason = peer.excuse(frozenset({('what', word)}))
    if reason:
        return 'no'
    partly = [values for values, _ in peer.cannot if ('what', word) in values]
    return 'partly' if partly else 'yes'


def page(peers):
    out = [INTRODUCTION, '| | ' + ' | '.join(p.title for p in peers.values()) + ' |', '|---' * (len(peers) + 1) + '|']
    for factor, values in FACTORS.items():
        for value in values:
            marks = ['no' if p.excuse(frozenset({(factor, value)})) else
                     'partly' if any((factor, value) in values for values, _ in p.cannot) else 'yes' for p in peers.values()]
            out.append(f'| {SHOWN.get(value, value)} | ' + ' | '.join(marks) + ' |')
    for peer in peers.values():
        out += ['', f'## {peer.title}', '', '| role | authentication | family | cipher | what |', '|---|---|---|---|---|']
        for single, words in peer.cells:
            out.append('| ' + ' | '.join(SHOWN.get(value, value) for value in single) + ' | ' +
                       ', '.join(SHOWN.get(word, word) for word in words) + ' |')
        if peer.cannot:
            out += ['', 'What can\'t be:', '']
            out += [f'- {shown(values)}: {reason}' for values, reason in peer.cannot]
    return '\n'.join(out) + '\n'


def check():
    tests = []
    try:
        peers = read()
        tests.append(('the cells are well formed', []))
    except Bad as bad:
        peers = {}
        tests.append(('the cells are well formed', [str(bad)]))
    for peer in peers.values():
        tests.append((f'{peer.title}: every pair is in a cell or can\'t be',
                      sorted(shown(pair) + ' is in no cell' for pair in peer.uncovered())))
    with open(PAGE, encoding='utf-8') as f:
        stale = [] if f.read() == page(peers) else ['tests/interop/cells.py --table >docs/interop.md brings it up to date']
    tests.append(('docs/interop.md is up to date', stale))
    print(f'KTAP version 1\n1..{len(tests)}')
    for number, (name, faults) in enumerate(tests, 1):
        for fault in faults:
            print('#', fault)
        print('not ok' if faults else 'ok', number, name)
    return 1 if any(faults for _, faults in tests) else 0


def main():
    arguments = sys.argv[1:]
    if arguments == ['--check']:
        return check()
    try:
        peers = read()
    except Bad as bad:
        sys.exit(str(bad))
    if arguments == ['--table']:
        sys.stdout.write(page(peers))
    elif len(arguments) == 2 and arguments[0] == '--fill' and arguments[1] in peers:
        fill(peers[arguments[1]])
    else:
        sys.exit(__doc__)
    return 0


if __name__ == '__main__':
    sys.exit(main())
