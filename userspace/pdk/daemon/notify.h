/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Telling the service manager how we are: the sd_notify protocol, one datagram to $NOTIFY_SOCKET,
 * without libsystemd. Any thread; doesn't block.
 */

/*
 * state: "READY=1", "RELOADING=1\nMONOTONIC_USEC=...", "STOPPING=1", "STATUS=text", lines joined by
 * '\n'. 0 when sent, 1 when nobody wants to know (no NOTIFY_SOCKET), -errno.
 */
int daemon_notify(const char *state);
/* Tell that a reload begins, with the time stamp that systemd wants; "READY=1" ends it. As
 * daemon_notify(). */
int daemon_notify_reloading(void);
