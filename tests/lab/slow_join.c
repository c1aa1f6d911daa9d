/* SPDX-License-Identifier: MIT */
/*
 * For LD_PRELOAD: the first thread that a program waits for takes its time to end, as one of its
 * jobs may that waits for the network.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#define TIME 3 /* seconds */

int pthread_join(pthread_t thread, void **ret)
{
	static int (*next)(pthread_t thread, void **ret);

	if (!next) {
		next = (int (*)(pthread_t, void **))dlsym(RTLD_NEXT, "pthread_join");
		sleep(TIME);
	}
	return next(thread, ret);
}
