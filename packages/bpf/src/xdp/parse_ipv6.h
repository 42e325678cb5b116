/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* IPv6 and its extension headers (RFC 8200). The contract is in parse_l4.h. */
#ifndef PACKETLOG_PARSE_IPV6_H
#define PACKETLOG_PARSE_IPV6_H

#include <linux/if_ether.h>
#include <linux/ipv6.h>
#include "parse_l4.h"

#define IPPROTO_HOP_BY_HOP	0
#define IPPROTO_FRAGMENT_HEADER 44
#define IPPROTO_NO_NEXT_HEADER	59
#define IPV6_FRAGMENT_OFFSET	0xfff8

/* The first 8 bytes of every extension header, which is the length of the shortest. */
struct extension_header {
	__u8 next_header;
	__u8 length;
	__be16 fragment_offset; /* only in the fragment header */
	__be32 rest;
};

/*
 * Bytes of each kind: ((length & mask) + more) << shift; shift 0 is no extension header.
 * A table instead of branches: the verifier would follow each branch for each of the headers.
 */
struct extension_kind {
	__u8 mask;
	__u8 more;
	__u8 shift;
	__u8 may_end; /* the protocol of the packet if no next header follows */
};

#define EXTENSION_IN_8_BYTES(ends)                                                                 \
	{                                                                                          \
		.mask = 0xff, .more = 1, .shift = 3, .may_end = ends                               \
	}

static const struct extension_kind extension_kinds[256] = {
	[0] = EXTENSION_IN_8_BYTES(0),		      /* hop-by-hop options */
	[43] = EXTENSION_IN_8_BYTES(0),		      /* routing */
	[44] = {.mask = 0, .more = 1, .shift = 3},    /* fragment: always 8 */
	[51] = {.mask = 0xff, .more = 2, .shift = 2}, /* authentication, RFC 4302 */
	[60] = EXTENSION_IN_8_BYTES(0),		      /* destination options */
	[135] = EXTENSION_IN_8_BYTES(1),	      /* mobility, RFC 6275, 6.1.1 */
	[139] = EXTENSION_IN_8_BYTES(1),	      /* host identity, RFC 7401, 5.1 */
	[140] = EXTENSION_IN_8_BYTES(1),	      /* shim6 control messages, RFC 5533, 5.3 */
};

/* Bytes of the whole header, at most 2056. */
static __always_inline __u32 extension_bytes(const struct extension_kind *kind, __u8 length)
{
	__u64 bytes = ((__u64)(length & kind->mask) + kind->more) << (kind->shift & 3);

	/* A bound for the verifier, in assembly because the compiler would remove a plain one. */
	asm volatile("%0 &= 0xfff" : "+r"(bytes));
	return bytes;
}

/* Hop-by-hop options that begin with a jumbo payload option (RFC 2675, 2), as BIG TCP writes them.
 */
struct jumbo_header {
	__u8 next_header;
	__u8 length;
	__u8 option;
	__u8 option_length;
	__be32 payload_length;
};

#define JUMBO_OPTION	0xc2
#define LARGEST_PAYLOAD 0xffff
/* The longest frame whose payload length fits into the IPv6 header's field, without tags. */
#define LONGEST_PLAIN_FRAME (ETH_HLEN + sizeof(struct ipv6hdr) + LARGEST_PAYLOAD)

/*
 * Bytes of the datagram after its IPv6 header. Where the field is 0, a jumbogram has its length in
 * an option, and a frame longer than the field can express is one packet (segmentation offload).
 * With other hop-by-hop options the kernel delivers the frame to its end (ip6_rcv_core,
 * net/ipv6/ip6_input.c, trims only frames without such a header), so rules must see its ports. In
 * all other frames the datagram has no payload, and the bytes after it must not be read. The kernel
 * drops a packet whose jumbo option contradicts its length (ipv6_hop_jumbo, net/ipv6/exthdrs.c).
 */
static __always_inline __u32 payload_length(struct ipv6hdr *ip, void *end, struct packet *packet)
{
	struct jumbo_header *jumbo = (void *)(ip + 1);
	__u32 length = bpf_ntohs(ip->payload_len);

	if (length)
		return length;
	if (packet->length > LONGEST_PLAIN_FRAME)
		return LENGTH_TO_END_OF_FRAME;
	if (ip->nexthdr != IPPROTO_HOP_BY_HOP)
		return 0;
	if ((void *)(jumbo + 1) > end)
		return LENGTH_TO_END_OF_FRAME;
	if (jumbo->option != JUMBO_OPTION)
		return LENGTH_TO_END_OF_FRAME;
	if (jumbo->option_length != sizeof(jumbo->payload_length))
		return 0;
	length = bpf_ntohl(jumbo->payload_length);
	return length > LARGEST_PAYLOAD ? length : 0;
}

/* One of the two halves of an address. */
static __always_inline __u64 address_word(const struct in6_addr *address, int half)
{
	const __u32 *words = &address->s6_addr32[half * 2];

	return words[0] | (__u64)words[1] << 32;
}

static __always_inline enum packet_log_reason parse_ipv6(void *pos, void *end,
							 struct packet *packet)
{
	struct ipv6hdr *ip = pos;
	__u32 length;
	int i;

	if (pos + sizeof(*ip) > end)
		return PACKET_LOG_REASON_TRUNCATED;
	if (ip->version != 6)
		return PACKET_LOG_REASON_MALFORMED;

	packet->src_high = address_word(&ip->saddr, 0);
	packet->src_low = address_word(&ip->saddr, 1);
	packet->dst_high = address_word(&ip->daddr, 0);
	packet->dst_low = address_word(&ip->daddr, 1);
	packet->readable = READ_IPV6;
	packet->ip_protocol = ip->nexthdr;
	length = payload_length(ip, end, packet);
	pos += sizeof(*ip);

#pragma unroll
	for (i = 0; i < PACKET_LOG_EXTENSION_HEADER_LIMIT; i++) {
		struct extension_header *header = pos;
		__u64 number = packet->ip_protocol & 0xff;
		const struct extension_kind *kind = &extension_kinds[number];
		__u32 bytes;

		if (!kind->shift)
			break;
		/* Beyond the payload length: malformed. Beyond the frame: truncated. */
		if (length < sizeof(*header))
			return PACKET_LOG_REASON_MALFORMED;
		if (pos + sizeof(*header) > end)
			return PACKET_LOG_REASON_TRUNCATED;
		bytes = extension_bytes(kind, header->length);
		if (bytes > length)
			return PACKET_LOG_REASON_MALFORMED;
		if (pos + bytes > end)
			return PACKET_LOG_REASON_TRUNCATED;
		packet->ip_protocol = header->next_header;
		if (header->next_header == IPPROTO_NO_NEXT_HEADER &&
		    extension_kinds[number].may_end) {
			packet->ip_protocol = number;
			return PACKET_LOG_REASON_NONE;
		}
		if (number == IPPROTO_FRAGMENT_HEADER &&
		    header->fragment_offset & bpf_htons(IPV6_FRAGMENT_OFFSET)) {
			packet->readable = READ_IPV6 | READ_FRAGMENT;
			return PACKET_LOG_REASON_FRAGMENT;
		}
		length -= bytes;
		pos += bytes;
	}
	if (extension_kinds[packet->ip_protocol & 0xff].shift)
		return PACKET_LOG_REASON_EXTENSION_LIMIT;
	return parse_l4(pos, end, length, packet);
}

#endif
