# SPDX-License-Identifier: MIT
"""Plays an attacker on the link: waits for an ESP packet over IPv4 that goes out, then sends it once more as it was (a
replay) and twice with a later sequence number (its integrity check must fail).

Usage: resend-esp.py INTERFACE		prints "listening" first
"""
import socket
import struct
import sys

ETH_P_ALL = 3  # no other socket gets what goes out
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
link.bind((sys.argv[1], 0))
link.settimeout(60)
print('listening', flush=True)
while True:
    frame, sender = link.recvfrom(4096)
    if sender[2] == socket.PACKET_OUTGOING and sender[1] == 0x0800 and frame[14 + 9] == 50:
        break
ESP = 14 + 20
seq = struct.unpack_from('!I', frame, ESP + 4)[0]
link.send(frame)
for later in 100, 200:
    link.send(frame[:ESP + 4] + struct.pack('!I', seq + later) + frame[ESP + 8:])
