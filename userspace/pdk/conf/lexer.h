/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Text to tokens, for the parser alone. What a token is depends on where it stands: names end at
 * punctuation, values at the end of the line. So the parser says which of both it expects.
 */
#include <stdbool.h>
#include <stddef.h>
#include "pdk/base/bytes.h"

enum conf_token {
	CONF_TOKEN_END,
	CONF_TOKEN_NEWLINE,
	CONF_TOKEN_OPEN,   /* { */
	CONF_TOKEN_CLOSE,  /* } */
	CONF_TOKEN_EQUALS, /* = */
	CONF_TOKEN_COLON,  /* : */
	CONF_TOKEN_COMMA,  /* , */
	CONF_TOKEN_TEXT,   /* a name or a value: text and len of the lexer */
	CONF_TOKEN_BAD,    /* error of the lexer says what was found and what was expected */
	CONF_TOKEN_NO_MEM,
};

struct conf_lexer {
	const char *pos, *end;
	unsigned line, column;       /* of pos, from 1 */
	unsigned at_line, at_column; /* of the last token */
	char *text;                  /* of the last CONF_TOKEN_TEXT, with a NUL behind */
	size_t len, cap;
	char error[120];
};

void conf_lexer_init(struct conf_lexer *l, struct bytes input);
/* Wipes the text: it may have been a secret. */
void conf_lexer_fini(struct conf_lexer *l);

/* The next token where names and punctuation stand. */
enum conf_token conf_lexer_name(struct conf_lexer *l);
/* The value behind '=' or the pattern behind "include": text, empty text, or bad. What ends it is
 * left for the next call. */
enum conf_token conf_lexer_value(struct conf_lexer *l);
/* Skip to the end of the line or to a brace, whichever comes first; take a '{' and return true. */
bool conf_lexer_skip(struct conf_lexer *l);
/* Is the next thing, perhaps some lines below, a '{'? Takes it if so, else nothing. */
bool conf_lexer_brace_follows(struct conf_lexer *l);

/* "end of file", "'{'", "'name'": the last token, in words. */
const char *conf_token_words(const struct conf_lexer *l, enum conf_token token, char *buf,
			     size_t size);
