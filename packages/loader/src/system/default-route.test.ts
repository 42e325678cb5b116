import { expect, it } from 'vitest';
import { defaultInterfaces } from './default-route.ts';

const ETH0 = { ifindex: 2, metric: 100 };
const ETH1 = { ifindex: 3, metric: 100 };
const WLAN = { ifindex: 4, metric: 600 };
const V6 = { ifindex: 5, metric: 1024 };

it.each([
  ['nothing where there is no route', [], [], [], []],
  ['the smallest metric', [WLAN, ETH0], [], [2], [4]],
  ['all next hops of it', [ETH0, ETH1, WLAN], [], [2, 3], [4]],
  ['IPv4 before IPv6, whatever its metric', [{ ifindex: 4, metric: 9999 }], [V6], [4], [5]],
  ['IPv6 where there is no IPv4', [], [V6], [5], []],
  ['a device of both once', [ETH0], [{ ifindex: 2, metric: 1024 }], [2], []],
])('takes %s', (_, ipv4, ipv6, preferred, others) => {
  expect(defaultInterfaces(ipv4, ipv6)).toEqual({ preferred, others });
});
