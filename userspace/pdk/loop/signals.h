/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Signals as events of a loop, by signalfd. Block them (signals_block()) before the first thread is
 * made, so that no thread gets them the old way. Owner thread only.
 */
#include <stddef.h>

struct loop;
struct loop_signals;

typedef void (*signals_fn)(int signo, void *data);

/* Block the signals in this thread and in those it makes from now on. -errno. */
int signals_block(const int *signos, size_t n);

/* Deliver these blocked signals to fn, which may free the object. -ENOMEM, -EMFILE. */
int signals_new(struct loop *loop, const int *signos, size_t n, signals_fn fn, void *data,
		struct loop_signals **ret_signals);
/* The signals stay blocked. Takes NULL, returns NULL. */
struct loop_signals *signals_free(struct loop_signals *s);
