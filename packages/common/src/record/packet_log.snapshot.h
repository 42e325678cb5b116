/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Generated from packages/common/src/record/layout.ts, do not edit. */
#ifndef PACKET_LOG_H
#define PACKET_LOG_H

#include <linux/types.h>

#define PACKET_LOG_SIZE			  64
#define PACKET_LOG_IP_PROTOCOL_NONE	  255
#define PACKET_LOG_VLAN_PRIORITY_TAG	  4096
#define PACKET_LOG_VLAN_TAG_LIMIT	  4
#define PACKET_LOG_EXTENSION_HEADER_LIMIT 8

enum packet_log_action {
	PACKET_LOG_ACTION_ABORTED = 0,
	PACKET_LOG_ACTION_DENY = 1,
	PACKET_LOG_ACTION_PERMIT = 2,
};

enum packet_log_reason {
	PACKET_LOG_REASON_NONE = 0,
	PACKET_LOG_REASON_RULE = 1,
	PACKET_LOG_REASON_WOULD_DENY = 2,
	PACKET_LOG_REASON_DEFAULT_POLICY = 3,
	PACKET_LOG_REASON_MALFORMED = 4,
	PACKET_LOG_REASON_TRUNCATED = 5,
	PACKET_LOG_REASON_FRAGMENT = 6,
	PACKET_LOG_REASON_EXTENSION_LIMIT = 7,
	PACKET_LOG_REASON_NOT_IP = 8,
	PACKET_LOG_REASON_VLAN_LIMIT = 9,
	PACKET_LOG_REASON_LIMIT = 10,
	PACKET_LOG_REASON_WOULD_LIMIT = 11,
};

/* Little-endian, no padding: exactly one cache line. */
struct packet_log {
	__u64 timestamp_ns; /* wall clock, ns since the Unix epoch */
	__u8 src_addr[16];  /* IPv6, or IPv4 as ::ffff:a.b.c.d; zero if not IP */
	__u8 dst_addr[16];  /* IPv6, or IPv4 as ::ffff:a.b.c.d; zero if not IP */
	__u32 rule_id;	    /* the rule that decided, 0 = none */
	__u32 ifindex;	    /* interface the frame arrived on */
	__u16 length;	    /* frame length at the hook in bytes, saturates at 65535 */
	__u16 weight;	    /* packets this record stands for, 1 = not sampled */
	__u16 src_port;	    /* host order, 0 where the protocol has none */
	__u16 dst_port;	    /* host order; ICMP: type * 256 + code, as in IPFIX */
	__u16 ether_type;   /* host order, after VLAN tags */
	__u16 vlan_id;	    /* id of the outer VLAN tag, 0 = none, 4096 = priority tag */
	__u8 ip_protocol;   /* IANA number after IPv6 extension headers, 255 = none */
	__u8 tcp_flags;	    /* TCP flags byte: CWR ECE URG ACK PSH RST SYN FIN */
	__u8 action;	    /* XDP action: 0 aborted, 1 drop (deny), 2 pass (permit) */
	__u8 reason;	    /* why: one of enum packet_log_reason */
};

_Static_assert(sizeof(struct packet_log) == PACKET_LOG_SIZE, "a record is 64 bytes");
_Static_assert(__builtin_offsetof(struct packet_log, timestamp_ns) == 0, "timestamp_ns is at 0");
_Static_assert(__builtin_offsetof(struct packet_log, src_addr) == 8, "src_addr is at 8");
_Static_assert(__builtin_offsetof(struct packet_log, dst_addr) == 24, "dst_addr is at 24");
_Static_assert(__builtin_offsetof(struct packet_log, rule_id) == 40, "rule_id is at 40");
_Static_assert(__builtin_offsetof(struct packet_log, ifindex) == 44, "ifindex is at 44");
_Static_assert(__builtin_offsetof(struct packet_log, length) == 48, "length is at 48");
_Static_assert(__builtin_offsetof(struct packet_log, weight) == 50, "weight is at 50");
_Static_assert(__builtin_offsetof(struct packet_log, src_port) == 52, "src_port is at 52");
_Static_assert(__builtin_offsetof(struct packet_log, dst_port) == 54, "dst_port is at 54");
_Static_assert(__builtin_offsetof(struct packet_log, ether_type) == 56, "ether_type is at 56");
_Static_assert(__builtin_offsetof(struct packet_log, vlan_id) == 58, "vlan_id is at 58");
_Static_assert(__builtin_offsetof(struct packet_log, ip_protocol) == 60, "ip_protocol is at 60");
_Static_assert(__builtin_offsetof(struct packet_log, tcp_flags) == 61, "tcp_flags is at 61");
_Static_assert(__builtin_offsetof(struct packet_log, action) == 62, "action is at 62");
_Static_assert(__builtin_offsetof(struct packet_log, reason) == 63, "reason is at 63");

#endif /* PACKET_LOG_H */
