/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>

#include "pdk/conf/options.h"
#include "pdk/conf/parser.h"
#include "ikev2/vici/tree.h"
#include "tools/postern.h"

/*
 * postern load: without a file the daemon reads its own configuration again; with one, its secrets,
 * authorities, pools and then its connections are sent, which replace those of the same names.
 */

static int report_no_memory(void)
{
	fputs("postern: out of memory\n", stderr);
	return POSTERN_FAILED;
}

/* A section as it is, by a command that takes such. */
static int load_section(struct postern *p, const struct conf_node *section, const char *kind,
			const char *command)
{
	char what[VICI_TEXT_MAX];
	struct writer w;
	int rc;

	snprintf(what, sizeof(what), "%s %s", kind, section->name);
	writer_init_heap(&w, VICI_PACKET_MAX);
	vici_put_section(&w, section->name);
	vici_put_tree(&w, section);
	vici_put_section_end(&w);
	rc = postern_call(p, command, &w, what, NULL);
	writer_fini(&w);
	if (rc == POSTERN_OK && !p->quiet)
		printf("loaded %s\n", what);
	return rc;
}

static int load_connection(struct postern *p, const struct conf_node *conn)
{
	return load_section(p, conn, "connection", "load-conn");
}

static int load_pool(struct postern *p, const struct conf_node *pool)
{
	return load_section(p, pool, "pool", "load-pool");
}

static int load_authority(struct postern *p, const struct conf_node *authority)
{
	return load_section(p, authority, "authority", "load-authority");
}

static bool is_owner(const struct conf_node *node)
{
	return node->type == CONF_VALUE && !strncmp(node->name, "id", 2);
}

static int load_secret(struct postern *p, const struct conf_node *section)
{
	const struct conf_node *data = conf_find_type(section, "secret", CONF_VALUE), *node;
	struct conf_secret secret = { 0 };
	char what[VICI_TEXT_MAX];
	struct writer w;
	int rc;

	snprintf(what, sizeof(what), "secret %s", section->name);
	if (!data) {
		fprintf(stderr, "postern: %s: has no 'secret ='\n", what);
		return POSTERN_FAILED;
	}
	rc = conf_parse_secret(conf_bytes(data), &secret);
	if (rc == -ENOMEM)
		return report_no_memory();
	if (rc) {
		fprintf(stderr, "postern: %s: bad hexadecimal or base64\n", what);
		return POSTERN_FAILED;
	}
	writer_init_heap(&w, VICI_PACKET_MAX);
	vici_put_str(&w, "id", section->name);
	vici_put_str(&w, "type", "IKE");
	vici_put_value(&w, "data", BYTES(secret.data, secret.len));
	vici_put_list(&w, "owners");
	conf_for_each(node, section) if (is_owner(node)) vici_put_item(&w, conf_bytes(node));
	vici_put_list_end(&w);
	conf_secret_clear(&secret);
	rc = postern_call(p, "load-shared", &w, what, NULL);
	writer_fini(&w);
	if (rc == POSTERN_OK && !p->quiet)
		printf("loaded %s\n", what);
	return rc;
}

/* Each section within a section of that name; goes on after failures. */
static int load_each(struct postern *p, const struct conf_node *root, const char *name,
		     int (*load)(struct postern *p, const struct conf_node *section))
{
	const struct conf_node *all = conf_find_type(root, name, CONF_SECTION), *node;
	int rc = POSTERN_OK, one;

	if (!all)
		return POSTERN_OK;
	conf_for_each(node, all)
	{
		if (node->type != CONF_SECTION)
			continue;
		one = load(p, node);
		if (rc == POSTERN_OK)
			rc = one;
	}
	return rc;
}

static int load_tree(struct postern *p, const struct conf_node *root)
{
	static const struct {
		const char *name;
		int (*load)(struct postern *p, const struct conf_node *section);
	} kinds[] = {
		{ "secrets", load_secret },
		{ "authorities", load_authority },
		{ "pools", load_pool },
		{ "connections", load_connection },
	};
	const struct conf_node *node;
	int rc = POSTERN_OK, one;

	conf_for_each(node, root)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(kinds) && strcmp(node->name, kinds[i].name) != 0)
			i++;
		if (i == ARRAY_SIZE(kinds))
			fprintf(stderr,
				"postern: %s is left out: only secrets, authorities, pools and "
				"connections can be sent\n",
				node->name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		one = load_each(p, root, kinds[i].name, kinds[i].load);
		rc = rc != POSTERN_OK ? rc : one;
	}
	return rc;
}

static int load_file(struct postern *p, const char *path)
{
	struct conf_report report = CONF_REPORT_INIT;
	struct conf_node *root = conf_root_new();
	int rc = POSTERN_FAILED, err = -ENOMEM;

	if (root)
		err = conf_parse_file(path, root, &report);
	if (err == -ENOMEM)
		rc = report_no_memory();
	else if (err)
		fputs(conf_report_text(&report), stderr);
	else
		rc = load_tree(p, root);
	conf_report_fini(&report);
	conf_free(root);
	return rc;
}

int cmd_load(struct postern *p)
{
	int rc;

	if (p->n_args > 0)
		return load_file(p, p->args[0]);
	rc = postern_call(p, "reload-settings", NULL, NULL, NULL);
	if (rc == POSTERN_OK && !p->quiet)
		puts("configuration loaded");
	return rc;
}
