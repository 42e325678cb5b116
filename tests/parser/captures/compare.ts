/** Compares records with what tshark says about the same frames. */
import { REASONS } from '@packetlog/common';
import type { JsonRecord } from '../../e2e/console-output.ts';
import { parse } from '../reference.ts';
import { addressDigits, type Expectation, expectationOf } from './expectation.ts';
import { EXPLANATIONS, type Field } from './explanations.ts';
import type { RealFrame } from './read-frames.ts';
import type { TsharkRow } from './tshark-row.ts';

const NO_PROTOCOL = 255;
const NO_ADDRESS = '0'.repeat(32);
/** Differences that are described. */
const MAX_DESCRIBED = 20;

/** Fields that differ, and whether the record agrees with the reference parser. */
interface Different {
  readonly fields: readonly Field[];
  readonly isRight: boolean;
}

export type Judgement =
  | { readonly kind: 'same' }
  | { readonly kind: 'explained'; readonly by: string }
  | ({ readonly kind: 'different' } & Different);

/** Compares one record. A record that a rule explains must agree with the reference parser. */
export function judge(frame: RealFrame, record: JsonRecord, row: TsharkRow): Judgement {
  const expected = expectationOf(row);
  const fields = differences(expected, record);
  // Which of two reasons fits, the reference parser decides.
  const needsReference = fields.length > 0 || record.reason === 'malformed' || record.reason === 'truncated';
  const isRight = !needsReference || agreesWithReference(frame, record);
  if (fields.length === 0 && isRight) return { kind: 'same' };
  const rule = EXPLANATIONS.find(
    (each) => fields.every((field) => each.fields.includes(field)) && each.isAbout(expected, record, row),
  );
  return rule !== undefined && isRight ? { kind: 'explained', by: rule.name } : { kind: 'different', fields, isRight };
}

export class Comparison {
  frames = 0;
  readonly reasons = new Map<string, number>();
  /** Frames by the rule that explains their difference. */
  readonly explained = new Map(EXPLANATIONS.map(({ name }) => [name, 0]));
  unexplained = 0;
  readonly descriptions: string[] = [];

  /** Compares the frames of a file, in its order. */
  add(frames: readonly RealFrame[], records: readonly JsonRecord[], rows: readonly TsharkRow[]): void {
    if (records.length !== frames.length || rows.length !== frames.length) {
      throw new Error(`${frames.length} frames, ${records.length} records, ${rows.length} rows of tshark`);
    }
    for (const [i, frame] of frames.entries()) this.#compare(frame, records[i] as JsonRecord, rows[i] as TsharkRow);
  }

  #compare(frame: RealFrame, record: JsonRecord, row: TsharkRow): void {
    this.frames++;
    this.reasons.set(record.reason, (this.reasons.get(record.reason) ?? 0) + 1);
    const judgement = judge(frame, record, row);
    if (judgement.kind === 'explained') this.explained.set(judgement.by, (this.explained.get(judgement.by) ?? 0) + 1);
    if (judgement.kind === 'different') this.#describe(frame, record, expectationOf(row), judgement);
  }

  #describe(frame: RealFrame, record: JsonRecord, expected: Expectation, { fields, isRight }: Different): void {
    this.unexplained++;
    if (this.descriptions.length >= MAX_DESCRIBED) return;
    const bytes = Buffer.from(frame.bytes.subarray(0, 200)).toString('hex');
    const why = isRight ? '' : ', from the reference parser, too';
    this.descriptions.push(
      `${fields.join(', ')} differ${why}: ${JSON.stringify(record)}; tshark: ${JSON.stringify(expected)}; ${frame.link} ${bytes}`,
    );
  }
}

function differences(expected: Expectation, record: JsonRecord): Field[] {
  const fields = (['vlan_id', 'ip_protocol', 'src_port', 'dst_port', 'tcp_flags'] as const).filter(
    (field) => expected[field] !== record[field],
  );
  const addresses = (['src', 'dst'] as const).filter((side) => expected[side] !== recordAddress(record, side));
  return [...fields, ...addresses, ...(reasonFits(expected, record.reason) ? [] : (['reason'] as const))];
}

/** Returns the address; undefined if it was not read. */
function recordAddress(record: JsonRecord, side: 'src' | 'dst'): string | undefined {
  const address = addressDigits(record[`${side}_addr`]);
  const isUnread = record.ip_protocol === NO_PROTOCOL && record.reason !== 'none' && record.reason !== 'fragment';
  return isUnread && address === NO_ADDRESS ? undefined : address;
}

/** For a header that ends too early or is impossible, tshark has one state and a record two reasons. */
const STOPPED_IN_A_HEADER = new Set(['ip_header', 'extension', 'transport']);

function reasonFits({ end, isFaulty }: Expectation, reason: string): boolean {
  if (STOPPED_IN_A_HEADER.has(end)) return reason === 'malformed' || reason === 'truncated';
  return reason === end || (end === 'not_ip' && isFaulty && reason === 'truncated');
}

function agreesWithReference({ bytes, length, link }: RealFrame, record: JsonRecord): boolean {
  const { src_addr, dst_addr, ...expected } = parse(bytes, link);
  return (
    record.vlan_id === expected.vlan_id &&
    record.ether_type === expected.ether_type &&
    record.ip_protocol === expected.ip_protocol &&
    record.src_port === expected.src_port &&
    record.dst_port === expected.dst_port &&
    record.tcp_flags === expected.tcp_flags &&
    REASONS[record.reason as keyof typeof REASONS] === expected.reason &&
    record.length === Math.min(length, 0xffff) &&
    addressDigits(record.src_addr) === addressDigits(src_addr) &&
    addressDigits(record.dst_addr) === addressDigits(dst_addr)
  );
}
