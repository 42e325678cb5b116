/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The array ring: for each possible CPU a ring of permitted and one of denied packets, in memory
 * that user space maps. Records lie back to back, a cache line each, without headers.
 *
 *   array_records   permits: cpu * ring_records + (position & (ring_records - 1)); after the
 *                   permits of all CPUs, denies: cpu * deny_records + the same
 *   array_control   cpu for its permits, cpu_count + cpu for its denies
 *
 * Each ring has one writer: XDP runs with softirqs disabled, so a CPU does not interrupt itself
 * here. This does not hold on PREEMPT_RT, where the loader uses the kernel ring. The exchange needs
 * Linux 5.12.
 */
#ifndef PACKETLOG_ARRAY_RING_H
#define PACKETLOG_ARRAY_RING_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "clock.h"
#include "knobs.h"
#include "packet.h"
#include "sampling.h"

/*
 * Writer and reader have a cache line each. Neither writes to the other's, except that the writer
 * clears `need_wakeup`.
 */
struct array_line {
	__u64 position;	   /* records written, or read, since the start; it only grows */
	__u64 need_wakeup; /* consumer's line: 1 while the reader sleeps and must be woken */
	__u64 polling;	   /* consumer's line: 1 while the reader busy-polls and never sleeps */
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

/* Wakes a sleeping reader: at most one event for each ring and sleep. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} doorbell SEC(".maps");

#define read_once(field) (*(const volatile typeof(field) *)&(field))

static __always_inline struct packet_log *record_at(__u32 cpu, int denied, __u64 position)
{
	__u32 records = denied ? knobs.deny_records : knobs.ring_records;
	__u32 index = cpu * records + ((__u32)position & (records - 1));

	if (denied)
		index += knobs.cpu_count * knobs.ring_records;
	return bpf_map_lookup_elem(&array_records, &index);
}

/*
 * Commits a record while the reader polls: no barrier, because it needs no wake-up. The record must
 * be visible before the position. A compiler barrier suffices where the CPU keeps stores in order
 * (x86-64), and readers set `polling` only there.
 */
static __always_inline void commit_polling(struct array_control *control, __u64 position)
{
	asm volatile("" : : : "memory");
	*(volatile __u64 *)&control->producer.position = position;
}

/*
 * Commits a record, and wakes the reader if it sleeps. The exchange is a full barrier: the record
 * is visible before the position, and need_wakeup is read after it. The reader sets need_wakeup,
 * then reads the position: at least one of the two sees the other's store.
 */
static __always_inline void commit_and_wake(struct array_control *control, __u64 position,
					    __u32 cpu)
{
	__sync_lock_test_and_set(&control->producer.position, position);
	if (read_once(control->consumer.need_wakeup) &&
	    __sync_lock_test_and_set(&control->consumer.need_wakeup, 0))
		bpf_ringbuf_output(&doorbell, &cpu, sizeof(cpu), BPF_RB_FORCE_WAKEUP);
}

static __always_inline enum emitted emit_array(const struct packet *packet, __u32 cpu, __u64 action,
					       __u64 reason)
{
	int denied = action == PACKET_LOG_ACTION_DENY;
	__u32 records = denied ? knobs.deny_records : knobs.ring_records;
	__u32 index = denied ? knobs.cpu_count + cpu : cpu;
	struct array_control *control = bpf_map_lookup_elem(&array_control, &index);
	struct packet_log *record;
	__u64 position, used, polling;
	__u32 weight;

	if (!control)
		return RING_FULL;
	position = control->producer.position;
	/*
	 * The reader moves its position after it copied the records. No barrier here: the stores
	 * below depend on a branch that depends on this load, and CPUs do not store speculatively
	 * (control dependencies in Documentation/memory-barriers.txt).
	 */
	used = position - read_once(control->consumer.position);
	/* Read once: a reader that stops polling waits until no running program has read 1 here. */
	polling = read_once(control->consumer.polling);
	weight = sample_weight(used, records);
	if (!weight)
		return SAMPLED_OUT;
	if (used >= records)
		return RING_FULL;
	record = record_at(cpu, denied, position);
	if (!record)
		return RING_FULL;
	write_record(record, packet, weight, action, reason,
		     record_wall_ns(&control->producer.clock, polling, position - used));
	if (polling)
		commit_polling(control, position + 1);
	else
		commit_and_wake(control, position + 1, cpu);
	/*
	 * A prefetch: no instruction uses the value, but the cache line of the next record is
	 * loaded, which the next exchange would wait for.
	 */
	record = record_at(cpu, denied, position + 1);
	if (record)
		asm volatile("" : : "r"(read_once(record->timestamp_ns)));
	return EMITTED;
}

#endif
