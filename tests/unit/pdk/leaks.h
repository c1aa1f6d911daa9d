/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * The harness ends a test by _exit(), so LeakSanitizer has to be asked. Does nothing in other
 * builds.
 */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static inline int leaks_found(void)
{
	return __lsan_do_recoverable_leak_check ? __lsan_do_recoverable_leak_check() : 0;
}

#define EXPECT_NO_LEAKS() EXPECT_EQ(0, leaks_found())
