/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kernel ring: for each possible CPU a BPF_MAP_TYPE_RINGBUF of permitted and one of denied
 * packets, so that writers share neither a lock nor a cache line.
 */
#ifndef PACKETLOG_KERNEL_RING_H
#define PACKETLOG_KERNEL_RING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "clock.h"
#include "packet.h"
#include "sampling.h"

/* The prototype of the inner maps: the rings that the loader inserts have other sizes. */
struct one_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

/* cpu -> ring; the loader sets max_entries to the possible CPUs and inserts the rings. */
struct ring_of_cpu {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct one_ring);
};

struct ring_of_cpu permits SEC(".maps");
struct ring_of_cpu denies SEC(".maps");

/*
 * Writes the record into this CPU's ring.
 *
 * Flag 0: the kernel wakes the reader only if the reader had read everything (bpf_ringbuf_commit,
 * kernel/bpf/ringbuf.c). The reader holds the last record back while it polls, so that a busy ring
 * never pays for a wake-up.
 */
static __always_inline enum emitted emit_ring(const struct packet *packet, __u32 cpu, __u64 action,
					      __u64 reason)
{
	struct packet_log *record;
	__u64 used = 0, size = 1;
	__u32 weight;
	void *ring;

	if (action == PACKET_LOG_ACTION_DENY)
		ring = bpf_map_lookup_elem(&denies, &cpu);
	else
		ring = bpf_map_lookup_elem(&permits, &cpu);
	if (!ring)
		return RING_FULL;
	if (!knobs.sample) {
		used = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
		size = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE);
	}
	weight = sample_weight(used, size);
	if (!weight)
		return SAMPLED_OUT;
	record = bpf_ringbuf_reserve(ring, sizeof(*record), 0);
	if (!record)
		return RING_FULL;
	write_record(record, packet, weight, action, reason, record_wall_ns_of_cpu());
	bpf_ringbuf_submit(record, 0);
	return EMITTED;
}

#endif
