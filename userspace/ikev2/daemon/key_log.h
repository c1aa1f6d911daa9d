/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * For debugging: the keys of IKE SAs in the form of Wireshark's ikev2_decryption_table, so that an
 * independent decoder can look into our messages. Whoever has the file can read and forge
 * everything; it is made readable for its owner only and announced by a warning.
 */

struct ike_sa;
struct key_log;

/* Opens path to append to it. -errno. */
int key_log_new(const char *path, struct key_log **ret_log);
/* Takes NULL, returns NULL. */
struct key_log *key_log_free(struct key_log *log);

/* ike_core_params.key_log: one line. Any thread. data is the struct key_log. */
void key_log_write(const struct ike_sa *sa, void *data);
