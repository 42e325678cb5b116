/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rate limits: shared cells in front of an exact table, each by the generic cell rate algorithm
 * (ITU-T I.371). docs/decisions/limits.md has the reasons and the proof of the bound.
 *
 * A limit of N in a time passes every packet of a key that keeps to N in each such time, and at
 * most 1.5 N + rate * time. A cell passes a key's packets up to half of the burst. Several keys may
 * share a cell: then more packets need the table, and none is over for that. Stores are plain, so a
 * race of two CPUs loses a few counts of a cell or an entry, and the kernel may be 5.10.
 */
#ifndef PACKETLOG_LIMIT_STATE_H
#define PACKETLOG_LIMIT_STATE_H

#include <linux/in.h>
#include "packet.h"
#include "rule_counter.h"
#include "rule_key.h"
#include "rule_lookup.h"

#define LIMIT_CELL_BITS	    16
#define LIMIT_SET_BITS	    12
#define LIMIT_WIDE_SET_BITS 11
#define LIMIT_WAYS	    4
/* In `arrival`: it is the end of a block. */
#define LIMIT_BLOCKED 1ULL

struct limit_entry {
	__u64 key;
	__u64 arrival; /* theoretical arrival time; the entry is empty if it is not in the future */
};

#define LIMIT_PORT_WORDS 6

/* For limits of connections and ports. Begins as a limit_entry; `arrival` is 0 in a new one. */
struct limit_wide_entry {
	__u64 key;
	__u64 arrival;
	union {
		struct {
			__u64 began;	   /* when the bucket was last empty */
			__u64 over_since;  /* when a connection was over; 0: none since it began */
			__u64 connections; /* verified since it began */
			__u64 reserved[3];
		};
		__u64 ports[LIMIT_PORT_WORDS]; /* the last 24, the newest in the lowest bits */
	};
};

_Static_assert(sizeof(struct limit_wide_entry) == 64, "a cache line");

#define LIMIT_SHAPE_CELLS	0
#define LIMIT_SHAPE_CONNECTIONS 1
#define LIMIT_SHAPE_PORTS	2

/* The levels of a limit. It survives changes of the rules, and of the loader. */
struct limit_state {
	__u64 seed;	 /* odd */
	__u64 tick_ns;	 /* of a jiffy */
	__u64 evictions; /* of keys that were not empty: these got their burst again */
	__u64 shape;	 /* LIMIT_SHAPE_*: what follows */
	__u64 reserved[4];
	union {
		struct {
			__u32 cells[1 << LIMIT_CELL_BITS];
			struct limit_entry table[1 << LIMIT_SET_BITS][LIMIT_WAYS];
		};
		struct limit_wide_entry wide[1 << LIMIT_WIDE_SET_BITS][LIMIT_WAYS];
	};
};

/* Keep the structs in the object's BTF, where a test compares them with LIMIT_STATE. */
const struct limit_state *limit_state_btf __attribute__((unused));
const struct limit_wide_entry *limit_wide_entry_btf __attribute__((unused));

/* Without BTF types, as the prototype of rule images. */
struct limit_levels {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct limit_state));
};

/* By the limit's counter slot; the loader sets max_entries. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct limit_levels);
} limit_states SEC(".maps");

#define KEY_PROTOCOL_AND_PORT 0xffffff
#define KEY_IS_PORT	      (1ULL << 32)

/*
 * The bucket of a packet: exact, not a hash. The key of IPv4 is 0:ffff:a.b.c.d, which is no half of
 * an IPv6 address in use (0000::/8 is reserved, RFC 4291).
 */
static __always_inline __u64 limit_key(struct rule_limit *limit, __u64 src_high, __u64 src_low,
				       __u64 key)
{
	if (limit->per == RULE_PER_RULE)
		return 1;
	if (limit->per == RULE_PER_PORT)
		return (key & KEY_PROTOCOL_AND_PORT) | KEY_IS_PORT;
	if (key >> KEY_READABLE_SHIFT & READ_IPV4)
		return (__u32)src_low | (src_low >> 32 & limit->mask4) << 32;
	return src_high & limit->mask6;
}

/* 1: the cell has room, so the packet is under the limit. Counts the packet either way. */
static __always_inline int cell_passes(struct rule_limit *limit, __u32 *cell, __u64 now, __u64 cost)
{
	__u32 shift = limit->cell_shift & 63;
	__u32 time = now >> shift;
	__u64 half = (limit->burst_ns / 2) >> shift;
	__u64 most = (limit->burst_ns + limit->burst_ns / 2) >> shift;
	__u64 level = (__u32)(*cell - time);

	/* In the past, or of a time long ago. */
	if (level > most)
		level = 0;
	/* Rounded up, so that a cell passes too little, which the table corrects. */
	level += (cost >> shift) + 1;
	*cell = time + (__u32)(level > most ? most : level);
	return level <= half;
}

/* The entry of a key; in place of the emptiest of its set if it has none. */
static __always_inline struct limit_entry *entry_of(struct limit_state *state, __u64 hash,
						    __u64 key, __u64 now)
{
	struct limit_entry *set = state->table[within(hash >> 32 >> (32 - LIMIT_SET_BITS),
						      (1 << LIMIT_SET_BITS) - 1)];
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

/* 1: the key has used its burst. entry_arrival: of its entry. */
static __always_inline int entry_is_over(struct rule_limit *limit, __u64 *entry_arrival, __u64 now,
					 __u64 tick, __u64 cost)
{
	/* The time of a packet is early by up to a tick, so two of them may seem closer than they
	 * were. */
	__u64 full = limit->burst_ns + tick;
	__u64 arrival = *entry_arrival;
	__u64 level;

	if (arrival & LIMIT_BLOCKED) {
		/* Later than a block can end: the numbers of the limit were changed. */
		if (arrival > now + limit->block_ns)
			*entry_arrival = arrival = (now + limit->block_ns) | LIMIT_BLOCKED;
		if (arrival > now)
			return limit->block_ns != 0;
		/* The level was full when the block began. */
		arrival = arrival - limit->block_ns + limit->burst_ns;
	}
	level = arrival > now ? arrival - now : 0;
	if (level > full) {
		level = full;
		*entry_arrival = (now + full) & ~LIMIT_BLOCKED;
	}
	if (level + cost > full) {
		if (limit->block_ns)
			*entry_arrival = (now + limit->block_ns) | LIMIT_BLOCKED;
		return 1;
	}
	*entry_arrival = (now + level + cost) & ~LIMIT_BLOCKED;
	return 0;
}

#endif
