#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Says in the name of the kernel that the lifetime of an SA is over: for key managers that have no command to rekey or to delete.

Usage: expire.py soft|hard ADDRESS	of the newest ESP SA towards ADDRESS; a hard end deletes it in the kernel, too
"""
import ipaddress
import socket
import struct
import sys

NETLINK_XFRM = 6
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
XFRM_MSG_NEWSA, XFRM_MSG_GETSA, XFRM_MSG_EXPIRE = 0x10, 0x12, 0x18
# struct xfrm_usersa_info: where the identifier, the time when it was added, and the family are in its 224 octets.
SA_SIZE, SA_DADDR, SA_PROTO, SA_ADDED, SA_FAMILY = 224, 56, 76, 176, 212


def talk(kind, flags, payload):
    """Sends one request; returns the payloads of the answers, and raises what the kernel says is wrong."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM) as netlink:
        netlink.bind((0, 0))
        netlink.send(struct.pack('=IHHII', 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) + payload)
        answers = []
        while True:
            data = netlink.recv(1 << 17)
            while data:
                length, answer = struct.unpack_from('=IH', data)
                if answer == NLMSG_DONE:
                    return answers
                if answer == NLMSG_ERROR:
                    error, = struct.unpack_from('=i', data, 16)
                    if error:
                        raise OSError(-error, 'XFRM')
                    return answers
                answers.append(data[16:length])
                data = data[(length + 3) & ~3:]


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ('soft', 'hard'):
        sys.exit(__doc__)
    address = ipaddress.ip_address(sys.argv[2])
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sas = [sa[:SA_SIZE] for sa in talk(XFRM_MSG_GETSA, NLM_F_DUMP, b'')]
    fitting = [sa for sa in sas if struct.unpack_from('=H', sa, SA_FAMILY)[0] == family and sa[SA_PROTO] == socket.IPPROTO_ESP
               and sa[SA_DADDR:SA_DADDR + len(address.packed)] == address.packed]
    if not fitting:
        sys.exit(f'no ESP SA towards {address}')
    newest = max(fitting, key=lambda sa: struct.unpack_from('=Q', sa, SA_ADDED)[0])
    talk(XFRM_MSG_EXPIRE, NLM_F_ACK, newest + struct.pack('=B7x', sys.argv[1] == 'hard'))


main()
