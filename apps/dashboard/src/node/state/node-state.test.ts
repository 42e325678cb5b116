import { type Hello, type PacketLog, PROTOCOL_VERSION } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makeLedger, makePacket, makeSummary } from '../../../test/support/samples.ts';
import { readMarker } from '../rows/marker.ts';
import { Picture } from './node-state.ts';
import { ROWS_WAITING } from './pause-buffer.ts';

const hello = (session_id: string): Hello => ({
  protocol: PROTOCOL_VERSION,
  version: '0.1.0',
  node: 'web-1',
  boot_id: 'boot',
  session_id,
  started_at_ms: 0,
  interfaces: [{ name: 'eth0', ifindex: 2, mode: 'native', state: 'attached' }],
  transport: 'array',
  clock: { policy: 'precise', error_ns: 0 },
  limits: { max_rows_per_second: 1_000_000 },
});

const batch = (count: number, header: Parameters<typeof makeBatch>[1] = {}, over: Partial<PacketLog> = {}) =>
  makeBatch(
    Array.from({ length: count }, () => makePacket(over)),
    header,
  );

function live(): Picture {
  const picture = new Picture();
  picture.hello(hello('s1'), 0);
  picture.ledger(makeLedger({ seen: 0 }), 10);
  return picture;
}

const markers = (picture: Picture) => {
  const { live: ring } = picture.rows;
  return Array.from({ length: ring.size }, (_, i) => readMarker(ring.slotBytes(i))).filter((marker) => marker !== null);
};

test('rows that never came are counted as lost and marked where they are missing', () => {
  const picture = live();
  picture.batch(batch(2, { sequence: 0, offered: 2 }), 20);
  picture.batch(batch(1, { sequence: 2, offered: 8 }), 30);
  const { loss, lostBatches, received } = picture.figures(40);
  expect({ total: loss.total, lostBatches, received }).toEqual({ total: 5, lostBatches: 1, received: 3 });
  expect(markers(picture)).toMatchObject([{ kind: 'lost', rows: 5 }]);
  expect(readMarker(picture.rows.live.slotBytes(2))?.kind).toBe('lost');
});

test('a new connection carries the loss on, marks the gap, and does not take its new numbering for a loss', () => {
  const picture = live();
  picture.batch(batch(2, { sequence: 0, offered: 12, dropped: 10 }), 20);
  picture.gone(1_000);
  picture.hello(hello('s1'), 9_000);
  picture.batch(batch(1, { sequence: 0, offered: 1 }), 9_100);
  expect(picture.figures(9_200)).toMatchObject({ loss: { total: 10 }, lostBatches: 0 });
  expect(markers(picture).at(-1)).toMatchObject({ kind: 'disconnected', span_ms: 8_000 });
});

test('another run of the loader begins with nothing lost', () => {
  const picture = live();
  picture.batch(batch(2, { sequence: 0, offered: 12, dropped: 10 }), 20);
  picture.hello(hello('s2'), 9_000);
  expect(picture.figures(9_100).loss.total).toBe(0);
  expect(markers(picture).at(-1)?.kind).toBe('restarted');
});

test('a pause tells how many packets passed, and their rows wait until they are let in', () => {
  const picture = live();
  picture.ledger(makeLedger({ seen: 100 }), 1_000);
  picture.pause(true, 1_500);
  picture.batch(batch(3, { sequence: 0, offered: 3 }), 1_600);
  picture.ledger(makeLedger({ seen: 350 }), 2_000);
  expect(picture.figures(2_500).paused).toEqual({ forMs: 1_000, passed: 250, waiting: 3, notKept: 0 });
  expect(picture.rows.shown.end).toBe(0);
  picture.rows.step(1);
  expect(picture.rows.shown.end).toBe(1);
  expect(picture.figures(2_500).paused?.waiting).toBe(2);
  picture.pause(false, 3_500);
  expect(picture.figures(3_600).paused).toBeNull();
  expect(picture.rows.shown.end).toBe(3);
  expect(markers(picture)).toEqual([]);
});

test('when enough rows wait no more are asked for, and what is not kept is counted and leaves a mark', () => {
  const picture = live();
  picture.pause(true, 1_500);
  expect(picture.enoughWait).toBe(false);
  picture.batch(batch(ROWS_WAITING, { sequence: 0, offered: ROWS_WAITING }), 1_600);
  expect(picture.enoughWait).toBe(true);
  picture.holdBack(2_000);
  expect(picture).toMatchObject({ enoughWait: false, heldBack: true, noneWaits: false });
  picture.ledger(makeLedger({ clientWithheld: 240 }), 3_000);
  expect(picture.figures(3_000).paused).toMatchObject({ waiting: ROWS_WAITING, notKept: 240 });

  picture.rows.step(ROWS_WAITING);
  expect(picture.noneWaits).toBe(true);
  picture.letWait(4_000);
  // Ten more were withheld before the loader heard of it: the next batch says so.
  picture.batch(batch(1, { sequence: 1, offered: ROWS_WAITING + 251, withheld: 250 }), 4_100);
  expect(markers(picture)).toMatchObject([{ kind: 'paused', rows: 250, span_ms: 2_000 }]);
  expect(picture.figures(4_200).paused).toMatchObject({ waiting: 2, notKept: 250 });

  picture.holdBack(5_000);
  picture.ledger(makeLedger({ clientWithheld: 260 }), 6_000);
  picture.pause(false, 7_000);
  picture.batch(batch(1, { sequence: 2, offered: ROWS_WAITING + 262, withheld: 260 }), 7_100);
  expect(markers(picture)).toMatchObject([{ rows: 250 }, { kind: 'paused', rows: 10, span_ms: 2_000 }]);
});

test('another connection while paused counts anew, and forgets nothing', () => {
  const picture = live();
  picture.pause(true, 1_500);
  picture.batch(batch(ROWS_WAITING, { sequence: 0, offered: ROWS_WAITING }), 1_600);
  picture.holdBack(2_000);
  picture.ledger(makeLedger({ clientWithheld: 240 }), 3_000);
  picture.hello(hello('s1'), 4_000);
  expect(picture.figures(4_000).paused?.notKept).toBe(240);
  picture.ledger(makeLedger({ clientWithheld: 5 }), 5_000);
  expect(picture.figures(5_000).paused?.notKept).toBe(245);
});

test('pausing twice is pausing once', () => {
  const picture = live();
  picture.pause(true, 100);
  picture.pause(true, 900);
  expect(picture.figures(1_000).paused?.forMs).toBe(900);
});

test('rows withheld by the limit are told while it lasts; those withheld from a paused page are not the limit', () => {
  const picture = live();
  picture.ledger(makeLedger({ clientWithheld: 50 }), 1_000);
  expect(picture.figures(1_100).withholding).toBe(true);
  expect(picture.figures(9_000).withholding).toBe(false);
  picture.pause(true, 9_000);
  picture.ledger(makeLedger({ clientWithheld: 90 }), 10_000);
  picture.pause(false, 10_500);
  picture.ledger(makeLedger({ clientWithheld: 95 }), 11_000);
  expect(picture.figures(11_100)).toMatchObject({ withholding: false, withheld: 95, loss: { total: 0 } });
});

test('loss from before the page was opened is no event in its chart, later loss is', () => {
  const picture = new Picture();
  picture.hello(hello('s1'), 0);
  picture.ledger(makeLedger({ ringFull: [70] }), 10);
  picture.summary(makeSummary({ at_ms: 1_000 }), 20);
  picture.ledger(makeLedger({ ringFull: [75] }), 1_010);
  picture.summary(makeSummary({ at_ms: 2_000 }), 1_020);
  const charted = picture.past.points({ fromMs: 0, toMs: 2_000 });
  expect(charted.map(({ rates }) => rates?.lost)).toEqual([0, 5]);
  expect(picture.figures(1_100).loss.ring).toBe(75);
});

test('quiet is counted from the last packet the kernel saw', () => {
  const picture = live();
  picture.ledger(makeLedger({ seen: 5 }), 1_000);
  picture.ledger(makeLedger({ seen: 5 }), 2_000);
  expect(picture.figures(13_000)).toMatchObject({ quietMs: 12_000, lastPacketMs: 1_000_000 });
});

test('a row is named by its interface, also after the interface is gone', () => {
  const picture = live();
  expect(picture.interfaceName(2)).toBe('eth0');
  picture.ledger({ ...makeLedger(), interfaces: [] }, 2_000);
  expect(picture.interfaceName(2)).toBe('eth0');
  expect(picture.interfaceName(77)).toBeUndefined();
});

test('notices are numbered, latest first, and bounded', () => {
  const picture = live();
  for (let i = 0; i < 150; i++) picture.notice({ at_ms: i, level: 'info', code: 'clock_step', message: `${i}` });
  const { notices } = picture.figures(1);
  expect(notices).toHaveLength(100);
  expect(notices[0]).toMatchObject({ message: '149', number: 149 });
});

test('sampling is told as long as the newest summary has it', () => {
  const picture = live();
  expect(picture.figures(1).sampledOneOf).toBe(1);
  picture.summary({ ...makeSummary({ at_ms: 1_000 }), max_weight: 16 }, 10);
  expect(picture.figures(11).sampledOneOf).toBe(16);
  picture.summary(makeSummary({ at_ms: 2_000 }), 1_010);
  expect(picture.figures(1_011).sampledOneOf).toBe(1);
});
