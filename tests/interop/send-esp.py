# SPDX-License-Identifier: MIT
"""Sends ESP packets of a made-up SA, five a second.

Usage: send-esp.py FROM TO SPI SECONDS [PORT]	with PORT in UDP (RFC 3948) from that port to 4500
"""
import socket
import struct
import sys
import time

source, destination, spi, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3], 16), float(sys.argv[4])
port = int(sys.argv[5]) if len(sys.argv) > 5 else None
family = socket.AF_INET6 if ':' in source else socket.AF_INET
link = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP if port else 50)
link.bind((source, 0))
began, sequence = time.monotonic(), 0
while time.monotonic() < began + seconds:
    sequence += 1
    packet = struct.pack('!II', spi, sequence) + bytes(64)
    if port:
        packet = struct.pack('!HHHH', port, 4500, 8 + len(packet), 0) + packet
    link.sendto(packet, (destination, 0))
    time.sleep(0.2)
