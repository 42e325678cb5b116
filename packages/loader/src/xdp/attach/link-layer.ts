/**
 * What an XDP program sees first in a device's packets: an Ethernet header, the IP header, or something that PacketLog
 * cannot read.
 */
import { release } from 'node:os';
import type { LinkFacts } from '../../native/link-message.ts';
import { isBefore } from '../../system/kernel-version.ts';

export type LinkLayer = { readonly link: 'ethernet' | 'ip' } | { readonly problem: string };

/** Device types of linux/if_arp.h. */
const ARPHRD = {
  ETHER: 1,
  PPP: 512,
  RAWIP: 519,
  TUNNEL: 768,
  TUNNEL6: 769,
  LOOPBACK: 772,
  SIT: 776,
  IPGRE: 778,
  IP6GRE: 823,
  NONE: 0xfffe,
} as const;

const ETHERNET: readonly number[] = [ARPHRD.ETHER, ARPHRD.LOOPBACK];
const BARE: readonly number[] = [
  ARPHRD.NONE,
  ARPHRD.PPP,
  ARPHRD.RAWIP,
  ARPHRD.TUNNEL,
  ARPHRD.TUNNEL6,
  ARPHRD.SIT,
  ARPHRD.IPGRE,
  ARPHRD.IP6GRE,
];

/**
 * Before Linux 5.14 these drivers left skb_mac_header at a header of the outer packet, where generic XDP begins ("net:
 * reset MAC header consistently across L3 virtual devices").
 */
const RESETS_SINCE_5_14: readonly (string | undefined)[] = ['ipip', 'sit', 'gre', 'ip6gre', 'ip6tnl', 'gtp', 'bareudp'];

/** xfrm_prepare_input copies the link header of the device beneath in front of the inner packet. */
const IPSEC: readonly (string | undefined)[] = ['xfrm', 'vti', 'vti6'];

/**
 * Returns why a program on this device never sees a packet, although it can be attached; undefined where it sees
 * packets.
 */
function unseenOn({ kind, ipvlanMode }: LinkFacts): string | undefined {
  // vrf_ip_rcv and vrf_ip6_rcv (drivers/net/vrf.c) assign the packet to the VRF after the XDP hook.
  if (kind === 'vrf') return 'XDP does not see the packets of a VRF on the VRF itself, only on the interfaces in it';
  // ifb_ri_tasklet (drivers/net/ifb.c) gives the skb back to its original device before netif_receive_skb.
  if (kind === 'ifb') return 'XDP never sees packets on an IFB, only on the interface that redirects to it';
  // ipvlan_handle_frame (drivers/net/ipvlan/ipvlan_core.c) passes it on; ipvlan_nf_input, at NF_INET_LOCAL_IN, assigns
  // the packet to the ipvlan.
  if (ipvlanMode === 'l3s') {
    return 'XDP does not see what an ipvlan in L3S mode receives from the network, only the interface beneath it does';
  }
  return undefined;
}

/** Determines the link layer from the device's type, and from its kind where the type is not enough. */
export function linkLayerOf(facts: LinkFacts, kernel = release()): LinkLayer {
  const { kind, type, tunType } = facts;
  // TUNSETLINK sets any type; what tun_get_user does depends on the flags of TUNSETIFF.
  if (kind === 'tun' && tunType !== undefined) return { link: tunType === 'tap' ? 'ethernet' : 'ip' };
  const unseen = unseenOn(facts);
  if (unseen !== undefined) return { problem: unseen };
  if (ETHERNET.includes(type)) return { link: 'ethernet' };
  if (!BARE.includes(type)) return { problem: `PacketLog cannot read its link type (ARPHRD ${type})` };
  if (IPSEC.includes(kind)) {
    return { problem: `an IPsec interface (${kind}) shows XDP the link header of the device beneath, or none` };
  }
  if (RESETS_SINCE_5_14.includes(kind) && isBefore(kernel, [5, 14])) {
    return { problem: `before Linux 5.14 a tunnel (${kind}) shows XDP the outer header; this is ${kernel}` };
  }
  if (type === ARPHRD.IPGRE && !hasFixedRemote(facts)) {
    return { problem: 'a GRE tunnel without one remote address shows XDP the outer header' };
  }
  return { link: 'ip' };
}

/** ipgre_tunnel_init sets header_ops otherwise, and then ipgre_rcv leaves the MAC header at the outer IP header. */
function hasFixedRemote({ broadcast }: LinkFacts): boolean {
  const [first = 0] = broadcast;
  const isMulticast = first >> 4 === 0xe;
  return broadcast.some((byte) => byte !== 0) && !isMulticast;
}
