/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The time of a record: read for the record, or reused from an earlier one, which saves a third of
 * the time that a packet costs.
 *
 * A time is used for at most CLOCK_USES records and one jiffy (1 to 10 ms by the kernel's HZ), so a
 * record's time is early by at most one jiffy. Within a ring, times never decrease.
 */
#ifndef PACKETLOG_CLOCK_H
#define PACKETLOG_CLOCK_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "knobs.h"

#define CLOCK_USES 16

enum clock_policy {
	CLOCK_PRECISE, /* read for each record */
	CLOCK_CACHED,  /* always reused */
	CLOCK_AUTO,    /* reused while the reader polls, until its next poll */
};

/* The last reading, in a cache line that the writer of the ring writes anyway; zero at first. */
struct clock_reading {
	__u64 ns;
	__u64 jiffies;
	__u64 uses;
	__u64 poll; /* CLOCK_AUTO: the reader's position */
};

/* Nanoseconds of CLOCK_MONOTONIC. reuse: whether an earlier reading may be returned. */
static __always_inline __u64 read_clock(struct clock_reading *clock, int reuse, __u64 poll)
{
	__u64 jiffies = bpf_jiffies64();

	if (!reuse || jiffies != clock->jiffies || poll != clock->poll ||
	    ++clock->uses >= CLOCK_USES) {
		clock->ns = bpf_ktime_get_ns();
		clock->jiffies = jiffies;
		clock->poll = poll;
		clock->uses = 0;
	}
	return clock->ns;
}

/* Nanoseconds since the Unix epoch. */
static __always_inline __u64 wall_ns(void)
{
	return bpf_ktime_get_ns() + runtime.clock_offset_ns;
}

/*
 * The same, for a record of an array ring.
 *   clock    the ring's
 *   polling  not 0 while the reader polls, which it does at high rates: the time may be reused
 *   poll     a number that changes with each poll of the reader, once a millisecond while awake
 */
static __always_inline __u64 record_wall_ns(struct clock_reading *clock, __u64 polling, __u64 poll)
{
	switch (knobs.clock) {
	case CLOCK_PRECISE:
		return wall_ns();
	case CLOCK_CACHED:
		return read_clock(clock, 1, 0) + runtime.clock_offset_ns;
	default:
		return read_clock(clock, polling != 0, poll) + runtime.clock_offset_ns;
	}
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clock_reading);
} clock_of_cpu SEC(".maps");

/* The same for the other transports, which have no polling flag. */
static __always_inline __u64 record_wall_ns_of_cpu(void)
{
	struct clock_reading *clock;
	__u32 key = 0;

	if (knobs.clock != CLOCK_CACHED)
		return wall_ns();
	clock = bpf_map_lookup_elem(&clock_of_cpu, &key);
	return clock ? read_clock(clock, 1, 0) + runtime.clock_offset_ns : wall_ns();
}

#endif
