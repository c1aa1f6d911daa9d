#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The cells of the interop matrix: whether they cover what they should, and the page about them.

Usage: cells.py --check			KTAP: the cells are well formed, every pair is covered, docs/interop.md is up to date
       cells.py --page >docs/interop.md
       cells.py --fill PEER		prints cells for the pairs of PEER that are in none yet

Lines of cells/PEER:

	title NAME VERSION			what the peer is called
	cannot FACTOR=VALUE...: REASON		one value, or two together, that this peer can't do
	ROLE AUTH FAMILY CIPHER WHAT...		a cell: one tunnel, and what is done with it (scenarios.sh); ROLE is posternd's

Every pair of values of two of the factors role, auth, family, cipher and what has to be in a cell of each peer, unless it can't be.
"""
import collections
import itertools
import os
import random
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
FOLDER = os.path.join(HERE, 'cells')
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
    """A line is not as it should be."""


class Peer:
    def __init__(self, name):
        self.name = self.title = name
        self.cells, self.cannot = [], []  # (values of SINGLE, words), ({(factor, value)}, reason)
        with open(os.path.join(FOLDER, name), encoding='utf-8') as lines:
            for number, line in enumerate(lines, 1):
                fault = self.read(line.strip())
                if fault:
                    raise Bad(f'cells/{name}:{number}: {fault}')
        for cell in self.cells:
            for pair in pairs_of(cell):
                if self.excuse(pair):
                    raise Bad(f'cells/{name}: a cell has {shown(pair)}, which can\'t be')

    def read(self, line):
        """Takes a line; returns what is wrong with it, or None."""
        if not line or line.startswith('#'):
            return None
        word, _, rest = line.partition(' ')
        if word == 'title':
            self.title = rest
            return None
        if word == 'cannot':
            head, _, reason = rest.partition(':')
            values = [tuple(value.split('=', 1)) for value in head.split()]
            if not reason or len(values) not in (1, 2) or any(len(v) != 2 or v[1] not in FACTORS.get(v[0], []) for v in values):
                return 'cannot FACTOR=VALUE [FACTOR=VALUE]: REASON'
            self.cannot.append((frozenset(values), reason.strip()))
            return None
        words = tuple(line.split())
        self.cells.append((words[:len(SINGLE)], words[len(SINGLE):]))
        return fault_of(*self.cells[-1])

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
    return {name: Peer(name) for name in sorted(os.listdir(FOLDER), key=lambda name: (name != 'strongswan', name))}


def shown(values):
    return ' with '.join(SHOWN.get(value, value) for _, value in sorted(values, key=lambda v: list(FACTORS).index(v[0])))


# -------- filling --------

def fullest(peer, single, rng):
    """A cell with as many words as go together; None if there can't be one."""
    fixed = list(zip(SINGLE, single))
    if any(peer.excuse(frozenset(pair)) for pair in itertools.combinations(fixed, 2)):
        return None
    words = set()
    for word in rng.sample(MADE + DONE, len(MADE + DONE)) + rng.sample(ENDS, len(ENDS)):
        if not any(peer.excuse(frozenset({one, ('what', word)})) for one in fixed) and \
                not any(apart <= words | {word} for apart in APART) and not (word in ENDS and words & set(ENDS)):
            words.add(word)
    words = tuple(word for word in FACTORS['what'] if word in words)
    return None if fault_of(single, words) else (single, words)


def fill_once(peer, rng):
    """From all cells there can be, as full as can be, drops at random whatever isn't needed."""
    wanted = peer.uncovered()
    cells = [cell for cell in (fullest(peer, single, rng) for single in itertools.product(*SINGLE.values())) if cell]
    rng.shuffle(cells)
    count = collections.Counter(pair for cell in cells for pair in pairs_of(cell) & wanted)
    if wanted - set(count):
        return None

    def drop(pairs):
        pairs &= wanted
        if any(count[pair] == 1 for pair in pairs):
            return False
        count.subtract(pairs)
        return True

    result = []
    for single, words in [cell for cell in cells if not drop(pairs_of(cell))]:
        for word in rng.sample(words, len(words)):
            rest = tuple(w for w in words if w != word)
            if not fault_of(single, rest) and drop(pairs_of((single, words)) - pairs_of((single, rest))):
                words = rest
        result.append((single, words))
    return result


def cost(cells):
    return sum(2 + sum(3 if word == 'dpd' else 1 for word in words) for _, words in cells)


def fill(peer):
    best = min(filter(None, (fill_once(peer, random.Random(seed)) for seed in range(1000))), key=cost, default=[])
    for single, words in sorted(best, key=lambda cell: [SINGLE[f].index(v) for f, v in zip(SINGLE, cell[0])]):
        print(*single, *words)


# -------- the page --------

INTRODUCTION = '''# Interoperability

Printed by `tests/interop/cells.py --page` from `tests/interop/cells/`; a test (`docs/interop`) fails when this page isn't up to
date. `tests/interop/matrix.sh PEER` runs the cells of a peer in the VM (tests `interop/matrix-PEER`) and prints its table with the
results.

A cell is one tunnel between posternd and the peer, and what is done with it. The role is posternd's. Each pair of values of
role, authentication, family, cipher and what is done is in some cell of each peer, as the same test shows, but for those that the
peer can't do.
'''


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
        stale = [] if f.read() == page(peers) else ['tests/interop/cells.py --page >docs/interop.md brings it up to date']
    tests.append(('docs/interop.md is up to date', stale))
    print(f'KTAP version 1\n1..{len(tests)}')
    for number, (name, faults) in enumerate(tests, 1):
        for fault in faults[:20]:
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
    if arguments == ['--page']:
        sys.stdout.write(page(peers))
    elif len(arguments) == 2 and arguments[0] == '--fill' and arguments[1] in peers:
        fill(peers[arguments[1]])
    else:
        sys.exit(__doc__)
    return 0


if __name__ == '__main__':
    sys.exit(main())
