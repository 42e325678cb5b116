/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Looks up an address in a rule image: its value is the number of a rule's node, or of a row of
 * nodes. The layout is described in packages/bpf/src/rule-image.ts.
 */
#ifndef PACKETLOG_RULE_LOOKUP_H
#define PACKETLOG_RULE_LOOKUP_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "rule_image.h"

/* Enough for 2^24 bounds. */
#define SEARCH_STEPS 24

static __always_inline struct rule_line *line_at(void *image, __u32 line)
{
	return bpf_map_lookup_elem(image, &line);
}

/*
 * An index within a line. Call it after the line was looked up: the verifier of Linux 5.10 forgets
 * the bounds of a number that is spilled to the stack during a call.
 */
static __always_inline __u32 within(__u32 number, __u32 mask)
{
	asm volatile("" : "+r"(number));
	return number & mask;
}

/* These functions return 0, which is no rule, beyond the end of the image. */
static __always_inline __u64 pair_at(void *image, __u32 table, __u32 number)
{
	struct rule_line *line = line_at(image, table + number / 8);

	return line ? line->pairs[within(number, 7)] : 0;
}

static __always_inline __u32 word_at(void *image, __u32 table, __u32 number)
{
	struct rule_line *line = line_at(image, table + number / 16);

	return line ? line->words[within(number, 15)] : 0;
}

static __always_inline __u32 half_at(void *image, __u32 table, __u32 number)
{
	struct rule_line *line = line_at(image, table + number / 32);

	return line ? line->halves[within(number, 31)] : 0;
}

/*
 * 1 if start <= key. Without a branch, and the barrier keeps the compiler from adding one: the
 * verifier would follow both sides, and random addresses cause branch misses.
 */
static __always_inline __u64 reaches(__u32 key, __u32 start)
{
	__u64 below = (__u64)start - key - 1;

	asm volatile("" : "+r"(below));
	return below >> 63;
}

/*
 * The value at `key`, from an entry of a root table or of the slices: the entry's own value, or
 * that of the last of its bounds that starts at or below `key`.
 */
static __always_inline __u32 find(void *image, __u32 bounds, __u64 entry, __u32 key)
{
	__u32 first = entry, count = entry >> 32;
	int i;

	if (!count)
		return first;
	for (i = 0; i < SEARCH_STEPS && count > 1; i++) {
		__u32 half = count / 2;
		struct rule_line *line = line_at(image, bounds + (first + half) / 8);
		__u32 start;

		if (!line)
			return 0;
		start = line->pairs[within(first + half, 7)];
		first += half * reaches(key, start);
		count -= half;
	}
	return pair_at(image, bounds, first) >> 32;
}

static __always_inline __u32 key_bit(struct rule_filter *filter, __u32 half)
{
	__u32 bit = (half & 0xffff) * RULE_FILTER_KEY_BITS >> 16;

	return filter->keys[bit / 32] >> (bit & 31);
}

/*
 * 1: *value is that of the address, from a table small enough for the CPU's caches, which decides
 * most addresses. 0: the address must be looked up.
 */
static __always_inline int filtered(void *image, struct rule_header *header, __u32 address,
				    __u32 *value)
{
	__u32 bits = header->filter_bits;
	__u32 part = address >> ((32 - RULE_FILTER_PARTS - bits) & 31);
	__u32 key = address >> ((32 - RULE_FILTER_PARTS - RULE_FILTER_PART_KEYS - bits) & 31);
	__u32 hash_1 = key * RULE_FILTER_HASH_1, hash_2 = key * RULE_FILTER_HASH_2;
	struct rule_line *line =
		line_at(image, header->filter_line + 1 + (part >> RULE_FILTER_PARTS));
	struct rule_filter *filter;
	__u64 whole, ask;

	if (!line)
		return 0;
	filter = &line->filter;
	/* One branch, at the end: no branch in between could be predicted. */
	whole = -(filter->whole >> (part & 63) & 1);
	*value = (header->whole_value & whole) | (header->usual_value & ~whole);
	ask = key_bit(filter, hash_1) & key_bit(filter, hash_1 >> 16) &
	      key_bit(filter, hash_2 >> 16);
	ask |= filter->ask >> (part & 63);
	return !(ask & 1);
}

/* `values`: the line with the values that the block can have. */
static __always_inline __u32 value_of_packed(void *image, __u32 values, struct rule_block *block,
					     __u32 address)
{
	__u64 kinds = block->packed_kinds[0] | (__u64)block->packed_kinds[1] << 16 |
		      (__u64)block->packed_kinds[2] << 32 | (__u64)block->packed_kinds[3] << 48;
	__u64 reached = 0;
	int i;

#pragma unroll
	for (i = 0; i < RULE_BLOCK_PACKED_STARTS; i++) {
		reached += reaches(address & 0xffff, block->packed_starts[i]);
		/* Otherwise the compiler adds them after the next call, and spills all of them. */
		asm volatile("" : "+r"(reached));
	}
	return word_at(image, values, kinds >> (2 * reached & 63) & 3);
}

static __always_inline __u32 value_of_ipv4(void *image, struct rule_header *header, __u32 address)
{
	struct rule_block *block;
	struct rule_line *line;
	__u64 reached = 0;
	__u32 value;
	int i;

	if (header->filter_line && filtered(image, header, address, &value))
		return value;
	line = line_at(image, header->root4_line + (address >> ((32 - header->root4_bits) & 31)));
	if (!line)
		return 0;
	block = &line->block;
	if (block->more == RULE_BLOCK_PACKED)
		return value_of_packed(image, header->filter_line, block, address);
	if (block->more)
		return find(image, header->bounds_line, block->starts[0] | (__u64)block->more << 32,
			    address);
#pragma unroll
	for (i = 0; i < RULE_BLOCK_STARTS; i++)
		reached += reaches(address, block->starts[i]);
	return block->values[within(reached, RULE_BLOCK_STARTS)];
}

static __always_inline __u32 value_of_ipv6(void *image, struct rule_header *header, __u64 high,
					   __u64 low)
{
	__u32 word = bpf_ntohl(high);
	__u32 number = word >> ((32 - header->root6_bits) & 31);
	__u64 entry = pair_at(image, header->root6_line, number);
	__u32 value = find(image, header->bounds_line, entry, word);
	int i;

	for (i = 1; i < 4; i++) {
		if (value >> RULE_VALUE_SHIFT != RULE_VALUE_SLICE)
			break;
		word = bpf_ntohl(i == 1 ? high >> 32 : i == 2 ? low : low >> 32);
		entry = pair_at(image, header->slices_line, value & ((1U << RULE_VALUE_SHIFT) - 1));
		value = find(image, header->bounds_line, entry, word);
	}
	return value;
}

#endif
