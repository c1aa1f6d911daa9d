# SPDX-License-Identifier: MIT
"""NAT detection and port 4500"""
import os

from case import *  # noqa: F401,F403


def hashes(m, kind):
    return [n.data for n in m.notifies() if n.kind == kind]


@case('RFC 7296 2.23', RESPONDER, 'its detection hashes are of the SPIs in the response and the true addresses and ports')
def response_hashes(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request())
    m = sa.endpoint.message()
    sa.take_init_response(m)
    e = sa.endpoint
    t.equal(hashes(m, wire.NAT_DETECTION_SOURCE_IP),
            [crypto.nat_hash(sa.spi_i, sa.spi_r, e.gateway_packed, e.ports[0])], 'source')
    t.equal(hashes(m, wire.NAT_DETECTION_DESTINATION_IP), [crypto.nat_hash(sa.spi_i, sa.spi_r, e.packed, 500)],
            'destination')


@case('RFC 7296 2.23', INITIATOR, 'its detection hashes are of SPIr zero in the first message')
def request_hashes(t):
    sa = t.called()
    e = sa.endpoint
    t.equal(hashes(sa.first, wire.NAT_DETECTION_SOURCE_IP),
            [crypto.nat_hash(sa.spi_i, wire.NO_SPI, e.gateway_packed, e.ports[0])], 'source')
    t.equal(hashes(sa.first, wire.NAT_DETECTION_DESTINATION_IP), [crypto.nat_hash(sa.spi_i, wire.NO_SPI, e.packed, 500)],
            'destination')


@case('RFC 7296 2.23', RESPONDER, 'over IPv6 the hashes are of 16 octets of address')
def response_hashes_ipv6(t):
    endpoint = t.endpoint(ipv6=True)
    sa = t.init(t.ready(endpoint=endpoint))
    m = wire.decode(sa.peer_init)
    t.equal(hashes(m, wire.NAT_DETECTION_DESTINATION_IP), [crypto.nat_hash(sa.spi_i, sa.spi_r, endpoint.packed, 500)],
            'destination')
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    t.equal((t.sas()[0].get('nat-any'), t.children()[0].get('encap')), (None, None), 'NAT')


@case('RFC 7296 2.23', RESPONDER, 'without a NAT, none is seen, and ESP is not encapsulated')
def no_nat(t):
    t.establish()
    t.equal((t.sas()[0].get('nat-any'), t.children()[0].get('encap')), (None, None), 'NAT')




def true_hashes(sa_endpoint, spi_i):
    return (crypto.nat_hash(spi_i, wire.NO_SPI, sa_endpoint.packed, 500),
            crypto.nat_hash(spi_i, wire.NO_SPI, sa_endpoint.gateway_packed, sa_endpoint.ports[0]))


@case('RFC 7296 2.23', RESPONDER, 'a wrong source hash: the peer is behind a NAT, ESP is encapsulated, port 4500 is answered')
def nat_before_peer(t):
    sa = t.ready()
    _, destination = true_hashes(sa.endpoint, sa.spi_i)
    payloads = sa.init_payloads(nat=False) + [wire.notify(wire.NAT_DETECTION_SOURCE_IP, os.urandom(20)),
                                              wire.notify(wire.NAT_DETECTION_DESTINATION_IP, destination)]
    sa.endpoint.send(sa.init_request(payloads))
    sa.take_init_response(sa.endpoint.message())
    sa.port = 4500
    t.authenticate(sa)
    listed = t.sas()[0]
    t.equal((listed.get('nat-remote'), listed.get('nat-local')), ('yes', None), 'NAT')
    t.equal(t.children()[0].get('encap'), 'yes', 'encapsulation')
    t.equal((listed['local-port'], listed['remote-port']), (str(sa.endpoint.ports[1]), '4500'), 'ports')
    sa.ping()


@case('RFC 7296 2.23', RESPONDER, 'a wrong destination hash: the gateway is behind a NAT')
def nat_before_gateway(t):
    sa = t.ready()
    source, _ = true_hashes(sa.endpoint, sa.spi_i)
    sa.endpoint.send(sa.init_request(sa.init_payloads(nat=False) + [
        wire.notify(wire.NAT_DETECTION_SOURCE_IP, source), wire.notify(wire.NAT_DETECTION_DESTINATION_IP, os.urandom(20))]))
    sa.take_init_response(sa.endpoint.message())
    sa.port = 4500
    t.authenticate(sa)
    listed = t.sas()[0]
    t.equal((listed.get('nat-remote'), listed.get('nat-local')), (None, 'yes'), 'NAT')
    t.equal(t.children()[0].get('encap'), 'yes', 'encapsulation')


@case('RFC 7296 2.23', RESPONDER, 'several source hashes, one of them right: no NAT before the peer')
def several_sources(t):
    sa = t.ready()
    source, destination = true_hashes(sa.endpoint, sa.spi_i)
    several = [wire.notify(wire.NAT_DETECTION_SOURCE_IP, one) for one in (os.urandom(20), source, os.urandom(20))]
    sa.endpoint.send(sa.init_request(sa.init_payloads(nat=False) + several +
                                     [wire.notify(wire.NAT_DETECTION_DESTINATION_IP, destination)]))
    sa.take_init_response(sa.endpoint.message())
    t.authenticate(sa)
    t.equal((t.sas()[0].get('nat-any'), t.children()[0].get('encap')), (None, None), 'NAT')


@case('RFC 7296 2.23', RESPONDER, 'a peer that does not detect NATs: none is seen, and the IKE SA stays on port 500')
def no_hashes(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request(sa.init_payloads(nat=False)))
    sa.take_init_response(sa.endpoint.message())
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    t.equal(t.sas()[0].get('nat-any'), None, 'NAT')


# 7296-2-marker
@case('RFC 7296 2.23, 3.1', RESPONDER, 'IKE_AUTH on port 4500 without a NAT: answered there, with the non-ESP marker')
def float_without_nat(t):
    sa = t.init()
    sa.port = 4500
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    sa.ping()


@case('RFC 7296 2.23', RESPONDER, 'an IKE SA may begin on port 4500')
def begin_on_4500(t):
    sa = t.ready(port=4500)
    sa.endpoint.send(sa.init_request(sa.init_payloads(nat=False)), 4500)
    datagram = sa.endpoint.receive()
    t.equal(datagram.port, 4500, 'port of the answer')
    sa.take_init_response(wire.decode(datagram.data))
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


@case('RFC 7296 2.11, 2.23', RESPONDER, 'the answer goes to the address and port from which the request came')
def answer_to_source(t):
    endpoint = t.endpoint(source_ports=(12345, 23456))
    sa = t.init(t.ready(endpoint=endpoint))
    sa.port = 4500
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')
    t.equal(t.sas()[0]['remote-port'], '23456', 'port of the peer')
    sa.ping()


@case('RFC 3948 2.2', RESPONDER, 'on port 4500 what has no non-ESP marker is no IKE message')
def without_marker(t):
    sa = t.ready()
    sa.endpoint.send(sa.init_request(), 4500, marker=False)
    probe = Sa(sa.endpoint, True, psk=SECRET)
    sa.endpoint.send(probe.init_request(), 4500)
    m = sa.endpoint.message()
    t.equal(m.spi_i, probe.spi_i, 'the first that is answered')


@case('RFC 3948 2.2', RESPONDER, 'on port 500 the non-ESP marker makes no IKE message')
def marker_on_500(t):
    sa = t.ready()
    t.unanswered(sa.endpoint, bytes(4) + sa.init_request())


@case('RFC 3948 2.3, 4', RESPONDER, 'NAT keepalives and ESP in UDP on port 4500 are no IKE messages')
def not_ike_on_4500(t):
    sa = t.establish()
    for data in (b'\xff', b'', b'\0', b'\0\0\0', bytes(4), b'\0\0\0\1' + os.urandom(60), b'\xff\xff', os.urandom(3)):
        sa.endpoint.send(data, 4500, marker=False)
    sa.port = 4500
    sa.ping()


@case('RFC 7296 2.23, RFC 3948 4', RESPONDER, 'a gateway that is behind a NAT sends keepalives', daemon='quick')
def keepalives_sent(t):
    sa = t.ready()
    source, _ = true_hashes(sa.endpoint, sa.spi_i)
    sa.endpoint.send(sa.init_request(sa.init_payloads(nat=False) + [
        wire.notify(wire.NAT_DETECTION_SOURCE_IP, source), wire.notify(wire.NAT_DETECTION_DESTINATION_IP, os.urandom(20))]))
    sa.take_init_response(sa.endpoint.message())
    sa.port = 4500
    t.authenticate(sa)

    def came():
        try:
            sa.endpoint.receive(0.1)
        except NothingCame:
            pass
        return sa.endpoint.keepalives
    t.until(came, 'a keepalive came')


@case('RFC 7296 2.23, RFC 3948 4', RESPONDER, 'a gateway that is not behind a NAT sends none', daemon='quick')
def keepalives_not_sent(t):
    sa = t.ready()
    _, destination = true_hashes(sa.endpoint, sa.spi_i)
    sa.endpoint.send(sa.init_request(sa.init_payloads(nat=False) + [
        wire.notify(wire.NAT_DETECTION_SOURCE_IP, os.urandom(20)), wire.notify(wire.NAT_DETECTION_DESTINATION_IP, destination)]))
    sa.take_init_response(sa.endpoint.message())
    sa.port = 4500
    t.authenticate(sa)
    t.silent(sa.endpoint, 1.2)
    t.equal(sa.endpoint.keepalives, 0, 'keepalives')


@case('RFC 7296 2.23', RESPONDER, 'detection notifies of another length than 20: no IKE SA by them')
def hash_length(t):
    sa = t.ready()
    payloads = sa.init_payloads(nat=False) + [wire.notify(wire.NAT_DETECTION_SOURCE_IP, bytes(19)),
                                              wire.notify(wire.NAT_DETECTION_DESTINATION_IP, bytes(21))]
    sa.endpoint.send(sa.init_request(payloads))
    try:
        sa.take_init_response(sa.endpoint.message(0.1))
    except NothingCame:
        return
    m = t.authenticate(sa)
    t.check(wire.SA in m.kinds(), f'no Child SA: {m}')


# -------- mappings that change --------

def behind_nat(t, gateway_too=False):
    """An IKE SA whose peer, and perhaps the gateway, is behind a NAT."""
    sa = t.ready()
    _, destination = true_hashes(sa.endpoint, sa.spi_i)
    sa.endpoint.send(sa.init_request(sa.init_payloads(nat=False) + [
        wire.notify(wire.NAT_DETECTION_SOURCE_IP, os.urandom(20)),
        wire.notify(wire.NAT_DETECTION_DESTINATION_IP, os.urandom(20) if gateway_too else destination)]))
    sa.take_init_response(sa.endpoint.message())
    sa.port = 4500
    t.authenticate(sa)
    return sa


def from_elsewhere(t, sa, data):
    """Send it from another port of the same address; that endpoint."""
    elsewhere = t.endpoint(like=sa.endpoint, source_ports=(10500, 14500))
    elsewhere.send(data, 4500)
    return elsewhere


def its_next_request(t, sa, endpoint):
    """Its next request comes to this endpoint."""
    t.daemon.later('terminate', {'ike': t.name, 'timeout': '20000'})
    sa.endpoint = endpoint
    sa.answer(sa.request(wire.INFORMATIONAL))
    t.gone()


@case('RFC 7296 2.23', RESPONDER, 'the NAT of a peer gives it another port: what is authentic from there moves the IKE SA')
def port_changes(t):
    sa = behind_nat(t)
    elsewhere = from_elsewhere(t, sa, sa.seal(wire.INFORMATIONAL, []))
    sa.send_id += 1
    sa.endpoint = elsewhere
    t.equal(sa.response().payloads, [], 'response, to where the request came from')
    t.equal(t.sas()[0]['remote-port'], '14500', 'port of the peer')
    its_next_request(t, sa, elsewhere)


@case('RFC 7296 2.23', RESPONDER, 'what is not authentic, or comes again, moves nothing')
def port_does_not_change(t):
    sa = behind_nat(t)
    old = sa.ask(wire.INFORMATIONAL, [])
    sa.response()
    data = sa.seal(wire.INFORMATIONAL, [])
    elsewhere = from_elsewhere(t, sa, data[:-1] + bytes([data[-1] ^ 1]))
    elsewhere.send(old, 4500)
    sa.ping()
    t.equal(t.sas()[0]['remote-port'], '4500', 'port of the peer')
    its_next_request(t, sa, sa.endpoint)


@case('RFC 7296 2.23', RESPONDER, 'a gateway that is behind a NAT itself does not follow')
def both_behind_nat(t):
    sa = behind_nat(t, gateway_too=True)
    elsewhere = from_elsewhere(t, sa, sa.seal(wire.INFORMATIONAL, []))
    sa.send_id += 1
    own, sa.endpoint = sa.endpoint, elsewhere
    sa.response()
    t.equal(t.sas()[0]['remote-port'], '4500', 'port of the peer')
    its_next_request(t, sa, own)


@case('RFC 7296 2.11', RESPONDER, 'a response goes to where its request came from, without any NAT')
def response_elsewhere(t):
    sa = t.establish()
    elsewhere = from_elsewhere(t, sa, sa.seal(wire.INFORMATIONAL, []))
    sa.send_id += 1
    sa.endpoint = elsewhere
    t.equal(sa.response().payloads, [], 'response')


# -------- initiator --------

def floated(t, **hashes_of):
    sa = t.called()
    sa.send(sa.init_response(sa.init_payloads(nat=False) + sa.nat_payloads(**hashes_of)))
    return sa, sa.endpoint.receive()


@case('RFC 7296 2.23', INITIATOR, 'no NAT: IKE_AUTH stays on port 500')
def stays(t):
    _, datagram = floated(t)
    t.equal(datagram.port, 500, 'port')


@case('RFC 7296 2.23', INITIATOR, 'a wrong destination hash in the response: IKE_AUTH goes from and to port 4500')
def floats_own(t):
    sa, datagram = floated(t, destination=os.urandom(20))
    t.equal((datagram.port, datagram.source[1]), (4500, sa.endpoint.ports[1]), 'ports')
    sa.port = 4500
    m = sa.open(datagram.data)
    sa.check_auth(m)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')
    t.equal((t.sas()[0].get('nat-local'), t.children()[0].get('encap')), ('yes', 'yes'), 'NAT')


@case('RFC 7296 2.23', INITIATOR, 'a wrong source hash in the response: IKE_AUTH goes from and to port 4500')
def floats_peer(t):
    sa, datagram = floated(t, source=os.urandom(20))
    t.equal((datagram.port, datagram.source[1]), (4500, sa.endpoint.ports[1]), 'ports')
    sa.port = 4500
    m = sa.open(datagram.data)
    t.accept(sa, m)
    t.check(sa.command.done(), f'{sa.command.error}')
    t.equal((t.sas()[0].get('nat-remote'), t.children()[0].get('encap')), ('yes', 'yes'), 'NAT')


@case('RFC 7296 2.23', INITIATOR, 'a responder that does not detect NATs: IKE_AUTH stays on port 500')
def floats_not(t):
    sa = t.called()
    sa.send(sa.init_response(nat=False))
    datagram = sa.endpoint.receive()
    t.equal(datagram.port, 500, 'port')
    t.accept(sa, sa.open(datagram.data))
    t.check(sa.command.done(), f'{sa.command.error}')


@case('RFC 7296 2.23', INITIATOR, 'encap = yes: its source hash fits nothing, and it moves to port 4500')
def forced(t):
    sa = t.called(encap='yes')
    e = sa.endpoint
    t.check(crypto.nat_hash(sa.spi_i, wire.NO_SPI, e.gateway_packed, e.ports[0]) not in
            hashes(sa.first, wire.NAT_DETECTION_SOURCE_IP), 'the hash is true')
    sa.send(sa.init_response())
    t.equal(sa.endpoint.receive().port, 4500, 'port')
