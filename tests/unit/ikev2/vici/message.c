/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <kselftest_harness.h>

#include "ikev2/vici/message.h"
#include "ikev2/vici/tree.h"

/* Key, section in section, list: the example of the protocol's description, by hand. */
static const uint8_t example[] = {
	3,   4,   'k', 'e', 'y', '1', 0,   6,   'v', 'a', 'l', 'u', 'e', '1', 1,   8,
	's', 'e', 'c', 't', 'i', 'o', 'n', '1', 1,   11,  's', 'u', 'b', '-', 's', 'e',
	'c', 't', 'i', 'o', 'n', 3,   4,   'k', 'e', 'y', '2', 0,   6,   'v', 'a', 'l',
	'u', 'e', '2', 2,   4,   5,   'l', 'i', 's', 't', '1', 5,   0,   5,   'i', 't',
	'e', 'm', '1', 5,   0,   5,   'i', 't', 'e', 'm', '2', 6,   2,
};

static void put_example(struct writer *w)
{
	vici_put_str(w, "key1", "value1");
	vici_put_section(w, "section1");
	vici_put_section(w, "sub-section");
	vici_put_str(w, "key2", "value2");
	vici_put_section_end(w);
	vici_put_list(w, "list1");
	vici_put_item_fmt(w, "item%d", 1);
	vici_put_item_fmt(w, "item%d", 2);
	vici_put_list_end(w);
	vici_put_section_end(w);
}

static bool check(struct bytes b)
{
	const char *reason = NULL;
	int err = vici_message_check(b, &reason);

	return err == 0 || (err == -EBADMSG && !reason);
}

TEST(the_documented_example_is_written_octet_by_octet)
{
	uint8_t buf[256];
	struct writer w;

	writer_init_fixed(&w, buf, sizeof(buf));
	put_example(&w);
	ASSERT_EQ(w.err, 0);
	EXPECT_TRUE(bytes_equal(writer_view(&w), BYTES_OF(example)));
}

TEST(the_documented_example_is_read_back)
{
	struct bytes section, sub, value, list;
	const char *reason;
	char buf[VICI_TEXT_MAX];

	ASSERT_EQ(vici_message_check(BYTES_OF(example), &reason), 0);
	EXPECT_STREQ(vici_get_str(BYTES_OF(example), "key1", buf), "value1");
	ASSERT_TRUE(vici_get(BYTES_OF(example), VICI_SECTION_START, "section1", &section));
	ASSERT_TRUE(vici_get(section, VICI_SECTION_START, "sub-section", &sub));
	EXPECT_STREQ(vici_get_str(sub, "key2", buf), "value2");
	EXPECT_EQ(vici_get_str(section, "key2", buf), NULL);
	ASSERT_TRUE(vici_get(section, VICI_LIST_START, "list1", &list));
	ASSERT_TRUE(vici_next_item(&list, &value));
	EXPECT_TRUE(vici_bytes_are(value, "item1"));
	ASSERT_TRUE(vici_next_item(&list, &value));
	EXPECT_TRUE(vici_bytes_are(value, "item2"));
	EXPECT_FALSE(vici_next_item(&list, &value));
}

/* Ends of top-level items are the only places where a shorter message is one too. */
TEST(a_message_cut_anywhere_inside_an_item_is_refused)
{
	for (size_t len = 0; len <= sizeof(example); len++) {
		const char *reason = "untouched";
		/* On the heap, so that the sanitizer sees a read beyond the end. */
		uint8_t *copy = malloc(len + 1);
		int err, want = -EBADMSG;

		ASSERT_NE(copy, NULL);
		memcpy(copy, example, len);
		copy = realloc(copy, len ? len : 1);
		err = vici_message_check(BYTES(copy, len), &reason);
		if (len == 0 || len == 14 || len == sizeof(example))
			want = 0;
		EXPECT_EQ(err, want)
		{
			TH_LOG("cut at %zu", len);
		}
		free(copy);
	}
}

TEST(what_is_not_balanced_or_misplaced_is_refused)
{
	static const struct {
		const char *what;
		uint8_t octets[16];
		size_t len;
	} bad[] = {
		{ "end of no section", { 2 }, 1 },
		{ "end of no list", { 6 }, 1 },
		{ "item without list", { 5, 0, 1, 'x' }, 4 },
		{ "open section", { 1, 1, 's' }, 3 },
		{ "open list", { 4, 1, 'l' }, 3 },
		{ "value in a list", { 4, 1, 'l', 3, 1, 'k', 0, 1, 'v', 6 }, 10 },
		{ "section in a list", { 4, 1, 'l', 1, 1, 's', 2, 6 }, 8 },
		{ "list in a list", { 4, 1, 'l', 4, 1, 'm', 6, 6 }, 8 },
		{ "section ends in a list", { 1, 1, 's', 4, 1, 'l', 2, 6 }, 8 },
		{ "unknown element", { 7 }, 1 },
		{ "element 0", { 0 }, 1 },
		{ "empty name", { 1, 0, 2 }, 3 },
		{ "control character in a name", { 1, 1, '\n', 2 }, 4 },
		{ "NUL in a name", { 3, 2, 'a', 0, 0, 0 }, 6 },
		{ "name longer than there is", { 1, 9, 's', 2 }, 4 },
		{ "value longer than there is", { 3, 1, 'k', 1, 0, 'v' }, 6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *reason = NULL;

		EXPECT_EQ(vici_message_check(BYTES(bad[i].octets, bad[i].len), &reason), -EBADMSG)
		{
			TH_LOG("%s", bad[i].what);
		}
		EXPECT_NE(reason, NULL);
	}
}

TEST(sections_nest_to_the_limit_and_no_deeper)
{
	for (unsigned depth = 1; depth <= VICI_DEPTH_MAX + 1; depth++) {
		uint8_t buf[256];
		const char *reason;
		struct writer w;

		writer_init_fixed(&w, buf, sizeof(buf));
		for (unsigned i = 0; i < depth; i++)
			vici_put_section(&w, "s");
		for (unsigned i = 0; i < depth; i++)
			vici_put_section_end(&w);
		ASSERT_EQ(w.err, 0);
		EXPECT_EQ(vici_message_check(writer_view(&w), &reason),
			  depth <= VICI_DEPTH_MAX ? 0 : -EBADMSG);
	}
}

/* Walk all of a message by the view functions, to whatever depth; counts what it sees. */
static size_t walk(struct bytes section)
{
	struct vici_item item;
	struct bytes value;
	size_t n = 0;

	while (vici_next(&section, &item)) {
		n++;
		if (item.type == VICI_SECTION_START)
			n += walk(item.content);
		else if (item.type == VICI_LIST_START)
			while (vici_next_item(&item.content, &value))
				n++;
	}
	return n;
}

TEST(changed_octets_never_break_the_reader)
{
	uint8_t copy[sizeof(example)];
	size_t valid = 0;

	for (size_t at = 0; at < sizeof(example); at++) {
		for (unsigned value = 0; value < 256; value++) {
			memcpy(copy, example, sizeof(example));
			copy[at] = (uint8_t)value;
			valid += check(BYTES_OF(copy));
			/* Also unchecked, the views stay within the message. */
			EXPECT_LE(walk(BYTES_OF(copy)), sizeof(example));
		}
	}
	/* Octets of values and most of those of names may be anything. */
	EXPECT_GT(valid, 22 * 256);
}

TEST(random_octets_never_break_the_reader)
{
	uint64_t seed = 0x9e3779b97f4a7c15;

	for (unsigned round = 0; round < 20000; round++) {
		uint8_t buf[64];
		struct vici_packet p;
		const char *reason;
		size_t len;

		for (size_t i = 0; i < sizeof(buf); i++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			/* Mostly small numbers: types and lengths. */
			buf[i] = (seed >> 60) < 12 ? (seed >> 33) % 8 : (uint8_t)(seed >> 33);
		}
		len = (seed >> 40) % sizeof(buf);
		(void)walk(BYTES(buf, len));
		if (!vici_packet_parse(BYTES(buf, len), &p, &reason))
			EXPECT_TRUE(check(p.message));
	}
}

TEST(too_long_names_and_values_stick_to_the_writer)
{
	static uint8_t big[VICI_VALUE_MAX + 1];
	char name[VICI_NAME_MAX + 2];
	struct writer w;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	writer_init_heap(&w, 1 << 20);
	vici_put_value(&w, "k", BYTES(big, VICI_VALUE_MAX));
	EXPECT_EQ(w.err, 0);
	vici_put_value(&w, "k", BYTES_OF(big));
	EXPECT_EQ(w.err, -EMSGSIZE);
	writer_fini(&w);
	writer_init_heap(&w, 1 << 20);
	vici_put_section(&w, name + 1);
	EXPECT_EQ(w.err, 0);
	vici_put_section(&w, name);
	EXPECT_EQ(w.err, -EMSGSIZE);
	writer_fini(&w);
	writer_init_heap(&w, 1 << 20);
	vici_put_str(&w, "", "x");
	EXPECT_EQ(w.err, -EMSGSIZE);
	writer_fini(&w);
}

TEST(packets_of_all_types_come_back_as_written)
{
	for (int type = VICI_CMD_REQUEST; type <= VICI_EVENT; type++) {
		bool named = type == VICI_CMD_REQUEST || type == VICI_EVENT_REGISTER ||
			     type == VICI_EVENT_UNREGISTER || type == VICI_EVENT;
		const char *reason;
		struct vici_packet p;
		struct writer w;
		size_t begin;

		writer_init_heap(&w, VICI_PACKET_MAX + 4);
		begin = vici_packet_begin(&w, type, named ? "list-sas" : NULL);
		put_example(&w);
		vici_packet_end(&w, begin);
		ASSERT_EQ(w.err, 0);
		EXPECT_EQ(w.data[0] << 24 | w.data[1] << 16 | w.data[2] << 8 | w.data[3],
			  w.len - 4);
		ASSERT_EQ(vici_packet_parse(BYTES(w.data + 4, w.len - 4), &p, &reason), 0);
		EXPECT_EQ(p.type, type);
		EXPECT_TRUE(vici_bytes_are(p.name, named ? "list-sas" : ""));
		EXPECT_TRUE(bytes_equal(p.message, BYTES_OF(example)));
		writer_fini(&w);
	}
}

TEST(a_packet_that_is_too_long_is_not_written)
{
	static uint8_t big[VICI_VALUE_MAX];
	struct writer w;
	size_t begin;

	writer_init_heap(&w, 2 * VICI_PACKET_MAX);
	begin = vici_packet_begin(&w, VICI_EVENT, "log");
	for (unsigned i = 0; i < 9; i++)
		vici_put_value(&w, "k", BYTES_OF(big));
	vici_packet_end(&w, begin);
	EXPECT_EQ(w.err, -EMSGSIZE);
	writer_fini(&w);
}

TEST(bad_packets_are_refused_with_a_reason)
{
	static const struct {
		uint8_t octets[8];
		size_t len;
	} bad[] = {
		{ { 0 }, 0 },
		{ { 8 }, 1 },
		{ { 255, 1, 'x' }, 3 },
		{ { VICI_CMD_REQUEST }, 1 },
		{ { VICI_CMD_REQUEST, 5, 'a' }, 3 },
		{ { VICI_CMD_RESPONSE, 1 }, 2 },
		{ { VICI_EVENT, 1, 'x', 2 }, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *reason = NULL;
		struct vici_packet p;

		EXPECT_EQ(vici_packet_parse(BYTES(bad[i].octets, bad[i].len), &p, &reason),
			  -EBADMSG);
		EXPECT_NE(reason, NULL);
	}
}

TEST(text_flags_and_numbers_are_read_with_care)
{
	uint8_t buf[1024];
	char text[VICI_TEXT_MAX];
	struct bytes m;
	struct writer w;
	int64_t n = 7;

	writer_init_fixed(&w, buf, sizeof(buf));
	vici_put_str(&w, "yes", "yes");
	vici_put_str(&w, "no", "no");
	vici_put_str(&w, "n", "-12");
	vici_put_str(&w, "junk", "12x");
	vici_put_str(&w, "empty", "");
	vici_put_str(&w, "minus", "-");
	vici_put_str(&w, "huge", "99999999999999999999");
	vici_put_str(&w, "none", NULL);
	vici_put_value(&w, "nul", BYTES("a\0b", 3));
	m = writer_view(&w);
	EXPECT_TRUE(vici_get_bool(m, "yes"));
	EXPECT_FALSE(vici_get_bool(m, "no"));
	EXPECT_FALSE(vici_get_bool(m, "absent"));
	EXPECT_EQ(vici_get_int(m, "n", 0, &n), 0);
	EXPECT_EQ(n, -12);
	EXPECT_EQ(vici_get_int(m, "absent", 5, &n), 0);
	EXPECT_EQ(n, 5);
	EXPECT_EQ(vici_get_int(m, "junk", 0, &n), -EINVAL);
	EXPECT_EQ(vici_get_int(m, "empty", 0, &n), -EINVAL);
	EXPECT_EQ(vici_get_int(m, "minus", 0, &n), -EINVAL);
	EXPECT_EQ(vici_get_int(m, "huge", 0, &n), -EINVAL);
	EXPECT_EQ(n, 5);
	EXPECT_EQ(vici_get_str(m, "nul", text), NULL);
	EXPECT_EQ(vici_get_str(m, "none", text), NULL);
	EXPECT_STREQ(vici_get_str(m, "empty", text), "");
}

TEST(a_message_becomes_a_tree_and_the_same_message_again)
{
	struct conf_node *root = conf_root_new();
	uint8_t buf[256];
	struct writer w;

	ASSERT_NE(root, NULL);
	ASSERT_EQ(vici_message_to_tree(BYTES_OF(example), NULL, root), 0);
	EXPECT_STREQ(conf_string(root, "key1"), "value1");
	writer_init_fixed(&w, buf, sizeof(buf));
	vici_put_tree(&w, root);
	ASSERT_EQ(w.err, 0);
	EXPECT_TRUE(bytes_equal(writer_view(&w), BYTES_OF(example)));
	conf_free(root);
}

TEST(binary_values_survive_the_tree)
{
	static const uint8_t secret[] = { 0, 1, 2, 255, 0 };
	struct conf_node *root = conf_root_new(), *node;
	uint8_t buf[64];
	struct writer w;

	ASSERT_NE(root, NULL);
	writer_init_fixed(&w, buf, sizeof(buf));
	vici_put_value(&w, "data", BYTES_OF(secret));
	ASSERT_EQ(vici_message_to_tree(writer_view(&w), NULL, root), 0);
	node = conf_find(root, "data");
	ASSERT_NE(node, NULL);
	EXPECT_TRUE(bytes_equal(conf_bytes(node), BYTES_OF(secret)));
	conf_free(root);
}

TEST_HARNESS_MAIN
