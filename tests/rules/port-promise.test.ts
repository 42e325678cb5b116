/** Limits of distinct ports against an exact model, and their promise. Needs root. */
import { RULE_SLOTS } from '@packetlog/bpf';
import { ruleSchema } from '@packetlog/common';
import { compileRules } from '@packetlog/loader/rules';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { EMPTY_NS, type LimitLevels, type LoadedProgram, loadProgram } from '../lab/bpf.ts';
import { requireRoot } from '../lab/root.ts';
import { packetFrame } from './packet-frame.ts';

const XDP_DROP = 1;
const ID = 7;
const UDP = 17;
const FRAME_BYTES = 60;
const MINUTE_NS = 60_000_000_000;
/** What the kernel remembers of a source. */
const REMEMBERED = 24;
/** Their costs in ns are whole numbers. */
const COUNTS = [1, 2, 3, 5, 8, 12, 20, 24];

/** A packet after a pause, in ns: even numbers, because the lowest bit of an arrival time marks a block. */
interface Sent {
  readonly pauseNs: number;
  readonly source: number;
  readonly port: number;
}

/** An exact bucket of one source, with the last ports that passed. */
class Model {
  readonly #costNs: number;
  readonly #emptyNs: number;
  #levelNs = 0;
  #ports: readonly number[] = [];

  /** `emptyNs`: the least level of a bucket that was used. */
  constructor(count: number, emptyNs: number) {
    this.#costNs = MINUTE_NS / count;
    this.#emptyNs = emptyNs;
  }

  pass(ns: number): void {
    if (this.#ports.length > 0) this.#levelNs = Math.max(this.#emptyNs, this.#levelNs - ns);
  }

  denies(port: number): boolean {
    if (this.#ports.includes(port)) return false;
    if (this.#levelNs + this.#costNs > MINUTE_NS) return true;
    this.#levelNs += this.#costNs;
    this.#ports = [port, ...this.#ports].slice(0, REMEMBERED);
    return false;
  }
}

/** Packets of few sources to about twice as many ports as the limit permits, 0 among them. */
const cases = fc.constantFrom(...COUNTS).chain((count) =>
  fc.tuple(
    fc.constant(count),
    fc.array(
      fc.record({
        pauseNs: fc.oneof(
          { weight: 6, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: fc.integer({ min: 1, max: MINUTE_NS / count }).map((half) => 2 * half) },
          { weight: 1, arbitrary: fc.integer({ min: 1, max: MINUTE_NS }).map((half) => 2 * half) },
        ),
        source: fc.integer({ min: 0, max: 2 }),
        port: fc.integer({ min: 0, max: 2 * count + 4 }).map((port) => port * 1021),
      }),
      { minLength: 1, maxLength: 200 },
    ),
  ),
);

describe.skipIf(!requireRoot())('a limit of ports, whatever is sent when,', () => {
  let program: LoadedProgram;
  let levels: LimitLevels | undefined;
  beforeAll(() => {
    program = loadProgram({ program: 'single', logPermits: false });
    program.setInterfaceSlot(1);
  });
  afterEach(() => levels?.close());
  afterAll(() => program.close());

  function inForce(rate: string): void {
    levels?.close();
    const rule = {
      id: ID,
      action: 'limit',
      source: 'any',
      measure: 'ports',
      enforce: true,
      reason: '',
      created_by: '',
    };
    const { image, counterSlots } = compileRules({
      rules: [ruleSchema.parse({ ...rule, created_at: '2029-12-31T00:00:00Z', rate })],
      defaultPolicy: 'permit',
      sets: new Map(),
      interfaceSlots: new Map([['eth0', 1]]),
      counters: { limit: 8, previous: new Map() },
    });
    levels = program.putLimit(counterSlots.get(ID) ?? 0, 0n, 'ports');
    program.putRules(RULE_SLOTS.confirmed, image);
  }

  function isDenied({ source, port }: Sent): boolean {
    const frame = packetFrame({
      etherType: 0x0800,
      ipProtocol: UDP,
      source: { family: 4, value: 0x0a00_0000n + BigInt(source) },
      destination: undefined,
      destinationPort: port,
      tcpFlags: undefined,
      length: FRAME_BYTES,
      isFragment: false,
      interface: 'eth0',
    });
    return program.run(frame) === XDP_DROP;
  }

  /** Returns whether each packet was denied. */
  function send(packets: readonly Sent[]): boolean[] {
    return packets.map((packet) => {
      if (packet.pauseNs > 0) levels?.advanceWide(BigInt(packet.pauseNs));
      return isDenied(packet);
    });
  }

  it('denies exactly what the model denies', () => {
    fc.assert(
      fc.property(cases, ([count, packets]) => {
        inForce(`${count}/min`);
        const models = [0, 1, 2].map(() => new Model(count, Number(EMPTY_NS)));
        const expected: boolean[] = [];
        for (const { pauseNs, source, port } of packets) {
          for (const model of models) model.pass(pauseNs);
          expected.push(models[source]?.denies(port) ?? false);
        }
        expect(send(packets)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

test('the model denies nothing to a source that keeps to N ports in each minute', () => {
  fc.assert(
    fc.property(cases, ([count, packets]) => {
      const model = new Model(count, 0);
      const lastUse = new Map<number, number>();
      let atNs = 0;
      const denied = packets.filter(({ pauseNs, port: wanted }) => {
        atNs += pauseNs;
        model.pass(pauseNs);
        const used = [...lastUse].filter(([, lastNs]) => lastNs > atNs - MINUTE_NS).map(([port]) => port);
        // One of those in use already, if all are.
        const port = used.length < count || used.includes(wanted) ? wanted : (used[0] ?? wanted);
        lastUse.set(port, atNs);
        return model.denies(port);
      });
      expect(denied).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
