/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* IPv6 and its extension headers (RFC 8200). The contract stands in parse_l4.h. */
#ifndef PACKETLOG_PARSE_IPV6_H
#define PACKETLOG_PARSE_IPV6_H

#include <linux/ipv6.h>
#include "parse_l4.h"

/* linux/in6.h names some of them, under a libc's conditions. */
#define EXTENSION_HOP_BY_HOP 0
#define EXTENSION_ROUTING 43
#define EXTENSION_FRAGMENT 44
#define EXTENSION_AUTHENTICATION 51
#define EXTENSION_DESTINATION 60
#define EXTENSION_MOBILITY 135
#define EXTENSION_HIP 139
#define EXTENSION_SHIM6 140

#define IPV6_FRAGMENT_OFFSET 0xfff8

/* All of them begin so; the shortest is 8 bytes. */
struct extension_header {
	__u8 next_header;
	__u8 length;
	__be16 fragment_offset; /* only in the fragment header */
	__be32 rest;
};

static __always_inline int is_extension(__u8 next_header)
{
	switch (next_header) {
	case EXTENSION_HOP_BY_HOP:
	case EXTENSION_ROUTING:
	case EXTENSION_FRAGMENT:
	case EXTENSION_AUTHENTICATION:
	case EXTENSION_DESTINATION:
	case EXTENSION_MOBILITY:
	case EXTENSION_HIP:
	case EXTENSION_SHIM6:
		return 1;
	default:
		return 0;
	}
}

/* Bytes of the whole header: each kind counts its length differently. */
static __always_inline __u32 extension_bytes(__u8 kind, __u8 length)
{
	if (kind == EXTENSION_FRAGMENT)
		return 8;
	if (kind == EXTENSION_AUTHENTICATION)
		return (length + 2) * 4;
	return (length + 1) * 8;
}

static __always_inline enum packet_log_reason parse_ipv6(void *pos, void *end,
							 struct packet_log *log)
{
	struct ipv6hdr *ip = pos;
	__u32 length;
	int i;

	if (pos + sizeof(*ip) > end)
		return PACKET_LOG_REASON_TRUNCATED;
	if (ip->version != 6)
		return PACKET_LOG_REASON_MALFORMED;

	__builtin_memcpy(log->src_addr, &ip->saddr, sizeof(log->src_addr));
	__builtin_memcpy(log->dst_addr, &ip->daddr, sizeof(log->dst_addr));
	log->ip_protocol = ip->nexthdr;
	length = bpf_ntohs(ip->payload_len);
	if (!length)
		length = LENGTH_TO_END_OF_FRAME;
	pos += sizeof(*ip);

#pragma unroll
	for (i = 0; i < PACKET_LOG_EXTENSION_HEADER_LIMIT; i++) {
		struct extension_header *header = pos;
		__u8 kind = log->ip_protocol;
		__u32 bytes;

		if (!is_extension(kind))
			return parse_l4(pos, end, length, log);
		if (length < sizeof(*header) || pos + sizeof(*header) > end)
			return PACKET_LOG_REASON_TRUNCATED;
		bytes = extension_bytes(kind, header->length);
		if (bytes > length || pos + bytes > end)
			return PACKET_LOG_REASON_TRUNCATED;
		log->ip_protocol = header->next_header;
		if (kind == EXTENSION_FRAGMENT &&
		    header->fragment_offset & bpf_htons(IPV6_FRAGMENT_OFFSET))
			return PACKET_LOG_REASON_FRAGMENT;
		length -= bytes;
		pos += bytes;
	}
	if (is_extension(log->ip_protocol))
		return PACKET_LOG_REASON_EXTENSION_LIMIT;
	return parse_l4(pos, end, length, log);
}

#endif
