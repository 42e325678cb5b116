/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rule images: each is an inner map, so that replacing one is atomic. The layout is described in
 * packages/bpf/src/rule-image.ts; a test compares the names and numbers here with it.
 */
#ifndef PACKETLOG_RULE_IMAGE_H
#define PACKETLOG_RULE_IMAGE_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define RULE_IMAGE_MAGIC 0x31524c50

#define RULE_CONFIRMED	 0
#define RULE_PROVISIONAL 1

/* Line 0. */
struct rule_header {
	__u32 magic;
	__u8 default_deny;
	__u8 root4_bits;
	__u8 root6_bits;
	__u8 filter_bits;
	__u64 until_mono_ns;
	__u32 root4_line;
	__u32 root6_line;
	__u32 bounds_line;
	__u32 slices_line;
	__u32 rows_line;
	__u16 service_count;
	__u8 limit_count;
	__u8 reserved;
	__u32 nodes_line;
	__u32 any_value;
	__u32 services_line;
	__u32 filter_line;
	__u32 usual_value;
	__u32 whole_value;
};

struct rule_node {
	__u32 rule_id;
	__u32 counter_slot;
	__u32 action;
	__u32 next;
	__u64 expires_wall_ns;
	__u32 limits;
	__u32 condition;
};

/* Line `number` of the image is limit `number`. */
struct rule_limit {
	__u32 rule_id;
	__u32 counter_slot; /* counts what the limit sees, and is the index of its state */
	__u32 over_slot;    /* counts what is over */
	__u8 measure;
	__u8 per;
	__u8 flags;
	__u8 cell_shift; /* ns to units of cells */
	__u64 expires_wall_ns;
	__u64 cost; /* ns for a packet or a byte, shifted left by RULE_LIMIT_COST_SHIFT */
	__u64 burst_ns;
	__u64 block_ns;
	__u64 mask6; /* of the first half of an IPv6 source, in network order */
	__u32 mask4;
	__u32 condition;
};

_Static_assert(sizeof(struct rule_limit) == 64, "a line");

/* Rules and limits have the number of the condition's line, or 0. */
struct rule_condition {
	__u64 key_mask; /* of the key that rule_key.h describes */
	__u64 key_value;
	__u64 dst_high; /* as in the packet */
	__u64 dst_low;
	__u64 dst_high_mask;
	__u64 dst_low_mask;
	__u64 length_from; /* of the key */
	__u64 length_to;
};

_Static_assert(sizeof(struct rule_condition) == 64, "a line");

/* A line of root4: values[number of starts at or below the address], or as `more` says. */
#define RULE_BLOCK_STARTS	 7
#define RULE_BLOCK_PACKED_STARTS 26
#define RULE_BLOCK_PACKED	 0xffffffff

struct rule_block {
	__u32 more;
	union {
		struct {
			__u32 starts[RULE_BLOCK_STARTS];
			__u32 values[RULE_BLOCK_STARTS + 1];
		};
		struct {
			__u16 packed_kinds[4]; /* two bits for each value */
			__u16 packed_starts[RULE_BLOCK_PACKED_STARTS];
		};
	};
};

_Static_assert(sizeof(struct rule_block) == 64, "a line");

/* Bits of the number of parts of a line, and of keys of a part. */
#define RULE_FILTER_PARTS     6
#define RULE_FILTER_PART_KEYS 7
#define RULE_FILTER_KEY_BITS  384
#define RULE_FILTER_HASH_1    0x9e3779b1
#define RULE_FILTER_HASH_2    0x85ebca6b

struct rule_filter {
	__u64 whole; /* parts that have whole_value throughout */
	__u64 ask;   /* parts to look up */
	__u32 keys[RULE_FILTER_KEY_BITS / 32];
};

#define RULE_DENY    1
#define RULE_PERMIT  2
#define RULE_OBSERVE 3
#define RULE_LIMIT   4

/*
 * Limits of a node, a number in each byte: those of a packet's source and of any source share a
 * word. The highest bit of a byte says that the limit is one of connections.
 */
#define RULE_LIMITS_PER_PACKET 4
#define RULE_LIMIT_NUMBER      0x7f
#define RULE_LIMIT_CONNECTIONS 0x80
#define RULE_LIMIT_COST_SHIFT  16

#define RULE_MEASURE_PACKETS	 0
#define RULE_MEASURE_BYTES	 1
#define RULE_MEASURE_SYN	 2
#define RULE_MEASURE_CONNECTIONS 3
#define RULE_MEASURE_PORTS	 4

/* Flags of a limit. */
#define RULE_LIMIT_ENFORCED 1
#define RULE_LIMIT_BANS	    2 /* for the loader: it decides about bans */

#define RULE_PER_SOURCE 0
#define RULE_PER_RULE	1
#define RULE_PER_PORT	2

/* Kinds of a value. */
#define RULE_VALUE_SHIFT 30
#define RULE_VALUE_NODE	 0
#define RULE_VALUE_SLICE 1
#define RULE_VALUE_ROW	 2

#define RULE_CHAIN_LIMIT 16

/* Lines from services_line. */
#define RULE_PORT_TABLES    1
#define RULE_PORT_PROTOCOLS 4
#define RULE_PROTOCOLS	    5

/* The unit of an image: its table decides which member it is. */
struct rule_line {
	union {
		struct rule_header header;
		struct rule_block block;
		struct rule_filter filter;
		__u64 pairs[8]; /* {first, count}, {start, value}: the first in the low half */
		__u32 words[16];
		__u16 halves[32];
		__u8 bytes[64];
		struct rule_node nodes[2];
		struct rule_limit limit;
		struct rule_condition condition;
	};
};

_Static_assert(sizeof(struct rule_line) == 64, "a cache line");

/* One for each counter slot and CPU; only that CPU writes it. */
struct rule_counter {
	__u64 packets;
	__u64 bytes;
	__u64 last_seen_wall_ns;
	__u64 seen_jiffies; /* jiffy of last_seen_wall_ns, which is updated once a jiffy */
};

/* Keep the structs in the object's BTF: for a type that only a map uses, clang emits just its name.
 */
const struct rule_line *rule_line_btf __attribute__((unused));
const struct rule_counter *rule_counter_btf __attribute__((unused));

/*
 * The prototype of the inner maps. It has sizes instead of BTF types: the loader creates images
 * without BTF, and Linux 5.15 to 6.1 reject (EINVAL) an inner map without BTF if the prototype has
 * BTF (timer_off in bpf_map_meta_equal(), kernel/bpf/map_in_map.c). BPF_F_INNER_MAP: images differ
 * in size.
 */
struct rule_image {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct rule_line));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct rule_image);
} rule_images SEC(".maps");

/* counter_slot * cpu_count + cpu; the loader sets max_entries. Slot 0 belongs to no rule. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rule_counter);
} rule_counters SEC(".maps");

#endif
