/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Ports, ICMP type and TCP flags.
 *
 * The contract of every parse_* function here:
 *   pos     where the header begins; it may lie beyond end
 *   end     first byte after the frame
 *   packet  receives the fields that were read, numbers in host order; other fields stay zero
 *   returns the first problem from the outer header inwards, or PACKET_LOG_REASON_NONE
 */
#ifndef PACKETLOG_PARSE_L4_H
#define PACKETLOG_PARSE_L4_H

#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include "packet.h"

#ifndef IPPROTO_ICMPV6
#define IPPROTO_ICMPV6 58
#endif

#define TCP_HEADER	   20 /* without options, RFC 9293, 3.1 */
#define TCP_OFFSET_OFFSET  12
#define TCP_FLAGS_OFFSET   13
#define TCP_LEAST_WORDS	   5
#define UDP_HEADER	   8 /* RFC 768; UDP-Lite alike, RFC 3828 */
#define UDP_LENGTH_OFFSET  4
#define SCTP_COMMON_HEADER 12 /* RFC 9260, 3.1 */
#define ICMP_HEADER	   8  /* of every message, RFC 792 */
#define ICMPV6_HEADER	   4  /* RFC 4443, 2.1 */

/* The length of the datagram is unknown (0 in the header: segmentation offload, jumbogram). */
#define LENGTH_TO_END_OF_FRAME 0xffffffffU

/*
 * Whether `bytes` of a header lie inside both the frame and the IP datagram: the bytes after the
 * datagram are Ethernet padding and must not be read as ports.
 */
#define l4_has(bytes) (length >= (bytes) && pos + (bytes) <= end)

static __always_inline void read_ports(void *pos, struct packet *packet)
{
	packet->ports = bpf_ntohs(*(__be16 *)pos) | (__u32)bpf_ntohs(*(__be16 *)(pos + 2)) << 16;
	packet->readable |= READ_PORTS;
}

/*
 * length: bytes from pos to the end of the IP datagram. Fields that were read are kept, even if the
 * fixed header is incomplete (truncated) or has an impossible length (malformed).
 */
static __always_inline enum packet_log_reason parse_l4(void *pos, void *end, __u32 length,
						       struct packet *packet)
{
	__u32 udp_length;

	switch (packet->ip_protocol) {
	case IPPROTO_TCP:
		if (!l4_has(4))
			return PACKET_LOG_REASON_TRUNCATED;
		read_ports(pos, packet);
		if (!l4_has(TCP_FLAGS_OFFSET + 1))
			return PACKET_LOG_REASON_TRUNCATED;
		packet->tcp_flags = *(__u8 *)(pos + TCP_FLAGS_OFFSET);
		packet->readable |= READ_TCP_FLAGS;
		if (!l4_has(TCP_HEADER))
			return PACKET_LOG_REASON_TRUNCATED;
		if (*(__u8 *)(pos + TCP_OFFSET_OFFSET) >> 4 < TCP_LEAST_WORDS)
			return PACKET_LOG_REASON_MALFORMED;
		return PACKET_LOG_REASON_NONE;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		if (!l4_has(4))
			return PACKET_LOG_REASON_TRUNCATED;
		read_ports(pos, packet);
		if (!l4_has(UDP_HEADER))
			return PACKET_LOG_REASON_TRUNCATED;
		/*
		 * UDP's length includes the header; 0 is a jumbogram (RFC 2675, 4). UDP-Lite has
		 * its checksum coverage here, which is 0 or at least the header (RFC 3828, 3.1).
		 */
		udp_length = bpf_ntohs(*(__be16 *)(pos + UDP_LENGTH_OFFSET));
		if (udp_length && udp_length < UDP_HEADER)
			return PACKET_LOG_REASON_MALFORMED;
		return PACKET_LOG_REASON_NONE;
	case IPPROTO_SCTP:
		if (!l4_has(4))
			return PACKET_LOG_REASON_TRUNCATED;
		read_ports(pos, packet);
		if (!l4_has(SCTP_COMMON_HEADER))
			return PACKET_LOG_REASON_TRUNCATED;
		return PACKET_LOG_REASON_NONE;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!l4_has(2))
			return PACKET_LOG_REASON_TRUNCATED;
		/* type * 256 + code, as IPFIX elements 32 and 139 */
		packet->ports = (__u32)bpf_ntohs(*(__be16 *)pos) << 16;
		if (packet->ip_protocol == IPPROTO_ICMP ? !l4_has(ICMP_HEADER)
							: !l4_has(ICMPV6_HEADER))
			return PACKET_LOG_REASON_TRUNCATED;
		return PACKET_LOG_REASON_NONE;
	default:
		return PACKET_LOG_REASON_NONE;
	}
}

#endif
