/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Which permitted packets are recorded when not all of them can be: 1 of N, by chance, for each
 * packet anew. The record carries N as its weight, so that sums over weights are unbiased at any
 * time, also while N changes. The counters know every packet.
 */
#ifndef PACKETLOG_SAMPLING_H
#define PACKETLOG_SAMPLING_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include "knobs.h"

/*
 * N by how full this CPU's ring is, in eighths: a reader that falls behind finds fewer records,
 * one that stands still leaves room for what comes later, and N is 1 again as soon as it has
 * caught up. No state, nothing to tell the kernel.
 */
static __always_inline __u32 sample_by_fill(__u64 used, __u64 size)
{
	if (used * 2 < size)
		return 1;
	if (used * 4 < size * 3)
		return 4;
	if (used * 8 < size * 7)
		return 16;
	return 64;
}

/* What became of a packet's record. */
enum emitted { EMITTED, SAMPLED_OUT, RING_FULL };

/*
 * 0 if this packet is not recorded, else the weight of its record. used, size: of the ring, in any
 * unit; they matter only if the loader left it to them.
 */
static __always_inline __u32 sample_weight(__u64 used, __u64 size)
{
	__u32 n = knobs.sample ? knobs.sample : sample_by_fill(used, size);

	if (n > 1 && bpf_get_prandom_u32() & (n - 1))
		return 0;
	return n;
}

#endif
