/* SPDX-License-Identifier: MIT */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "pdk/conf/parser.h"
#include "ikev2/policy/config.h"
#include "../../pdk/leaks.h"

/*
 * Every allocation of the code under test fails once: the linker sends its calls here (--wrap, see
 * meson.build). Nothing may crash, leak or go half-way.
 */
static long countdown = -1; /* allocations until the one that fails; negative: none does */

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

#define WRAP(type, name, params, args)                                                             \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails() ? NULL : __real_##name args;                                        \
	}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t size), (p, size))
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, (const char *s), (s))
WRAP(char *, strndup, (const char *s, size_t n), (s, n))

static const char text[] =
	"settings { workers = 2 }\n"
	"base { encap = yes }\n"
	"connections {\n"
	"	a { remote_addrs = 10.0.0.1, 10.0.0.2\n"
	"		local { auth = psk\n id = moon }\n remote { auth = psk }\n"
	"		children { x { local_ts = 10.1.0.0/16 }\n y { } } }\n"
	"	b { local { auth = psk }\n remote { auth = psk }\n }\n"
	"}\n"
	"pools { p { addrs = 10.3.0.0/24\n dns = 10.3.0.1\n lease-1 { id = a\n addr = 10.3.0.9 } } }\n"
	"secrets { ike-1 { secret = 0sAAEC\n id-1 = moon\n id-2 = sun }\n ike-2 { secret = x } }\n";

/* Of a CA "CN=ca", whose key is nowhere any more. */
static const char ca[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBMDCB46ADAgECAhRw1bNad0bmXlqOO2q6Cftrg5D4EzAFBgMrZXAwDTELMAkG\n"
	"A1UEAwwCY2EwIBcNMjYxMTMwMDUxMDU3WhgPMjEyNjExMDYwNTEwNTdaMA0xCzAJ\n"
	"BgNVBAMMAmNhMCowBQYDK2VwAyEAdf6hL07nboffN1MTpjRqWkK1ErBYHE4xm7X4\n"
	"cV1WccqjUzBRMB0GA1UdDgQWBBS/sF0uV6/+5fiCdsKb/Cd4OUL4gzAfBgNVHSME\n"
	"GDAWgBS/sF0uV6/+5fiCdsKb/Cd4OUL4gzAPBgNVHRMBAf8EBTADAQH/MAUGAytl\n"
	"cANBAIJkWa0VAcZf/7hVROsEssljWAxC6TdoItKYy7o9kn7TaNCmq3s1fBGBIzkx\n"
	"V39K3t5v1yVLctM4ApTKEBtTCw4=\n"
	"-----END CERTIFICATE-----\n";

/* The part of the text that only the parser takes is left out of the configuration. */
static int build(const struct ike_config *old, struct conf_report *report,
		 struct ike_config **ret_cfg)
{
	struct conf_node *root = conf_root_new();
	int err = root ? conf_parse(BYTES(text, sizeof(text) - 1), "f", root, report) : -ENOMEM;

	if (!err) {
		conf_free(conf_find(root, "base"));
		err = config_from_tree(root, old, report, ret_cfg);
	}
	conf_free(root);
	return err;
}

/* Make the first, second, ... allocation fail until the call gets through. */
#define EVERY_ALLOCATION(call, cleanup)                                                            \
	do {                                                                                       \
		long _n = 0;                                                                       \
		int _err;                                                                          \
                                                                                                   \
		do {                                                                               \
			struct conf_report report = CONF_REPORT_INIT;                              \
                                                                                                   \
			countdown = _n++;                                                          \
			_err = (call);                                                             \
			countdown = -1;                                                            \
			ASSERT_TRUE(_err == 0 || _err == -ENOMEM)                                  \
			{                                                                          \
				TH_LOG("allocation %ld: %d: %s", _n, _err,                         \
				       conf_report_text(&report));                                 \
			}                                                                          \
			conf_report_fini(&report);                                                 \
		} while (_err);                                                                    \
		ASSERT_GT(_n, 3);                                                                  \
		cleanup;                                                                           \
	} while (0)

TEST(a_configuration_is_built_whole_or_not_at_all)
{
	struct ike_config *cfg = NULL;

	EVERY_ALLOCATION(build(NULL, &report, &cfg), (void)0);
	EXPECT_EQ(2, cfg->n_connections);
	EXPECT_EQ(2, cfg->n_secrets);
	config_unref(cfg);
	EXPECT_NO_LEAKS();
}

TEST(changes_are_made_whole_or_not_at_all)
{
	struct conf_report unused = CONF_REPORT_INIT;
	struct ike_config *cfg = NULL, *next = NULL, *cfg2 = NULL;
	struct conf_node *request = conf_root_new(), *conn, *side, *owners;

	ASSERT_EQ(0, build(NULL, &unused, &cfg));
	EVERY_ALLOCATION(build(cfg, &report, &next), config_unref(next));

	conf_add_section(request, "c", NULL, &conn);
	conf_add_section(conn, "local", NULL, &side);
	conf_add_string(side, "auth", "psk", NULL);
	conf_add_section(conn, "remote", NULL, &side);
	conf_add_string(side, "auth", "psk", NULL);
	EVERY_ALLOCATION(config_load_conn(cfg, request, &report, &next), config_unref(next));
	EVERY_ALLOCATION(config_unload_conn(cfg, "a", &next), config_unref(next));
	conf_free(request);

	request = conf_root_new();
	conf_add_section(request, "q", NULL, &conn);
	conf_add_string(conn, "addrs", "2001:db8::/64", NULL);
	EVERY_ALLOCATION(config_load_pool(cfg, request, &report, &next), (void)0);
	EXPECT_EQ(2, next->n_pools);
	EVERY_ALLOCATION(config_unload_pool(next, "q", &cfg2), config_unref(cfg2));
	EXPECT_EQ(-EPERM, config_unload_pool(next, "p", &cfg2));
	EXPECT_EQ(-ENOENT, config_unload_pool(next, "r", &cfg2));
	config_unref(next);
	conf_free(request);

	request = conf_root_new();
	conf_add_section(request, "au", NULL, &conn);
	conf_add_string(conn, "cacert", ca, NULL);
	conf_add_string(conn, "crl_uris", "http://x/1, http://x/2", NULL);
	conf_add_string(conn, "ocsp_uris", "http://x/", NULL);
	EVERY_ALLOCATION(config_load_authority(cfg, request, &report, &next), (void)0);
	EXPECT_EQ(1, next->n_authorities);
	EVERY_ALLOCATION(build(next, &report, &cfg2), config_unref(cfg2));
	EVERY_ALLOCATION(config_unload_authority(next, "au", &cfg2), (void)0);
	EXPECT_EQ(0, cfg2->n_authorities);
	EXPECT_EQ(-ENOENT, config_unload_authority(cfg2, "au", &cfg2));
	config_unref(cfg2);
	config_unref(next);
	conf_free(request);

	request = conf_root_new();
	conf_add_string(request, "type", "ike", NULL);
	conf_add_string(request, "data", "secret", NULL);
	conf_add_list(request, "owners", NULL, &owners);
	conf_add_item(owners, bytes_str("moon"), NULL);
	EVERY_ALLOCATION(config_load_shared(cfg, request, &report, &next), config_unref(next));
	EVERY_ALLOCATION(config_unload_shared(cfg, "ike-1", &next), config_unref(next));
	EVERY_ALLOCATION(config_clear_creds(cfg, &next), config_unref(next));
	conf_free(request);
	EXPECT_EQ(2, cfg->n_connections);
	EXPECT_EQ(2, cfg->n_secrets);
	config_unref(cfg);
	EXPECT_NO_LEAKS();
}

TEST_HARNESS_MAIN
