/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The daemon: what its parts share. The main thread owns the configuration, the control socket, the
 * traps and the events of the kernel; each worker thread owns a shard (shard.h). They talk by
 * letters only.
 */
#include <stdbool.h>
#include "bpf/shared/steer.h"
#include "pdk/base/list.h"
#include "ikev2/daemon/options.h"
#include "ikev2/ipsec/ipsec.h"
#include "ikev2/policy/config.h"

struct addresses;
struct bpf_count;
struct bpf_steer;
struct bpf_unknown_esp;
struct creds_watch;
struct cfg;
struct jobs;
struct keepup;
struct key_log;
struct loop;
struct mail;
struct mailbox;
struct revocation;
struct pools;
struct resolve;
struct shard;
struct updown;
struct vici_log_feed;
struct vici_server;
struct workers;

/* Sockets of a shard, and their groups: by family and by port. */
#define FAMILIES 2 /* IPv4, IPv6 */
#define PORTS	 2 /* IKE, IKE behind a NAT */

static inline int family_of(unsigned index)
{
	return index ? AF_INET6 : AF_INET;
}

static inline unsigned family_index(int family)
{
	return family == AF_INET6;
}

struct posternd {
	struct options options;
	struct instant started;

	/* Read by all threads, set before the workers start. */
	struct mailbox *mailbox; /* the main thread's */
	struct workers *workers; /* NULL until all have started */
	struct shard **shards;	 /* n_workers; live longer than the workers */
	unsigned n_workers;
	struct ipsec *ipsec;
	struct jobs *jobs; /* for what may block */
	struct revocation *revocation; /* CRLs and OCSP, for certificate checks */
	struct key_log *key_log;		   /* or NULL */
	struct steer_config steer_config[PORTS];
	struct bpf_steer *steer[FAMILIES][PORTS]; /* or NULL */
	uint16_t ports[PORTS];

	struct addresses *addresses; /* internal addresses that peers lend us; or NULL */
	struct resolve *resolve;     /* DNS servers that peers tell us; or NULL */
	struct cfg *cfg; /* who lends internal addresses; the main thread's */

	/* Main thread only. */
	struct loop *loop;
	struct ike_config *config;
	struct pools *pools; /* the private ones, of cfg */
	struct bpf_count *count; /* or NULL; its keys are the kernel interface's */
	struct bpf_unknown_esp *unknown_esp; /* or NULL */
	struct vici_server *vici;
	struct vici_log_feed *log_feed;
	struct list traps; /* traps.h */
	uint64_t n_traps_made; /* ever: the owner numbers of their policies */
	struct keepup *keepup;
	struct updown *updown; /* commands that Child SAs have run */
	struct creds_watch *creds_watch; /* files of certificates and keys */
	bool stopping;
	unsigned parting; /* shards that have not yet said good-bye */
};

/* The shard that makes the IKE SAs of a connection that we begin: always the same. */
unsigned posternd_initiator(const struct posternd *d, const char *conn_name);

/* Put config in force: hand it to the workers, move the traps, start what is to be started. Takes
 * the reference. */
void posternd_set_config_take(struct posternd *d, struct ike_config *config);

/* Read the file again. 0, or -errno with the reasons logged and in *ret_why (free() it). */
int posternd_reload(struct posternd *d, char **ret_why);

/* A shard has said good-bye to its peers (shards_stop()). */
void posternd_deliver_stopped(struct mail *mail);
