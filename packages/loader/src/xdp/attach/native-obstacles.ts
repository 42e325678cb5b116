/** Why a driver may reject native mode, from facts that are known before attaching. Pure. */
import type { Problem } from '../../errors/setup-error.ts';
import type { Channels, Feature } from '../../native/ethtool.ts';
import type { LinkFacts } from '../../native/link-message.ts';
import type { XdpFeatures } from '../../native/netdev-features.ts';
import { MTU_TOO_LARGE, NO_NATIVE_XDP, TOO_FEW_QUEUES } from './attach-ladder.ts';

export interface NativeFacts {
  /** Safe to print on a terminal. */
  name: string;
  link: Pick<LinkFacts, 'kind' | 'mtu'>;
  driver: string | undefined;
  /** Undefined: the kernel does not tell. */
  xdp: XdpFeatures | undefined;
  /** Whether this kernel and the loaded program support packets in several buffers. */
  hasFrags: boolean;
  /** By the kernel's name; empty if the driver does not tell. */
  features: ReadonlyMap<string, Feature>;
  channels: Channels | undefined;
  /** Queues for sending of a veth's peer; undefined if it is in another network namespace. */
  peerTxQueues: number | undefined;
}

export interface Obstacle extends Problem {
  /** Whether the driver certainly rejects native mode. */
  isCertain: boolean;
}

export const TRY_GENERIC = 'Try --mode generic, which needs no driver support.';
/**
 * The largest MTU of most drivers with one buffer per packet: a page of 4096 bytes, without 256 bytes of headroom, 320
 * bytes for struct skb_shared_info, and the link header with two VLAN tags.
 */
const MAX_MTU = 4096 - 256 - 320 - 22;
/** Drivers that put each XDP queue on a transmit queue of its own: half of the queues must be free (ena_xdp_allowed). */
const NEED_HALF_THE_QUEUES: ReadonlySet<string | undefined> = new Set(['ena']);

/** Returns the obstacles, the certain ones first; empty if none is known. */
export function nativeObstacles(facts: NativeFacts): Obstacle[] {
  const { name, link, xdp, features } = facts;
  const problem = lacksVethQueues(facts) ? TOO_FEW_QUEUES : NO_NATIVE_XDP;
  if (problem === TOO_FEW_QUEUES || xdp?.native === false) return [{ problem, next: TRY_GENERIC, isCertain: true }];
  const obstacles: Obstacle[] = [];
  if (link.mtu > MAX_MTU && !(facts.hasFrags && xdp?.frags === true)) {
    const next = `Lower the MTU (ip link set dev ${name} mtu ${MAX_MTU}), or use --mode generic.`;
    obstacles.push({ problem: `${MTU_TOO_LARGE} (${link.mtu} bytes)`, next, isCertain: false });
  }
  if (features.get('rx-lro')?.isOn) {
    obstacles.push({ problem: 'LRO is on', next: `Turn it off: ethtool -K ${name} lro off.`, isCertain: false });
  }
  const hardwareGro = groObstacle(facts);
  if (hardwareGro) obstacles.push(hardwareGro);
  const half = Math.max(1, Math.floor((facts.channels?.maxCombined ?? 0) / 2));
  if (NEED_HALF_THE_QUEUES.has(facts.driver) && (facts.channels?.combined ?? 0) > half) {
    const next = `Use at most ${half}: ethtool -L ${name} combined ${half}.`;
    obstacles.push({ problem: 'native XDP needs half of the queues for itself', next, isCertain: false });
  }
  return obstacles;
}

/** Returns the warning for obstacles that are not certain; undefined if there is none, or a certain one. */
export function nativeWarning(facts: NativeFacts): Problem | undefined {
  const obstacles = nativeObstacles(facts);
  if (obstacles.length === 0 || obstacles.some(({ isCertain }) => isCertain)) return undefined;
  return {
    problem: `${facts.name}: native mode may be rejected, because ${obstacles.map(({ problem }) => problem).join('; ')}`,
    next: obstacles.map(({ next }) => next).join(' '),
  };
}

/**
 * virtnet_xdp_set (drivers/net/virtio_net.c) turns the offloads of the guest off, unless the hypervisor does not permit
 * it: then they are fixed.
 */
function groObstacle({ name, driver, features }: NativeFacts): Obstacle | undefined {
  const gro = features.get('rx-gro-hw');
  const isVirtio = driver === 'virtio_net';
  if (!gro?.isOn || (isVirtio && !gro.isFixed)) return undefined;
  const next = gro.isFixed
    ? 'Turn it off in the hypervisor (QEMU: guest_tso4=off,guest_tso6=off), or use --mode generic.'
    : `Turn it off: ethtool -K ${name} rx-gro-hw off.`;
  return { problem: 'hardware GRO (rx-gro-hw) is on', next, isCertain: false };
}

/**
 * veth_xdp_set (drivers/net/veth.c) requires a receive queue for each queue that the peer sends on, and veth supports
 * native mode otherwise.
 */
function lacksVethQueues({ link, xdp, channels, peerTxQueues }: NativeFacts): boolean {
  if (link.kind !== 'veth') return false;
  const isKnown = channels !== undefined && peerTxQueues !== undefined;
  return isKnown ? channels.rx < peerTxQueues : xdp?.native === false;
}
