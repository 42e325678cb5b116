/** Devices that this machine does not have are simulated by their facts. */
import { describe, expect, it } from 'vitest';
import type { RequestedMode } from '../ipc/settings.ts';
import type { LinkFacts } from '../native/link-message.ts';
import { deviceWarnings } from '../xdp/attach/device-warnings.ts';
import { type NativeFacts, nativeWarning } from '../xdp/attach/native-obstacles.ts';
import { driverCheck, linkTypeCheck, nativeCheck, vlanCheck } from './interface-checks.ts';

const LINK: LinkFacts = {
  ifindex: 2,
  name: 'eth0',
  type: 1,
  kind: undefined,
  tunType: undefined,
  ipvlanMode: undefined,
  master: 0,
  broadcast: new Uint8Array(6),
  xdpPrograms: [],
  isUp: true,
  hasCarrier: true,
  mtu: 1500,
  lower: 0,
};
const NATIVE: NativeFacts = {
  name: 'eth0',
  link: LINK,
  driver: 'ice',
  xdp: { native: true, frags: true },
  hasFrags: true,
  features: new Map(),
  channels: { rx: 0, tx: 0, combined: 8, maxCombined: 8 },
  peerTxQueues: undefined,
};
const ON = (name: string, isFixed = false) => ({ features: new Map([[name, { isOn: true, isFixed }]]) });
const VETH = { ...LINK, kind: 'veth' };
const JUMBO = { ...LINK, mtu: 9000 };

describe('the check of native mode (simulated facts)', () => {
  it.each<[string, RequestedMode, Partial<NativeFacts>, string, RegExp]>([
    ['a driver with everything', 'auto', {}, 'ok', /supports native mode, also for packets in several buffers\.$/],
    [
      'a kernel that does not tell',
      'native',
      { xdp: undefined },
      'ok',
      /known only once attached \(before Linux 6\.3\)\.$/,
    ],
    ['generic mode', 'generic', ON('rx-lro'), 'ok', /not used, because of --mode generic\.$/],
    ['LRO', 'auto', ON('rx-lro'), 'warn', /may be rejected, because LRO is on\.$/],
    ['hardware GRO', 'native', ON('rx-gro-hw'), 'warn', /because hardware GRO \(rx-gro-hw\) is on\.$/],
    [
      'virtio, which turns it off itself',
      'auto',
      { ...ON('rx-gro-hw'), driver: 'virtio_net' },
      'ok',
      /supports native mode/,
    ],
    ['virtio that cannot', 'auto', { ...ON('rx-gro-hw', true), driver: 'virtio_net' }, 'warn', /hardware GRO/],
    ['jumbo frames in several buffers', 'auto', { link: JUMBO }, 'ok', /supports native mode/],
    [
      'jumbo frames before Linux 5.18',
      'auto',
      { link: JUMBO, hasFrags: false },
      'warn',
      /one buffer \(9000 bytes\)\.$/,
    ],
    [
      'a driver without several buffers',
      'auto',
      { link: JUMBO, xdp: { native: true, frags: false } },
      'warn',
      /one buffer/,
    ],
    ['all queues of ena in use', 'auto', { driver: 'ena' }, 'warn', /half of the queues for itself\.$/],
    [
      'no support, with auto',
      'auto',
      { xdp: { native: false, frags: false } },
      'ok',
      /generic mode, because the driver/,
    ],
    [
      'no support, with native',
      'native',
      { xdp: { native: false, frags: false } },
      'fail',
      /^attach to eth0: the driver has/,
    ],
    ['veth, with auto', 'auto', { link: VETH }, 'ok', /generic mode, because native mode on veth undoes/],
    ['veth, with native', 'native', { link: VETH }, 'ok', /supports native mode/],
  ])('judges %s', (_, mode, facts, state, finding) => {
    const check = nativeCheck({ ...NATIVE, ...facts }, mode);
    expect(check).toMatchObject({ id: 'native_xdp', state });
    expect(check.finding).toMatch(finding);
    expect(check.fix === null).toBe(state === 'ok');
  });

  it('names the command that removes the obstacle', () => {
    expect(nativeCheck({ ...NATIVE, ...ON('rx-lro') }, 'auto').fix).toBe('Turn it off: ethtool -K eth0 lro off.');
    expect(nativeCheck({ ...NATIVE, driver: 'ena' }, 'auto').fix).toBe('Use at most 4: ethtool -L eth0 combined 4.');
  });

  it('warns in the words that run prints where it fell back to generic mode', () => {
    const facts = { ...NATIVE, ...ON('rx-lro') };
    const warning = nativeWarning(facts);
    const check = nativeCheck(facts, 'auto');
    expect(`${check.finding} ${check.fix}`).toBe(`${warning?.problem}. ${warning?.next}`);
    expect(nativeWarning({ ...facts, xdp: { native: false, frags: false } })).toBeUndefined();
    expect(nativeWarning(NATIVE)).toBeUndefined();
  });

  it('knows that a veth needs a queue for each that its peer sends on', () => {
    const channels = { rx: 1, tx: 1, combined: 0, maxCombined: 0 };
    const veth = { ...NATIVE, link: VETH, channels };
    expect(nativeCheck({ ...veth, peerTxQueues: 4 }, 'native')).toMatchObject({ state: 'fail' });
    expect(nativeCheck({ ...veth, peerTxQueues: 1 }, 'native')).toMatchObject({ state: 'ok' });
    // The peer is in another namespace: the driver withdraws its support, and a veth has no other reason to.
    const withdrawn = nativeCheck({ ...veth, xdp: { native: false, frags: false } }, 'native');
    expect(withdrawn.finding).toBe('attach to eth0: the device has fewer queues than native XDP needs (ENOSPC).');
  });
});

describe('the other checks of an interface (simulated facts)', () => {
  it.each<[string, Partial<LinkFacts>, string, RegExp]>([
    ['Ethernet', {}, 'ok', /^eth0: Ethernet frames\.$/],
    ['WireGuard', { type: 0xfffe, kind: 'wireguard' }, 'ok', /^eth0: IP packets without a link header\.$/],
    [
      'an ipvlan in L3S mode',
      { kind: 'ipvlan', ipvlanMode: 'l3s' },
      'fail',
      /^watch eth0: XDP does not see what an ipvlan/,
    ],
    ['a VRF', { kind: 'vrf' }, 'fail', /packets of a VRF/],
    ['InfiniBand', { type: 32 }, 'fail', /cannot read its link type \(ARPHRD 32\)\.$/],
  ])('judges the packets of %s', (_, facts, state, finding) => {
    const check = linkTypeCheck('eth0', { ...LINK, ...facts }, '6.12.0');
    expect(check).toMatchObject({ state, finding: expect.stringMatching(finding) });
  });

  it.each([
    ['bond', 'eth0 is a member of bond0', '--iface bond0'],
    ['team', 'eth0 is a member of bond0', '--iface bond0'],
    ['bridge', 'eth0 is a port of the bridge bond0', '--iface bond0'],
  ])('warns of a part of a %s', (kind, problem, next) => {
    const { member, state } = deviceWarnings('eth0', LINK, { name: 'bond0', kind });
    expect(state).toBeUndefined();
    expect(member?.problem).toContain(problem);
    expect(member?.next).toContain(next);
  });

  it('does not warn of a member of a VRF, where XDP sees the same packets', () => {
    expect(deviceWarnings('eth0', LINK, { name: 'vrf0', kind: 'vrf' }).member).toBeUndefined();
  });

  it('warns of removed VLAN tags only where VLANs are in use', () => {
    const features = ON('rx-vlan-hw-parse').features;
    expect(vlanCheck('eth0', features, false).state).toBe('ok');
    expect(vlanCheck('eth0', new Map(), true).state).toBe('ok');
    expect(vlanCheck('eth0', features, true)).toMatchObject({
      state: 'warn',
      fix: 'Turn it off: ethtool -K eth0 rxvlan off.',
    });
  });

  it('names the driver, and the kind of device if it has another name', () => {
    expect(driverCheck('tap0', 'tun', 'tun').finding).toBe('tap0: driver tun.');
    expect(driverCheck('vlan5', 'vlan', '802.1Q VLAN Support').finding).toBe(
      'vlan5: driver 802.1Q VLAN Support (vlan).',
    );
    expect(driverCheck('lo', undefined, undefined).finding).toBe('lo has no driver name.');
  });
});
