import { describe, expect, it } from 'vitest';
import { linkRequest, readLinks } from './link-message.ts';

const u16 = (value: number) => [value & 0xff, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const attribute = (type: number, value: readonly number[]) => {
  const padding = Array.from({ length: (4 - (value.length % 4)) % 4 }, () => 0);
  return [...u16(value.length + 4), ...u16(type), ...value, ...padding];
};
const message = (type: number, body: readonly number[]) => [
  ...u32(16 + body.length),
  ...u16(type),
  ...u16(0),
  ...u32(0),
  ...u32(0),
  ...body,
];
const ascii = (text: string) => [...new TextEncoder().encode(text), 0];

const NEWLINK = 16;
const link = message(NEWLINK, [
  ...[0, 0, ...u16(65534), ...u32(7), ...u32(0x10001), ...u32(0)],
  ...attribute(3, ascii('tun0')),
  ...attribute(4, u32(1400)),
  ...attribute(5, u32(3)),
  ...attribute(2, [192, 0, 2, 1]),
  ...attribute(10, u32(4)),
  ...attribute(0x8000 | 18, [...attribute(1, ascii('tun')), ...attribute(2, attribute(3, [1]))]),
  ...attribute(0x8000 | 43, [...attribute(2, [2]), ...attribute(4, u32(91)), ...attribute(6, u32(91))]),
]);

describe('rtnetlink messages of devices', () => {
  it('contain name, type, kind and XDP programs', () => {
    const { links, done, errno } = readLinks(new Uint8Array(link));
    expect({ done, errno }).toEqual({ done: false, errno: 0 });
    expect(links).toEqual([
      {
        ifindex: 7,
        name: 'tun0',
        type: 65534,
        kind: 'tun',
        tunType: 'tun',
        ipvlanMode: undefined,
        master: 4,
        broadcast: new Uint8Array([192, 0, 2, 1]),
        xdpPrograms: [91],
        isUp: true,
        hasCarrier: true,
        mtu: 1400,
        lower: 3,
      },
    ]);
  });

  it('name no lower device that is in another network namespace', () => {
    const body = [
      ...[0, 0, ...u16(1), ...u32(7), ...u32(0x1), ...u32(0)],
      ...attribute(5, u32(3)),
      ...attribute(37, u32(0)),
    ];
    expect(readLinks(new Uint8Array(message(NEWLINK, body))).links).toMatchObject([
      { isUp: true, hasCarrier: false, lower: 0 },
    ]);
  });

  it.each([
    ['ipvlan', 0, 'l2'],
    ['ipvlan', 1, 'l3'],
    ['ipvtap', 2, 'l3s'],
    ['macvlan', 2, undefined],
  ])('contain the mode of an ipvlan: %s, mode %i', (kind, mode, ipvlanMode) => {
    const info = [...attribute(1, ascii(kind)), ...attribute(2, attribute(1, u16(mode)))];
    const bytes = message(NEWLINK, [...[0, 0, ...u16(1), ...u32(7), ...u32(0), ...u32(0)], ...attribute(18, info)]);
    expect(readLinks(new Uint8Array(bytes)).links).toMatchObject([{ kind, ipvlanMode, tunType: undefined }]);
  });

  it('arrive several at once, with an end', () => {
    const answer = readLinks(new Uint8Array([...link, ...link, ...message(3, u32(0))]));
    expect([answer.links.length, answer.done]).toEqual([2, true]);
  });

  it('contain the reason why a request was rejected', () => {
    expect(readLinks(new Uint8Array(message(2, [...u32(-19 >>> 0), ...u32(0)])))).toEqual({
      links: [],
      done: true,
      errno: 19,
    });
  });

  it('end where a length is wrong, at every cut', () => {
    for (let bytes = 0; bytes < link.length; bytes++)
      expect(readLinks(new Uint8Array(link.slice(0, bytes))).links).toEqual([]);
    expect(
      readLinks(new Uint8Array(message(NEWLINK, [...new Array(16).fill(0), ...u16(400), ...u16(3)]))).links,
    ).toHaveLength(1);
  });

  it('request one device by its ifindex', () => {
    expect(linkRequest(7)).toHaveLength(40);
    expect(new DataView(linkRequest(7).buffer).getInt32(20, true)).toBe(7);
  });
});
