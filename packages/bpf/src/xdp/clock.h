/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The time of a record: read for it, or read for one before it and used again, which saves a third
 * of what a packet costs.
 *
 * A time is used for CLOCK_USES records at most, and not beyond the jiffy (1 to 10 ms by the
 * kernel's HZ): by no more than that is it early. Within a ring the order is kept.
 */
#ifndef PACKETLOG_CLOCK_H
#define PACKETLOG_CLOCK_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "knobs.h"

#define CLOCK_USES 16

enum clock_policy {
	CLOCK_PRECISE, /* read for each record */
	CLOCK_CACHED,  /* used again, always */
	CLOCK_AUTO,    /* used again while records are dense, until the reader looks */
};

/* When it was read. Its owner keeps it where it writes anyway; all zero at first. */
struct clock_reading {
	__u64 ns;
	__u64 jiffies;
	__u64 uses;
	__u64 look; /* CLOCK_AUTO: where the reader was */
};

/* again: whether a time that was read before may do. */
static __always_inline __u64 read_clock(struct clock_reading *clock, int again, __u64 look)
{
	__u64 jiffies = bpf_jiffies64();

	if (!again || jiffies != clock->jiffies || look != clock->look ||
	    ++clock->uses >= CLOCK_USES) {
		clock->ns = bpf_ktime_get_ns();
		clock->jiffies = jiffies;
		clock->look = look;
		clock->uses = 0;
	}
	return clock->ns;
}

/* Nanoseconds since the Unix epoch. */
static __always_inline __u64 wall_ns(void)
{
	return bpf_ktime_get_ns() + live.clock_offset_ns;
}

/*
 * The same, for a record of an array ring.
 *   clock  the ring's
 *   dense  not 0 while very many come; the time that is read now may then be used again
 *   look   a number that changes when the reader has looked, once a millisecond while it is awake
 */
static __always_inline __u64 record_wall_ns(struct clock_reading *clock, __u64 dense, __u64 look)
{
	switch (knobs.clock) {
	case CLOCK_PRECISE:
		return wall_ns();
	case CLOCK_CACHED:
		return read_clock(clock, 1, 0) + live.clock_offset_ns;
	default:
		return read_clock(clock, dense != 0, look) + live.clock_offset_ns;
	}
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clock_reading);
} clock_of_cpu SEC(".maps");

/* The same, for a record that goes another way: nobody says there that records are dense. */
static __always_inline __u64 record_wall_ns_of_cpu(void)
{
	struct clock_reading *clock;
	__u32 key = 0;

	if (knobs.clock != CLOCK_CACHED)
		return wall_ns();
	clock = bpf_map_lookup_elem(&clock_of_cpu, &key);
	return clock ? read_clock(clock, 1, 0) + live.clock_offset_ns : wall_ns();
}

#endif
