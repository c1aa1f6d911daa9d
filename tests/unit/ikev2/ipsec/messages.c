/* SPDX-License-Identifier: MIT */
/*
 * Messages about SAs and policies: what is built is read by libnl-xfrm-3, which knows nothing of
 * us, and field by field where that library is behind the kernel.
 */
#include <kselftest_harness.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netlink/addr.h>
#include <netlink/xfrm/lifetime.h>
#include <netlink/xfrm/sa.h>
#include <netlink/xfrm/selector.h>
#include <netlink/xfrm/sp.h>
#include <netlink/xfrm/template.h>

#include "ikev2/codec/algorithm.h"
#include "ikev2/ipsec/xfrm_policy.h"
#include "ikev2/ipsec/xfrm_sa.h"
#include "ikev2/ipsec/xfrm_selector.h"
#include "pdk/netlink/netlink.h"

static struct netaddr addr(const char *text)
{
	struct netaddr a = NETADDR_NONE;

	netaddr_parse(text, 0, &a);
	return a;
}

static struct ipsec_sa sample(void)
{
	struct ipsec_sa sa = {
		.direction = IPSEC_IN,
		.mode = IPSEC_TUNNEL,
		.spi = 0xc0ffee01,
		.src = addr("192.0.2.1"),
		.dst = addr("192.0.2.2"),
		.reqid = IPSEC_REQID_BASE + 3,
		.encr = IKE_ENCR_AES_GCM_16,
		.encr_bits = 256,
		.encr_key_len = 36,
		.replay_window = 32,
		.soft = { .bytes = 1000, .packets = 10, .time = DURATION_MS(1500) },
		.hard = { .bytes = 2000, .time = DURATION_S(60) },
	};

	for (int i = 0; i < IPSEC_KEY_MAX; i++)
		sa.encr_key[i] = sa.integ_key[i] = (uint8_t)(0x40 + i);
	return sa;
}

static const struct xfrm_features old_kernel, new_kernel = { .sa_dir = true };

/* Attributes of a built message. */
static void attributes(struct nl_msg *msg, size_t fixed, struct nlattr *tb[])
{
	nlmsg_parse(nlmsg_hdr(msg), (int)fixed, tb, XFRM_ABI_ATTR_MAX, NULL);
}

static bool same_addr(struct nl_addr *a, const char *text)
{
	struct netaddr wanted = addr(text);

	return nl_addr_get_len(a) == netaddr_len(&wanted) &&
	       memcmp(nl_addr_get_binary_addr(a), wanted.addr, netaddr_len(&wanted)) == 0;
}

TEST(an_independent_parser_reads_a_combined_mode_sa)
{
	struct ipsec_sa in = sample();
	struct nl_msg *msg;
	struct xfrmnl_sa *sa = NULL;
	struct xfrmnl_ltime_cfg *limits;
	char name[64], key[128];
	unsigned key_bits = 0, icv_bits = 0;

	ASSERT_EQ(0, xfrm_sa_build_add(&in, &old_kernel, false, &msg));
	EXPECT_EQ(XFRM_MSG_NEWSA, nlmsg_hdr(msg)->nlmsg_type);
	ASSERT_EQ(0, xfrmnl_sa_parse(nlmsg_hdr(msg), &sa));
	EXPECT_TRUE(same_addr(xfrmnl_sa_get_saddr(sa), "192.0.2.1"));
	EXPECT_TRUE(same_addr(xfrmnl_sa_get_daddr(sa), "192.0.2.2"));
	EXPECT_EQ(0xc0ffee01, (uint32_t)xfrmnl_sa_get_spi(sa));
	EXPECT_EQ(IPPROTO_ESP, xfrmnl_sa_get_proto(sa));
	EXPECT_EQ(IPSEC_REQID_BASE + 3, xfrmnl_sa_get_reqid(sa));
	EXPECT_EQ(XFRM_MODE_TUNNEL, xfrmnl_sa_get_mode(sa));
	EXPECT_EQ(32, xfrmnl_sa_get_replay_window(sa));
	ASSERT_EQ(0, xfrmnl_sa_get_aead_params(sa, name, &key_bits, &icv_bits, key));
	EXPECT_STREQ("rfc4106(gcm(aes))", name);
	EXPECT_EQ(36 * 8, key_bits);
	EXPECT_EQ(128, icv_bits);
	EXPECT_EQ(0, memcmp(key, in.encr_key, 36));
	limits = xfrmnl_sa_get_lifetime_cfg(sa);
	EXPECT_EQ(1000, xfrmnl_ltime_cfg_get_soft_bytelimit(limits));
	EXPECT_EQ(2000, xfrmnl_ltime_cfg_get_hard_bytelimit(limits));
	EXPECT_EQ(10, xfrmnl_ltime_cfg_get_soft_packetlimit(limits));
	EXPECT_EQ(XFRM_INF, xfrmnl_ltime_cfg_get_hard_packetlimit(limits));
	EXPECT_EQ(2, xfrmnl_ltime_cfg_get_soft_addexpires(limits));
	EXPECT_EQ(60, xfrmnl_ltime_cfg_get_hard_addexpires(limits));
	xfrmnl_sa_put(sa);
	netlink_msg_free(msg);
}

TEST(an_independent_parser_reads_cipher_and_integrity_in_udp)
{
	struct ipsec_sa in = sample();
	struct nl_msg *msg;
	struct xfrmnl_sa *sa = NULL;
	char name[64], key[128];
	unsigned key_bits = 0, trunc_bits = 0, type = 0, sport = 0, dport = 0;
	struct nl_addr *oa = NULL;

	in.encr = IKE_ENCR_AES_CBC;
	in.encr_bits = 128;
	in.encr_key_len = 16;
	in.integ = IKE_INTEG_HMAC_SHA2_256_128;
	in.integ_key_len = 32;
	in.udp_encap = true;
	in.src.port = 4501;
	in.dst.port = 4500;
	ASSERT_EQ(0, xfrm_sa_build_add(&in, &old_kernel, true, &msg));
	EXPECT_EQ(XFRM_MSG_UPDSA, nlmsg_hdr(msg)->nlmsg_type);
	nlmsg_hdr(msg)->nlmsg_type = XFRM_MSG_NEWSA; /* all that the library takes */
	ASSERT_EQ(0, xfrmnl_sa_parse(nlmsg_hdr(msg), &sa));
	ASSERT_EQ(0, xfrmnl_sa_get_crypto_params(sa, name, &key_bits, key));
	EXPECT_STREQ("cbc(aes)", name);
	EXPECT_EQ(128, key_bits);
	EXPECT_EQ(0, memcmp(key, in.encr_key, 16));
	ASSERT_EQ(0, xfrmnl_sa_get_auth_params(sa, name, &key_bits, &trunc_bits, key));
	EXPECT_STREQ("hmac(sha256)", name);
	EXPECT_EQ(256, key_bits);
	EXPECT_EQ(128, trunc_bits);
	EXPECT_EQ(0, memcmp(key, in.integ_key, 32));
	ASSERT_EQ(0, xfrmnl_sa_get_encap_tmpl(sa, &type, &sport, &dport, &oa));
	EXPECT_EQ(2, type); /* UDP_ENCAP_ESPINUDP */
	EXPECT_EQ(4501, sport);
	EXPECT_EQ(4500, dport);
	xfrmnl_sa_put(sa);
	netlink_msg_free(msg);
}

/* RFC 4303 2.2.1, 3.4.3 */
TEST(windows_and_extended_sequence_numbers_take_the_form_that_the_kernel_wants)
{
	static const struct {
		enum ipsec_direction direction;
		bool esn, sa_dir;
		uint32_t window;
		int old_window, words; /* expected; words < 0: no large structure */
		uint32_t new_window;
	} cases[] = {
		{ IPSEC_IN, false, false, 32, 32, -1, 0 },
		{ IPSEC_IN, false, false, 33, 0, 2, 33 },
		{ IPSEC_IN, false, false, 5000, 0, 128, 4096 },
		{ IPSEC_IN, true, false, 0, 0, 1, 1 },
		{ IPSEC_IN, true, true, 1024, 0, 32, 1024 },
		{ IPSEC_OUT, false, false, 1024, 0, -1, 0 },
		{ IPSEC_OUT, false, true, 1024, 0, -1, 0 },
		{ IPSEC_OUT, true, false, 1024, 0, 1, 1 },
		{ IPSEC_OUT, true, true, 1024, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
		struct ipsec_sa sa = sample();
		struct xfrm_usersa_info *info;
		struct nl_msg *msg;

		sa.direction = cases[i].direction;
		sa.esn = cases[i].esn;
		sa.replay_window = cases[i].window;
		ASSERT_EQ(0, xfrm_sa_build_add(&sa, cases[i].sa_dir ? &new_kernel : &old_kernel,
					       false, &msg));
		info = nlmsg_data(nlmsg_hdr(msg));
		attributes(msg, sizeof(*info), tb);
		EXPECT_EQ(cases[i].old_window, info->replay_window);
		EXPECT_EQ(cases[i].esn, !!(info->flags & XFRM_STATE_ESN));
		ASSERT_EQ(cases[i].words >= 0, tb[XFRMA_REPLAY_ESN_VAL] != NULL);
		if (cases[i].words >= 0) {
			struct xfrm_replay_state_esn *r = nla_data(tb[XFRMA_REPLAY_ESN_VAL]);

			EXPECT_EQ(cases[i].words, r->bmp_len);
			EXPECT_EQ(cases[i].new_window, r->replay_window);
			EXPECT_EQ(sizeof(*r) + 4 * r->bmp_len, nla_len(tb[XFRMA_REPLAY_ESN_VAL]));
		}
		ASSERT_EQ(cases[i].sa_dir, tb[XFRM_ABI_SA_DIR] != NULL);
		if (cases[i].sa_dir)
			EXPECT_EQ(cases[i].direction == IPSEC_IN ? 1 : 2,
				  nla_get_u8(tb[XFRM_ABI_SA_DIR]));
		netlink_msg_free(msg);
	}
}

/* RFC 4303 2.1, RFC 3948 1 */
TEST(what_an_sa_cannot_be_is_refused)
{
	struct ipsec_sa sa;
	struct nl_msg *msg = NULL;

#define REFUSED(err, change)                                                                       \
	do {                                                                                       \
		sa = sample();                                                                     \
		change;                                                                            \
		EXPECT_EQ(err, xfrm_sa_build_add(&sa, &old_kernel, false, &msg));                  \
		EXPECT_EQ(NULL, msg);                                                              \
	} while (0)
	REFUSED(-EINVAL, sa.spi = 255);
	REFUSED(-EINVAL, sa.dst = NETADDR_NONE);
	REFUSED(-EINVAL, sa.src = addr("fd00::1"));
	REFUSED(-EINVAL, sa.encr_key_len = 35);
	REFUSED(-EINVAL, sa.encr_key_len = IPSEC_KEY_MAX + 1);
	REFUSED(-EINVAL, sa.encr_bits = 128); /* the key has 256 */
	REFUSED(-EOPNOTSUPP, sa.encr = 999);
	REFUSED(-EOPNOTSUPP, sa.integ = 999);
	/* Combined-mode with integrity, and a cipher without. */
	REFUSED(-EINVAL, (sa.integ = IKE_INTEG_HMAC_SHA2_256_128, sa.integ_key_len = 32));
	REFUSED(-EINVAL, (sa.encr = IKE_ENCR_AES_CBC, sa.encr_key_len = 32));
	REFUSED(-EINVAL, (sa.encr = IKE_ENCR_AES_CBC, sa.encr_key_len = 32,
			  sa.integ = IKE_INTEG_HMAC_SHA2_256_128, sa.integ_key_len = 20));
#undef REFUSED
}

static uint32_t u32_of(struct nlattr *a)
{
	return a ? nla_get_u32(a) : 0;
}

TEST(the_outer_header_is_made_as_asked_in_the_direction_where_that_has_a_meaning)
{
	static const struct {
		struct ipsec_sa how;
		uint8_t in_flags, out_flags;
		uint32_t out_extra, out_tfcpad;
	} cases[] = {
		{ .in_flags = 0 },
		{ .how = { .no_df = true }, .out_flags = XFRM_STATE_NOPMTUDISC },
		{ .how = { .no_ecn = true },
		  .in_flags = XFRM_STATE_NOECN,
		  .out_flags = XFRM_STATE_NOECN },
		{ .how = { .no_dscp = true }, .out_extra = XFRM_SA_XFLAG_DONT_ENCAP_DSCP },
		{ .how = { .dscp_inward = true }, .in_flags = XFRM_STATE_DECAP_DSCP },
		{ .how = { .tfc_padding = 1000 }, .out_tfcpad = 1000 },
		{ .how = { .tfc_padding = IPSEC_TFC_MTU }, .out_tfcpad = UINT32_MAX },
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const struct ipsec_sa *how = &cases[i / 2].how;
		struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
		struct ipsec_sa sa = sample();
		struct xfrm_usersa_info *info;
		struct nl_msg *msg;
		bool out = i % 2;

		sa.direction = out ? IPSEC_OUT : IPSEC_IN;
		sa.no_df = how->no_df;
		sa.no_ecn = how->no_ecn;
		sa.no_dscp = how->no_dscp;
		sa.dscp_inward = how->dscp_inward;
		sa.tfc_padding = how->tfc_padding;
		ASSERT_EQ(0, xfrm_sa_build_add(&sa, &new_kernel, false, &msg));
		info = nlmsg_data(nlmsg_hdr(msg));
		attributes(msg, sizeof(*info), tb);
		EXPECT_EQ(XFRM_STATE_AF_UNSPEC |
				  (out ? cases[i / 2].out_flags : cases[i / 2].in_flags),
			  info->flags)
		TH_LOG("case %zu", i);
		EXPECT_EQ(out ? cases[i / 2].out_extra : 0, u32_of(tb[XFRMA_SA_EXTRA_FLAGS]));
		EXPECT_EQ(out ? cases[i / 2].out_tfcpad : 0, u32_of(tb[XFRMA_TFCPAD]));
		netlink_msg_free(msg);
	}
}

/* Only who receives is told of other ports, and the kernel refuses the attribute elsewhere. */
TEST(an_inbound_sa_in_udp_tells_of_new_ports_now_and_then)
{
	for (int i = 0; i < 4; i++) {
		struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
		struct ipsec_sa sa = sample();
		struct nl_msg *msg;

		sa.direction = i & 1 ? IPSEC_OUT : IPSEC_IN;
		sa.udp_encap = i & 2;
		ASSERT_EQ(0, xfrm_sa_build_add(&sa, &new_kernel, false, &msg));
		attributes(msg, sizeof(struct xfrm_usersa_info), tb);
		EXPECT_EQ(i & 2 ? true : false, tb[XFRMA_ENCAP] != NULL);
		EXPECT_EQ(i == 2 ? 5 : 0, u32_of(tb[XFRMA_MTIMER_THRESH]));
		netlink_msg_free(msg);
	}
}

TEST(tfc_padding_is_for_tunnels)
{
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct ipsec_sa sa = sample();
	struct nl_msg *msg;

	sa.direction = IPSEC_OUT;
	sa.mode = IPSEC_TRANSPORT;
	sa.tfc_padding = 1000;
	ASSERT_EQ(0, xfrm_sa_build_add(&sa, &new_kernel, false, &msg));
	attributes(msg, sizeof(struct xfrm_usersa_info), tb);
	EXPECT_EQ(NULL, tb[XFRMA_TFCPAD]);
	netlink_msg_free(msg);
}

TEST(packets_get_a_mark_where_its_mask_has_ones)
{
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	struct ipsec_sa sa = sample();
	struct nl_msg *msg;

	sa.set_mark = (struct ipsec_mark){ 0x20, 0xf0 };
	ASSERT_EQ(0, xfrm_sa_build_add(&sa, &old_kernel, false, &msg));
	attributes(msg, sizeof(struct xfrm_usersa_info), tb);
	EXPECT_EQ(0x20, u32_of(tb[XFRMA_SET_MARK]));
	EXPECT_EQ(0xf0, u32_of(tb[XFRMA_SET_MARK_MASK]));
	EXPECT_EQ(NULL, tb[XFRMA_MARK]);
	netlink_msg_free(msg);
}

TEST(what_the_kernel_says_of_an_sa_is_read)
{
	struct ipsec_sa sa = sample();
	struct xfrm_usersa_info *fixed;
	struct xfrm_sa_info info;
	struct nl_msg *msg;

	sa.udp_encap = true;
	sa.src.port = 1111;
	sa.dst.port = 2222;
	sa.mark = 5;
	sa.mark_mask = 7;
	sa.if_id = 9;
	ASSERT_EQ(0, xfrm_sa_build_add(&sa, &new_kernel, false, &msg));
	fixed = nlmsg_data(nlmsg_hdr(msg));
	fixed->curlft.bytes = 77;
	fixed->curlft.packets = 7;
	ASSERT_EQ(0, nla_put_u64(msg, XFRMA_LASTUSED, 123456789));
	ASSERT_EQ(0, xfrm_sa_parse(nlmsg_hdr(msg), &info));
	EXPECT_TRUE(netaddr_equal(&sa.src, &info.src));
	EXPECT_TRUE(netaddr_equal(&sa.dst, &info.dst));
	EXPECT_EQ(sa.spi, info.spi);
	EXPECT_EQ(sa.reqid, info.reqid);
	EXPECT_EQ(5, info.mark);
	EXPECT_EQ(7, info.mark_mask);
	EXPECT_EQ(77, info.usage.bytes);
	EXPECT_EQ(7, info.usage.packets);
	EXPECT_EQ(123456789, info.usage.last_used);
	EXPECT_TRUE(info.has_if_id && info.has_sa_dir && info.udp_encap);
	EXPECT_FALSE(info.has_esn_val);
	netlink_msg_free(msg);
}

/* Kernels refuse it with inbound SAs, and without encapsulation. */
TEST(keepalives_are_asked_for_where_the_kernel_sends_them)
{
	static const struct xfrm_features old = { .sa_dir = true },
					  knows = { .sa_dir = true, .nat_keepalive = true };
	struct xfrm_sa_info info;
	struct nl_msg *msg;

	for (unsigned i = 0; i < 16; i++) {
		const struct xfrm_features *f = i & 1 ? &knows : &old;
		struct ipsec_sa sa = sample();

		sa.direction = i & 2 ? IPSEC_OUT : IPSEC_IN;
		sa.udp_encap = i & 4;
		sa.keepalive = i & 8 ? 20 : 0;
		ASSERT_EQ(0, xfrm_sa_build_add(&sa, f, false, &msg));
		ASSERT_EQ(0, xfrm_sa_parse(nlmsg_hdr(msg), &info));
		EXPECT_EQ(i == 15, info.has_keepalive);
		EXPECT_EQ(i == 15, xfrm_sa_keeps_alive(&sa, f));
		netlink_msg_free(msg);
	}
}

TEST(an_independent_parser_reads_an_out_policy)
{
	struct xfrm_policy_key key = { .dir = XFRM_POLICY_OUT };
	struct xfrm_policy_template t = { .mode = IPSEC_TUNNEL,
					  .reqid = IPSEC_REQID_BASE + 5,
					  .local = addr("192.0.2.1"),
					  .remote = addr("192.0.2.2") };
	struct xfrmnl_sp *sp = NULL;
	struct xfrmnl_user_tmpl *tmpl;
	struct xfrmnl_sel *sel;
	struct nl_msg *msg;

	key.sel.family = AF_INET;
	key.sel.saddr.a4 = inet_addr("10.1.0.0");
	key.sel.prefixlen_s = 16;
	key.sel.daddr.a4 = inet_addr("10.2.0.0");
	key.sel.prefixlen_d = 24;
	msg = xfrm_policy_build_add(&key, &t, false);
	ASSERT_NE(NULL, msg);
	ASSERT_EQ(0, xfrmnl_sp_parse(nlmsg_hdr(msg), &sp));
	EXPECT_EQ(XFRM_POLICY_OUT, xfrmnl_sp_get_dir(sp));
	EXPECT_EQ(XFRM_POLICY_ALLOW, xfrmnl_sp_get_action(sp));
	EXPECT_EQ(xfrm_selector_priority(&key.sel), xfrmnl_sp_get_priority(sp));
	sel = xfrmnl_sp_get_sel(sp);
	EXPECT_EQ(16, xfrmnl_sel_get_prefixlen_s(sel));
	EXPECT_EQ(24, xfrmnl_sel_get_prefixlen_d(sel));
	EXPECT_TRUE(same_addr(xfrmnl_sel_get_saddr(sel), "10.1.0.0"));
	ASSERT_EQ(1, xfrmnl_sp_get_nusertemplates(sp));
	tmpl = xfrmnl_sp_usertemplate_n(sp, 0);
	EXPECT_EQ(IPSEC_REQID_BASE + 5, xfrmnl_user_tmpl_get_reqid(tmpl));
	EXPECT_EQ(XFRM_MODE_TUNNEL, xfrmnl_user_tmpl_get_mode(tmpl));
	EXPECT_TRUE(same_addr(xfrmnl_user_tmpl_get_saddr(tmpl), "192.0.2.1"));
	EXPECT_TRUE(same_addr(xfrmnl_user_tmpl_get_daddr(tmpl), "192.0.2.2"));
	xfrmnl_sp_put(sp);
	netlink_msg_free(msg);
}

TEST(templates_of_in_and_fwd_leave_the_outer_addresses_open)
{
	static const uint8_t dirs[] = { XFRM_POLICY_IN, XFRM_POLICY_FWD };
	static const xfrm_address_t none;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
		struct xfrm_policy_key key = { .sel.family = AF_INET6,
					       .dir = dirs[i],
					       .mark = 1,
					       .mark_mask = 3,
					       .if_id = 8 };
		struct xfrm_policy_template t = { .reqid = IPSEC_REQID_BASE + 5,
						  .local = addr("192.0.2.1"),
						  .remote = addr("192.0.2.2") };
		struct nl_msg *msg = xfrm_policy_build_add(&key, &t, true);
		struct xfrm_policy_info info;
		struct xfrm_user_tmpl *tmpl;

		ASSERT_NE(NULL, msg);
		EXPECT_EQ(XFRM_MSG_UPDPOLICY, nlmsg_hdr(msg)->nlmsg_type);
		attributes(msg, sizeof(struct xfrm_userpolicy_info), tb);
		tmpl = nla_data(tb[XFRMA_TMPL]);
		EXPECT_EQ(0, memcmp(&tmpl->saddr, &none, sizeof(none)));
		EXPECT_EQ(0, memcmp(&tmpl->id.daddr, &none, sizeof(none)));
		EXPECT_EQ(AF_INET, tmpl->family);
		EXPECT_EQ(~0u, tmpl->ealgos & tmpl->aalgos);
		nlmsg_hdr(msg)->nlmsg_type = XFRM_MSG_NEWPOLICY;
		ASSERT_EQ(0, xfrm_policy_parse(nlmsg_hdr(msg), &info));
		EXPECT_EQ(t.reqid, info.reqid);
		EXPECT_EQ(key.dir, info.key.dir);
		EXPECT_EQ(3, info.key.mark_mask);
		EXPECT_EQ(8, info.key.if_id);
		netlink_msg_free(msg);
	}
}

static void check_algorithms(struct __test_metadata *_metadata, struct nl_msg *msg,
			     const struct algorithm *e, const struct algorithm *i)
{
	struct nlattr *tb[XFRM_ABI_ATTR_MAX + 1];
	size_t key_len = algorithm_key_len(e, e->key_bits[0]);

	attributes(msg, sizeof(struct xfrm_usersa_info), tb);
	EXPECT_EQ(i == NULL, tb[XFRMA_ALG_AEAD] != NULL);
	EXPECT_EQ(i != NULL, tb[XFRMA_ALG_CRYPT] != NULL);
	EXPECT_EQ(i != NULL, tb[XFRMA_ALG_AUTH_TRUNC] != NULL);
	if (i) {
		const struct xfrm_algo *crypt = nla_data(tb[XFRMA_ALG_CRYPT]);
		const struct xfrm_algo_auth *auth = nla_data(tb[XFRMA_ALG_AUTH_TRUNC]);

		EXPECT_STREQ(e->kernel, crypt->alg_name);
		EXPECT_EQ(8 * key_len, crypt->alg_key_len);
		EXPECT_STREQ(i->kernel, auth->alg_name);
		EXPECT_EQ(8 * i->key, auth->alg_key_len);
		EXPECT_EQ(8 * i->icv, auth->alg_trunc_len);
	} else {
		const struct xfrm_algo_aead *aead = nla_data(tb[XFRMA_ALG_AEAD]);

		EXPECT_STREQ(e->kernel, aead->alg_name);
		EXPECT_EQ(8 * key_len, aead->alg_key_len);
		EXPECT_EQ(8 * e->icv, aead->alg_icv_len);
	}
}

/* Names, key lengths with salt, and how ICVs are cut, as the kernel reads them. */
TEST(every_algorithm_of_esp_is_told_in_the_kernels_words)
{
	unsigned ciphers = 0, macs = 0;

	for_each_algorithm(e) {
		for_each_algorithm(i) {
			struct ipsec_sa sa = sample();
			struct nl_msg *msg;

			if (e->type != IKE_TRANSFORM_ENCR || i->type != IKE_TRANSFORM_INTEG)
				continue;
			sa.encr = e->id;
			sa.encr_bits = e->key_bits[0];
			sa.encr_key_len = algorithm_key_len(e, e->key_bits[0]);
			sa.integ = algorithm_is_aead(e) ? IKE_INTEG_NONE : i->id;
			sa.integ_key_len = sa.integ ? i->key : 0;
			ASSERT_EQ(0, xfrm_sa_build_add(&sa, &old_kernel, false, &msg));
			check_algorithms(_metadata, msg, e, sa.integ ? i : NULL);
			netlink_msg_free(msg);
			ciphers++;
		}
		macs += e->type == IKE_TRANSFORM_INTEG;
	}
	EXPECT_EQ(13 * macs, ciphers);
	EXPECT_EQ(6, macs);
}

TEST_HARNESS_MAIN
