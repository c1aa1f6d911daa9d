/* SPDX-License-Identifier: MIT */
#include "pdk/conf/lexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pdk/conf/tree.h"

void conf_lexer_init(struct conf_lexer *l, struct bytes input)
{
	memset(l, 0, sizeof(*l));
	l->pos = (const char *)input.data;
	l->end = l->pos + input.len;
	l->line = l->column = 1;
	/* A byte order mark that some editors leave. */
	if (input.len >= 3 && memcmp(l->pos, "\xef\xbb\xbf", 3) == 0)
		l->pos += 3;
}

void conf_lexer_fini(struct conf_lexer *l)
{
	if (l->text)
		explicit_bzero(l->text, l->cap);
	free(l->text);
	l->text = NULL;
}

static bool at_end(const struct conf_lexer *l)
{
	return l->pos == l->end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A control character that has no business in a text. */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\n' && !is_blank(c)) || c == 0x7f;
}

static char advance(struct conf_lexer *l)
{
	char c = *l->pos++;

	if (c == '\n') {
		l->line++;
		l->column = 1;
	} else {
		l->column++;
	}
	return c;
}

static void skip_blanks(struct conf_lexer *l)
{
	while (!at_end(l) && is_blank(*l->pos))
		advance(l);
}

static void skip_comment(struct conf_lexer *l)
{
	while (!at_end(l) && *l->pos != '\n')
		advance(l);
}

/* Starts a token at the current position. */
static void mark(struct conf_lexer *l)
{
	l->at_line = l->line;
	l->at_column = l->column;
	l->len = 0;
}

/*
 * Room for one more character and a NUL. Growing copies by hand, because realloc() would leave what
 * may be a secret behind.
 */
static bool put(struct conf_lexer *l, char c)
{
	if (l->len + 2 > l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 256;
		char *text = malloc(cap);

		if (!text)
			return false;
		if (l->text) {
			memcpy(text, l->text, l->len);
			explicit_bzero(l->text, l->cap);
			free(l->text);
		}
		l->text = text;
		l->cap = cap;
	}
	l->text[l->len++] = c;
	l->text[l->len] = '\0';
	return true;
}

static enum conf_token bad(struct conf_lexer *l, const char *what)
{
	snprintf(l->error, sizeof(l->error), "%s", what);
	return CONF_TOKEN_BAD;
}

static enum conf_token bad_control(struct conf_lexer *l)
{
	mark(l);
	snprintf(l->error, sizeof(l->error), "found control character 0x%02x, expected text",
		 (unsigned char)*l->pos);
	advance(l);
	return CONF_TOKEN_BAD;
}

static enum conf_token punctuation(char c)
{
	switch (c) {
	case '\n':
		return CONF_TOKEN_NEWLINE;
	case '{':
		return CONF_TOKEN_OPEN;
	case '}':
		return CONF_TOKEN_CLOSE;
	case '=':
		return CONF_TOKEN_EQUALS;
	case ':':
		return CONF_TOKEN_COLON;
	case ',':
		return CONF_TOKEN_COMMA;
	}
	return CONF_TOKEN_TEXT;
}

static bool is_name(char c)
{
	return punctuation(c) == CONF_TOKEN_TEXT && !is_blank(c) && !is_control(c) && c != '#' &&
	       c != '"';
}

enum conf_token conf_lexer_name(struct conf_lexer *l)
{
	enum conf_token token;

	skip_blanks(l);
	if (!at_end(l) && *l->pos == '#')
		skip_comment(l);
	mark(l);
	if (at_end(l))
		return CONF_TOKEN_END;
	if (*l->pos == '"') {
		advance(l);
		return bad(l, "found a quoted string, expected a name");
	}
	if (is_control(*l->pos))
		return bad_control(l);
	token = punctuation(*l->pos);
	if (token != CONF_TOKEN_TEXT) {
		advance(l);
		return token;
	}
	while (!at_end(l) && is_name(*l->pos))
		if (!put(l, advance(l)))
			return CONF_TOKEN_NO_MEM;
	if (l->len > CONF_NAME_MAX)
		return bad(l, "found a name of more than 255 characters");
	return CONF_TOKEN_TEXT;
}

/* The character behind a backslash; false: none, the line goes on. */
static bool unescape(struct conf_lexer *l, char *ret_c)
{
	char c = advance(l);

	switch (c) {
	case 'n':
		*ret_c = '\n';
		return true;
	case 'r':
		*ret_c = '\r';
		return true;
	case 't':
		*ret_c = '\t';
		return true;
	case '\r':
		if (!at_end(l) && *l->pos == '\n')
			advance(l);
		skip_blanks(l);
		return false;
	case '\n':
		skip_blanks(l);
		return false;
	}
	*ret_c = c;
	return true;
}

static bool ends_value(const struct conf_lexer *l)
{
	return at_end(l) || *l->pos == '\n' || *l->pos == '}' || *l->pos == '#';
}

static enum conf_token quoted_value(struct conf_lexer *l)
{
	char c;

	advance(l);
	for (;;) {
		if (at_end(l))
			return bad(l, "found end of file, expected '\"' to end the string that "
				      "starts here");
		if (is_control(*l->pos))
			return bad_control(l);
		c = advance(l);
		if (c == '"')
			break;
		if (c == '\\' && !at_end(l) && !unescape(l, &c))
			continue;
		if (!put(l, c))
			return CONF_TOKEN_NO_MEM;
	}
	skip_blanks(l);
	if (!ends_value(l)) {
		mark(l);
		return bad(l,
			   "found more text behind a quoted string, expected the end of the line");
	}
	return CONF_TOKEN_TEXT;
}

enum conf_token conf_lexer_value(struct conf_lexer *l)
{
	skip_blanks(l);
	mark(l);
	if (!put(l, '\0'))
		return CONF_TOKEN_NO_MEM;
	l->len = 0;
	if (!at_end(l) && *l->pos == '"')
		return quoted_value(l);

	while (!ends_value(l)) {
		if (is_control(*l->pos))
			return bad_control(l);
		if (*l->pos == '"' || *l->pos == '{') {
			mark(l);
			return bad(
				l,
				*l->pos == '"'
					? "found '\"' within a value, expected all of the value in "
					  "quotes"
					: "found '{' within a value, expected the value in quotes");
		}
		if (!put(l, advance(l)))
			return CONF_TOKEN_NO_MEM;
	}
	while (l->len && is_blank(l->text[l->len - 1]))
		l->len--;
	l->text[l->len] = '\0';
	if (l->len > CONF_VALUE_MAX)
		return bad(l, "found a value that is too long");
	return CONF_TOKEN_TEXT;
}

bool conf_lexer_skip(struct conf_lexer *l)
{
	while (!at_end(l) && (!*l->pos || !strchr("\n{}#", *l->pos)))
		advance(l);
	if (!at_end(l) && *l->pos == '#')
		skip_comment(l);
	if (at_end(l) || *l->pos != '{')
		return false;
	advance(l);
	return true;
}

bool conf_lexer_brace_follows(struct conf_lexer *l)
{
	struct conf_lexer before = *l;

	while (!at_end(l) && (is_blank(*l->pos) || *l->pos == '\n' || *l->pos == '#')) {
		if (*l->pos == '#')
			skip_comment(l);
		else
			advance(l);
	}
	mark(l);
	if (!at_end(l) && *l->pos == '{') {
		advance(l);
		return true;
	}
	*l = before;
	return false;
}

const char *conf_token_words(const struct conf_lexer *l, enum conf_token token, char *buf,
			     size_t size)
{
	switch (token) {
	case CONF_TOKEN_END:
		return "end of file";
	case CONF_TOKEN_NEWLINE:
		return "end of line";
	case CONF_TOKEN_OPEN:
		return "'{'";
	case CONF_TOKEN_CLOSE:
		return "'}'";
	case CONF_TOKEN_EQUALS:
		return "'='";
	case CONF_TOKEN_COLON:
		return "':'";
	case CONF_TOKEN_COMMA:
		return "','";
	case CONF_TOKEN_TEXT:
		snprintf(buf, size, "'%.60s'", l->text);
		return buf;
	case CONF_TOKEN_BAD:
	case CONF_TOKEN_NO_MEM:
		break;
	}
	return "?";
}
