import { describe, expect, it } from 'vitest';
import { readDefaultRoutes, routesRequest } from './route-message.ts';

const u16 = (value: number) => [value & 0xff, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const attribute = (type: number, value: readonly number[]) => [...u16(value.length + 4), ...u16(type), ...value];
const UNICAST = 1;
const UNREACHABLE = 7;
const DEAD = 1;

function route(attributes: readonly number[], { prefix = 0, type = UNICAST, flags = 0 } = {}): number[] {
  const body = [2, prefix, 0, 0, 254, 3, 0, type, ...u32(flags), ...attributes];
  return [...u32(16 + body.length), ...u16(24), ...u16(2), ...u32(0), ...u32(0), ...body];
}
const MAIN = attribute(15, u32(254));
const via = (ifindex: number, metric: number) => [...MAIN, ...attribute(4, u32(ifindex)), ...attribute(6, u32(metric))];
const hop = (ifindex: number, flags = 0) => [...u16(16), flags, 0, ...u32(ifindex), ...attribute(5, [192, 0, 2, 1])];
const over = (...hops: number[][]) => [...MAIN, ...attribute(6, u32(100)), ...attribute(0x8000 | 9, hops.flat())];

describe('default routes', () => {
  it.each<[string, number[], object[]]>([
    ['nothing', [], []],
    ['one device', route(via(2, 100)), [{ ifindex: 2, metric: 100 }]],
    ['without a metric', route([...MAIN, ...attribute(4, u32(2))]), [{ ifindex: 2, metric: 0 }]],
    [
      'two messages',
      [...route(via(2, 100)), ...route(via(3, 600))],
      [
        { ifindex: 2, metric: 100 },
        { ifindex: 3, metric: 600 },
      ],
    ],
    [
      'two next hops',
      route(over(hop(2), hop(3))),
      [
        { ifindex: 2, metric: 100 },
        { ifindex: 3, metric: 100 },
      ],
    ],
    ['a next hop that is dead', route(over(hop(2, DEAD), hop(3))), [{ ifindex: 3, metric: 100 }]],
    ['a device that is dead', route(via(2, 100), { flags: DEAD }), []],
    ['another network', route(via(2, 100), { prefix: 1 }), []],
    ['one that rejects', route(via(1, 0xffffffff), { type: UNREACHABLE }), []],
    ['another table', route([...attribute(15, u32(100)), ...attribute(4, u32(2))]), []],
  ])('of %s', (_, bytes, routes) => {
    expect(readDefaultRoutes(new Uint8Array(bytes))).toEqual(routes);
  });

  it('end where a length is wrong, at every cut', () => {
    const bytes = new Uint8Array(route(over(hop(2), hop(3))));
    for (let cut = 0; cut < bytes.length; cut++) expect(readDefaultRoutes(bytes.subarray(0, cut))).toEqual([]);
    for (let at = 16; at < bytes.length; at++) {
      expect(readDefaultRoutes(bytes.with(at, 255)).length).toBeLessThanOrEqual(2);
    }
  });

  it('are requested as a dump of one family', () => {
    expect([...routesRequest(10)]).toEqual([
      ...u32(28),
      ...u16(26),
      ...u16(0x301),
      ...u32(0),
      ...u32(0),
      10,
      ...Array(11).fill(0),
    ]);
  });
});
