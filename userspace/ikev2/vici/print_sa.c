/* SPDX-License-Identifier: MIT */
#include "ikev2/vici/print.h"

#include <inttypes.h>
#include <stdio.h>

#include "ikev2/codec/ikev2.h"
#include "ikev2/vici/message.h"

/* A Child SA with the most selectors is well below the difference to VICI_PACKET_MAX. */
#define CHILDREN_MAX_LEN (VICI_PACKET_MAX - 64 * 1024)

static void put_seconds(struct writer *w, const char *key, struct duration d)
{
	if (d.ns >= 0)
		vici_put_fmt(w, key, "%" PRId64, duration_s(d));
}

static void put_yes(struct writer *w, const char *key, bool value)
{
	if (value)
		vici_put_str(w, key, "yes");
}

static void put_algs(struct writer *w, const struct info_algs *algs)
{
	if (algs->encr)
		vici_put_str(w, "encr-alg", ike_encr_name(algs->encr));
	if (algs->encr_bits)
		vici_put_fmt(w, "encr-keysize", "%u", algs->encr_bits);
	if (algs->integ)
		vici_put_str(w, "integ-alg", ike_integ_name(algs->integ));
	if (algs->prf)
		vici_put_fmt(w, "prf-alg", "PRF_%s", ike_prf_name(algs->prf));
	if (algs->ke)
		vici_put_str(w, "dh-group", ike_ke_name(algs->ke));
}

static void put_ts(struct writer *w, const char *name, const struct ts *ts, size_t n)
{
	char buf[TS_STRLEN];

	vici_put_list(w, name);
	for (size_t i = 0; i < n; i++)
		vici_put_item(w, bytes_str(ts_str(&ts[i], buf)));
	vici_put_list_end(w);
}

static void put_mark(struct writer *w, const char *value, const char *mask,
		     const struct info_mark *mark)
{
	if (!mark->mask)
		return;
	vici_put_fmt(w, value, "%08" PRIx32, mark->value);
	vici_put_fmt(w, mask, "%08" PRIx32, mark->mask);
}

static void put_traffic(struct writer *w, const struct info_traffic *t, const char *bytes,
			const char *packets, const char *use)
{
	vici_put_fmt(w, bytes, "%" PRIu64, t->bytes);
	vici_put_fmt(w, packets, "%" PRIu64, t->packets);
	put_seconds(w, use, t->since_last);
}

static void put_child_fields(struct writer *w, const struct child_sa_info *c)
{
	vici_put_str(w, "name", c->name ? c->name : "");
	vici_put_fmt(w, "uniqueid", "%" PRIu32, c->uniqueid);
	vici_put_fmt(w, "reqid", "%" PRIu32, c->reqid);
	vici_put_str(w, "state", c->state);
	vici_put_str(w, "mode", c->transport ? "TRANSPORT" : "TUNNEL");
	vici_put_str(w, "protocol", "ESP");
	put_yes(w, "encap", c->udp_encap);
	vici_put_fmt(w, "spi-in", "%08" PRIx32, c->spi_in);
	vici_put_fmt(w, "spi-out", "%08" PRIx32, c->spi_out);
	put_algs(w, &c->algs);
	if (c->esn)
		vici_put_str(w, "esn", "1");
	put_mark(w, "mark-in", "mark-mask-in", &c->mark_in);
	put_mark(w, "mark-out", "mark-mask-out", &c->mark_out);
	if (c->if_id_in)
		vici_put_fmt(w, "if-id-in", "%08" PRIx32, c->if_id_in);
	if (c->if_id_out)
		vici_put_fmt(w, "if-id-out", "%08" PRIx32, c->if_id_out);
	put_traffic(w, &c->in, "bytes-in", "packets-in", "use-in");
	put_traffic(w, &c->out, "bytes-out", "packets-out", "use-out");
	put_seconds(w, "rekey-time", c->rekey_in);
	put_seconds(w, "life-time", c->lifetime_left);
	put_seconds(w, "install-time", c->installed);
	put_ts(w, "local-ts", c->ts, c->n_local_ts);
	put_ts(w, "remote-ts", c->ts ? c->ts + c->n_local_ts : NULL, c->n_remote_ts);
}

static void put_child(struct writer *w, const char *section, const struct child_sa_info *c)
{
	vici_put_section(w, section);
	put_child_fields(w, c);
	vici_put_section_end(w);
}

static void put_listed_child(struct writer *w, const struct child_sa_info *c)
{
	char name[VICI_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%.240s-%" PRIu32, c->name ? c->name : "", c->uniqueid);
	put_child(w, name, c);
}

static void put_end(struct writer *w, const char *host, const char *port, const char *id_key,
		    const struct netaddr *addr, const char *id)
{
	char buf[NETADDR_STRLEN];

	vici_put_str(w, host, netaddr_is_set(addr) ? netaddr_str(addr, buf) : "%any");
	vici_put_fmt(w, port, "%u", addr->port);
	vici_put_str(w, id_key, id ? id : "%any");
}

/* An empty list is left out, as clients expect it. */
static void put_addrs(struct writer *w, const char *name, const struct netaddr *addrs, size_t n)
{
	char buf[NETADDR_STRLEN];

	if (!n)
		return;
	vici_put_list(w, name);
	for (size_t i = 0; i < n; i++)
		vici_put_item(w, bytes_str(netaddr_str(&addrs[i], buf)));
	vici_put_list_end(w);
}

static void put_ike_fields(struct writer *w, const struct ike_sa_info *ike)
{
	vici_put_fmt(w, "uniqueid", "%" PRIu32, ike->uniqueid);
	vici_put_str(w, "version", "2");
	vici_put_str(w, "state", ike->state);
	put_end(w, "local-host", "local-port", "local-id", &ike->local, ike->local_id);
	put_end(w, "remote-host", "remote-port", "remote-id", &ike->remote, ike->remote_id);
	put_yes(w, "initiator", ike->initiator);
	put_addrs(w, "local-vips", ike->local_vips, ike->n_local_vips);
	put_addrs(w, "remote-vips", ike->remote_vips, ike->n_remote_vips);
	put_addrs(w, "dns", ike->dns, ike->n_dns);
	vici_put_fmt(w, "initiator-spi", "%016" PRIx64, ike->spi_i);
	vici_put_fmt(w, "responder-spi", "%016" PRIx64, ike->spi_r);
	put_yes(w, "nat-local", ike->nat_local);
	put_yes(w, "nat-remote", ike->nat_remote);
	put_yes(w, "nat-any", ike->nat_local || ike->nat_remote);
	put_algs(w, &ike->algs);
	put_seconds(w, "established", ike->established);
	put_seconds(w, "rekey-time", ike->rekey_in);
	put_seconds(w, "life-time", ike->lifetime_left);
	put_seconds(w, "reauth-time", ike->reauth_in);
	vici_put_fmt(w, "worker", "%u", ike->worker);
}

static void begin_ike(struct writer *w, const struct ike_sa_info *ike)
{
	vici_put_section(w, ike->name && ike->name[0] ? ike->name : "(unnamed)");
}

void vici_put_ike_sa(struct writer *w, const struct ike_sa_info *ike, size_t first, size_t end)
{
	begin_ike(w, ike);
	put_ike_fields(w, ike);
	vici_put_section(w, "child-sas");
	for (size_t i = first; i < end && i < ike->n_children && w->len < CHILDREN_MAX_LEN; i++)
		put_listed_child(w, &ike->children[i]);
	vici_put_section_end(w);
	vici_put_section_end(w);
}

void vici_put_ike_rekey(struct writer *w, const struct ike_sa_info *old,
			const struct ike_sa_info *ike)
{
	begin_ike(w, ike);
	vici_put_section(w, "old");
	put_ike_fields(w, old);
	vici_put_section_end(w);
	vici_put_section(w, "new");
	put_ike_fields(w, ike);
	vici_put_section_end(w);
	vici_put_section_end(w);
}

void vici_put_child_rekey(struct writer *w, const struct ike_sa_info *ike)
{
	begin_ike(w, ike);
	put_ike_fields(w, ike);
	vici_put_section(w, "child-sas");
	vici_put_section(w, ike->children[1].name ? ike->children[1].name : "");
	put_child(w, "old", &ike->children[0]);
	put_child(w, "new", &ike->children[1]);
	vici_put_section_end(w);
	vici_put_section_end(w);
	vici_put_section_end(w);
}
