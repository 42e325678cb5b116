import { expect, it } from 'vitest';
import { roomText } from './open-recorder.ts';

const GIB = 2 ** 30;
const HOUR_MS = 3_600_000;

it('says how much room there is', () => {
  expect(roomText('/record', { bytes: 0, maxBytes: 2 * GIB, oldestMs: 0 }, HOUR_MS)).toBe(
    'Recording to /record: room for about 226 million packets (2.0 GiB)',
  );
});

it('says how far back the packets reach', () => {
  const room = { bytes: 1, maxBytes: GIB / 2, oldestMs: 10 * HOUR_MS };
  expect(roomText('/record', room, 14.5 * HOUR_MS)).toBe(
    'Recording to /record: room for about 57 million packets (512 MiB), 1 MiB used, back to 4 h 30 min ago',
  );
});
