/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Limits of connections and of distinct ports, in a table of entries that have room for more than a
 * level. docs/decisions/limits.md has the reasons, and the proof for ports.
 */
#ifndef PACKETLOG_LIMIT_WIDE_H
#define PACKETLOG_LIMIT_WIDE_H

#include "connections.h"
#include "image_in_force.h"
#include "limit_over.h"
#include "limit_state.h"

static __always_inline struct limit_wide_entry *wide_set_of(struct limit_state *state, __u64 hash)
{
	return state->wide[within(hash >> 32 >> (32 - LIMIT_WIDE_SET_BITS),
				  (1 << LIMIT_WIDE_SET_BITS) - 1)];
}

/* The entry of a key, or NULL. */
static __always_inline struct limit_wide_entry *wide_entry_if_any(struct limit_state *state,
								  __u64 hash, __u64 key)
{
	struct limit_wide_entry *set = wide_set_of(state, hash);
	__u32 way;

#pragma unroll
	for (way = 0; way < LIMIT_WAYS; way++)
		if (set[way].key == key)
			return &set[way];
	return 0;
}

/* The entry of a key; in place of the emptiest of its set if it has none. */
static __always_inline struct limit_wide_entry *wide_entry_of(struct limit_state *state, __u64 hash,
							      __u64 key, __u64 now)
{
	struct limit_wide_entry *set = wide_set_of(state, hash);
	__u64 least = ~0ULL;
	__u32 victim = 0;
	__u32 way;

#pragma unroll
	for (way = 0; way < LIMIT_WAYS; way++) {
		if (set[way].key == key)
			return &set[way];
		if (set[way].arrival < least) {
			least = set[way].arrival;
			victim = way;
		}
	}
	if (least > now)
		state->evictions++;
	set += within(victim, LIMIT_WAYS - 1);
	set->arrival = 0;
	set->key = key;
	return set;
}

/*
 * Whether an event of a connection is over. A verified connection is charged. A SYN is not, and is
 * over only while a verified connection has found no room: so forged ones make nothing over.
 */
static __always_inline int connection_is_over(struct rule_limit *limit, struct limit_state *state,
					      __u64 hash, __u64 key, __u64 now, __u64 event)
{
	struct limit_wide_entry *entry;
	__u64 arrival, cost = limit->cost >> RULE_LIMIT_COST_SHIFT;

	if (event == CONNECTION_NEW) {
		entry = wide_entry_if_any(state, hash, key);
		if (!entry || !entry->over_since)
			return 0;
		arrival = entry->arrival;
		return arrival > now && entry_is_over(limit, &arrival, now, state->tick_ns, cost);
	}
	if (event == CONNECTION_DENIED)
		return 1;
	entry = wide_entry_of(state, hash, key, now);
	if (entry->arrival <= now) {
		entry->began = now;
		entry->over_since = 0;
		entry->connections = 0;
	}
	entry->connections++;
	if (!entry_is_over(limit, &entry->arrival, now, state->tick_ns, cost))
		return 0;
	if (!entry->over_since)
		entry->over_since = now | 1;
	return 1;
}

#define EACH_PORT 0x0001000100010001ULL

/* 1: one of the four ports in the word is that one. */
static __always_inline int has_port(__u64 word, __u64 port)
{
	word ^= port * EACH_PORT;
	return ((word - EACH_PORT) & ~word & EACH_PORT << 15) != 0;
}

/*
 * Whether a packet to a port is over. The last 24 ports that passed cost nothing; another one is
 * charged, and becomes one of them if it passes. So a port is charged again only after 24 others.
 */
static __always_inline int port_is_over(struct rule_limit *limit, struct limit_state *state,
					__u64 hash, __u64 key, __u64 now, __u64 port)
{
	struct limit_wide_entry *entry = wide_entry_of(state, hash, key, now);
	int is_new = !entry->arrival;
	int word;

	if (!is_new) {
#pragma unroll
		for (word = 0; word < LIMIT_PORT_WORDS; word++)
			if (has_port(entry->ports[word], port))
				return 0;
	}
	if (entry_is_over(limit, &entry->arrival, now, state->tick_ns,
			  limit->cost >> RULE_LIMIT_COST_SHIFT))
		return 1;
	if (is_new) {
		/* Of this port only: no value stands for no port. */
#pragma unroll
		for (word = 0; word < LIMIT_PORT_WORDS; word++)
			entry->ports[word] = port * EACH_PORT;
		return 0;
	}
#pragma unroll
	for (word = LIMIT_PORT_WORDS - 1; word > 0; word--)
		entry->ports[word] = entry->ports[word] << 16 | entry->ports[word - 1] >> 48;
	entry->ports[0] = entry->ports[0] << 16 | port;
	return 0;
}

static __always_inline __u64 wide_hash(__u64 bucket, __u64 seed)
{
	__u64 hash = bucket * seed;

	return (hash ^ hash >> 32) * seed;
}

/* Whether the event is one of a limit of connections. */
static __always_inline int sees_event(struct rule_limit *limit, __u64 event)
{
	return event == CONNECTION_NEW || event == CONNECTION_VERIFIED ||
	       (event == CONNECTION_DENIED && denies_connection(limit->rule_id));
}

/* Whether the packet is one that a limit of ports sees. */
static __always_inline int sees_port(__u64 key)
{
	return key >> KEY_READABLE_SHIFT & READ_PORTS &&
	       (opens_connection(key) || (key & 0xff) == IPPROTO_UDP);
}

/*
 * What limit `number`, one of connections or ports, of this rule says of a packet, as
 * limit_answer(). A SYN that is not over counts under no limit of connections: the connection
 * counts once it is verified. Global: the verifier checks it once, and not for each of the four
 * limits of a packet.
 */
__attribute__((noinline)) __u32 wide_limit_answer(__u64 bucket, __u64 key, __u32 number,
						  __u32 rule_id)
{
	void *image = image_in_force();
	struct rule_line *line = image ? line_at(image, number) : 0;
	__u64 hash, now, event = event_of(key);
	struct rule_limit *limit;
	struct limit_state *state;
	int over;

	if (!line)
		return 0;
	limit = &line->limit;
	/* The image was replaced just now. */
	if (limit->rule_id != rule_id || has_expired(limit))
		return 0;
	if (limit->measure == RULE_MEASURE_PORTS) {
		if (!sees_port(key))
			return 0;
		state = levels_of(limit, LIMIT_SHAPE_PORTS);
		if (!state)
			return 0;
		now = bpf_jiffies64() * state->tick_ns;
		hash = wide_hash(bucket, state->seed);
		over = port_is_over(limit, state, hash, bucket, now,
				    key >> KEY_PORT_SHIFT & 0xffff);
	} else {
		if (!sees_event(limit, event))
			return 0;
		state = levels_of(limit, LIMIT_SHAPE_CONNECTIONS);
		if (!state)
			return 0;
		now = bpf_jiffies64() * state->tick_ns;
		hash = wide_hash(bucket, state->seed);
		over = connection_is_over(limit, state, hash, bucket, now, event);
		if (!over && event == CONNECTION_NEW)
			return 0;
	}
	return over ? LIMIT_SEEN | LIMIT_OVER : LIMIT_SEEN;
}

#endif
