/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * From text to tree: the language of strongswan.conf(5) and swanctl.conf(5).
 *
 *	# a comment, up to the end of the line
 *	name {
 *		key = value of several words    # trailing blanks don't count
 *		other = "quoted: # { } = \n \t \" \\"
 *		child : base.section { key = }
 *		include conf.d/[a-z]*.conf
 *	}
 *
 * A section that is opened again is added to; a key that is set again takes the new value;
 * "key =" unsets it. "name : a.b, c { }" starts from copies of sections that stand before it, named
 * by their path from the root. Values are text as written; that one is a list or a number is
 * decided by the option (options.h). Parsing goes on after an error, so that one run finds all of a
 * file's; what is in the tree then is of no use.
 *
 * Blocks on files. Any thread.
 */
#include "pdk/base/bytes.h"
#include "pdk/conf/tree.h"

#define CONF_FILE_MAX    (16 * 1024 * 1024) /* bytes of one file */
#define CONF_FILES_MAX   256                /* files of one configuration */
#define CONF_INCLUDE_MAX 10                 /* files that include one another */

/*
 * Parse text into root. name is what messages call it. An "include" is an error here, as text alone
 * has no folder to be relative to. 0; -EINVAL with the reasons in report; -ENOMEM.
 */
int conf_parse(struct bytes text, const char *name, struct conf_node *root,
	       struct conf_report *report);

/*
 * Parse a file and what it includes. Patterns are those of glob(7), relative to the folder of the
 * file that includes; a pattern that matches nothing is no error, a plain name that doesn't exist
 * is. 0; -EINVAL with the reasons (unreadable files too) in report; -ENOMEM.
 */
int conf_parse_file(const char *path, struct conf_node *root, struct conf_report *report);
