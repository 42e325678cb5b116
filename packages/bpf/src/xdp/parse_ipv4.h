/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* IPv4 with options and fragments (RFC 791). The contract is in parse_l4.h. */
#ifndef PACKETLOG_PARSE_IPV4_H
#define PACKETLOG_PARSE_IPV4_H

#include <linux/ip.h>
#include "parse_l4.h"

#define IPV4_FRAGMENT_OFFSET 0x1fff

/* The second word of ::ffff:a.b.c.d. */
static __always_inline __u64 map_ipv4(__be32 ipv4)
{
	return 0xffff0000ULL | (__u64)ipv4 << 32;
}

static __always_inline enum packet_log_reason parse_ipv4(void *pos, void *end,
							 struct packet *packet)
{
	struct iphdr *ip = pos;
	__u32 header_length, total_length;

	if (pos + sizeof(*ip) > end)
		return PACKET_LOG_REASON_TRUNCATED;
	header_length = ip->ihl * 4;
	total_length = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header_length < sizeof(*ip))
		return PACKET_LOG_REASON_MALFORMED;
	/* 0: the sender left the length to segmentation offload (TSO, BIG TCP). */
	if (total_length && total_length < header_length)
		return PACKET_LOG_REASON_MALFORMED;

	packet->src_low = map_ipv4(ip->saddr);
	packet->dst_low = map_ipv4(ip->daddr);
	packet->readable = READ_IPV4;
	packet->ip_protocol = ip->protocol;

	if (pos + header_length > end)
		return PACKET_LOG_REASON_TRUNCATED;
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET)) {
		packet->readable = READ_IPV4 | READ_FRAGMENT;
		return PACKET_LOG_REASON_FRAGMENT;
	}
	return parse_l4(pos + header_length, end,
			total_length ? total_length - header_length : LENGTH_TO_END_OF_FRAME,
			packet);
}

#endif
