import type { RecorderLedger } from '@packetlog/common';
import { expect, it } from 'vitest';
import { recorderSentence } from './recorder-sentence.ts';

const RECORDER: RecorderLedger = {
  ...{ offered: 1200, recorded: 1200, sampled: 0, lost: 0, pending: 0, expired: 0 },
  ...{ bytes: 31_000_000, oldest_ms: 1, unsealed: 0, recording: true },
};
const HOUR_MS = 3_600_000;

it.each([
  [
    'all is recorded',
    {},
    'Recorded on the disk: 1,200 packets since the loader started; 31.0\u00a0MB kept, the oldest packet from 3 h ago.',
  ],
  [
    'nothing is kept',
    { recorded: 0, oldest_ms: 0 },
    'Recorded on the disk: 0 packets since the loader started; nothing is kept yet.',
  ],
  [
    'some are missing',
    { recorded: 1, sampled: 900, lost: 299 },
    'Recorded on the disk: 1 packet since the loader started, 900 sampled out, 299 lost, because the disk was full, slow or gone; 31.0\u00a0MB kept, the oldest packet from 3 h ago.',
  ],
  [
    'the disk is full',
    { recording: false },
    'Not recording: the disk accepts no packets. Recorded before: 1,200 packets since the loader started; 31.0\u00a0MB kept, the oldest packet from 3 h ago.',
  ],
])('%s', (_, more, text) => {
  expect(recorderSentence({ ...RECORDER, ...more }, 3 * HOUR_MS)).toBe(text);
});
