import { type Hello, type PacketLog, PROTOCOL_VERSION } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makeLedger, makePacket, makeSummary } from '../../../test/support/samples.ts';
import { readMarker } from '../rows/marker.ts';
import { NodeState } from './node-state.ts';
import { MAX_BUFFERED_ROWS } from './pause-buffer.ts';

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

function live(): NodeState {
  const state = new NodeState();
  state.hello(hello('s1'), 0);
  state.ledger(makeLedger({ seen: 0 }), 10);
  return state;
}

const markers = (state: NodeState) => {
  const { live: ring } = state.rows;
  return Array.from({ length: ring.size }, (_, i) => readMarker(ring.slotBytes(i))).filter((marker) => marker !== null);
};

test('missing rows are counted as lost and marked in the table', () => {
  const state = live();
  state.batch(batch(2, { sequence: 0, offered: 2 }), 20);
  state.batch(batch(1, { sequence: 2, offered: 8 }), 30);
  const { loss, lostBatches, received } = state.figures(40);
  expect({ total: loss.total, lostBatches, received }).toEqual({ total: 5, lostBatches: 1, received: 3 });
  expect(markers(state)).toMatchObject([{ kind: 'lost', rows: 5 }]);
  expect(readMarker(state.rows.live.slotBytes(2))?.kind).toBe('lost');
});

test('a new connection keeps the loss, marks the gap, and may restart its numbering', () => {
  const state = live();
  state.batch(batch(2, { sequence: 0, offered: 12, dropped: 10 }), 20);
  state.gone(1_000);
  state.hello(hello('s1'), 9_000);
  state.batch(batch(1, { sequence: 0, offered: 1 }), 9_100);
  expect(state.figures(9_200)).toMatchObject({ loss: { total: 10 }, lostBatches: 0 });
  expect(markers(state).at(-1)).toMatchObject({ kind: 'disconnected', span_ms: 8_000 });
});

test('a restarted loader begins with nothing lost', () => {
  const state = live();
  state.batch(batch(2, { sequence: 0, offered: 12, dropped: 10 }), 20);
  state.hello(hello('s2'), 9_000);
  expect(state.figures(9_100).loss.total).toBe(0);
  expect(markers(state).at(-1)?.kind).toBe('restarted');
});

test('a pause counts the packets that passed, and buffers their rows', () => {
  const state = live();
  state.ledger(makeLedger({ seen: 100 }), 1_000);
  state.pause(true, 1_500);
  state.batch(batch(3, { sequence: 0, offered: 3 }), 1_600);
  state.ledger(makeLedger({ seen: 350 }), 2_000);
  expect(state.figures(2_500).paused).toEqual({ forMs: 1_000, passed: 250, waiting: 3, withheld: 0 });
  expect(state.rows.shown.end).toBe(0);
  state.rows.step(1);
  expect(state.rows.shown.end).toBe(1);
  expect(state.figures(2_500).paused?.waiting).toBe(2);
  state.pause(false, 3_500);
  expect(state.figures(3_600).paused).toBeNull();
  expect(state.rows.shown.end).toBe(3);
  expect(markers(state)).toEqual([]);
});

test('packets of interfaces that are not watched are seen as well', () => {
  const state = live();
  const [first] = makeLedger({ seen: 30 }).interfaces;
  if (first === undefined) throw new Error('one interface');
  state.ledger({ ...makeLedger({ seen: 100 }), unwatched: { ifindex: 9, counters: first.counters } }, 1_000);
  expect(state.figures(1_100).seen).toBe(130);
});

test('a full buffer stops requests for rows; withheld rows are counted and marked', () => {
  const state = live();
  state.pause(true, 1_500);
  expect(state.isOverfull).toBe(false);
  state.batch(batch(MAX_BUFFERED_ROWS, { sequence: 0, offered: MAX_BUFFERED_ROWS }), 1_600);
  expect(state.isOverfull).toBe(true);
  state.markFull(2_000);
  expect(state).toMatchObject({ isOverfull: false, bufferFull: true, isDrained: false });
  state.ledger(makeLedger({ clientWithheld: 240 }), 3_000);
  expect(state.figures(3_000).paused).toMatchObject({ waiting: MAX_BUFFERED_ROWS, withheld: 240 });

  state.rows.step(MAX_BUFFERED_ROWS);
  expect(state.isDrained).toBe(true);
  state.markDrained(4_000);
  // Ten more were withheld before the loader received the request; the next batch header counts them.
  state.batch(batch(1, { sequence: 1, offered: MAX_BUFFERED_ROWS + 251, withheld: 250 }), 4_100);
  expect(markers(state)).toMatchObject([{ kind: 'paused', rows: 250, span_ms: 2_000 }]);
  expect(state.figures(4_200).paused).toMatchObject({ waiting: 2, withheld: 250 });

  state.markFull(5_000);
  state.ledger(makeLedger({ clientWithheld: 260 }), 6_000);
  state.pause(false, 7_000);
  state.batch(batch(1, { sequence: 2, offered: MAX_BUFFERED_ROWS + 262, withheld: 260 }), 7_100);
  expect(markers(state)).toMatchObject([{ rows: 250 }, { kind: 'paused', rows: 10, span_ms: 2_000 }]);
});

test('a new connection during a pause counts from 0, and the total stays right', () => {
  const state = live();
  state.pause(true, 1_500);
  state.batch(batch(MAX_BUFFERED_ROWS, { sequence: 0, offered: MAX_BUFFERED_ROWS }), 1_600);
  state.markFull(2_000);
  state.ledger(makeLedger({ clientWithheld: 240 }), 3_000);
  state.hello(hello('s1'), 4_000);
  expect(state.figures(4_000).paused?.withheld).toBe(240);
  state.ledger(makeLedger({ clientWithheld: 5 }), 5_000);
  expect(state.figures(5_000).paused?.withheld).toBe(245);
});

test('a second pause changes nothing', () => {
  const state = live();
  state.pause(true, 100);
  state.pause(true, 900);
  expect(state.figures(1_000).paused?.forMs).toBe(900);
});

test('rows withheld by the row limit are reported, rows withheld by a pause are not', () => {
  const state = live();
  state.ledger(makeLedger({ clientWithheld: 50 }), 1_000);
  expect(state.figures(1_100).withholding).toBe(true);
  expect(state.figures(9_000).withholding).toBe(false);
  state.pause(true, 9_000);
  state.ledger(makeLedger({ clientWithheld: 90 }), 10_000);
  state.pause(false, 10_500);
  state.ledger(makeLedger({ clientWithheld: 95 }), 11_000);
  expect(state.figures(11_100)).toMatchObject({ withholding: false, withheld: 95, loss: { total: 0 } });
});

test('losses from before the page was opened are not in its chart, later ones are', () => {
  const state = new NodeState();
  state.hello(hello('s1'), 0);
  state.ledger(makeLedger({ ringFull: [70] }), 10);
  state.summary(makeSummary({ at_ms: 1_000 }), 20);
  state.ledger(makeLedger({ ringFull: [75] }), 1_010);
  state.summary(makeSummary({ at_ms: 2_000 }), 1_020);
  const charted = state.past.points({ fromMs: 0, toMs: 2_000 });
  expect(charted.map(({ rates }) => rates?.lost)).toEqual([0, 5]);
  expect(state.figures(1_100).loss.ring).toBe(75);
});

test('quiet is counted from the last packet the kernel saw', () => {
  const state = live();
  state.ledger(makeLedger({ seen: 5 }), 1_000);
  state.ledger(makeLedger({ seen: 5 }), 2_000);
  expect(state.figures(13_000)).toMatchObject({ quietMs: 12_000, lastPacketMs: 1_000_000 });
});

test('a row has the name of its interface, also after the interface is gone', () => {
  const state = live();
  expect(state.interfaceName(2)).toBe('eth0');
  state.ledger({ ...makeLedger(), interfaces: [] }, 2_000);
  expect(state.interfaceName(2)).toBe('eth0');
  expect(state.interfaceName(77)).toBeUndefined();
});

test('notices are numbered, newest first, and limited', () => {
  const state = live();
  for (let i = 0; i < 150; i++) state.notice({ at_ms: i, level: 'info', code: 'clock_step', message: `${i}` });
  const { notices } = state.figures(1);
  expect(notices).toHaveLength(100);
  expect(notices[0]).toMatchObject({ message: '149', number: 149 });
});

test('sampling is reported while the newest summary reports it', () => {
  const state = live();
  expect(state.figures(1).sampledOneOf).toBe(1);
  state.summary({ ...makeSummary({ at_ms: 1_000 }), max_weight: 16 }, 10);
  expect(state.figures(11).sampledOneOf).toBe(16);
  state.summary(makeSummary({ at_ms: 2_000 }), 1_010);
  expect(state.figures(1_011).sampledOneOf).toBe(1);
});
