/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Whether a packet is over a limit. */
#ifndef PACKETLOG_LIMIT_OVER_H
#define PACKETLOG_LIMIT_OVER_H

#include <linux/in.h>
#include "connections.h"
#include "limit_state.h"
#include "packet.h"
#include "rule_counter.h"
#include "rule_key.h"

/* What a limit says of a packet, as bits; 0: it does not see it. */
#define LIMIT_SEEN 1
#define LIMIT_OVER 2

static __always_inline int has_expired(struct rule_limit *limit)
{
	return limit->expires_wall_ns && wall_ns() >= limit->expires_wall_ns;
}

static __always_inline int opens_connection(__u64 key)
{
	return (key & 0xff) == IPPROTO_TCP &&
	       (key >> KEY_FLAGS_SHIFT & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* The levels of a limit, or NULL; of another shape after a change of its measure has reverted. */
static __always_inline struct limit_state *levels_of(struct rule_limit *limit, __u64 shape)
{
	__u32 slot = limit->counter_slot, zero = 0;
	void *levels = bpf_map_lookup_elem(&limit_states, &slot);
	struct limit_state *state;

	if (!levels)
		return 0;
	state = bpf_map_lookup_elem(levels, &zero);
	return state && state->shape == shape ? state : 0;
}

/* What a limit of packets, bytes or SYN says of a packet. */
static __always_inline __u32 limit_answer(struct rule_limit *limit, __u64 bucket, __u64 key)
{
	struct limit_state *state;
	__u64 hash, now, cost = limit->cost;
	__u32 cell;

	if (limit->measure == RULE_MEASURE_SYN && !opens_connection(key))
		return 0;
	if (has_expired(limit))
		return 0;
	state = levels_of(limit, LIMIT_SHAPE_CELLS);
	if (!state)
		return 0;
	if (limit->measure == RULE_MEASURE_BYTES)
		cost *= key >> KEY_LENGTH_SHIFT;
	cost >>= RULE_LIMIT_COST_SHIFT;
	now = bpf_jiffies64() * state->tick_ns;
	hash = bucket * state->seed;
	cell = within(hash >> 32 >> (32 - LIMIT_CELL_BITS), (1 << LIMIT_CELL_BITS) - 1);
	/* A block is in the table only. */
	if (!limit->block_ns && cell_passes(limit, &state->cells[cell], now, cost))
		return LIMIT_SEEN;
	hash = (hash ^ hash >> 32) * state->seed;
	if (!entry_is_over(limit, &entry_of(state, hash, bucket, now)->arrival, now, state->tick_ns,
			   cost))
		return LIMIT_SEEN;
	return LIMIT_SEEN | LIMIT_OVER;
}

#endif
