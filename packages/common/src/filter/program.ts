/**
 * What a filter is compiled to: a few tests of a record's bytes that jump, always forward, to the next one or to the
 * answer; as BPF did for tcpdump. One loop runs them all, so the cost does not depend on how many filters there are.
 */
import { PACKET_LOG_FIELDS, type PacketLogFieldName } from '../layout.ts';
import { hasPorts } from '../names.ts';
import type { RecordPredicate } from '../view.ts';

export const OFFSET = Object.fromEntries(PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset])) as Readonly<
  Record<PacketLogFieldName, number>
>;

/** What a test loads before it compares. */
export const LOAD = {
  /** An unsigned number of one, two or four bytes. */
  u8: 0,
  u16: 1,
  u32: 2,
  /** A port; of a protocol without ports the test fails. */
  port: 3,
  /** The last four bytes of an address; the test fails in a frame that is not IPv4 and at an address that is none. */
  ipv4: 4,
  /** Four bytes of an address; the test fails in a frame that is not IPv6. */
  ipv6: 5,
} as const;
export type Load = (typeof LOAD)[keyof typeof LOAD];

/** Answers, in the place of the next test. */
export const YES = -1;
export const NO = -2;

/**
 * The test succeeds if `low <= (value & mask) <= low + span`, all as unsigned numbers. `yes` and `no` are where to go
 * then: the place of another test, YES or NO.
 */
export interface Test {
  readonly load: Load;
  /** From the record's first byte. */
  readonly offset: number;
  readonly mask: number;
  readonly low: number;
  readonly span: number;
  readonly yes: number;
  readonly no: number;
}

const WORDS = 8;

/** Tests in the order in which they jump: a test's place is its number times 8. */
export class ProgramWriter {
  /** From the last test to the first, as they are added. */
  readonly #tests: Test[] = [];

  /** Returns the place to jump to; it counts from the end. */
  add(test: Test): number {
    return this.#tests.push(test) - 1;
  }

  /** `entry`: what to begin with. */
  finish(entry: number): RecordPredicate {
    if (entry < 0) return () => entry === YES;
    const code = new Int32Array(this.#tests.length * WORDS);
    this.#tests.forEach(({ load, offset, mask, low, span, yes, no }, place) => {
      code.set([load, offset, mask, low, span, yes * WORDS, no * WORDS], place * WORDS);
    });
    const start = entry * WORDS;
    return (bytes, at) => run(code, start, bytes, at);
  }
}

// Module constants, so that the loop adds a constant and not a property load.
const ETHER_TYPE = OFFSET.ether_type;
const IP_PROTOCOL = OFFSET.ip_protocol;
const { u8: U8, u16: U16, u32: U32, port: PORT, ipv4: IPV4 } = LOAD;

/** 1 for protocols with ports: what ICMP has in their place is none. */
const WITH_PORTS = Uint8Array.from({ length: 256 }, (_, number) => (hasPorts(number) ? 1 : 0));

/** Bytes that are not there read as 0 in every sum below, so that nothing throws. */
type Byte = number;

function run(code: Int32Array, start: number, bytes: Uint8Array, at: number): boolean {
  let pc = start;
  while (pc >= 0) {
    const from = at + (code[pc + 1] as number);
    let value: number;
    switch (code[pc]) {
      case U8:
        value = bytes[from] as Byte;
        break;
      case PORT:
        if (WITH_PORTS[bytes[at + IP_PROTOCOL] as Byte] !== 1) {
          pc = code[pc + 6] as number;
          continue;
        }
        value = (bytes[from] as Byte) | ((bytes[from + 1] as Byte) << 8);
        break;
      case U16:
        value = (bytes[from] as Byte) | ((bytes[from + 1] as Byte) << 8);
        break;
      case U32:
        value = word(bytes, from);
        break;
      case IPV4:
        value = word(bytes, from);
        if (((value & (code[pc + 2] as number)) ^ (code[pc + 3] as number)) !== 0 || !isIpv4(bytes, at, from)) {
          pc = code[pc + 6] as number;
          continue;
        }
        break;
      default:
        if (bytes[at + ETHER_TYPE] !== 0xdd || bytes[at + ETHER_TYPE + 1] !== 0x86) {
          pc = code[pc + 6] as number;
          continue;
        }
        value = word(bytes, from);
    }
    const above = ((value & (code[pc + 2] as number)) - (code[pc + 3] as number)) >>> 0;
    pc = code[pc + (above <= (code[pc + 4] as number) >>> 0 ? 5 : 6)] as number;
  }
  return pc === YES * WORDS;
}

/** Little-endian, signed: an unsigned one could need the heap. */
function word(bytes: Uint8Array, from: number): number {
  return (
    (bytes[from] as Byte) |
    ((bytes[from + 1] as Byte) << 8) |
    ((bytes[from + 2] as Byte) << 16) |
    ((bytes[from + 3] as Byte) << 24)
  );
}

/** `from`: the last four bytes of an address. A frame that was cut off before its addresses has zeros before them. */
function isIpv4(bytes: Uint8Array, at: number, from: number): boolean {
  if (bytes[at + ETHER_TYPE] !== 0x00 || bytes[at + ETHER_TYPE + 1] !== 0x08) return false;
  if (bytes[from - 1] !== 0xff || bytes[from - 2] !== 0xff) return false;
  for (let i = from - 12; i < from - 2; i++) if (bytes[i] !== 0) return false;
  return true;
}
