/* SPDX-License-Identifier: MIT */
#include "ikev2/policy/credential_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pdk/crypto/secret.h"
#include "pdk/log/log.h"
#include "ikev2/policy/auth_conf.h"
#include "ikev2/policy/certificates_read.h"

LOG_SUBSYSTEM(creds, "certificates and keys");

#define PATH_LEN 1024

/* -------- files -------- */

/* Regular files alone: nobody makes us wait for a pipe. *ret_data is wiped and freed by the caller.
 */
static int read_file(const char *path, size_t most, struct secret *ret_data)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct secret data = SECRET_NONE;
	struct stat st;
	size_t len = 0;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (st.st_size > (off_t)most)
		err = -EFBIG;
	if (err == 0)
		err = secret_init(&data, (size_t)st.st_size);
	while (err == 0 && len < data.len) {
		ssize_t n = read(fd, data.data + len, data.len - len);

		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n == 0)
			break; /* it has become shorter meanwhile */
		else if (n > 0)
			len += (size_t)n;
	}
	close(fd);
	if (err < 0) {
		secret_fini(&data);
		return err;
	}
	if (data.data)
		data.len = len;
	*ret_data = data;
	return 0;
}

/* Absolute, or in a folder of dir. */
static void path_of(const char *dir, const char *folder, const char *name, char path[PATH_LEN])
{
	if (name[0] == '/' || !dir)
		snprintf(path, PATH_LEN, "%s", name);
	else
		snprintf(path, PATH_LEN, "%s/%s/%s", dir, folder, name);
}

/* -------- contents in the place of names -------- */

struct inlining {
	const char *dir, *folder;
	struct conf_report *report;
	struct conf_node *list; /* the contents go here */
};

static void report_file(struct conf_report *report, const struct conf_node *node, const char *path,
			const char *why)
{
	char name[CONF_PATH_LEN];

	conf_report_add(report, &node->origin, "%s: %s: %s", conf_path(node, name, sizeof(name)),
			path, why);
}

static int read_reported(const struct inlining *in, const char *name, const struct conf_node *node,
			 struct secret *ret_data)
{
	char path[PATH_LEN];
	int err;

	path_of(in->dir, in->folder, name, path);
	err = read_file(path, CREDENTIAL_LEN_MAX / 2, ret_data);
	if (err == -ENOMEM)
		return err;
	if (err == 0 && ret_data->len)
		return 0;
	report_file(in->report, node, path, err ? strerror(-err) : "the file is empty");
	if (err == 0)
		secret_fini(ret_data);
	return -EINVAL;
}

static int inline_item(const char *item, const struct conf_node *node, void *data)
{
	_cleanup_secret_ struct secret content = SECRET_NONE;
	struct inlining *in = data;
	int err = read_reported(in, item, node, &content);

	if (err == 0)
		err = conf_add_item(in->list, secret_bytes(&content), &node->origin);
	if (err == -E2BIG) {
		report_file(in->report, node, item, "too long");
		err = -EINVAL;
	}
	return err;
}

/* Not a name, or a list of what isn't: it has been here before. */
static bool is_content(const struct conf_node *node)
{
	const struct conf_node *item;

	if (node->type == CONF_VALUE)
		return conf_is_binary(node) || strchr(node->value, '\n');
	if (node->type == CONF_LIST)
		conf_for_each(item, node) if (is_content(item)) return true;
	return false;
}

/* A value or list of names becomes a list of contents. */
static int inline_names(struct conf_node *section, struct conf_node *node, struct inlining *in)
{
	_cleanup_conf_ struct conf_node *unlinked = NULL;
	int err;

	if (node->type == CONF_SECTION || is_content(node))
		return 0; /* for the option's own check */
	err = conf_add_list(section, node->name, &node->origin, &in->list);
	if (err == 0)
		err = conf_for_each_string(node, in->report, inline_item, in);
	unlinked = node;
	return err;
}

/* A value that names a file becomes its content. */
static int inline_value(struct conf_node *section, const char *name, struct inlining *in)
{
	struct conf_node *file = conf_find_type(section, name, CONF_VALUE);
	_cleanup_secret_ struct secret content = SECRET_NONE;
	int err;

	if (!file || is_content(file))
		return 0;
	if (file->value[0] != '/' && !in->dir) {
		conf_report_bad(in->report, file, "an absolute path");
		return -EINVAL;
	}
	err = read_reported(in, file->value, file, &content);
	if (err == 0)
		err = conf_add_value(section, name, secret_bytes(&content), &file->origin, NULL);
	if (err == 0)
		conf_free(file);
	return err == -E2BIG ? -EINVAL : err;
}

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static int inline_side(struct conf_node *side, struct inlining *in)
{
	struct conf_node *node, *next;
	int err = 0;

	conf_for_each_safe(node, next, side)
	{
		bool ca = begins(node->name, "cacert");

		in->folder = ca ? "x509ca" : "x509";
		if (strcmp(node->name, "pubkeys") == 0)
			in->folder = "pubkey";
		else if (!ca && !begins(node->name, "cert"))
			continue;
		if (node->type == CONF_SECTION)
			err = inline_value(node, "file", in);
		else if (strcmp(node->name, "certs") == 0 || strcmp(node->name, "cacerts") == 0 ||
			 strcmp(node->name, "pubkeys") == 0)
			err = inline_names(side, node, in);
		if (err)
			break;
	}
	return err;
}

static int inline_connections(struct conf_node *connections, struct inlining *in)
{
	struct conf_node *conn, *side, *next;
	int err, failed = 0;

	conf_for_each(conn, connections)
	{
		if (conn->type != CONF_SECTION)
			continue;
		conf_for_each_safe(side, next, conn)
		{
			if (side->type != CONF_SECTION ||
			    (!begins(side->name, "local") && !begins(side->name, "remote")))
				continue;
			err = inline_side(side, in);
			if (err == -ENOMEM)
				return err;
			failed = failed ? failed : err;
		}
	}
	return failed;
}

int credential_files_inline_authorities(struct conf_node *authorities, const char *dir,
					struct conf_report *report)
{
	struct inlining in = { .dir = dir, .folder = "x509ca", .report = report };
	struct conf_node *section;
	int err = 0;

	conf_for_each(section, authorities)
	{
		if (section->type == CONF_SECTION && !err)
			err = inline_value(section, "cacert", &in);
		if (section->type == CONF_SECTION && !err)
			err = inline_value(section, "file", &in);
	}
	return err;
}

int credential_files_inline(struct conf_node *root, const char *dir, struct conf_report *report)
{
	struct conf_node *connections = conf_find_type(root, "connections", CONF_SECTION);
	struct conf_node *authorities = conf_find_type(root, "authorities", CONF_SECTION);
	struct inlining in = { .dir = dir, .report = report };
	int err = connections ? inline_connections(connections, &in) : 0;

	if (!err && authorities)
		err = credential_files_inline_authorities(authorities, dir, report);
	return err;
}

/* -------- secrets of keys -------- */

struct credential_secret {
	struct list link;
	const struct conf_node *section; /* borrowed from the tree that is being read */
	bool token;
	const char *folder; /* of a file that isn't absolute */
	char *file, *handle, *module, *uri, *slot;
	struct conf_secret secret;
};

#define FIELD(name) offsetof(struct credential_secret, name)

const struct conf_option credential_file_options[] = {
	{ "file", CONF_OPT_STRING, FIELD(file), .unit = "a file",
	  .doc = "The key's file in its folder, or anywhere with an absolute path." },
	{ "secret", CONF_OPT_SECRET, FIELD(secret),
	  .doc = "The password that it is encrypted with." },
	{ 0 },
};

const struct conf_option credential_token_options[] = {
	{ "uri", CONF_OPT_STRING, FIELD(uri), .unit = "a pkcs11: URI",
	  .doc = "The key by its URI (RFC 7512), in the place of handle, slot and module." },
	{ "handle", CONF_OPT_STRING, FIELD(handle), .unit = "hexadecimal digits",
	  .doc = "CKA_ID of the key on the token." },
	{ "slot", CONF_OPT_STRING, FIELD(slot), .unit = "a number",
	  .doc = "Slot of the token. Default: any." },
	{ "module", CONF_OPT_STRING, FIELD(module), .unit = "a path",
	  .doc = "The PKCS#11 module. Default: what OpenSSL's provider is configured with." },
	{ "pin", CONF_OPT_SECRET, FIELD(secret), .doc = "The PIN." },
	{ 0 },
};

static void secret_entry_free(struct credential_secret *s)
{
	conf_options_clear(s->token ? credential_token_options : credential_file_options, s);
	free(s);
}

void credential_files_init(struct credential_files *f)
{
	list_init(&f->secrets);
}

void credential_files_fini(struct credential_files *f)
{
	struct credential_secret *s;

	while ((s = list_first(&f->secrets, struct credential_secret, link))) {
		list_remove(&s->link);
		secret_entry_free(s);
	}
}

const char *const credential_folders[] = { "x509",   "x509ca",  "x509ocsp", "x509crl",
					   "pubkey", "private", "rsa",      "ecdsa",
					   "pkcs8",  "pkcs12",  NULL };

static const char *folder_of(const char *section)
{
	static const char *const folders[] = { "private", "rsa", "ecdsa", "pkcs8", "pkcs12" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		/* "pkcs12" isn't "pkcs8", so the order says nothing. */
		if (begins(section, folders[i]))
			return folders[i];
	return "private";
}

static int entry_new(struct credential_files *f, const struct conf_node *section, bool token,
		     struct conf_report *report, struct credential_secret **ret)
{
	struct credential_secret *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->section = section;
	s->token = token;
	s->folder = folder_of(section->name);
	err = conf_options_apply(token ? credential_token_options : credential_file_options,
				 section, s, report);
	if (err < 0) {
		secret_entry_free(s);
		return err;
	}
	list_append(&f->secrets, &s->link);
	*ret = s;
	return 0;
}

static int missing(const struct conf_node *section, const char *what, struct conf_report *report)
{
	char path[CONF_PATH_LEN];

	conf_report_add(report, &section->origin, "%s: expected %s",
			conf_path(section, path, sizeof(path)), what);
	return -EINVAL;
}

int credential_file_take(struct credential_files *f, const struct conf_node *section,
			 struct conf_report *report)
{
	struct credential_secret *s;
	int err = entry_new(f, section, false, report, &s);

	if (err == 0 && !s->file)
		err = missing(section, "a file", report);
	return err;
}

int credential_token_take(struct credential_files *f, const struct conf_node *section,
			  struct conf_report *report)
{
	struct credential_secret *s;
	int err = entry_new(f, section, true, report, &s);

	if (err == 0 && !s->uri && !s->handle)
		err = missing(section, "a handle or a uri", report);
	return err;
}

/* -------- loading -------- */

struct loading {
	const struct credential_files *files;
	const char *dir, *folder;
	struct credentials *creds;
	const struct credentials *old;
	struct conf_report *report;
};

/* The password of a file in a folder; BYTES_NONE. */
static struct bytes password_of(const struct loading *l, const char *name)
{
	struct credential_secret *s;

	list_for_each (s, &l->files->secrets, link)
		if (!s->token && strcmp(s->folder, l->folder) == 0 && strcmp(s->file, name) == 0 &&
		    s->secret.data)
			return BYTES(s->secret.data, s->secret.len);
	return BYTES_NONE;
}

/* The first that isn't a CA is meant, CAs in the same file are intermediates. */
static int load_certificates(const struct loading *l, struct bytes data,
			     const struct credential_origin *from, const char **why)
{
	struct certificate *certs[AUTH_CERTS_MAX * 4];
	size_t n;
	int err = certificates_read(data, certs, ARRAY_SIZE(certs), &n);

	*why = err == -EBADMSG ? "it holds no certificate, or a malformed one" : NULL;
	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++) {
		enum credential_kind kind = i && certificate_is_ca(certs[i])
						    ? CREDENTIAL_INTERMEDIATE
						    : CREDENTIAL_CERTIFICATE;

		if (err == 0)
			err = credentials_add_data(l->creds, kind, certificate_der(certs[i]), from,
						   why);
		certificate_unref(certs[i]);
	}
	return err;
}

static int load_content(const struct loading *l, const char *name, struct bytes data,
			struct bytes password, const struct credential_origin *from,
			const char **why)
{
	char text[256];
	int err;

	if (strcmp(l->folder, "x509") == 0)
		return load_certificates(l, data, from, why);
	if (strcmp(l->folder, "x509ca") == 0)
		return credentials_add_data(l->creds, CREDENTIAL_CA, data, from, why);
	if (strcmp(l->folder, "x509ocsp") == 0)
		return credentials_add_data(l->creds, CREDENTIAL_INTERMEDIATE, data, from, why);
	if (strcmp(l->folder, "x509crl") == 0)
		return credentials_add_data(l->creds, CREDENTIAL_CRL, data, from, why);
	if (strcmp(l->folder, "pkcs12") != 0)
		return credentials_add_key(l->creds, data, password, from, NULL, why);
	snprintf(text, sizeof(text), "%.*s", (int)password.len, (const char *)password.data);
	err = credentials_add_pkcs12(l->creds, data, password.data ? text : "", from, why);
	secret_wipe(text, sizeof(text));
	return err;
}

/* One file. *why: static text. */
static int load_file(const struct loading *l, const char *name, struct bytes password,
		     const char **why)
{
	_cleanup_secret_ struct secret data = SECRET_NONE;
	char path[PATH_LEN];
	const struct credential_origin from = { path, false, l->old };
	bool crl = strcmp(l->folder, "x509crl") == 0;
	int err;

	*why = NULL;
	path_of(l->dir, l->folder, name, path);
	err = read_file(path, crl ? TRUST_STORE_CRL_MAX : CREDENTIAL_LEN_MAX, &data);
	if (err == 0)
		err = load_content(l, name, secret_bytes(&data), password, &from, why);
	if (err < 0 && !*why)
		*why = strerror(-err);
	return err;
}

static int is_candidate(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int load_folder(const struct loading *l)
{
	struct dirent **entries;
	char path[PATH_LEN];
	int n, err = 0;

	snprintf(path, sizeof(path), "%s/%s", l->dir, l->folder);
	n = scandir(path, &entries, is_candidate, alphasort);
	if (n < 0) {
		if (errno != ENOENT)
			log_warning(creds, "%s: %s", path, strerror(errno));
		return errno == ENOMEM ? -ENOMEM : 0;
	}
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name, *why;

		if (err != -ENOMEM) {
			err = load_file(l, name, password_of(l, name), &why);
			if (err < 0 && err != -EISDIR)
				log_warning(creds, "%s/%s is not used: %s", path, name, why);
		}
		free(entries[i]);
	}
	free(entries);
	return err == -ENOMEM ? err : 0;
}

/* pkcs11:id=%01%02;type=private;slot-id=0?module-path=... (RFC 7512 2.3) */
bool credential_token_uri(const struct credential_token *s, char *buf, size_t size)
{
	size_t len, digits = s->handle ? strlen(s->handle) : 0;

	if (s->uri)
		return (size_t)snprintf(buf, size, "%s", s->uri) < size;
	if (!digits || digits % 2 || strspn(s->handle, "0123456789abcdefABCDEF") != digits ||
	    digits * 2 > size / 2)
		return false;
	len = (size_t)snprintf(buf, size, "pkcs11:id=");
	for (size_t i = 0; i < digits; i += 2)
		len += (size_t)snprintf(buf + len, size - len, "%%%.2s", s->handle + i);
	len += (size_t)snprintf(buf + len, size - len, ";type=private");
	if (s->slot && strspn(s->slot, "0123456789") != strlen(s->slot))
		return false;
	if (s->slot)
		len += (size_t)snprintf(buf + len, size - len, ";slot-id=%s", s->slot);
	if (s->module)
		len += (size_t)snprintf(buf + len, size - len, "?module-path=%s", s->module);
	return len < size;
}

static int load_token(const struct loading *l, const struct credential_secret *s)
{
	struct private_key *key;
	char uri[CREDENTIAL_URI_MAX], path[CONF_PATH_LEN];
	const struct credential_origin from = { uri, false, l->old };
	const struct credential_token token = { s->uri, s->handle, s->slot, s->module };
	int err = credential_token_uri(&token, uri, sizeof(uri)) ? 0 : -EINVAL;

	if (err == 0)
		err = private_key_from_uri(uri, BYTES(s->secret.data, s->secret.len), &key);
	if (err == 0) {
		err = credentials_add_private(l->creds, key, &from);
		private_key_unref(key);
	}
	if (err == 0 || err == -ENOMEM)
		return err;
	conf_report_add(
		l->report, &s->section->origin, "%s: %s", conf_path(s->section, path, sizeof(path)),
		err == -ENOTSUP  ? "OpenSSL has no provider for this URI (for pkcs11: install and "
				   "configure pkcs11-provider), or can't use a key of this kind"
		: err == -ENOENT ? "there is no such private key, or the PIN is wrong"
				 : "expected a URI, or a handle of hexadecimal digits");
	return -EINVAL;
}

/* A file that is named outside of its folder; those inside come with it. */
static int load_named(struct loading *l, const struct credential_secret *s)
{
	const char *why;
	int err;

	if (s->file[0] != '/')
		return 0;
	l->folder = s->folder;
	err = load_file(l, s->file, BYTES(s->secret.data, s->secret.len), &why);
	if (err == 0 || err == -ENOMEM)
		return err;
	report_file(l->report, s->section, s->file, why);
	return -EINVAL;
}

int credential_files_load(const struct credential_files *f, const char *dir, struct credentials *c,
			  const struct credentials *old, struct conf_report *report)
{
	struct loading l = { f, dir, NULL, c, old, report };
	struct credential_secret *s;
	int err, failed = 0;

	for (size_t i = 0; dir && credential_folders[i]; i++) {
		l.folder = credential_folders[i];
		if (strcmp(l.folder, "pubkey") == 0)
			continue; /* connections name what they need of it */
		err = load_folder(&l);
		if (err < 0)
			return err;
	}
	list_for_each (s, &f->secrets, link) {
		err = s->token ? load_token(&l, s) : load_named(&l, s);
		if (err == -ENOMEM)
			return err;
		failed = failed ? failed : err;
	}
	return failed;
}
