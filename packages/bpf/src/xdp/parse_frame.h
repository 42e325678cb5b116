/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Ethernet and VLAN tags (802.1Q, 802.1ad, the older 0x9100). The contract stands in parse_l4.h. */
#ifndef PACKETLOG_PARSE_FRAME_H
#define PACKETLOG_PARSE_FRAME_H

#include <linux/if_ether.h>
#include "parse_ipv4.h"
#include "parse_ipv6.h"

#define VLAN_TAG_BYTES 4
#define VLAN_ID_MASK   0x0fff
#define ETH_P_QINQ_OLD 0x9100

static __always_inline int is_vlan_tag(__be16 ether_type)
{
	return ether_type == bpf_htons(ETH_P_8021Q) || ether_type == bpf_htons(ETH_P_8021AD) ||
	       ether_type == bpf_htons(ETH_P_QINQ_OLD);
}

/*
 * The id of a tag as the record has it: 0 is a frame without a tag there, so the id 0 becomes
 * PACKET_LOG_VLAN_PRIORITY_TAG, a bit that no id has. (0 - 1) has that bit, no other id - 1 does.
 */
static __always_inline __u32 recorded_vlan_id(__u32 tag_control)
{
	__u32 id = tag_control & VLAN_ID_MASK;

	return id | ((id - 1) & PACKET_LOG_VLAN_PRIORITY_TAG);
}

/* packet must be cleared. */
static __always_inline enum packet_log_reason parse_frame(void *data, void *end,
							  struct packet *packet)
{
	void *pos = data + ETH_HLEN;
	__be16 ether_type;
	int i;

	if (pos > end)
		return PACKET_LOG_REASON_TRUNCATED;
	ether_type = *(__be16 *)(data + 2 * ETH_ALEN);

#pragma unroll
	for (i = 0; i < PACKET_LOG_VLAN_TAG_LIMIT; i++) {
		if (!is_vlan_tag(ether_type))
			break;
		packet->ether_type = bpf_ntohs(ether_type);
		if (pos + VLAN_TAG_BYTES > end)
			return PACKET_LOG_REASON_TRUNCATED;
		if (i == 0)
			packet->vlan_id = recorded_vlan_id(bpf_ntohs(*(__be16 *)pos));
		ether_type = *(__be16 *)(pos + 2);
		pos += VLAN_TAG_BYTES;
	}
	packet->ether_type = bpf_ntohs(ether_type);

	if (ether_type == bpf_htons(ETH_P_IP))
		return parse_ipv4(pos, end, packet);
	if (ether_type == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(pos, end, packet);
	if (is_vlan_tag(ether_type))
		return PACKET_LOG_REASON_VLAN_LIMIT;
	return PACKET_LOG_REASON_NOT_IP;
}

#endif
