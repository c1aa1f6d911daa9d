/* SPDX-License-Identifier: MIT */
#pragma once
/* Files that hold one thing as DER or any number of things as PEM (RFC 7468). Pure. Any thread. */
#include "pdk/base/bytes.h"

/* 0, or an error that ends the walk. */
typedef int (*pem_fn)(struct bytes der, void *data);

/*
 * Call fn for each PEM block with one of the labels (NULL ends them) in the order of the text;
 * where no "-----BEGIN " is, once for all of input as DER. Other blocks and text between are passed
 * over. What fn says unless 0; -EBADMSG: a block of these labels that is damaged, or an empty
 * input; -ENOENT: blocks, and none of these labels; -ENOMEM. ret_n counts the calls that succeeded.
 */
int pem_or_der_for_each(struct bytes input, const char *const *labels, pem_fn fn, void *data,
			unsigned *ret_n);
