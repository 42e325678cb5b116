// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The program, unchanged, but that it takes its time before it writes a record: it has then looked
 * at what the reader said, and publishes long after. So a moment that comes once in millions of
 * packets comes with every other one.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "../../packages/bpf/src/xdp/packet.h"

/* Some hundred microseconds. */
#define LINGER 100000

static long nothing(__u32 number, void *context)
{
	return 0;
}

static __always_inline void linger(void)
{
	bpf_loop(LINGER, nothing, (void *)0, 0);
}

#define write_record(...) (linger(), write_record(__VA_ARGS__))

#include "../../packages/bpf/src/xdp/packetlog.bpf.c"
