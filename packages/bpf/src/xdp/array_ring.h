/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The array ring: for each possible CPU a ring of permitted and one of denied packets, in memory
 * that user space maps. Records lie back to back, a cache line each, without headers.
 *
 *   array_records   permits: cpu * ring_records + (position & (ring_records - 1)), and behind
 *                   those of all CPUs the denies: cpu * deny_records + the same
 *   array_control   cpu for its permits, cpu_count + cpu for its denies
 *
 * Each ring has one writer: XDP runs with softirqs off, so a CPU does not interrupt itself here.
 * Not so on PREEMPT_RT, where the loader takes the kernel ring. The exchange needs Linux 5.12.
 */
#ifndef PACKETLOG_ARRAY_RING_H
#define PACKETLOG_ARRAY_RING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "clock.h"
#include "knobs.h"
#include "packet.h"
#include "sampling.h"

/* Writer and reader have a cache line each: neither writes to the other's but to take `armed`. */
struct array_line {
	__u64 position; /* records written, or read, since the start; it only grows */
	__u64 armed;	/* consumer's line: 1 while the reader sleeps and wants to be woken */
	__u64 hot;	/* consumer's line: 1 while the reader promises not to sleep */
	struct clock_reading clock; /* producer's line */
	__u64 reserved;
};

struct array_control {
	struct array_line producer;
	struct array_line consumer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader sets it to CPUs * (ring_records + deny_records) */
	__type(key, __u32);
	__type(value, struct packet_log);
} array_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader sets it to CPUs * 2 */
	__type(key, __u32);
	__type(value, struct array_control);
} array_control SEC(".maps");

/* What the reader sleeps on: at most one event for each ring and sleep. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} doorbell SEC(".maps");

#define read_once(field) (*(const volatile typeof(field) *)&(field))

static __always_inline struct packet_log *place_of(__u32 cpu, int denied, __u64 position)
{
	__u32 records = denied ? knobs.deny_records : knobs.ring_records;
	__u32 index = cpu * records + ((__u32)position & (records - 1));

	if (denied)
		index += knobs.cpu_count * knobs.ring_records;
	return bpf_map_lookup_elem(&array_records, &index);
}

/*
 * While the reader is hot, for each record: no barrier, as nobody has to be woken. The record must
 * be visible before the position: to the compiler, and to what keeps stores in order. Readers are
 * hot on such machines only (x86-64).
 */
static __always_inline void publish_hot(struct array_control *control, __u64 position)
{
	asm volatile("" : : : "memory");
	*(volatile __u64 *)&control->producer.position = position;
}

/*
 * An exchange is a full barrier: the record is visible before the position, and armed is looked at
 * after it. The reader arms, then looks at the position: one of the two sees the other.
 */
static __always_inline void publish_and_wake(struct array_control *control, __u64 position,
					     __u32 cpu)
{
	__sync_lock_test_and_set(&control->producer.position, position);
	if (read_once(control->consumer.armed) &&
	    __sync_lock_test_and_set(&control->consumer.armed, 0))
		bpf_ringbuf_output(&doorbell, &cpu, sizeof(cpu), BPF_RB_FORCE_WAKEUP);
}

static __always_inline enum emitted emit_array(const struct packet *packet, __u32 cpu, __u64 action,
					       __u64 reason)
{
	int denied = action == PACKET_LOG_ACTION_DENY;
	__u32 records = denied ? knobs.deny_records : knobs.ring_records;
	__u32 index = denied ? knobs.cpu_count + cpu : cpu;
	struct array_control *control = bpf_map_lookup_elem(&array_control, &index);
	struct packet_log *place;
	__u64 position, used, hot;
	__u32 weight;

	if (!control)
		return RING_FULL;
	position = control->producer.position;
	/*
	 * The reader publishes after it copied. No barrier here: the stores below depend on the
	 * branch that depends on this load, and CPUs do not store ahead of that.
	 */
	used = position - read_once(control->consumer.position);
	/* Once: a reader that takes its promise back waits until nobody runs who has seen it. */
	hot = read_once(control->consumer.hot);
	weight = sample_weight(used, records);
	if (!weight)
		return SAMPLED_OUT;
	if (used >= records)
		return RING_FULL;
	place = place_of(cpu, denied, position);
	if (!place)
		return RING_FULL;
	write_record(place, packet, weight, action, reason,
		     record_wall_ns(&control->producer.clock, hot, position - used));
	if (hot)
		publish_hot(control, position + 1);
	else
		publish_and_wake(control, position + 1, cpu);
	/*
	 * Nobody waits for this load: it brings the line of the next record near, for which the
	 * next exchange would wait.
	 */
	place = place_of(cpu, denied, position + 1);
	if (place)
		asm volatile("" : : "r"(read_once(place->timestamp_ns)));
	return EMITTED;
}

#endif
