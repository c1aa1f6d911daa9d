/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Watches the folders of certificates and keys (policy/credential_files.h) beside the configuration
 * file. What changes there is taken over a moment later, with the file, as by SIGHUP. Main thread.
 */

struct creds_watch;
struct posternd;

/* Folders that aren't there are looked for again at each reload. -ENOMEM, -EMFILE. */
int creds_watch_new(struct posternd *d, struct creds_watch **ret_watch);
/* Takes NULL, returns NULL. */
struct creds_watch *creds_watch_free(struct creds_watch *watch);
/* After a reload: folders that have been made since. Takes NULL. */
void creds_watch_refresh(struct creds_watch *watch);
