/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What only one process of a network namespace may have. A claim is a bound abstract Unix socket:
 * its name is the namespace's, and it goes with the process, however that ends, without leaving a
 * file behind. Whoever may open sockets in the namespace can be in the way; nobody can be misled.
 */

/*
 * Claim "daemon/what" for the rest of the process's life; programs that it runs don't inherit it.
 * -EADDRINUSE: somebody has it. -ENAMETOOLONG, -EMFILE and so on.
 */
int daemon_claim(const char *daemon, const char *what);
