/** Asks kernel and driver for what decides about native mode. Attaches nothing. */
import { channelsOf, driverOf, featuresOf } from '../../native/ethtool.ts';
import type { LinkFacts } from '../../native/link-message.ts';
import { xdpFeaturesOf } from '../../native/netdev-features.ts';
import { linkFactsOf } from '../../native/rtnetlink.ts';
import { printableName } from '../../system/interface-name.ts';
import type { NativeFacts } from './native-obstacles.ts';

/** Returns the facts of a device in this thread's network namespace. */
export function observeNative(link: LinkFacts, hasFrags: boolean): NativeFacts {
  const peer = link.kind === 'veth' ? linkFactsOf(link.lower) : undefined;
  return {
    name: printableName(link.name),
    link,
    driver: driverOf(link.name),
    xdp: xdpFeaturesOf(link.ifindex),
    hasFrags,
    features: featuresOf(link.name),
    channels: channelsOf(link.name),
    peerTxQueues: peer && channelsOf(peer.name)?.tx,
  };
}
