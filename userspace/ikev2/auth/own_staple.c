/* SPDX-License-Identifier: MIT */
#include "ikev2/auth/own_staple.h"

#include <stdlib.h>

#include "pdk/log/log.h"
#include "ikev2/auth/cert_request.h"
#include "ikev2/auth/own_proof.h"
#include "ikev2/cert/revocation.h"
#include "ikev2/policy/config.h"
#include "ikev2/policy/credentials.h"
#include "ikev2/sa/core.h"
#include "ikev2/sa/ike_sa.h"

LOG_USE(ike);

struct staple_job {
	struct ike_job job;
	struct revocation *revocation;
	struct trust_store *trust;
	struct certificate *cert;
	own_staple_done_fn done;
	uint8_t *der;
	size_t len;
	int err;
	char error[REVOCATION_ERROR_LEN];
};

bool own_staple_wanted(const struct ike_sa *sa)
{
	const struct credentials *creds = sa->config->creds;

	return sa->proof->cert && sa->cert_request && sa->cert_request->ocsp &&
	       (sa->conn->ocsp == OCSP_REPLY || sa->conn->ocsp == OCSP_BOTH) &&
	       own_proof_is_shown(sa) && creds && creds->trust && sa->core->params.revocation;
}

static void staple_run(struct ike_job *job)
{
	struct staple_job *s = container_of(job, struct staple_job, job);
	/* The peer has waited while all threads had others to wait for. */
	const struct instant deadline = instant_add(job->job.submitted, REVOCATION_STAPLE_TIME);

	s->err = revocation_staple(s->revocation, s->trust, s->cert, deadline, &s->der, &s->len,
				   s->error);
}

static void staple_done(struct ike_sa *sa, struct ike_job *job)
{
	struct staple_job *s = container_of(job, struct staple_job, job);
	int err = job->err ? job->err : s->err;
	uint8_t *der = s->der;

	if (err < 0)
		log_obj_notice(
			ike, sa->log_name,
			"the peer asks for an OCSP response for our certificate '%s', and there "
			"is none: %s",
			certificate_subject_str(s->cert), s->error[0] ? s->error : strerror(-err));
	s->der = NULL;
	s->done(sa, der, s->len);
}

static void staple_free(struct ike_job *job)
{
	struct staple_job *s = container_of(job, struct staple_job, job);

	certificate_unref(s->cert);
	trust_store_unref(s->trust);
	free(s->der);
	free(s);
}

static const struct ike_job_ops staple_ops = { "OCSP response", staple_run, staple_done,
					       staple_free };

bool own_staple_fetch(struct ike_sa *sa, own_staple_done_fn done)
{
	struct staple_job *s = calloc(1, sizeof(*s));

	if (!s)
		return false;
	s->job.ops = &staple_ops;
	s->revocation = sa->core->params.revocation;
	s->trust = trust_store_ref(sa->config->creds->trust);
	s->cert = certificate_ref(sa->proof->cert);
	s->done = done;
	return ike_core_job_take(sa, &s->job) == 0;
}
