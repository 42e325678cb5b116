/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Whether a packet is over a limit. */
#ifndef PACKETLOG_LIMIT_OVER_H
#define PACKETLOG_LIMIT_OVER_H

#include <linux/in.h>
#include "connections.h"
#include "limit_state.h"
#include "limit_wide.h"
#include "packet.h"
#include "rule_counter.h"
#include "rule_key.h"

/* Whether the limit measures the packet. */
static __always_inline int measures(struct rule_limit *limit, __u64 key)
{
	__u64 protocol = key & 0xff, event = event_of(key);
	int opens = protocol == IPPROTO_TCP &&
		    (key >> KEY_FLAGS_SHIFT & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	switch (limit->measure) {
	case RULE_MEASURE_SYN:
		return opens;
	case RULE_MEASURE_CONNECTIONS:
		return event == CONNECTION_NEW || event == CONNECTION_VERIFIED ||
		       (event == CONNECTION_DENIED && denies_connection(limit->rule_id));
	case RULE_MEASURE_PORTS:
		return key >> KEY_READABLE_SHIFT & READ_PORTS && (opens || protocol == IPPROTO_UDP);
	default:
		return 1;
	}
}

/* The same, and the limit has not expired. */
static __always_inline int limit_sees(struct rule_limit *limit, __u64 key)
{
	return measures(limit, key) &&
	       (!limit->expires_wall_ns || wall_ns() < limit->expires_wall_ns);
}

static __always_inline __u64 shape_of(struct rule_limit *limit)
{
	return limit->measure == RULE_MEASURE_CONNECTIONS ? LIMIT_SHAPE_CONNECTIONS
	       : limit->measure == RULE_MEASURE_PORTS	  ? LIMIT_SHAPE_PORTS
							  : LIMIT_SHAPE_CELLS;
}

/*
 * Whether the packet is over a limit that sees it. Counts it, but not a SYN under a limit of
 * connections: that counts the connection once it is verified.
 */
static __always_inline int is_over_limit(struct rule_limit *limit, __u64 src_high, __u64 src_low,
					 __u64 key)
{
	__u32 slot = limit->counter_slot, zero = 0, cpu = bpf_get_smp_processor_id();
	__u64 length = key >> KEY_LENGTH_SHIFT;
	void *levels = bpf_map_lookup_elem(&limit_states, &slot);
	struct limit_state *state;
	__u64 bucket, hash, second, now, cost = limit->cost;
	__u64 event = event_of(key);
	__u32 cell;

	if (!levels)
		return 0;
	state = bpf_map_lookup_elem(levels, &zero);
	/* Of another shape: its measure was changed, and that change reverted just now. */
	if (!state || state->shape != shape_of(limit))
		return 0;
	bucket = limit_key(limit, src_high, src_low, key);
	if (limit->measure == RULE_MEASURE_BYTES)
		cost *= length;
	cost >>= RULE_LIMIT_COST_SHIFT;
	now = bpf_jiffies64() * state->tick_ns;
	hash = bucket * state->seed;
	second = (hash ^ hash >> 32) * state->seed;
	if (limit->measure == RULE_MEASURE_CONNECTIONS) {
		int over = connection_is_over(limit, state, second, bucket, now, event);

		if (over || event != CONNECTION_NEW)
			count_rule(slot, cpu, length);
		if (!over)
			return 0;
	} else if (limit->measure == RULE_MEASURE_PORTS) {
		count_rule(slot, cpu, length);
		if (!port_is_over(limit, state, second, bucket, now,
				  key >> KEY_PORT_SHIFT & 0xffff))
			return 0;
	} else {
		count_rule(slot, cpu, length);
		cell = within(hash >> 32 >> (32 - LIMIT_CELL_BITS), (1 << LIMIT_CELL_BITS) - 1);
		/* A block is in the table only. */
		if (!limit->block_ns && cell_passes(limit, &state->cells[cell], now, cost))
			return 0;
		if (!entry_is_over(limit, &entry_of(state, second, bucket, now)->arrival, now,
				   state->tick_ns, cost))
			return 0;
	}
	count_rule(limit->over_slot, cpu, length);
	return 1;
}

#endif
