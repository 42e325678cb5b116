/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Which rule decides on a packet. A matching permit rule wins, else a matching deny rule, else
 * observe; what matches by source competes with what matches any source.
 *
 * The lookup is a function of its own, with plain numbers for arguments: the verifier then looks at
 * it once, and not once for each way through the parser.
 */
#ifndef PACKETLOG_JUDGE_H
#define PACKETLOG_JUDGE_H

#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include "clock.h"
#include "packet.h"
#include "rule_image.h"

/* A search passes over at most 2^24 bounds. */
#define SEARCH_STEPS 24

/* What judge() returns: the rule's id in the low half, its counter's slot, and the action. */
#define VERDICT_COUNTER_SHIFT 32
#define VERDICT_COUNTER_MASK  0xffffff
#define VERDICT_ACTION_SHIFT  56
#define VERDICT_DEFAULT_DENY  (4ULL << VERDICT_ACTION_SHIFT)

/* What judge() is told besides the address. */
#define TOLD_PORT_SHIFT	    8
#define TOLD_SLOT_SHIFT	    24
#define TOLD_READABLE_SHIFT 32

static __always_inline struct rule_line *line_at(void *image, __u32 line)
{
	return bpf_map_lookup_elem(image, &line);
}

/*
 * A place within a line, to be called when the line was looked up: the verifier of Linux 5.10
 * forgets what it knew of a number that is kept on the stack during a call.
 */
static __always_inline __u32 within(__u32 number, __u32 mask)
{
	asm volatile("" : "+r"(number));
	return number & mask;
}

/* All of these give 0, which is no rule, where the image ends. */
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
 * 1 if start <= key. No branch, also for the compiler: the verifier would follow it both ways, and
 * random addresses make it miss.
 */
static __always_inline __u64 reaches(__u32 key, __u32 start)
{
	__u64 below = (__u64)start - key - 1;

	asm volatile("" : "+r"(below));
	return below >> 63;
}

/*
 * The value at `key`, by an entry of a root table or of the slices: a value itself, or the last of
 * the bounds it names that does not start after `key`.
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
 * 1: *value is that of the address, by a table that stays near the CPU; most addresses end here. 0:
 * it has to be looked up.
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
	/* One branch, at the end: none of them could be foreseen. */
	whole = -(filter->whole >> (part & 63) & 1);
	*value = (header->whole_value & whole) | (header->usual_value & ~whole);
	ask = key_bit(filter, hash_1) & key_bit(filter, hash_1 >> 16) &
	      key_bit(filter, hash_2 >> 16);
	ask |= filter->ask >> (part & 63);
	return !(ask & 1);
}

/* `values`: the line of those that the block can have. */
static __always_inline __u32 value_of_packed(void *image, __u32 values, struct rule_block *block,
					     __u32 address)
{
	__u64 kinds = block->packed_kinds[0] | (__u64)block->packed_kinds[1] << 16 |
		      (__u64)block->packed_kinds[2] << 32 | (__u64)block->packed_kinds[3] << 48;
	__u64 reached = 0;
	int i;

#pragma unroll
	for (i = 0; i < RULE_BLOCK_PACKED_STARTS; i++)
		reached += reaches(address & 0xffff, block->packed_starts[i]);
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

/* Which of the classes of protocol, port and interface the packet is in. */
static __always_inline __u32 service_of(void *image, __u32 services, __u64 told)
{
	__u32 protocol = told & 0xff, slot = told >> TOLD_SLOT_SHIFT;
	struct rule_line *line = line_at(image, services);
	__u32 class, table, place;

	if (!line)
		return 0;
	class = line->bytes[within(slot, 63)];
	if (told >> TOLD_READABLE_SHIFT & READ_PORTS) {
		place = protocol == IPPROTO_TCP	   ? 0
			: protocol == IPPROTO_UDP  ? 1
			: protocol == IPPROTO_SCTP ? 2
						   : 3;
		table = word_at(image, services + RULE_PORT_TABLES,
				class * RULE_PORT_PROTOCOLS + place);
		if (table)
			return half_at(image, table, told >> TOLD_PORT_SHIFT & 0xffff);
	}
	return half_at(image, services + RULE_PROTOCOLS, class * 256 + protocol);
}

/* The node of a value, 0 = none. */
static __always_inline __u32 node_of(void *image, struct rule_header *header, __u32 value,
				     __u32 service)
{
	__u32 number = value & ((1U << RULE_VALUE_SHIFT) - 1);

	if (value >> RULE_VALUE_SHIFT != RULE_VALUE_ROW)
		return number;
	return word_at(image, header->rows_line, number * header->service_count + service);
}

/* The verdict of the first rule of a chain that has not expired, 0 = none. */
static __always_inline __u64 verdict_of(void *image, __u32 nodes, __u32 number)
{
	int i;

	for (i = 0; i < RULE_CHAIN_LIMIT; i++) {
		struct rule_line *line;
		struct rule_node *node;

		if (!number)
			break;
		line = line_at(image, nodes + number / 2);
		if (!line)
			break;
		node = &line->nodes[within(number, 1)];
		if (!node->expires_wall_ns || wall_ns() < node->expires_wall_ns)
			return node->rule_id |
			       (__u64)(node->counter_slot & VERDICT_COUNTER_MASK)
				       << VERDICT_COUNTER_SHIFT |
			       (__u64)node->action << VERDICT_ACTION_SHIFT;
		number = node->next;
	}
	return 0;
}

/* permit over deny over observe over nothing. */
static __always_inline __u32 rank_of(__u64 verdict)
{
	return 0x1320 >> (verdict >> VERDICT_ACTION_SHIFT & 3) * 4 & 3;
}

/* The set in force, or NULL. */
static __always_inline void *image_in_force(void)
{
	__u32 slot = RULE_PROVISIONAL;
	void *image = bpf_map_lookup_elem(&rule_images, &slot);
	struct rule_line *line;

	if (image) {
		line = line_at(image, 0);
		if (line && bpf_ktime_get_ns() < line->header.until_mono_ns)
			return image;
	}
	slot = RULE_CONFIRMED;
	return bpf_map_lookup_elem(&rule_images, &slot);
}

/* Global, with a prototype of numbers only: see above. */
__attribute__((noinline)) __u64 judge(__u64 src_high, __u64 src_low, __u64 told)
{
	void *image = image_in_force();
	__u32 readable = told >> TOLD_READABLE_SHIFT;
	__u64 by_source, by_any;
	struct rule_header *header;
	struct rule_line *line;
	__u32 service = 0, value = 0;

	if (!image)
		return 0;
	line = line_at(image, 0);
	if (!line || line->header.magic != RULE_IMAGE_MAGIC)
		return 0;
	header = &line->header;
	if (header->services_line)
		service = service_of(image, header->services_line, told);
	if (readable & READ_IPV4)
		value = value_of_ipv4(image, header, bpf_ntohl(src_low >> 32));
	else if (readable & READ_IPV6)
		value = value_of_ipv6(image, header, src_high, src_low);

	by_source = verdict_of(image, header->nodes_line, node_of(image, header, value, service));
	by_any = verdict_of(image, header->nodes_line,
			    node_of(image, header, header->any_value, service));
	if (rank_of(by_any) > rank_of(by_source))
		by_source = by_any;
	if (!by_source && header->default_deny)
		return VERDICT_DEFAULT_DENY;
	return by_source;
}

/* One packet more for the rule that decided on it. */
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
	counter->last_seen_wall_ns = bpf_ktime_get_ns() + live.clock_offset_ns;
}

static __always_inline int has_rules(void)
{
	__u32 confirmed = RULE_CONFIRMED, provisional = RULE_PROVISIONAL;

	return bpf_map_lookup_elem(&rule_images, &confirmed) ||
	       bpf_map_lookup_elem(&rule_images, &provisional);
}

/*
 * The action for a packet that was parsed. Sets its rule, and the reason unless the parser had one
 * that matters more.
 */
static __always_inline enum packet_log_action apply_rules(struct packet *packet, __u32 slot,
							  __u32 cpu, __u64 *reason)
{
	__u64 verdict;

	if (packet->ether_type != ETH_P_IP && packet->ether_type != ETH_P_IPV6)
		return PACKET_LOG_ACTION_PERMIT;
	verdict = judge(packet->src_high, packet->src_low,
			packet->ip_protocol | (packet->ports >> 16) << TOLD_PORT_SHIFT |
				(__u64)slot << TOLD_SLOT_SHIFT |
				packet->readable << TOLD_READABLE_SHIFT);
	if (!verdict)
		return PACKET_LOG_ACTION_PERMIT;
	if (verdict == VERDICT_DEFAULT_DENY) {
		*reason = PACKET_LOG_REASON_DEFAULT_POLICY;
		return PACKET_LOG_ACTION_DENY;
	}
	packet->rule_id = (__u32)verdict;
	count_rule(verdict >> VERDICT_COUNTER_SHIFT & VERDICT_COUNTER_MASK, cpu, packet->length);
	switch (verdict >> VERDICT_ACTION_SHIFT) {
	case RULE_DENY:
		*reason = PACKET_LOG_REASON_RULE;
		return PACKET_LOG_ACTION_DENY;
	case RULE_OBSERVE:
		*reason = PACKET_LOG_REASON_WOULD_DENY;
		return PACKET_LOG_ACTION_PERMIT;
	default:
		if (!*reason)
			*reason = PACKET_LOG_REASON_RULE;
		return PACKET_LOG_ACTION_PERMIT;
	}
}

#endif
