/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The rule that decides on a packet. A matching permit rule wins over deny, deny over limits, and
 * limits over observe. Rules that match the source compete with rules for any source.
 *
 * The lookup is a global function with plain numbers as arguments: the verifier checks it once, not
 * once for each path through the parser.
 */
#ifndef PACKETLOG_RULE_VERDICT_H
#define PACKETLOG_RULE_VERDICT_H

#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include "clock.h"
#include "connections.h"
#include "image_in_force.h"
#include "limit_over.h"
#include "limit_wide.h"
#include "packet.h"
#include "rule_counter.h"
#include "rule_key.h"
#include "rule_lookup.h"

/*
 * Result of rule_verdict(): the rule's id in the low half, its counter's slot, and the action. Of
 * limits without a slot: they have counted the packet.
 */
#define VERDICT_COUNTER_SHIFT 32
#define VERDICT_COUNTER_MASK  0xffffff
#define VERDICT_ACTION_SHIFT  56
#define VERDICT_DEFAULT_DENY  (4ULL << VERDICT_ACTION_SHIFT)
#define VERDICT_OVER	      (5ULL << VERDICT_ACTION_SHIFT)
#define VERDICT_WOULD_OVER    (6ULL << VERDICT_ACTION_SHIFT)
/* The verdict if the packet's connection has no event; otherwise ask again with it in the key. */
#define VERDICT_UNLESS_EVENT (1ULL << 63)
/* Ask again with the event in any case. */
#define VERDICT_WITH_EVENT (VERDICT_UNLESS_EVENT | 7ULL << VERDICT_ACTION_SHIFT)

/* The class of protocol, port and interface that the packet belongs to. */
static __always_inline __u32 service_of(void *image, __u32 services, __u64 key)
{
	__u32 protocol = key & 0xff, slot = key >> KEY_SLOT_SHIFT;
	struct rule_line *line = line_at(image, services);
	__u32 class, table, column;

	if (!line)
		return 0;
	class = line->bytes[within(slot, 63)];
	if (key >> KEY_READABLE_SHIFT & READ_PORTS) {
		column = protocol == IPPROTO_TCP    ? 0
			 : protocol == IPPROTO_UDP  ? 1
			 : protocol == IPPROTO_SCTP ? 2
						    : 3;
		table = word_at(image, services + RULE_PORT_TABLES,
				class * RULE_PORT_PROTOCOLS + column);
		if (table)
			return half_at(image, table, key >> KEY_PORT_SHIFT & 0xffff);
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

/* Whether a packet meets the condition in a line of the image. Line 0 stands for no condition. */
static __always_inline int meets(void *image, __u32 number, __u64 key, __u64 dst_high,
				 __u64 dst_low)
{
	struct rule_condition *condition;
	struct rule_line *line;
	__u64 length = key >> KEY_LENGTH_SHIFT;

	if (!number)
		return 1;
	line = line_at(image, number);
	if (!line)
		return 0;
	condition = &line->condition;
	/* One branch: the verifier would follow both sides of each. */
	return !(((key & condition->key_mask) ^ condition->key_value) |
		 ((dst_high ^ condition->dst_high) & condition->dst_high_mask) |
		 ((dst_low ^ condition->dst_low) & condition->dst_low_mask) |
		 ((length - condition->length_from) | (condition->length_to - length)) >> 63);
}

/*
 * The verdict of the first rule of a chain that has not expired and whose condition the packet
 * meets, 0 = none. Adds the limits before that rule to *limits, a number in each byte.
 */
static __always_inline __u64 verdict_of(void *image, __u32 nodes, __u32 number, __u64 key,
					__u64 dst_high, __u64 dst_low, __u32 *limits)
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
		if (node->action == RULE_LIMIT) {
			*limits |= node->limits;
		} else if ((!node->expires_wall_ns || wall_ns() < node->expires_wall_ns) &&
			   meets(image, node->condition, key, dst_high, dst_low)) {
			return node->rule_id |
			       (__u64)(node->counter_slot & VERDICT_COUNTER_MASK)
				       << VERDICT_COUNTER_SHIFT |
			       (__u64)node->action << VERDICT_ACTION_SHIFT;
		}
		number = node->next;
	}
	return 0;
}

#define RANK_LIMITS 2

/* Precedence of a verdict: permit over deny over limits over observe over none. */
static __always_inline __u32 rank_of(__u64 verdict)
{
	return 0x1430 >> (verdict >> VERDICT_ACTION_SHIFT & 7) * 4 & 7;
}

static __always_inline int is_over(__u64 verdict)
{
	return verdict >> VERDICT_ACTION_SHIFT == VERDICT_OVER >> VERDICT_ACTION_SHIFT;
}

/* Whether the event of the packet's connection is missing: one of the limits measures it. */
static __always_inline int needs_event(__u32 limits, __u64 key)
{
	return limits & RULE_LIMIT_CONNECTIONS * 0x01010101U && !event_of(key) &&
	       (key & 0xff) == IPPROTO_TCP && key >> KEY_READABLE_SHIFT & READ_PORTS;
}

/* Whether all of the limits measure connections. The highest bit of a byte stands for a number. */
static __always_inline int are_of_connections(__u32 limits)
{
	__u32 bits = RULE_LIMIT_CONNECTIONS * 0x01010101U;

	return !(((limits & ~bits) + ~bits) & ~limits & bits);
}

/*
 * What the limits say, 0 = the packet is under all of them. Each limit that sees the packet counts
 * it; the first enforced limit that it is over ends that, except for limits of connections, which
 * see each event.
 */
static __always_inline __u64 limits_verdict(void *image, __u32 limits, __u64 src_high,
					    __u64 src_low, __u64 key, __u64 dst_high, __u64 dst_low)
{
	__u32 denied_by = 0;
	__u64 result = 0, bucket;
	int i;

	for (i = 0; i < RULE_LIMITS_PER_PACKET; i++) {
		__u32 number = limits >> 8 * i & RULE_LIMIT_NUMBER;
		struct rule_limit *limit;
		struct rule_line *line;
		__u32 answer;

		if (!number)
			continue;
		line = line_at(image, number);
		if (!line)
			break;
		limit = &line->limit;
		if (is_over(result) && limit->measure != RULE_MEASURE_CONNECTIONS)
			continue;
		if (!meets(image, limit->condition, key, dst_high, dst_low))
			continue;
		bucket = limit_key(limit, src_high, src_low, key);
		answer = limit->measure < RULE_MEASURE_CONNECTIONS
				 ? limit_answer(limit, bucket, key)
				 : wide_limit_answer(bucket, key, number, limit->rule_id);
		if (!answer)
			continue;
		count_rule(limit->counter_slot, bpf_get_smp_processor_id(),
			   key >> KEY_LENGTH_SHIFT);
		if (!(answer & LIMIT_OVER))
			continue;
		count_rule(limit->over_slot, bpf_get_smp_processor_id(), key >> KEY_LENGTH_SHIFT);
		if (limit->flags & RULE_LIMIT_ENFORCED) {
			if (limit->measure == RULE_MEASURE_CONNECTIONS && !denied_by)
				denied_by = limit->rule_id;
			if (!is_over(result))
				result = VERDICT_OVER | limit->rule_id;
		} else if (!result) {
			result = VERDICT_WOULD_OVER | limit->rule_id;
		}
	}
	if (event_of(key) == CONNECTION_VERIFIED)
		connection_counted(denied_by);
	return result;
}

/* Global, with numbers as arguments only: see the head of this file. */
__attribute__((noinline)) __u64 rule_verdict(__u64 src_high, __u64 src_low, __u64 key,
					     __u64 dst_high, __u64 dst_low)
{
	void *image = image_in_force();
	__u32 readable = key >> KEY_READABLE_SHIFT;
	__u32 service = 0, value = 0, limits = 0;
	__u64 by_source, by_any, limited, unless = 0;
	struct rule_header *header;
	struct rule_line *line;

	if (!image)
		return 0;
	line = line_at(image, 0);
	if (!line || line->header.magic != RULE_IMAGE_MAGIC)
		return 0;
	header = &line->header;
	if (header->services_line)
		service = service_of(image, header->services_line, key);
	if (readable & READ_IPV4)
		value = value_of_ipv4(image, header, bpf_ntohl(src_low >> 32));
	else if (readable & READ_IPV6)
		value = value_of_ipv6(image, header, src_high, src_low);

	by_source = verdict_of(image, header->nodes_line, node_of(image, header, value, service),
			       key, dst_high, dst_low, &limits);
	by_any = verdict_of(image, header->nodes_line,
			    node_of(image, header, header->any_value, service), key, dst_high,
			    dst_low, &limits);
	if (rank_of(by_any) > rank_of(by_source))
		by_source = by_any;
	if (limits && rank_of(by_source) < RANK_LIMITS && needs_event(limits, key)) {
		if (!are_of_connections(limits))
			return VERDICT_WITH_EVENT;
		unless = VERDICT_UNLESS_EVENT;
	} else if (limits && rank_of(by_source) < RANK_LIMITS) {
		limited = limits_verdict(image, limits, src_high, src_low, key, dst_high, dst_low);
		/* The first rule that a packet over a limit would meet is the limit. */
		if (limited && (!header->default_deny || by_source || is_over(limited)))
			return limited;
	}
	if (!by_source && header->default_deny)
		return VERDICT_DEFAULT_DENY | unless;
	return by_source | unless;
}

static __always_inline int has_rules(void)
{
	__u32 confirmed = RULE_CONFIRMED, provisional = RULE_PROVISIONAL;

	return bpf_map_lookup_elem(&rule_images, &confirmed) ||
	       bpf_map_lookup_elem(&rule_images, &provisional);
}

static __always_inline __u64 rule_key(struct packet *packet, __u32 slot)
{
	__u64 length = packet->length < 0xffff ? packet->length : 0xffff;

	return packet->ip_protocol | (packet->ports >> 16) << KEY_PORT_SHIFT |
	       (__u64)slot << KEY_SLOT_SHIFT | packet->readable << KEY_READABLE_SHIFT |
	       packet->tcp_flags << KEY_FLAGS_SHIFT | length << KEY_LENGTH_SHIFT;
}

/* What the packet means for limits of connections, in bits of a key. */
static __always_inline __u64 event_bits(struct xdp_md *ctx, struct packet *packet, __u64 key)
{
	struct connection *connection = current_connection();

	if (!connection)
		return (__u64)CONNECTION_NONE << KEY_EVENT_SHIFT;
	connection->src_high = packet->src_high;
	connection->src_low = packet->src_low;
	connection->dst_high = packet->dst_high;
	connection->dst_low = packet->dst_low;
	connection->ports = packet->ports;
	return connection_event(ctx, key) << KEY_EVENT_SHIFT;
}

/*
 * The action for a parsed packet. Sets its rule, and the reason; a permit rule keeps the parser's
 * reason.
 */
static __always_inline enum packet_log_action apply_rules(struct xdp_md *ctx, struct packet *packet,
							  __u32 slot, __u32 cpu, __u64 *reason)
{
	__u64 verdict, key, event;

	if (packet->ether_type != ETH_P_IP && packet->ether_type != ETH_P_IPV6)
		return PACKET_LOG_ACTION_PERMIT;
	key = rule_key(packet, slot);
	verdict = rule_verdict(packet->src_high, packet->src_low, key, packet->dst_high,
			       packet->dst_low);
	if (verdict & VERDICT_UNLESS_EVENT) {
		event = event_bits(ctx, packet, key);
		if (verdict == VERDICT_WITH_EVENT || event != (__u64)CONNECTION_NONE
								      << KEY_EVENT_SHIFT)
			verdict = rule_verdict(packet->src_high, packet->src_low, key | event,
					       packet->dst_high, packet->dst_low);
		else
			verdict &= ~VERDICT_UNLESS_EVENT;
	}
	if (!verdict)
		return PACKET_LOG_ACTION_PERMIT;
	packet->rule_id = (__u32)verdict;
	if (verdict == VERDICT_DEFAULT_DENY) {
		*reason = PACKET_LOG_REASON_DEFAULT_POLICY;
		return PACKET_LOG_ACTION_DENY;
	}
	if (verdict >> VERDICT_ACTION_SHIFT < VERDICT_OVER >> VERDICT_ACTION_SHIFT)
		count_rule(verdict >> VERDICT_COUNTER_SHIFT & VERDICT_COUNTER_MASK, cpu,
			   packet->length);
	switch (verdict >> VERDICT_ACTION_SHIFT) {
	case RULE_DENY:
		*reason = PACKET_LOG_REASON_RULE;
		return PACKET_LOG_ACTION_DENY;
	case VERDICT_OVER >> VERDICT_ACTION_SHIFT:
		*reason = PACKET_LOG_REASON_LIMIT;
		return PACKET_LOG_ACTION_DENY;
	case VERDICT_WOULD_OVER >> VERDICT_ACTION_SHIFT:
		*reason = PACKET_LOG_REASON_WOULD_LIMIT;
		return PACKET_LOG_ACTION_PERMIT;
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
