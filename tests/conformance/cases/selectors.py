# SPDX-License-Identifier: MIT
"""Traffic selectors"""
import struct

from case import *  # noqa: F401,F403

TCP, UDP, ICMP, ICMPV6, MH = 6, 17, 1, 58, 135
ANY4, ANY6 = net('0.0.0.0/0'), net('::/0')
OPAQUE = (65535, 0)


def answer_to(t, tsi, tsr, sa=None, **options):
    """TSi and TSr of the answer to an offer in IKE_AUTH."""
    sa = t.init(sa, **options)
    m = t.authenticate(sa, tsi=tsi, tsr=tsr)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    return wire.decode_selectors(m.get(wire.TSI)), wire.decode_selectors(m.get(wire.TSR))


def unacceptable(t, tsi, tsr, **options):
    sa = t.init(**options)
    m = t.authenticate(sa, tsi=tsi, tsr=tsr)
    t.equal(m.error(), wire.TS_UNACCEPTABLE, 'error')
    t.check(not set(m.kinds()) & {wire.SA, wire.TSI, wire.TSR}, f'{m}')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


# -------- responder --------

@case('RFC 7296 2.9', RESPONDER, 'the whole offer is allowed: the same selectors come back')
def same(t):
    t.equal(answer_to(t, [OUR_NET], [ITS_NET]), ([OUR_NET], [ITS_NET]), 'selectors')


@case('RFC 7296 2.9', RESPONDER, 'an offer within the policy comes back as it is')
def within(t):
    tsi, tsr = [net('10.2.3.4/32')], [net('10.1.0.9-10.1.0.77', TCP, (80, 443))]
    t.equal(answer_to(t, tsi, tsr), (tsi, tsr), 'selectors')


@case('RFC 7296 2.9', RESPONDER, 'an offer wider than the policy is narrowed to the policy')
def narrowed(t):
    t.equal(answer_to(t, [ANY4], [ANY4]), ([OUR_NET], [ITS_NET]), 'selectors')
    listed = t.children()[0]
    t.equal((listed['local-ts'], listed['remote-ts']), (['10.1.0.0/16'], ['10.2.0.0/16']), 'what is installed')


@case('RFC 7296 2.9', RESPONDER, 'an offer that overlaps with the policy is narrowed to what both have')
def overlapping(t):
    t.equal(answer_to(t, [net('10.2.255.0-10.3.0.255')], [net('10.0.0.0-10.1.0.255')]),
            ([net('10.2.255.0/24')], [net('10.1.0.0/24')]), 'selectors')


@case('RFC 7296 2.9', RESPONDER, 'nothing in common: TS_UNACCEPTABLE, and the IKE SA stays')
def nothing_in_common(t):
    unacceptable(t, [net('10.3.0.0/16')], [ITS_NET])
    t.again()
    unacceptable(t, [OUR_NET], [net('192.168.0.0/16')])


@case('RFC 7296 2.9', RESPONDER, 'the specific first selectors of a packet are within the answer')
def first_kept(t):
    packet = net('10.2.7.7/32', TCP, (1024, 1024)), net('10.1.8.8/32', TCP, (80, 80))
    tsi, tsr = answer_to(t, [packet[0], ANY4], [packet[1], ANY4])
    for wanted, got in zip(packet, (tsi, tsr)):
        t.check(any(one.first <= wanted.first and wanted.last <= one.last and one.protocol in (0, TCP) for one in got),
                f'{wanted} is not in {got}')
    for got, policy in ((tsi, OUR_NET), (tsr, ITS_NET)):
        t.check(all(policy.first <= one.first and one.last <= policy.last for one in got), f'{got} is beyond the policy')


@case('RFC 7296 2.9', RESPONDER, 'a policy that allows only the first selectors gives those')
def only_first(t):
    tsi, tsr = answer_to(t, [net('10.2.0.1/32'), net('192.168.0.0/16')], [net('10.1.0.1/32'), net('172.16.0.0/12')])
    t.equal((tsi, tsr), ([net('10.2.0.1/32')], [net('10.1.0.1/32')]), 'selectors')


@case('RFC 7296 2.9, 3.13', RESPONDER, 'several selectors on each side')
def several(t):
    options = {'child': {'local_ts': ['10.1.1.0/24', '10.1.3.0/24'], 'remote_ts': ['10.2.1.0/24', '10.2.3.0/24']}}
    own = [net('10.2.1.0/24'), net('10.2.2.0/24'), net('10.2.3.0/24')]
    its = [net('10.1.3.0/24'), net('10.1.1.0/24')]
    tsi, tsr = answer_to(t, own, its, **options)
    t.equal((tsi, tsr), ([own[0], own[2]], its), 'selectors')


@case('RFC 7296 3.13.1', RESPONDER, 'protocol and ports are narrowed, too')
def ports_narrowed(t):
    options = {'child': {'local_ts': '10.1.0.0/16[tcp/80]', 'remote_ts': '10.2.0.0/16[tcp]'}}
    tsi, tsr = answer_to(t, [OUR_NET], [ITS_NET], **options)
    t.equal((tsi, tsr), ([net('10.2.0.0/16', TCP)], [net('10.1.0.0/16', TCP, (80, 80))]), 'selectors')


@case('RFC 7296 3.13.1', RESPONDER, 'port ranges are cut to what both have')
def port_ranges(t):
    options = {'child': {'local_ts': '10.1.0.0/16[udp/1000-2000]', 'remote_ts': '10.2.0.0/16[udp]'}}
    _, tsr = answer_to(t, [net('10.2.0.0/16', UDP)], [net('10.1.0.0/16', UDP, (1500, 3000))], **options)
    t.equal(tsr, [net('10.1.0.0/16', UDP, (1500, 2000))], 'TSr')


@case('RFC 7296 3.13.1', RESPONDER, 'another protocol than the policy\'s: TS_UNACCEPTABLE')
def other_protocol(t):
    unacceptable(t, [net('10.2.0.0/16', UDP)], [net('10.1.0.0/16', UDP)],
                 child={'local_ts': '10.1.0.0/16[tcp]', 'remote_ts': '10.2.0.0/16[tcp]'})


@case('RFC 7296 3.13.1', RESPONDER, 'disjoint ports: TS_UNACCEPTABLE')
def disjoint_ports(t):
    unacceptable(t, [net('10.2.0.0/16', TCP)], [net('10.1.0.0/16', TCP, (81, 65535))],
                 child={'local_ts': '10.1.0.0/16[tcp/80]', 'remote_ts': '10.2.0.0/16[tcp]'})


@case('RFC 7296 3.13.1, RFC 4301 4.4.1.1', RESPONDER, 'ICMP type and code stand in the port fields')
def icmp(t):
    echo = net('10.1.0.0/16', ICMP, (8 << 8, 8 << 8 | 255))
    any_icmp = net('10.2.0.0/16', ICMP)
    t.equal(answer_to(t, [any_icmp], [echo]), ([any_icmp], [echo]), 'selectors')


@case('RFC 7296 3.13.1', RESPONDER, 'OPAQUE ports come back as OPAQUE')
def opaque(t):
    tsi, tsr = [net('10.2.0.0/16', TCP, OPAQUE)], [net('10.1.0.0/16', TCP, OPAQUE)]
    t.equal(answer_to(t, tsi, tsr), (tsi, tsr), 'selectors')


@case('RFC 7296 3.13.1', RESPONDER, 'OPAQUE against a policy with ports has nothing in common')
def opaque_against_ports(t):
    unacceptable(t, [net('10.2.0.0/16', TCP)], [net('10.1.0.0/16', TCP, OPAQUE)],
                 child={'local_ts': '10.1.0.0/16[tcp/80]', 'remote_ts': '10.2.0.0/16[tcp]'})


@case('RFC 7296 3.13.1', RESPONDER, 'IPv6 selectors')
def ipv6(t):
    options = {'child': {'local_ts': 'fd01::/64', 'remote_ts': 'fd02::/64'}}
    t.equal(answer_to(t, [ANY6], [net('fd01::1/128')], **options), ([net('fd02::/64')], [net('fd01::1/128')]), 'selectors')


@case('RFC 7296 2.9', RESPONDER, 'IPv4 and IPv6 in one offer: what the policy has of them comes back')
def both_families(t):
    options = {'child': {'local_ts': ['10.1.0.0/16', 'fd01::/64'], 'remote_ts': ['10.2.0.0/16', 'fd02::/64']}}
    tsi, tsr = answer_to(t, [ANY4, ANY6], [ANY6, ANY4], **options)
    t.equal((tsi, tsr), ([OUR_NET, net('fd02::/64')], [net('fd01::/64'), ITS_NET]), 'selectors')


@case('RFC 7296 2.9', RESPONDER, 'the other address family: TS_UNACCEPTABLE')
def other_family(t):
    unacceptable(t, [ANY6], [ANY6])


@case('RFC 7296 2.9', RESPONDER, 'a selector of an unknown type is ignored and does not come back')
def unknown_type(t):
    strange = struct.pack('>BBH', 200, 0, 12) + b'whatever'
    t.equal(answer_to(t, [strange, OUR_NET], [ITS_NET, strange]), ([OUR_NET], [ITS_NET]), 'selectors')


@case('RFC 7296 2.9', RESPONDER, 'selectors of unknown types only: TS_UNACCEPTABLE')
def unknown_types_only(t):
    strange = struct.pack('>BBH', 200, 0, 12) + b'whatever'
    unacceptable(t, [strange], [strange])


@case('RFC 7296 3.13', RESPONDER, 'the RESERVED octets of TS payloads are ignored')
def reserved(t):
    sa = t.init()
    child = t.child_payloads()[:1] + [wire.selectors(wire.TSI, OUR_NET, reserved=b'\xff' * 3),
                                      wire.selectors(wire.TSR, ITS_NET, reserved=b'\xff' * 3)]
    m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + child)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 3.13.1', RESPONDER, 'a range whose end is below its start makes no Child SA')
def reversed_range(t):
    backwards = wire.Selector(net('10.2.0.9/32').first, net('10.2.0.1/32').last)
    sa = t.init()
    m = t.authenticate_any(sa, tsi=[backwards])
    t.check(wire.SA not in m.kinds() and m.error() in (wire.TS_UNACCEPTABLE, wire.INVALID_SYNTAX), f'{m}')
    t.equal(t.children(), [], 'Child SAs')


@case('RFC 7296 3.13', RESPONDER, 'malformed TS payloads in IKE_AUTH: INVALID_SYNTAX, no IKE SA')
def malformed(t):
    good = wire.selectors(wire.TSI, OUR_NET).body
    for what, body in {'count of 2': b'\2' + good[1:], 'count of 0': bytes(4), 'cut off': good[:-1], 'octets behind': good + b'\0',
                       'length of 7': good[:6] + b'\0\7' + good[8:], 'length of 15': good[:6] + b'\0\x0f' + good[8:],
                       'IPv6 type with IPv4 length': good[:4] + b'\x08' + good[5:], 'empty': b''}.items():
        sa = t.init()
        child = t.child_payloads()
        m = sa.call(wire.IKE_AUTH, sa.auth_payloads(t.own_id) + [child[0], wire.Payload(wire.TSI, body), child[2]])
        t.check(wire.SA not in m.kinds(), f'{what}: {m}')
        t.check(m.error() in (wire.INVALID_SYNTAX, wire.TS_UNACCEPTABLE), f'{what}: {m}')
        if m.error() == wire.INVALID_SYNTAX:
            t.equal(len(m.payloads), 1, 'payloads')
            t.gone()
        t.again()


@case('RFC 7296 2.9', RESPONDER, 'dynamic selectors are the addresses of the IKE SA')
def dynamic(t):
    sa = t.ready(child={'local_ts': 'dynamic', 'remote_ts': 'dynamic'})
    own, its = net(sa.endpoint.address + '/32'), net(sa.endpoint.gateway + '/32')
    t.equal(answer_to(t, [ANY4], [ANY4], sa), ([own], [its]), 'selectors')


@case('RFC 7296 2.9', RESPONDER, 'the child whose policy fits the offer is taken, whichever comes first')
def child_by_selectors(t):
    children = {'a': {'local_ts': '10.7.0.0/16', 'remote_ts': '10.8.0.0/16', 'esp_proposals': 'aes128gcm16'},
                'b': {'local_ts': '10.1.0.0/16', 'remote_ts': '10.2.0.0/16', 'esp_proposals': 'aes128gcm16'}}
    answer_to(t, [OUR_NET], [ITS_NET], children=children)
    t.equal([c['name'] for c in t.children()], ['b'], 'children')


# -------- initiator --------

@case('RFC 7296 2.9', INITIATOR, 'its offer is its policy: TSi its own side, TSr the peer\'s')
def own_offer(t):
    _, m = t.called_auth(child={'local_ts': ['10.1.0.0/16[tcp/443]', 'fd01::/64'], 'remote_ts': '10.2.0.0-10.2.0.7'})
    t.equal(wire.decode_selectors(m.get(wire.TSI)), [net('10.1.0.0/16', TCP, (443, 443)), net('fd01::/64')], 'TSi')
    t.equal(wire.decode_selectors(m.get(wire.TSR)), [net('10.2.0.0/29')], 'TSr')


@case('RFC 7296 2.9', INITIATOR, 'an answer that is narrower is taken as it is')
def answer_narrower(t):
    sa, m = t.called_auth()
    t.accept(sa, m, tsi=[net('10.1.2.0/24')], tsr=[net('10.2.0.0/24', TCP, (22, 22)), net('10.2.9.0/24', UDP)])
    t.check(sa.command.done(), f'{sa.command.error}')
    listed = t.children()[0]
    t.equal(listed['local-ts'], ['10.1.2.0/24'], 'local selectors')
    t.equal(len(listed['remote-ts']), 2, 'remote selectors')


def not_taken(t, tsi, tsr):
    """An answer with these selectors makes no Child SA, and the peer is told so."""
    sa, m = t.called_auth()
    t.accept(sa, m, tsi=tsi, tsr=tsr)
    d = sa.request(wire.INFORMATIONAL)
    protocol, spis = wire.decode_delete(d.get(wire.DELETE))
    t.check(protocol == wire.PROTO_IKE or spis == [sa.children[0].spi_out], f'Delete of {protocol} {spis}')
    sa.answer(d)
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.equal(t.children(), [], 'Child SAs')
    t.again()


@case('RFC 7296 2.9', INITIATOR, 'an answer wider than the offer is not taken: no Child SA, and the peer gets a Delete')
def answer_wider(t):
    not_taken(t, [ANY4], [OUR_NET])
    not_taken(t, [ITS_NET], [net('10.2.0.0-10.3.0.0')])
    not_taken(t, [ITS_NET, net('172.16.0.0/12')], [OUR_NET])


@case('RFC 7296 2.9, 2.21.2', INITIATOR, 'TS_UNACCEPTABLE in IKE_AUTH: no Child SA, and the IKE SA is not lost by it')
def answer_unacceptable(t):
    sa, m = t.called_auth()
    sa.answer(m, sa.auth_payloads(t.own_id) + [wire.notify(wire.TS_UNACCEPTABLE)])
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.equal([one['state'] for one in t.sas()], ['ESTABLISHED'], 'IKE SAs')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()


@case('RFC 7296 2.9, 2.21.2', INITIATOR, 'SINGLE_PAIR_REQUIRED or an unknown error for the Child SA: the IKE SA stays')
def answer_other_errors(t):
    for error in (wire.SINGLE_PAIR_REQUIRED, wire.NO_ADDITIONAL_SAS, wire.NO_PROPOSAL_CHOSEN, wire.INTERNAL_ADDRESS_FAILURE,
                  wire.FAILED_CP_REQUIRED, 8000):
        sa, m = t.called_auth()
        sa.answer(m, sa.auth_payloads(t.own_id) + [wire.notify(error)])
        t.check(not sa.command.done(), 'the daemon says that it is up')
        t.equal([one['state'] for one in t.sas()], ['ESTABLISHED'], f'IKE SAs after {error}')
        sa.ping()
        t.again()


PAIR = {'local_ts': '10.1.0.7, 10.1.1.0/24', 'remote_ts': '10.2.0.7'}


@case('RFC 7296 2.9, 3.10.1', INITIATOR, 'SINGLE_PAIR_REQUIRED in IKE_AUTH: asked again by CREATE_CHILD_SA, for one pair of addresses')
def single_pair(t):
    sa, m = t.called_auth(child=PAIR)
    sa.answer(m, sa.auth_payloads(t.own_id) + [wire.notify(wire.SINGLE_PAIR_REQUIRED)])
    m = sa.request(wire.CREATE_CHILD_SA)
    t.equal([wire.decode_selectors(m.get(kind)) for kind in (wire.TSI, wire.TSR)], [[net('10.1.0.7')], [net('10.2.0.7')]], 'selectors')


@case('RFC 7296 2.9, 3.10.1', INITIATOR, 'SINGLE_PAIR_REQUIRED for a single pair: that was all')
def single_pair_once(t):
    sa, m = t.called_auth(child=PAIR)
    sa.answer(m, sa.auth_payloads(t.own_id) + [wire.notify(wire.SINGLE_PAIR_REQUIRED)])
    m = sa.request(wire.CREATE_CHILD_SA)
    sa.answer(m, [wire.notify(wire.SINGLE_PAIR_REQUIRED)])
    t.check(not sa.command.done(), 'the daemon says that it is up')
    t.equal(t.children(), [], 'Child SAs')
    sa.ping()
