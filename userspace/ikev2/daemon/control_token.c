/* SPDX-License-Identifier: MIT */
/*
 * load-token of the control protocol: a token is asked in a job, for it may take its time.
 */
#include <errno.h>
#include <stdlib.h>

#include "pdk/crypto/private_key.h"
#include "pdk/crypto/secret.h"
#include "pdk/worker/jobs.h"
#include "ikev2/daemon/control_private.h"
#include "ikev2/daemon/posternd.h"
#include "ikev2/vici/backend.h"

struct token_job {
	struct job job;
	struct posternd *daemon;
	struct vici_request *req;
	char *uri;
	struct secret pin;
	struct private_key *key;
	int err;
};

static void token_free(struct token_job *t)
{
	private_key_unref(t->key);
	secret_fini(&t->pin);
	free(t->uri);
	free(t);
}

static void token_run(struct job *job)
{
	struct token_job *t = container_of(job, struct token_job, job);

	t->err = private_key_from_uri(t->uri, secret_bytes(&t->pin), &t->key);
}

static const char *token_why(int err)
{
	switch (err) {
	case -ENOTSUP:
		return "OpenSSL has no provider for pkcs11 (install and configure pkcs11-provider), or "
		       "can't use a key of this kind";
	case -ENOENT:
		return "there is no such private key on a token, or the PIN is wrong";
	case -ENOSPC:
		return "too many credentials";
	}
	return strerror(-err);
}

static void token_done(struct job *job)
{
	struct token_job *t = container_of(job, struct token_job, job);
	struct ike_config *config;
	/* When the daemon ends, the control server is gone before. */
	int err = job->cancelled || !t->daemon->vici ? -ECANCELED : t->err;

	if (err == 0)
		err = config_add_key(t->daemon->config, t->key, t->uri, &config);
	if (err < 0) {
		vici_request_fail(t->req, "%s", token_why(err));
	} else {
		posternd_set_config_take(t->daemon, config);
		vici_request_ok(t->req);
	}
	token_free(t);
}

void control_load_token(void *ctx, const char *uri, const char *pin, struct vici_request *req)
{
	struct posternd *d = ctx;
	struct token_job *t = calloc(1, sizeof(*t));
	int err = t ? 0 : -ENOMEM;

	if (t) {
		t->daemon = d;
		t->req = req;
		t->uri = strdup(uri);
		err = t->uri ? secret_from_bytes(&t->pin, bytes_str(pin)) : -ENOMEM;
	}
	if (err == 0)
		err = jobs_submit(d->jobs, &t->job, token_run, token_done, d->mailbox);
	if (err == 0)
		return;
	vici_request_fail(req, "%s", token_why(err));
	if (t)
		token_free(t);
}
