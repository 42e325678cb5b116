/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kernel ring: one BPF_MAP_TYPE_RINGBUF per possible CPU, so that writers share neither a lock
 * nor a cache line.
 */
#ifndef PACKETLOG_KERNEL_RING_H
#define PACKETLOG_KERNEL_RING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "clock.h"
#include "packet_log.h"
#include "sampling.h"

/* Only a pattern for the kind of map: the rings that the loader puts in have their own size. */
struct permits_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

/* cpu -> ring; the loader sets max_entries to the possible CPUs and puts the rings in. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct permits_ring);
} permits SEC(".maps");

/*
 * Copies the record into this CPU's ring.
 *
 * Flag 0: the kernel wakes the reader only if it had read everything, and the reader holds the
 * last record back while it polls, so that a busy ring never pays for a wake-up.
 */
static __always_inline enum emitted emit_ring(struct packet_log *log)
{
	__u32 cpu = bpf_get_smp_processor_id();
	void *ring = bpf_map_lookup_elem(&permits, &cpu);
	struct packet_log *slot;
	__u64 used = 0, size = 1;

	if (!ring)
		return RING_FULL;
	if (!knobs.sample) {
		used = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
		size = bpf_ringbuf_query(ring, BPF_RB_RING_SIZE);
	}
	log->weight = sample_weight(used, size);
	if (!log->weight)
		return SAMPLED_OUT;
	slot = bpf_ringbuf_reserve(ring, sizeof(*slot), 0);
	if (!slot)
		return RING_FULL;
	log->timestamp_ns = wall_ns();
	*slot = *log;
	bpf_ringbuf_submit(slot, 0);
	return EMITTED;
}

#endif
