/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The array ring: for each possible CPU a ring of records in memory that user space maps. Records
 * lie back to back, a cache line each, without headers.
 *
 *   array_records   cpu * ring_records + (position & (ring_records - 1))
 *   array_control   cpu * ARRAY_LINES + ARRAY_PRODUCER or ARRAY_CONSUMER
 *
 * Each ring has one writer: XDP runs with softirqs off, so a CPU does not interrupt itself here.
 * Not so on PREEMPT_RT, where the loader takes the kernel ring. The exchange needs Linux 5.12.
 */
#ifndef PACKETLOG_ARRAY_RING_H
#define PACKETLOG_ARRAY_RING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "packet_log.h"
#include "clock.h"
#include "knobs.h"
#include "sampling.h"

#define ARRAY_PRODUCER 0
#define ARRAY_CONSUMER 1
#define ARRAY_LINES    2

/* A cache line each, so that writer and reader never write to the same one. */
struct array_line {
	__u64 position; /* records written, or read, since the start; it only grows */
	__u64 armed;	/* consumer's line: 1 while the reader sleeps and wants to be woken */
	__u64 reserved[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader sets it to possible CPUs * ring_records */
	__type(key, __u32);
	__type(value, struct packet_log);
} array_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader sets it to possible CPUs * ARRAY_LINES */
	__type(key, __u32);
	__type(value, struct array_line);
} array_control SEC(".maps");

/* What the reader sleeps on: at most one event for each ring and sleep. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} doorbell SEC(".maps");

#define read_once(field) (*(const volatile typeof(field) *)&(field))

static __always_inline enum emitted emit_array(struct packet_log *log)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u32 index = cpu * ARRAY_LINES + ARRAY_PRODUCER;
	struct array_line *producer = bpf_map_lookup_elem(&array_control, &index);
	struct array_line *consumer;
	struct packet_log *slot;
	__u64 position, used;

	index = cpu * ARRAY_LINES + ARRAY_CONSUMER;
	consumer = bpf_map_lookup_elem(&array_control, &index);
	if (!producer || !consumer)
		return RING_FULL;
	position = producer->position;
	/*
	 * The reader publishes after it copied. No barrier here: the stores below depend on the
	 * branch that depends on this load, and CPUs do not store ahead of that.
	 */
	used = position - read_once(consumer->position);
	log->weight = sample_weight(used, knobs.ring_records);
	if (!log->weight)
		return SAMPLED_OUT;
	if (used >= knobs.ring_records)
		return RING_FULL;
	index = cpu * knobs.ring_records + ((__u32)position & (knobs.ring_records - 1));
	slot = bpf_map_lookup_elem(&array_records, &index);
	if (!slot)
		return RING_FULL;
	log->timestamp_ns = wall_ns();
	*slot = *log;
	/*
	 * A full barrier: the record is visible before the position, and armed is looked at after
	 * it. The reader arms, then looks at the position: one of the two sees the other.
	 */
	__sync_lock_test_and_set(&producer->position, position + 1);
	if (read_once(consumer->armed) && __sync_lock_test_and_set(&consumer->armed, 0))
		bpf_ringbuf_output(&doorbell, &cpu, sizeof(cpu), BPF_RB_FORCE_WAKEUP);
	return EMITTED;
}

#endif
