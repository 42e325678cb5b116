import { describe, expect, it } from 'vitest';
import { ipv4DefaultRoutes, ipv6DefaultRoutes, preferred } from './default-route.ts';

/** /proc/net/route, columns as the kernel pads them. */
const ROUTE = (...lines: string[]) =>
  ['Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT', ...lines]
    .map((line) => `${line.padEnd(127)}\n`)
    .join('');

const VIA_ETH0 = 'eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0';
const VIA_WLAN = 'wlan0\t00000000\t016433C6\t0003\t0\t0\t600\t00000000\t0\t0\t0';
const LINK = 'eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0';

const ZERO = '0'.repeat(32);
const V6_VIA_ETH0 = `${ZERO} 00 ${ZERO} 00 20010db8000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n`;
const V6_VIA_TUN = `${ZERO} 00 ${ZERO} 00 20010db8000000000000000000000002 00000040 00000003 00000000 00000003     tun0\n`;
/** What a kernel without IPv6 routes shows. */
const V6_UNREACHABLE = `${ZERO} 00 ${ZERO} 00 ${ZERO} ffffffff 00000001 00000000 00200200       lo\n`;
const V6_LINK = `fe800000000000000000000000000000 40 ${ZERO} 00 ${ZERO} 00000100 00000002 00000000 00000001     eth0\n`;

describe('ipv4DefaultRoutes', () => {
  it.each<[string, string, object[]]>([
    ['no route at all', ROUTE(), []],
    ['an empty text', '', []],
    ['only a link route', ROUTE(LINK), []],
    ['a default route', ROUTE(LINK, VIA_ETH0), [{ name: 'eth0', metric: 100 }]],
    [
      'two',
      ROUTE(VIA_WLAN, VIA_ETH0),
      [
        { name: 'wlan0', metric: 600 },
        { name: 'eth0', metric: 100 },
      ],
    ],
    [
      'half the internet (0.0.0.0/1), as VPNs set it',
      ROUTE(VIA_ETH0.replace('\t00000000\t0\t0\t0', '\t00000080\t0\t0\t0')),
      [],
    ],
    ['one that is down', ROUTE(VIA_ETH0.replace('\t0003\t', '\t0002\t')), []],
    ['one that rejects', ROUTE(VIA_ETH0.replace('\t0003\t', '\t0201\t')), []],
  ])('finds in %s', (_, text, routes) => {
    expect(ipv4DefaultRoutes(text)).toEqual(routes);
  });
});

describe('ipv6DefaultRoutes', () => {
  it.each<[string, string, object[]]>([
    ['an empty text', '', []],
    ['link and unreachable routes', V6_LINK + V6_UNREACHABLE, []],
    ['a default route', V6_LINK + V6_VIA_ETH0 + V6_UNREACHABLE, [{ name: 'eth0', metric: 0x400 }]],
    ['a line cut off', V6_VIA_ETH0.slice(0, 80), []],
  ])('finds in %s', (_, text, routes) => {
    expect(ipv6DefaultRoutes(text)).toEqual(routes);
  });
});

describe('preferred', () => {
  const ipv4 = ipv4DefaultRoutes(ROUTE(VIA_WLAN, VIA_ETH0));
  const ipv6 = ipv6DefaultRoutes(V6_VIA_ETH0 + V6_VIA_TUN);
  it.each<[string, typeof ipv4, typeof ipv6, string | undefined]>([
    ['the smallest metric', ipv4, [], 'eth0'],
    ['IPv4 before IPv6, whatever its metric', [{ name: 'wlan0', metric: 9999 }], ipv6, 'wlan0'],
    ['IPv6 where there is no IPv4', [], ipv6, 'tun0'],
    ['nothing where there is none', [], [], undefined],
    [
      'the first of equals',
      [
        { name: 'a', metric: 1 },
        { name: 'b', metric: 1 },
      ],
      [],
      'a',
    ],
  ])('takes %s', (_, four, six, name) => {
    expect(preferred(four, six)).toBe(name);
  });
});
