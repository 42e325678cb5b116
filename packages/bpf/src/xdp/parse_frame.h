/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Ethernet, VLAN tags (802.1Q, 802.1ad, the older 0x9100) and PPPoE sessions (RFC 2516), or none of
 * them where frames begin with the IP header. The contract is in parse_l4.h.
 */
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
 * The VLAN id for the record, where 0 is a frame without a tag: the id 0 becomes
 * PACKET_LOG_VLAN_PRIORITY_TAG, a bit that no id has. (0 - 1) has that bit, no other id - 1 does.
 */
static __always_inline __u32 recorded_vlan_id(__u32 tag_control)
{
	__u32 id = tag_control & VLAN_ID_MASK;

	return id | ((id - 1) & PACKET_LOG_VLAN_PRIORITY_TAG);
}

#define PPPOE_HEADER_BYTES 6
#define PPP_IP		   0x21
#define PPP_IPV6	   0x57

/*
 * The ether type that a PPPoE session frame carries, 0 for anything but IP (LCP, IPCP, compressed
 * data, …). Sets bytes to the length before the IP header. Ignores version, type and code, as
 * pppoe_rcv (drivers/net/ppp/pppoe.c) does. The protocol's first byte may be missing (protocol
 * field compression), which ppp_decompress_proto (ppp_generic.c) undoes: an odd byte ends the
 * protocol. pos + PPPOE_HEADER_BYTES + 2 must lie inside the frame.
 */
static __always_inline __be16 pppoe_payload(void *pos, __u32 *bytes)
{
	__u8 *protocol = pos + PPPOE_HEADER_BYTES;
	__u32 compressed = protocol[0] & 1;
	__u32 number = compressed ? protocol[0] : (__u32)protocol[0] << 8 | protocol[1];

	*bytes = PPPOE_HEADER_BYTES + 2 - compressed;
	if (number == PPP_IP)
		return bpf_htons(ETH_P_IP);
	if (number == PPP_IPV6)
		return bpf_htons(ETH_P_IPV6);
	return 0;
}

/* The ether type of a packet without a link header, from the version of IP; 0 for none. */
static __always_inline __be16 bare_ether_type(__u8 first)
{
	if (first >> 4 == 4)
		return bpf_htons(ETH_P_IP);
	if (first >> 4 == 6)
		return bpf_htons(ETH_P_IPV6);
	return 0;
}

/*
 * bare: the frame begins with the IP header. Generic XDP begins at skb_mac_header
 * (bpf_prog_run_generic_xdp, net/core/dev.c), which devices without a link header set to the IP
 * header (tun_get_user, ppp_receive_nonmp_frame, ip_tunnel_rcv: skb_reset_mac_header). packet must
 * be cleared.
 */
static __always_inline enum packet_log_reason parse_frame(void *data, void *end, __u32 bare,
							  struct packet *packet)
{
	void *pos = data + ETH_HLEN;
	__be16 ether_type;
	int i;

	if (bare) {
		if (data + 1 > end)
			return PACKET_LOG_REASON_TRUNCATED;
		ether_type = bare_ether_type(*(__u8 *)data);
		pos = data;
	} else {
		if (pos > end)
			return PACKET_LOG_REASON_TRUNCATED;
		ether_type = *(__be16 *)(data + 2 * ETH_ALEN);
	}

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

	if (ether_type == bpf_htons(ETH_P_PPP_SES)) {
		__u32 bytes;

		if (pos + PPPOE_HEADER_BYTES + 2 > end)
			return PACKET_LOG_REASON_TRUNCATED;
		ether_type = pppoe_payload(pos, &bytes);
		if (!ether_type)
			return PACKET_LOG_REASON_NOT_IP;
		packet->ether_type = bpf_ntohs(ether_type);
		pos += bytes;
	}

	if (ether_type == bpf_htons(ETH_P_IP))
		return parse_ipv4(pos, end, packet);
	if (ether_type == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(pos, end, packet);
	if (is_vlan_tag(ether_type))
		return PACKET_LOG_REASON_VLAN_LIMIT;
	return PACKET_LOG_REASON_NOT_IP;
}

#endif
