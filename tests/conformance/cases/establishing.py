# SPDX-License-Identifier: MIT
"""Establishing IKE SAs"""
from case import *  # noqa: F401,F403


@case('RFC 7296 1.2', RESPONDER, 'IKE_SA_INIT and IKE_AUTH set up an IKE SA and a Child SA')
def establish_responder(t):
    sa = t.establish()
    listed = t.sas()
    t.equal(len(listed), 1, 'IKE SAs')
    t.equal(listed[0]['state'], 'ESTABLISHED', 'state')
    t.equal((listed[0]['initiator-spi'], listed[0]['responder-spi']), (sa.spi_i.hex(), sa.spi_r.hex()), 'SPIs')
    t.equal([c['spi-out'] for c in t.children()], [sa.children[0].spi_in.hex()], 'SPI of the Child SA')
    sa.ping()


@case('RFC 7296 1.2', INITIATOR, 'IKE_SA_INIT and IKE_AUTH set up an IKE SA and a Child SA, begun by the gateway')
def establish_initiator(t):
    sa = t.called_up()
    listed = t.sas()
    t.equal([one['state'] for one in listed], ['ESTABLISHED'], 'IKE SAs')
    t.equal(listed[0].get('initiator'), 'yes', 'initiator')
    t.equal([c['spi-in'] for c in t.children()], [sa.children[0].spi_out.hex()], 'SPI of the Child SA')
    sa.ping()
