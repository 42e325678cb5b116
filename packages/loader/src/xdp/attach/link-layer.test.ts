import { describe, expect, it } from 'vitest';
import type { LinkFacts } from '../../native/link-message.ts';
import { linkLayerOf } from './link-layer.ts';

const REMOTE = new Uint8Array([192, 0, 2, 1]);
const facts = (type: number, kind?: string, more: Partial<LinkFacts> = {}): LinkFacts => ({
  ifindex: 2,
  name: 'x',
  type,
  kind,
  tunType: undefined,
  ipvlanMode: undefined,
  master: 0,
  broadcast: REMOTE,
  xdpPrograms: [],
  isUp: true,
  hasCarrier: true,
  mtu: 1500,
  lower: 0,
  ...more,
});

describe('the link layer of a frame', () => {
  it.each<[string, number, string | undefined]>([
    ['hardware', 1, undefined],
    ['veth', 1, 'veth'],
    ['a bond', 1, 'bond'],
    ['loopback', 772, undefined],
    ['gretap', 1, 'gretap'],
    ['ipvlan', 1, 'ipvlan'],
  ])('is Ethernet on %s', (_, type, kind) => {
    expect(linkLayerOf(facts(type, kind), '6.1.0')).toEqual({ link: 'ethernet' });
  });

  it.each<[number, string | undefined]>([
    [0xfffe, 'wireguard'],
    [512, 'ppp'],
    [519, undefined],
    [768, 'ipip'],
    [769, 'ip6tnl'],
    [776, 'sit'],
    [778, 'gre'],
    [823, 'ip6gre'],
    [0xfffe, undefined],
  ])('is the IP header on type %i, kind %s', (type, kind) => {
    expect(linkLayerOf(facts(type, kind), '5.14.0')).toEqual({ link: 'ip' });
  });

  it.each(['l2', 'l3'] as const)('is Ethernet on an ipvlan in %s mode', (ipvlanMode) => {
    expect(linkLayerOf(facts(1, 'ipvlan', { ipvlanMode }))).toEqual({ link: 'ethernet' });
  });

  it('of a tun device does not depend on the type, which any program may set', () => {
    for (const type of [0xfffe, 1, 824]) {
      expect(linkLayerOf(facts(type, 'tun', { tunType: 'tun' }))).toEqual({ link: 'ip' });
      expect(linkLayerOf(facts(type, 'tun', { tunType: 'tap' }))).toEqual({ link: 'ethernet' });
    }
  });

  it.each<[string, LinkFacts, string]>([
    ['IEEE 802.15.4', facts(804), '6.1.0'],
    ['InfiniBand', facts(32), '6.1.0'],
    ['monitor mode', facts(803), '6.1.0'],
    ['IPsec', facts(0xfffe, 'xfrm'), '6.1.0'],
    ['an IPsec tunnel', facts(768, 'vti'), '6.1.0'],
    ['GRE without a remote', facts(778, 'gre', { broadcast: new Uint8Array(4) }), '6.1.0'],
    ['GRE to a group', facts(778, 'gre', { broadcast: new Uint8Array([239, 1, 2, 3]) }), '6.1.0'],
    ['a VRF, whose members have the packets', facts(1, 'vrf'), '6.1.0'],
    ['an IFB, whose packets are named after where they came from', facts(1, 'ifb'), '6.18.0'],
    ['ipvlan in L3S mode', facts(1, 'ipvlan', { ipvlanMode: 'l3s' }), '6.18.0'],
    ['ipvtap in L3S mode', facts(1, 'ipvtap', { ipvlanMode: 'l3s' }), '6.18.0'],
    ['a tunnel of an old kernel', facts(768, 'ipip'), '5.10.0-30-amd64'],
  ])('is unknown on %s', (_, link, kernel) => {
    expect(linkLayerOf(link, kernel)).toHaveProperty('problem');
  });
});
