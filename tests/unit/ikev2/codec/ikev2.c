/* SPDX-License-Identifier: MIT */
/*
 * The header itself says what the tables must hold: it is read line by line, and each enumerator
 * looked up by its value.
 */
#include <kselftest_harness.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ikev2/codec/fault.h"
#include "ikev2/codec/ikev2.h"

static const struct {
	const char *line, *prefix;
	const struct ike_names *names;
} enums[] = {
	{ "enum ike_exchange {", "IKE_EXCHANGE_", &ike_exchange_names },
	{ "enum ike_payload_type {", "IKE_PAYLOAD_", &ike_payload_names },
	{ "enum ike_protocol {", "IKE_PROTOCOL_", &ike_protocol_names },
	{ "enum ike_transform_type {", "IKE_TRANSFORM_", &ike_transform_type_names },
	{ "enum ike_encr {", "IKE_ENCR_", &ike_encr_names },
	{ "enum ike_prf {", "IKE_PRF_", &ike_prf_names },
	{ "enum ike_integ {", "IKE_INTEG_", &ike_integ_names },
	{ "enum ike_ke_method {", "IKE_KE_", &ike_ke_names },
	{ "enum ike_esn {", "IKE_ESN_", &ike_esn_names },
	{ "enum ike_id_type {", "IKE_ID_", &ike_id_names },
	{ "enum ike_cert_encoding {", "IKE_CERT_", &ike_cert_names },
	{ "enum ike_auth_method {", "IKE_AUTH_", &ike_auth_names },
	{ "enum ike_sig_hash {", "IKE_SIG_HASH_", &ike_sig_hash_names },
	{ "enum ike_notify_type {", "IKE_NOTIFY_", &ike_notify_names },
	{ "enum ike_ts_type {", "IKE_TS_", &ike_ts_names },
	{ "enum ike_cfg_type {", "IKE_CFG_", &ike_cfg_names },
	{ "enum ike_cfg_attribute {", "IKE_CFG_ATTR_", &ike_cfg_attr_names },
};

TEST(every_enumerator_of_the_header_has_its_name)
{
	FILE *header = fopen(IKEV2_H, "re");
	size_t seen[ARRAY_SIZE(enums)] = { 0 };
	size_t now = ARRAY_SIZE(enums);
	char line[256];

	ASSERT_NE(NULL, header) TH_LOG("can't open %s", IKEV2_H);
	while (fgets(line, sizeof(line), header)) {
		char identifier[100], buf[IKE_NAME_BUF];
		const char *name;
		unsigned value;

		for (size_t i = 0; i < ARRAY_SIZE(enums); i++) {
			if (strncmp(line, enums[i].line, strlen(enums[i].line)) == 0)
				now = i;
		}
		if (line[0] == '}')
			now = ARRAY_SIZE(enums);
		if (now == ARRAY_SIZE(enums) ||
		    sscanf(line, "\t%99[A-Z0-9_] = %u", identifier, &value) != 2)
			continue;
		seen[now]++;
		ASSERT_EQ(0, strncmp(identifier, enums[now].prefix, strlen(enums[now].prefix)));
		name = ike_name(enums[now].names, (uint16_t)value, buf);
		EXPECT_EQ(0, strcasecmp(identifier + strlen(enums[now].prefix), name))
		TH_LOG("%s is named %s", identifier, name);
	}
	fclose(header);
	for (size_t i = 0; i < ARRAY_SIZE(enums); i++) {
		EXPECT_LE(3, seen[i]) TH_LOG("%s", enums[i].line);
	}
	EXPECT_LE(80, seen[13]);
}

TEST(unknown_values_are_numbers)
{
	EXPECT_STREQ("255", ike_payload_name(255));
	EXPECT_STREQ("65535", ike_notify_name(65535));
	EXPECT_STREQ("3", ike_exchange_name(3));
	EXPECT_STREQ("1024", ike_transform_name(200, 1024));
}

TEST(transform_ids_are_named_by_type)
{
	EXPECT_STREQ("AES_GCM_16", ike_transform_name(IKE_TRANSFORM_ENCR, 20));
	EXPECT_STREQ("HMAC_SHA2_256", ike_transform_name(IKE_TRANSFORM_PRF, 5));
	EXPECT_STREQ("HMAC_SHA2_256_128", ike_transform_name(IKE_TRANSFORM_INTEG, 12));
	EXPECT_STREQ("CURVE_25519", ike_transform_name(IKE_TRANSFORM_KE, 31));
	EXPECT_STREQ("ML_KEM_768", ike_transform_name(IKE_TRANSFORM_ADDKE7, 36));
	EXPECT_STREQ("NO_EXT_SEQ", ike_transform_name(IKE_TRANSFORM_ESN, 0));
}

TEST(notify_types_below_16384_are_errors)
{
	EXPECT_TRUE(ike_notify_is_error(IKE_NOTIFY_TS_UNACCEPTABLE));
	EXPECT_TRUE(ike_notify_is_error(16383));
	EXPECT_FALSE(ike_notify_is_error(IKE_NOTIFY_INITIAL_CONTACT));
}

TEST(verdicts_have_names)
{
	for (int v = IKE_OK; v <= IKE_UNSUPPORTED_CRITICAL; v++) {
		EXPECT_STRNE("unknown", ike_verdict_name((enum ike_verdict)v));
	}
}

TEST_HARNESS_MAIN
