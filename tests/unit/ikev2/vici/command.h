/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Running programs from a test, and what they print.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "pdk/base/cleanup.h"

struct output {
	int status; /* exit code; -1: none */
	size_t len;
	char text[256 * 1024]; /* both outputs, as far as they fit */
};

/* Run a shell command to its end. */
static inline void run_command(struct output *out, const char *fmt, ...) _printf_(2, 3);

static inline void run_command(struct output *out, const char *fmt, ...)
{
	char command[2048];
	va_list ap;
	FILE *pipe;
	int rc;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command) - 8, fmt, ap);
	va_end(ap);
	strcat(command, " 2>&1");
	out->status = -1;
	out->len = 0;
	pipe = popen(command, "r");
	if (pipe) {
		out->len = fread(out->text, 1, sizeof(out->text) - 1, pipe);
		rc = pclose(pipe);
		if (WIFEXITED(rc))
			out->status = WEXITSTATUS(rc);
	}
	out->text[out->len] = '\0';
}

static inline bool printed(const struct output *out, const char *text)
{
	return strstr(out->text, text) != NULL;
}

static inline bool write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return false;
	fputs(text, f);
	return fclose(f) == 0;
}

/* One connection with two children and its secret, in the language of swanctl.conf. */
#define EXAMPLE_CONF                                                                               \
	"connections {\n"                                                                          \
	"  gw {\n"                                                                                 \
	"    local_addrs = 192.0.2.1\n"                                                            \
	"    remote_addrs = 192.0.2.2\n"                                                           \
	"    version = 2\n"                                                                        \
	"    proposals = aes128gcm16-prfsha256-x25519\n"                                           \
	"    local {\n      auth = psk\n      id = moon.example.org\n    }\n"                      \
	"    remote {\n      auth = psk\n      id = sun.example.org\n    }\n"                      \
	"    children {\n"                                                                         \
	"      net {\n"                                                                            \
	"        local_ts = 10.1.0.0/16\n        remote_ts = 10.2.0.0/16\n"                        \
	"        esp_proposals = aes128gcm16\n      }\n"                                           \
	"      voice {\n"                                                                          \
	"        local_ts = 10.3.0.0/16\n        remote_ts = 10.4.0.0/16\n      }\n"               \
	"    }\n"                                                                                  \
	"  }\n"                                                                                    \
	"}\n"                                                                                      \
	"secrets {\n"                                                                              \
	"  ike-gw {\n"                                                                             \
	"    secret = \"hello # world\"\n"                                                         \
	"    id-1 = moon.example.org\n    id-2 = sun.example.org\n"                                \
	"  }\n"                                                                                    \
	"}\n"
