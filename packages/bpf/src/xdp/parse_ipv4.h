/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* IPv4 with options and fragments (RFC 791). The contract stands in parse_l4.h. */
#ifndef PACKETLOG_PARSE_IPV4_H
#define PACKETLOG_PARSE_IPV4_H

#include <linux/ip.h>
#include "parse_l4.h"

#define IPV4_FRAGMENT_OFFSET 0x1fff

/* ::ffff:a.b.c.d; the prefix is already there when the address was zeroed. */
static __always_inline void map_ipv4(__u8 *address, __be32 ipv4)
{
	*(__u16 *)(address + 10) = 0xffff;
	*(__u32 *)(address + 12) = ipv4;
}

static __always_inline enum packet_log_reason parse_ipv4(void *pos, void *end,
							 struct packet_log *log)
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

	map_ipv4(log->src_addr, ip->saddr);
	map_ipv4(log->dst_addr, ip->daddr);
	log->ip_protocol = ip->protocol;

	if (pos + header_length > end)
		return PACKET_LOG_REASON_TRUNCATED;
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET))
		return PACKET_LOG_REASON_FRAGMENT;
	return parse_l4(pos + header_length, end,
			total_length ? total_length - header_length : LENGTH_TO_END_OF_FRAME, log);
}

#endif
