/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* -------- pretended SAs -------- */

static struct ts net_ts(uint8_t second)
{
	const uint8_t octets[4] = { 10, second, 0, 0 };
	struct netaddr net = netaddr_from_bytes(BYTES_OF(octets), 0);

	return ts_from_prefix(&net, 16, 0, 0, 65535);
}

static int fill_child(struct child_sa_info *c, const char *name, uint32_t uniqueid)
{
	struct ts_list local = { .n = 1 }, remote = { .n = 1 };

	c->name = strdup(name);
	c->state = "INSTALLED";
	c->uniqueid = uniqueid;
	c->reqid = 1;
	c->spi_in = 0xc0000001;
	c->spi_out = 0xc0000002;
	c->udp_encap = true;
	c->algs = (struct info_algs){ .encr = 12, .encr_bits = 256, .integ = 12 };
	c->esn = true;
	c->in = (struct info_traffic){ 8400, 100, DURATION_S(3) };
	c->out = (struct info_traffic){ 16800, 200, INFO_NO_TIME };
	c->installed = DURATION_S(75);
	local.v[0] = net_ts(1);
	remote.v[0] = net_ts(2);
	return c->name ? child_sa_info_set_ts(c, &local, &remote) : -ENOMEM;
}

struct ike_sa_info *fake_sa(uint32_t i, size_t n_children)
{
	struct ike_sa_info *info = ike_sa_info_new(n_children);
	int err = 0;

	if (!info)
		return NULL;
	info->name = strdup("gw");
	info->state = "ESTABLISHED";
	info->uniqueid = i;
	info->worker = i % 4;
	info->local = netaddr_from_bytes(BYTES(((const uint8_t[]){ 192, 0, 2, 1 }), 4), 500);
	info->remote = netaddr_from_bytes(BYTES(((const uint8_t[]){ 192, 0, 2, 2 }), 4), 4500);
	info->local_id = strdup("moon.example.org");
	info->remote_id = strdup("sun.example.org");
	info->initiator = true;
	info->nat_remote = true;
	info->n_local_vips = 2;
	netaddr_parse("10.3.0.9", 0, &info->local_vips[0]);
	netaddr_parse("2001:db8:3::9", 0, &info->local_vips[1]);
	info->n_dns = 1;
	netaddr_parse("10.1.0.53", 0, &info->dns[0]);
	info->spi_i = 0x1122334455667788;
	info->spi_r = 0x99aabbccddeeff00 + i;
	info->algs = (struct info_algs){ .encr = 20, .encr_bits = 128, .prf = 5, .ke = 31 };
	info->established = DURATION_S(75);
	for (size_t c = 0; !err && c < n_children; c++)
		err = fill_child(&info->children[c], c == 1 ? "voice" : "net", i + (uint32_t)c);
	if (err || !info->name || !info->local_id || !info->remote_id)
		return ike_sa_info_free(info);
	return info;
}

/* -------- backend -------- */

static struct ike_config *backend_config(void *ctx)
{
	struct fake *f = ctx;

	return f->config;
}

static int backend_set_config(void *ctx, struct ike_config *new_take, char *err, size_t err_size)
{
	struct fake *f = ctx;

	config_unref(f->config);
	f->config = new_take;
	return 0;
}

static void backend_reload(void *ctx, struct vici_request *req)
{
	struct fake *f = ctx;

	f->reloads++;
	if (f->failure)
		vici_request_fail(req, "%s", f->failure);
	else
		vici_request_ok(req);
}

static void note(char to[64], const char *text)
{
	snprintf(to, 64, "%s", text ? text : "-");
}

/* Hold the token, or end it as the test wants. */
static void finish(struct fake *f, struct vici_request *req)
{
	if (f->hold && f->n_held < FAKE_HELD_MAX)
		f->held[f->n_held++] = req;
	else if (f->failure)
		vici_request_fail(req, "%s", f->failure);
	else
		vici_request_ok(req);
}

static void backend_initiate(void *ctx, const char *ike, const char *child,
			     struct vici_request *req)
{
	struct fake *f = ctx;

	f->initiated++;
	note(f->last_ike, ike);
	note(f->last_child, child);
	vici_request_log(req, VICI_LOG_CONTROL, "IKE", ike, 1, "initiating IKE_SA %s", ike);
	vici_request_log(req, VICI_LOG_DEBUG, "IKE", ike, 1, "too much detail");
	finish(f, req);
}

static void backend_rekey(void *ctx, const struct vici_sa_filter *filter, bool reauth,
			  struct vici_request *req)
{
	struct fake *f = ctx;

	if (reauth)
		f->reauthenticated++;
	else if (filter->child || filter->child_id)
		f->children_rekeyed++;
	else
		f->rekeyed++;
	vici_request_rekeying(req, filter->ike && strcmp(filter->ike, "gw") == 0 ? 2 : 0);
}

static void backend_terminate(void *ctx, const struct vici_sa_filter *filter, bool force,
			      struct vici_request *req)
{
	struct fake *f = ctx;

	f->terminated++;
	note(f->last_ike, filter->ike);
	note(f->last_child, filter->child);
	f->last_ike_id = filter->ike_id;
	f->last_child_id = filter->child_id;
	f->last_force = force;
	if (f->hold)
		finish(f, req);
	else if (f->n_sas > 0)
		vici_request_terminated(req, 2, f->failure ? 1 : 2);
	else
		vici_request_terminated(req, 0, 0);
}

static void give_page(struct fake *f, uint64_t cursor, struct vici_request *req)
{
	size_t left = f->n_sas - cursor;
	size_t n = left < f->page_size ? left : f->page_size;
	struct vici_sa_page *page = vici_sa_page_new(n);

	for (size_t i = 0; page && i < n; i++)
		page->sas[i] = fake_sa((uint32_t)(cursor + i + 1), f->n_children);
	if (page && left > n)
		page->next = cursor + n;
	if (page)
		vici_request_sas(req, page);
	else
		vici_request_fail(req, "out of memory");
}

static void page_due(struct loop_timer *timer, void *data)
{
	struct fake *f = data;
	struct vici_request *req = f->page_req;

	f->page_req = NULL;
	give_page(f, f->page_cursor, req);
}

static void backend_list_sas(void *ctx, const struct vici_sa_filter *filter, uint64_t cursor,
			     struct vici_request *req)
{
	struct fake *f = ctx;

	f->pages_asked++;
	if (f->failure) {
		vici_request_fail(req, "%s", f->failure);
	} else if (f->late_pages && !f->page_req) {
		f->page_req = req;
		f->page_cursor = cursor;
		timer_arm_after(&f->page_timer, DURATION_US(50));
	} else {
		give_page(f, cursor, req);
	}
}

static void backend_install(void *ctx, const char *ike, const char *child, struct vici_request *req)
{
	struct fake *f = ctx;

	f->installed++;
	f->traps = true;
	note(f->last_ike, ike);
	note(f->last_child, child);
	vici_request_ok(req);
}

static void backend_uninstall(void *ctx, const char *ike, const char *child,
			      struct vici_request *req)
{
	struct fake *f = ctx;

	f->uninstalled++;
	f->traps = false;
	vici_request_ok(req);
}

static bool backend_installed(void *ctx, const char *ike, const char *child)
{
	struct fake *f = ctx;

	return f->traps;
}

static void backend_flush_certs(void *ctx)
{
	struct fake *f = ctx;

	f->flushes++;
}

static void backend_stats(void *ctx, struct vici_stats *ret_stats)
{
	struct fake *f = ctx;

	*ret_stats = (struct vici_stats){
		.uptime = DURATION_S(3 * 3600),
		.workers = 4,
		.ike_sas = f->n_sas,
		.half_open = 2,
		.child_sas = f->n_sas,
		.n_counters = 1,
		.counters = { { "messages-in", 42 } },
	};
}

static bool backend_pool(void *ctx, const char *name, struct vici_pool *ret_pool)
{
	struct fake *f = ctx;
	const struct pool_conf *pool = config_pool(f->config, name);

	if (!pool)
		return false;
	*ret_pool = (struct vici_pool){
		.base = pool->first,
		.size = 254,
		.online = f->n_leases ? f->n_leases - 1 : 0,
		.offline = f->n_leases ? 1 : 0,
	};
	return true;
}

static void backend_leases(void *ctx, const char *name, uint64_t skip, vici_lease_fn fn, void *data)
{
	struct fake *f = ctx;

	for (uint64_t i = skip; i < f->n_leases; i++) {
		const uint8_t octets[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
		const struct vici_lease lease = {
			.addr = netaddr_from_bytes(BYTES_OF(octets), 0),
			.identity = "client@example.org",
			.online = i + 1 < f->n_leases,
		};

		if (!fn(&lease, data))
			return;
	}
}

static const struct vici_backend backend = {
	.config = backend_config,
	.set_config = backend_set_config,
	.reload = backend_reload,
	.initiate = backend_initiate,
	.terminate = backend_terminate,
	.rekey = backend_rekey,
	.list_sas = backend_list_sas,
	.install = backend_install,
	.uninstall = backend_uninstall,
	.installed = backend_installed,
	.pool = backend_pool,
	.leases = backend_leases,
	.flush_certs = backend_flush_certs,
	.stats = backend_stats,
};

/* -------- thread -------- */

void fake_init(struct fake *f)
{
	*f = (struct fake){ .n_sas = 2, .n_children = 1, .page_size = 64, .late_pages = true };
	f->options.version = "1.2.3";
	snprintf(f->dir, sizeof(f->dir), "/tmp/postern-vici-XXXXXX");
}

struct start {
	struct fake *f;
	sem_t done;
	int err;
};

static void *fake_main(void *data)
{
	struct start *start = data;
	struct fake *f = start->f;
	bool started;

	start->err = loop_new(&f->loop);
	if (!start->err)
		start->err = mailbox_new(f->loop, &f->mailbox);
	if (!start->err)
		start->err =
			vici_server_new(f->loop, f->path, &backend, f, &f->options, &f->server);
	if (!start->err)
		timer_init(&f->page_timer, f->loop, page_due, f);
	if (!start->err)
		start->err = vici_log_feed_new(f->server, f->mailbox, &f->feed);
	started = !start->err;
	sem_post(&start->done);
	if (started)
		loop_run(f->loop);
	vici_log_feed_free(f->feed);
	vici_server_free(f->server);
	mailbox_free(f->mailbox);
	loop_free(f->loop);
	return NULL;
}

int fake_start(struct fake *f)
{
	struct start start = { .f = f };

	if (!mkdtemp(f->dir))
		return -errno;
	snprintf(f->path, sizeof(f->path), "%s/control", f->dir);
	f->config = config_new_empty();
	if (!f->config)
		return -ENOMEM;
	sem_init(&start.done, 0, 0);
	if (pthread_create(&f->thread, NULL, fake_main, &start))
		return -EAGAIN;
	sem_wait(&start.done);
	sem_destroy(&start.done);
	return start.err;
}

void fake_end_held(struct fake *f)
{
	for (size_t i = 0; i < f->n_held; i++)
		vici_request_ok(f->held[i]);
	f->n_held = 0;
}

static void stop(struct fake *f)
{
	fake_end_held(f);
	if (f->page_req) {
		timer_disarm(&f->page_timer);
		page_due(&f->page_timer, f);
	}
	loop_stop(f->loop);
}

void fake_fini(struct fake *f)
{
	fake_run(f, stop);
	pthread_join(f->thread, NULL);
	config_unref(f->config);
	rmdir(f->dir);
}

struct job {
	struct mail mail;
	struct fake *f;
	void (*fn)(struct fake *f);
	sem_t done;
};

static void run_job(struct mail *mail)
{
	struct job *job = container_of(mail, struct job, mail);

	job->fn(job->f);
	sem_post(&job->done);
}

void fake_run(struct fake *f, void (*fn)(struct fake *f))
{
	struct job job = { .f = f, .fn = fn };

	sem_init(&job.done, 0, 0);
	mailbox_post(f->mailbox, &job.mail, run_job);
	sem_wait(&job.done);
	sem_destroy(&job.done);
}

/* The server's thread writes here while the test's thread waits in fake_run(). */
static struct vici_server_counters copied;

static void copy_counters(struct fake *f)
{
	copied = *vici_server_counters(f->server);
}

struct vici_server_counters fake_counters(struct fake *f)
{
	fake_run(f, copy_counters);
	return copied;
}

static bool (*asked)(struct fake *f);
static bool answer;

static void ask(struct fake *f)
{
	answer = asked(f);
}

bool fake_wait(struct fake *f, bool (*pred)(struct fake *f))
{
	struct instant end = instant_add(instant_now(), DURATION_S(10));

	asked = pred;
	do {
		fake_run(f, ask);
		if (answer)
			return true;
		usleep(2000);
	} while (!instant_reached(instant_now(), end));
	return false;
}
