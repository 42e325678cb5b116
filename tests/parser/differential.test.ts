/** Compares the compiled program with the reference parser on frames changed at random. Needs root. */
import { type PacketLog, PacketLogView } from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIRST_BUFFER, LOOPBACK_IFINDEX, type LoadedProgram, loadProgram } from '../lab/bpf.ts';
import { requireRoot } from '../lab/root.ts';
import { ETHERNET_HEADER, fixtures, type ParsedFields } from './fixtures.ts';
import { mutate, random } from './mutation.ts';
import { parse } from './reference.ts';

const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 20_000);
/** The environment may set another seed. The title of the test has it, to repeat a failure. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 0x5eed);

const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex');

describe.skipIf(!requireRoot())('program and reference parser', () => {
  let program: LoadedProgram;
  beforeAll(() => {
    program = loadProgram({ program: 'single' });
  });
  afterAll(() => program.close());

  function kernel(frame: Uint8Array): ParsedFields {
    program.run(frame);
    const records = program.takeRecords();
    expect(records).toHaveLength(1);
    const view = new PacketLogView(records[0] as Uint8Array, { count: 1, stride: 64, recordOffset: 0 });
    const { timestamp_ns: _, ifindex, ...fields }: PacketLog = view.decode(0);
    expect(ifindex).toBe(LOOPBACK_IFINDEX);
    return fields;
  }

  test(`agree on ${FRAMES} mutated frames (FUZZ_SEED=${SEED})`, { timeout: 60_000 + FRAMES }, () => {
    const source = random(SEED);
    const shapes = fixtures.filter(({ frame }) => frame.length >= ETHERNET_HEADER && frame.length < 600);
    const reasons = new Map<number, number>();
    let checked = 0;
    while (checked < FRAMES) {
      const shape = shapes[source.below(shapes.length)];
      if (!shape) throw new Error('no frame shapes');
      const frame = mutate(shape.frame, source);
      if (frame.length < ETHERNET_HEADER || frame.length > FIRST_BUFFER) continue;
      const link = checked % 8 === 7 ? 'ip' : 'ethernet';
      const seen = link === 'ip' ? frame.subarray(ETHERNET_HEADER) : frame;
      if (seen.length < ETHERNET_HEADER) continue;
      program.setLink(link);
      const expected = parse(seen, link);
      expect(kernel(seen), `${shape.name}, mutated, ${link}: ${hex(seen)}`).toEqual(expected);
      reasons.set(expected.reason, (reasons.get(expected.reason) ?? 0) + 1);
      checked++;
    }
    // The mutants must reach every result of the parser: none, and malformed to vlan_limit.
    expect([...reasons.keys()].sort((a, b) => a - b)).toEqual([0, 4, 5, 6, 7, 8, 9]);
  });
});
