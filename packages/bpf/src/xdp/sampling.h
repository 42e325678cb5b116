/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Sampling: 1 of N packets is recorded, chosen at random for each packet. The record carries N as
 * its weight, so that sums over weights are unbiased at any time, also while N changes. The
 * counters include every packet.
 */
#ifndef PACKETLOG_SAMPLING_H
#define PACKETLOG_SAMPLING_H

#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include "knobs.h"

/*
 * N by the fill level of this CPU's ring: if the reader falls behind, fewer records are written,
 * and a reader that stops leaves room for later ones. N is 1 again once the reader has caught up.
 * Needs no state and no setting.
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

/* Outcome of writing a record. */
enum emitted { EMITTED, SAMPLED_OUT, RING_FULL };

/*
 * 0 if this packet is not recorded, else the weight of its record. used, size: of the ring, in any
 * common unit; they matter only if the loader sets no fixed rate.
 */
static __always_inline __u32 sample_weight(__u64 used, __u64 size)
{
	__u32 n = knobs.sample ? knobs.sample : sample_by_fill(used, size);

	if (n > 1 && bpf_get_prandom_u32() & (n - 1))
		return 0;
	return n;
}

#endif
