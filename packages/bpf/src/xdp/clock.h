/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The time of a record: read for each packet, or read now and then and used for several.
 *
 * Cached: read again when the jiffy has changed or after CLOCK_USES packets of this CPU. Within a
 * CPU the order is kept; a record's time is early by at most a jiffy (1 to 10 ms by the kernel's
 * HZ), and by the time that CLOCK_USES packets take where packets are dense.
 */
#ifndef PACKETLOG_CLOCK_H
#define PACKETLOG_CLOCK_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "knobs.h"

#define CLOCK_USES 16

struct cached_clock {
	__u64 ns;
	__u64 jiffies;
	__u64 uses;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cached_clock);
} cached_clock SEC(".maps");

static __always_inline __u64 monotonic_ns(void)
{
	struct cached_clock *clock;
	__u64 jiffies;
	__u32 key = 0;

	if (!knobs.clock_cached)
		return bpf_ktime_get_ns();
	clock = bpf_map_lookup_elem(&cached_clock, &key);
	if (!clock)
		return bpf_ktime_get_ns();
	jiffies = bpf_jiffies64();
	if (jiffies != clock->jiffies || ++clock->uses >= CLOCK_USES) {
		clock->ns = bpf_ktime_get_ns();
		clock->jiffies = jiffies;
		clock->uses = 0;
	}
	return clock->ns;
}

/* Nanoseconds since the Unix epoch. */
static __always_inline __u64 wall_ns(void)
{
	return monotonic_ns() + live.clock_offset_ns;
}

#endif
