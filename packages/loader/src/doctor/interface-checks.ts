/** Checks of one interface, from facts. Pure. */
import { ERRNO } from '../errors/errno.ts';
import type { RequestedMode } from '../ipc/settings.ts';
import type { Feature } from '../native/ethtool.ts';
import type { LinkFacts } from '../native/link-message.ts';
import { rejected } from '../xdp/attach/attach-errors.ts';
import { genericFirst } from '../xdp/attach/attach-ladder.ts';
import { linkLayerOf } from '../xdp/attach/link-layer.ts';
import { type NativeFacts, nativeObstacles, nativeWarning } from '../xdp/attach/native-obstacles.ts';
import { unreadableLink } from '../xdp/attach/watch-errors.ts';
import { type Check, fail, ok, warn } from './doctor-check.ts';

/** `name`: safe to print on a terminal. */
export function driverCheck(name: string, kind: string | undefined, driver: string | undefined): Check {
  const what = kind === undefined || kind === driver ? '' : ` (${kind})`;
  return ok('driver', driver === undefined ? `${name} has no driver name${what}` : `${name}: driver ${driver}${what}`);
}

export function linkTypeCheck(name: string, link: LinkFacts, kernel?: string): Check {
  const layer = linkLayerOf(link, kernel);
  if ('problem' in layer) return fail('link_type', unreadableLink(name, layer.problem));
  const packets = layer.link === 'ethernet' ? 'Ethernet frames' : 'IP packets without a link header';
  return ok('link_type', `${name}: ${packets}`);
}

export function nativeCheck(facts: NativeFacts, mode: RequestedMode): Check {
  const { name, link, xdp } = facts;
  if (mode === 'generic') return ok('native_xdp', `${name}: not used, because of --mode generic`);
  const preferred = genericFirst(mode, link.kind);
  if (preferred !== undefined) return ok('native_xdp', `${name}: generic mode, because ${preferred}`);
  const obstacles = nativeObstacles(facts);
  const [first] = obstacles;
  if (first?.isCertain) {
    if (mode === 'auto') return ok('native_xdp', `${name}: generic mode, because ${first.problem}`);
    const remedies = obstacles.map(({ next }) => next);
    return fail('native_xdp', rejected(name, mode, ERRNO.EOPNOTSUPP, first.problem, remedies));
  }
  const warning = nativeWarning(facts);
  if (warning) return warn('native_xdp', warning);
  if (xdp === undefined) return ok('native_xdp', `${name}: known only once attached (before Linux 6.3)`);
  const several = xdp.frags && facts.hasFrags ? ', also for packets in several buffers' : '';
  return ok('native_xdp', `${name}: the driver supports native mode${several}`);
}

/** `hasVlans`: whether a VLAN interface of this network namespace is on the device. */
export function vlanCheck(name: string, features: ReadonlyMap<string, Feature>, hasVlans: boolean): Check {
  const parse = features.get('rx-vlan-hw-parse');
  if (!parse?.isOn) return ok('vlan_offload', `${name} leaves VLAN tags in the frame`);
  if (!hasVlans) return ok('vlan_offload', `${name}: no VLAN is configured (tags would be removed before XDP)`);
  return warn('vlan_offload', {
    problem: `${name} removes VLAN tags before XDP, so records have no VLAN id`,
    next: parse.isFixed
      ? 'Its driver cannot leave them: watch the VLAN interfaces instead.'
      : `Turn it off: ethtool -K ${name} rxvlan off.`,
  });
}
