/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counts packets by rule. */
#ifndef PACKETLOG_RULE_COUNTER_H
#define PACKETLOG_RULE_COUNTER_H

#include "clock.h"
#include "rule_image.h"

/* Counts a packet for the rule that decided on it, or for a limit that saw it. */
static __always_inline void count_rule(__u32 slot, __u32 cpu, __u64 length)
{
	__u32 index = slot * knobs.cpu_count + cpu;
	struct rule_counter *counter = bpf_map_lookup_elem(&rule_counters, &index);
	__u64 jiffies = bpf_jiffies64();

	if (!counter)
		return;
	counter->packets++;
	counter->bytes += length;
	if (counter->seen_jiffies == jiffies)
		return;
	counter->seen_jiffies = jiffies;
	counter->last_seen_wall_ns = bpf_ktime_get_ns() + runtime.clock_offset_ns;
}

#endif
