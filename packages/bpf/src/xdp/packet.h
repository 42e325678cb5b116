/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A packet while the program handles it: 64-bit words only, each written and read whole. A record
 * built from small fields and copied in words would stall each word until its parts are stored
 * (store forwarding, 20 ns a packet); in single variables, each exit of the parser would set all of
 * them again.
 */
#ifndef PACKETLOG_PACKET_H
#define PACKETLOG_PACKET_H

#include <linux/types.h>
#include "packet_log.h"

struct packet {
	/* Addresses as the record has them: two words of bytes in network order. */
	__u64 src_high;
	__u64 src_low;
	__u64 dst_high;
	__u64 dst_low;
	__u64 ports; /* source, then destination, 16 bits each */
	__u64 ether_type;
	__u64 vlan_id;
	__u64 ip_protocol;
	__u64 tcp_flags;
	__u64 readable; /* the parts that were read: READ_* */
	__u64 rule_id;
	__u64 length; /* of the frame */
	__u64 ifindex;
};

#define READ_TCP_FLAGS 1
#define READ_IPV4      2
#define READ_IPV6      4
#define READ_PORTS     8 /* and they are ports, not an ICMP type */
#define READ_FRAGMENT  16

/* READ_FRAGMENT: it is a fragment after the first, which has no ports. */

/*
 * Clears a packet; its protocol is then PACKET_LOG_IP_PROTOCOL_NONE. The barrier keeps the struct
 * in memory: see above.
 */
static __always_inline void clear_packet(struct packet *packet)
{
	__builtin_memset(packet, 0, sizeof(*packet));
	packet->ip_protocol = PACKET_LOG_IP_PROTOCOL_NONE;
	asm volatile("" : : "r"(packet) : "memory");
}

/* Writes a record in place. The asserts in packet_log.h check the offsets of its fields. */
static __always_inline void write_record(struct packet_log *record, const struct packet *packet,
					 __u64 weight, __u64 action, __u64 reason,
					 __u64 timestamp_ns)
{
	__u64 *word = (__u64 *)record;
	__u64 length = packet->length > 0xffff ? 0xffff : packet->length;

	word[0] = timestamp_ns;
	word[1] = packet->src_high;
	word[2] = packet->src_low;
	word[3] = packet->dst_high;
	word[4] = packet->dst_low;
	word[5] = packet->rule_id | packet->ifindex << 32;
	word[6] = length | weight << 16 | packet->ports << 32;
	word[7] = packet->ether_type | packet->vlan_id << 16 | packet->ip_protocol << 32 |
		  packet->tcp_flags << 40 | action << 48 | reason << 56;
}

#endif
