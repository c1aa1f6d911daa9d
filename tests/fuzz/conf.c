/* SPDX-License-Identifier: MIT */
/* Configuration text. A tree that came of it equals its copy. */
#include "fuzz.h"

#include "pdk/conf/parser.h"

int fuzz_conf(const uint8_t *data, size_t len)
{
	_cleanup_(conf_report_fini) struct conf_report report = CONF_REPORT_INIT;
	_cleanup_conf_ struct conf_node *root = conf_root_new();
	_cleanup_conf_ struct conf_node *copy = NULL;
	int err;

	FUZZ_CHECK(root);
	err = conf_parse(BYTES(data, len), "fuzz", root, &report);
	FUZZ_CHECK((err == 0) == !conf_report_failed(&report));
	FUZZ_CHECK(strlen(conf_report_text(&report)) == report.len);
	if (err)
		return 0;
	FUZZ_CHECK(conf_copy(root, &copy) == 0);
	FUZZ_CHECK(conf_equal(root, copy));
	return 0;
}
