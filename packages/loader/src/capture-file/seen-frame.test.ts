import { expect, it, test } from 'vitest';
import type { CapturedFrame } from './captured-frame.ts';
import { seenFrame } from './seen-frame.ts';

function captured(linkType: number, hex: string, more: Partial<CapturedFrame> = {}): CapturedFrame {
  const bytes = Buffer.from(hex, 'hex');
  return {
    bytes,
    length: bytes.length,
    timestampNs: 0n,
    isOutgoing: false,
    interface: { name: undefined, linkType },
    ...more,
  };
}

const PAYLOAD = '4500001c000000004011';
const seen = (frame: CapturedFrame) => {
  const result = seenFrame(frame);
  return typeof result === 'string' ? result : { ...result, bytes: Buffer.from(result.bytes).toString('hex') };
};

it.each([
  [1, 'ethernet'],
  [101, 'ip'],
  [12, 'ip'],
  [14, 'ip'],
  [228, 'ip'],
  [229, 'ip'],
] as const)('link type %i is replayed as %s, unchanged', (linkType, link) => {
  const hex = '00'.repeat(20);
  expect(seen(captured(linkType, hex, { length: 90 }))).toEqual({ link, bytes: hex, length: 90 });
});

it.each([0, 105, 127, 147, 189, 253])('link type %i is not replayed', (linkType) => {
  expect(seen(captured(linkType, '00'.repeat(60)))).toBe('link_type');
});

test('less than an Ethernet header is too short', () => {
  expect(seen(captured(1, '00'.repeat(13)))).toBe('too_short');
  expect(seen(captured(101, '45'.repeat(13)))).toBe('too_short');
  expect(seen(captured(113, '00'.repeat(15)))).toBe('too_short');
  expect(seen(captured(276, '00'.repeat(19)))).toBe('too_short');
});

test('what the capturing machine sent is outgoing', () => {
  expect(seen(captured(1, '00'.repeat(60), { isOutgoing: true }))).toBe('outgoing');
});

test('a cooked header becomes an Ethernet header without addresses', () => {
  const rebuilt = (protocol: string) => `${'00'.repeat(12)}${protocol}${PAYLOAD}`;
  const version1 = (type: string, device: string, protocol: string) =>
    captured(113, `${type}${device}0006020000000001aaaa${protocol}${PAYLOAD}`, { length: 1016 });
  expect(seen(version1('0000', '0001', '0800'))).toEqual({ link: 'ethernet', bytes: rebuilt('0800'), length: 1014 });
  expect(seen(version1('0004', '0001', '0800'))).toBe('outgoing');
  expect(seen(version1('0000', '0338', '0000'))).toBe('link_type');
  const version2 = (protocol: string, type: string) =>
    captured(276, `${protocol}0000000000020001${type}06020000000001aaaa${PAYLOAD}`, { length: 1020 });
  expect(seen(version2('0806', '01'))).toEqual({ link: 'ethernet', bytes: rebuilt('0806'), length: 1014 });
  expect(seen(version2('0806', '04'))).toBe('outgoing');
});
