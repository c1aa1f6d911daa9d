/* SPDX-License-Identifier: MIT */
#include "pdk/conf/parser.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pdk/conf/lexer.h"

/*
 * One pass without recursion over sections: where we are is a node, and '}' goes to its parent. An
 * included file is parsed into the section that includes it and can't leave it.
 */

struct parser {
	struct conf_node *root;
	struct conf_report *report;
	unsigned n_files;
	bool failed; /* something was reported */
};

/* A file (or a text) that is being parsed, and who includes it. */
struct input {
	struct parser *parser;
	struct input *includer;
	struct conf_source *source;
	const char *path; /* NULL: a text, which can't include */
	dev_t dev;
	ino_t ino;
	struct conf_node *base, *section;
	struct conf_lexer lexer;
};

static int parse_path(struct parser *p, struct input *includer, const char *path,
		      struct conf_node *base, const struct conf_origin *origin);

static struct conf_origin here(const struct input *in)
{
	return (struct conf_origin){ in->source, in->lexer.at_line, in->lexer.at_column };
}

/* Report something about the last token. */
#define complain(in, ...)                                                                          \
	do {                                                                                       \
		struct conf_origin _origin = here(in);                                             \
		conf_report_add((in)->parser->report, &_origin, __VA_ARGS__);                      \
		(in)->parser->failed = true;                                                       \
	} while (0)

static void close_section(struct input *in)
{
	if (in->section == in->base)
		complain(in, "found '}', expected no more of them: no section is open");
	else
		in->section = in->section->parent;
}

/*
 * Complain about a token, and go on behind its line. Braces there count, in a section that nobody
 * will read, so that one mistake isn't reported again at the end of the section.
 */
static int unexpected(struct input *in, enum conf_token token, const char *expected)
{
	char buf[80];

	if (token == CONF_TOKEN_NO_MEM)
		return -ENOMEM;
	if (token == CONF_TOKEN_BAD)
		complain(in, "%s", in->lexer.error);
	else
		complain(in, "found %s, expected %s",
			 conf_token_words(&in->lexer, token, buf, sizeof(buf)), expected);
	if (token == CONF_TOKEN_CLOSE && in->section != in->base)
		close_section(in);
	if (token == CONF_TOKEN_NEWLINE || token == CONF_TOKEN_CLOSE || token == CONF_TOKEN_END)
		return 0;
	if (token != CONF_TOKEN_OPEN && !conf_lexer_skip(&in->lexer))
		return 0;
	return conf_add_section(in->section, "?", NULL, &in->section) == -ENOMEM ? -ENOMEM : 0;
}

/* The tree refused a node: -E2BIG becomes a message. */
static int refused(struct input *in, int err)
{
	if (err != -E2BIG)
		return err;
	complain(in,
		 "found more than fits: sections nest deeper than %d, or the whole is too large",
		 CONF_DEPTH_MAX);
	return -EINVAL;
}

/* -------- sections -------- */

static int enter_section(struct input *in, const char *name, const struct conf_origin *origin,
			 struct conf_node **ret_section)
{
	struct conf_node *section = conf_find_type(in->section, name, CONF_SECTION);
	int err;

	if (!section) {
		err = conf_add_section(in->section, name, origin, &section);
		if (err)
			return refused(in, err);
	}
	*ret_section = section;
	return 0;
}

static struct conf_node *find_path(struct conf_node *root, char *path)
{
	char *name;

	while (root && (name = strsep(&path, ".")))
		root = conf_find_type(root, name, CONF_SECTION);
	return root;
}

static bool is_within(const struct conf_node *node, const struct conf_node *section)
{
	for (; node; node = node->parent)
		if (node == section)
			return true;
	return false;
}

#define COMPLAINED 1

/* "base1, base2" behind the colon, and the token that follows. COMPLAINED: the line is done with.
 */
static int take_references(struct input *in, struct conf_node *section, enum conf_token *ret_next)
{
	struct conf_node *base, *copy;
	enum conf_token token;
	char path[CONF_NAME_MAX + 1];
	int err;

	do {
		token = conf_lexer_name(&in->lexer);
		if (token != CONF_TOKEN_TEXT) {
			err = unexpected(in, token, "the name of a section");
			return err ? err : COMPLAINED;
		}
		snprintf(path, sizeof(path), "%s", in->lexer.text);
		base = find_path(in->parser->root, path);
		if (!base || is_within(section, base)) {
			complain(in, "found '%.60s', expected the name of a section that stands %s",
				 in->lexer.text, base ? "outside of this one" : "before this one");
		} else {
			/* By way of a copy, as the base may be a part of what is added to. */
			err = conf_copy(base, &copy);
			if (err)
				return err;
			err = conf_merge(section, copy);
			conf_free(copy);
			if (err)
				return refused(in, err);
		}
		token = conf_lexer_name(&in->lexer);
	} while (token == CONF_TOKEN_COMMA);
	*ret_next = token;
	return 0;
}

static int open_section(struct input *in, const char *name, const struct conf_origin *origin,
			enum conf_token token)
{
	struct conf_node *section = NULL;
	int err;

	err = enter_section(in, name, origin, &section);
	if (err)
		return err;
	if (token == CONF_TOKEN_COLON) {
		err = take_references(in, section, &token);
		if (err)
			return err == COMPLAINED ? 0 : err;
	}
	if (token == CONF_TOKEN_OPEN ||
	    (token == CONF_TOKEN_NEWLINE && conf_lexer_brace_follows(&in->lexer))) {
		in->section = section;
		return 0;
	}
	return unexpected(in, token, "'{'");
}

/* -------- values -------- */

static int set_value(struct input *in, const char *name, const struct conf_origin *origin)
{
	struct conf_node *old = conf_find(in->section, name);
	enum conf_token token;
	int err;

	token = conf_lexer_value(&in->lexer);
	if (token != CONF_TOKEN_TEXT)
		return unexpected(in, token, "a value");
	if (old && old->type == CONF_SECTION) {
		conf_report_add(in->parser->report, origin,
				"found a value for '%.60s', which is a section above", name);
		in->parser->failed = true;
		return 0;
	}
	conf_free(old);
	/* "key =" unsets; an empty string needs quotes, and no option takes one. */
	if (!in->lexer.len)
		return 0;
	err = conf_add_value(in->section, name, BYTES(in->lexer.text, in->lexer.len), origin, NULL);
	return err ? refused(in, err) : 0;
}

/* -------- include -------- */

static int include_pattern(struct input *in, const char *pattern, const struct conf_origin *origin)
{
	bool wild = strpbrk(pattern, "*?[") != NULL;
	glob_t found = { 0 };
	int err = 0;

	switch (glob(pattern, 0, NULL, &found)) {
	case 0:
		for (size_t i = 0; i < found.gl_pathc && !err; i++)
			err = parse_path(in->parser, in, found.gl_pathv[i], in->section, origin);
		break;
	case GLOB_NOMATCH:
		/* An empty folder is fine; a file that was named and isn't there is not. */
		if (!wild)
			err = parse_path(in->parser, in, pattern, in->section, origin);
		break;
	case GLOB_NOSPACE:
		err = -ENOMEM;
		break;
	default:
		conf_report_add(in->parser->report, origin, "can't read the folder of '%.200s'",
				pattern);
		in->parser->failed = true;
		break;
	}
	globfree(&found);
	return err;
}

static int include(struct input *in, const struct conf_origin *origin)
{
	const char *slash = in->path ? strrchr(in->path, '/') : NULL;
	_cleanup_free_ char *pattern = NULL;
	enum conf_token token;
	int len;

	token = conf_lexer_value(&in->lexer);
	if (token != CONF_TOKEN_TEXT)
		return unexpected(in, token, "a file name");
	if (!in->lexer.len) {
		complain(in, "found nothing behind 'include', expected a file name");
		return 0;
	}
	if (!in->path) {
		conf_report_add(in->parser->report, origin,
				"found 'include', which works in files only");
		in->parser->failed = true;
		return 0;
	}
	if (in->lexer.text[0] == '/' || !slash)
		len = asprintf(&pattern, "%s", in->lexer.text);
	else
		len = asprintf(&pattern, "%.*s/%s", (int)(slash - in->path), in->path,
			       in->lexer.text);
	if (len < 0) {
		pattern = NULL;
		return -ENOMEM;
	}
	return include_pattern(in, pattern, origin);
}

/* -------- statements -------- */

static int statement(struct input *in)
{
	struct conf_origin origin = here(in);
	char name[CONF_NAME_MAX + 1];
	enum conf_token token;

	snprintf(name, sizeof(name), "%s", in->lexer.text);
	if (strcmp(name, "include") == 0) {
		const char *pos = in->lexer.pos;

		/* An option may have that name too. */
		while (pos < in->lexer.end && (*pos == ' ' || *pos == '\t'))
			pos++;
		if (pos == in->lexer.end || (*pos != '=' && *pos != '{'))
			return include(in, &origin);
	}

	token = conf_lexer_name(&in->lexer);
	if (token == CONF_TOKEN_EQUALS)
		return set_value(in, name, &origin);
	if (token == CONF_TOKEN_OPEN || token == CONF_TOKEN_COLON)
		return open_section(in, name, &origin, token);
	if (token == CONF_TOKEN_NEWLINE && conf_lexer_brace_follows(&in->lexer))
		return open_section(in, name, &origin, CONF_TOKEN_OPEN);
	return unexpected(in, token, "'=', '{' or ':'");
}

static int parse_input(struct input *in)
{
	enum conf_token token;
	int err = 0;

	while (!err) {
		token = conf_lexer_name(&in->lexer);
		switch (token) {
		case CONF_TOKEN_END:
			if (in->section != in->base)
				complain(in,
					 "found end of file, expected '}' to close section '%.60s' "
					 "of line %u",
					 in->section->name, in->section->origin.line);
			return 0;
		case CONF_TOKEN_NEWLINE:
			break;
		case CONF_TOKEN_CLOSE:
			close_section(in);
			break;
		case CONF_TOKEN_TEXT:
			err = statement(in);
			break;
		default:
			err = unexpected(in, token, "a name");
			break;
		}
	}
	return err;
}

static int finish(struct input *in, int err)
{
	conf_lexer_fini(&in->lexer);
	conf_source_unref(in->source);
	return err;
}

static int input_init(struct input *in, struct parser *p, struct input *includer, const char *name,
		      struct conf_node *base, struct bytes text)
{
	memset(in, 0, sizeof(*in));
	in->parser = p;
	in->includer = includer;
	in->base = in->section = base;
	in->source = conf_source_new(name);
	if (!in->source)
		return -ENOMEM;
	conf_lexer_init(&in->lexer, text);
	return 0;
}

int conf_parse(struct bytes text, const char *name, struct conf_node *root,
	       struct conf_report *report)
{
	struct parser parser = { .root = root, .report = report };
	struct input in;
	int err;

	err = input_init(&in, &parser, NULL, name, root, text);
	if (err)
		return err;
	err = finish(&in, parse_input(&in));
	return err ? err : parser.failed ? -EINVAL : 0;
}

/* -------- files -------- */

/* The whole file, to be wiped and freed by the caller. Negative errno with its reason in why. */
static int read_file(int fd, struct bytes *ret_text, const char **why)
{
	size_t len = 0, cap;
	struct stat st;
	ssize_t n;
	char *text;

	if (fstat(fd, &st) < 0)
		return -errno;
	*why = "it is no regular file";
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	*why = "it is too large";
	if (st.st_size > CONF_FILE_MAX)
		return -EFBIG;
	cap = (size_t)st.st_size;
	text = malloc(cap + 1);
	if (!text)
		return -ENOMEM;
	while (len < cap) {
		n = read(fd, text + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	*ret_text = BYTES(text, len);
	return 0;
}

static int cannot_read(struct parser *p, const struct conf_origin *origin, const char *path,
		       const char *why)
{
	conf_report_add(p->report, origin, "can't read '%.200s': %s", path, why);
	p->failed = true;
	return 0;
}

/* Is this file being parsed already, further up? Counts how many are. */
static bool includes_itself(const struct input *includer, const struct stat *st,
			    unsigned *ret_depth)
{
	for (*ret_depth = 0; includer; includer = includer->includer, ++*ret_depth)
		if (includer->dev == st->st_dev && includer->ino == st->st_ino)
			return true;
	return false;
}

static int parse_open_file(struct parser *p, struct input *includer, const char *path,
			   struct conf_node *base, const struct conf_origin *origin, int fd)
{
	const char *why = NULL;
	struct bytes text;
	struct input in;
	struct stat st;
	unsigned depth;
	int err;

	if (fstat(fd, &st) < 0)
		return cannot_read(p, origin, path, strerror(errno));
	if (includes_itself(includer, &st, &depth))
		return cannot_read(p, origin, path, "it includes itself");
	if (depth > CONF_INCLUDE_MAX)
		return cannot_read(p, origin, path, "too many files include one another");
	if (p->n_files++ == CONF_FILES_MAX)
		return cannot_read(p, origin, path, "there are too many files");

	err = read_file(fd, &text, &why);
	if (err == -ENOMEM)
		return err;
	if (err)
		return cannot_read(p, origin, path, why ? why : strerror(-err));
	err = input_init(&in, p, includer, path, base, text);
	if (!err) {
		in.path = path;
		in.dev = st.st_dev;
		in.ino = st.st_ino;
		err = finish(&in, parse_input(&in));
	}
	explicit_bzero((void *)text.data, text.len);
	free((void *)text.data);
	return err;
}

static int parse_path(struct parser *p, struct input *includer, const char *path,
		      struct conf_node *base, const struct conf_origin *origin)
{
	/* Not to wait for whoever would write to a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;

	if (fd < 0)
		return cannot_read(p, origin, path, strerror(errno));
	err = parse_open_file(p, includer, path, base, origin, fd);
	close(fd);
	return err;
}

int conf_parse_file(const char *path, struct conf_node *root, struct conf_report *report)
{
	struct parser parser = { .root = root, .report = report };
	int err;

	err = parse_path(&parser, NULL, path, root, NULL);
	return err ? err : parser.failed ? -EINVAL : 0;
}
