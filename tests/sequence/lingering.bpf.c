// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * The program with a delay before it writes a record: it has read the reader's flags by then, and
 * commits the record long after. This makes a race that is hit once in millions of packets
 * frequent.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "../../packages/bpf/src/xdp/packet.h"

/* Iterations: some hundred microseconds. */
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
