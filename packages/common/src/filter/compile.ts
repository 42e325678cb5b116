/** A filter made ready to be asked of records where they lie. */
import { PACKET_LOG_FIELDS } from '../layout.ts';
import { parseNetwork } from '../network.ts';
import type { RecordPredicate } from '../view.ts';
import type { Filter, FlagsFilter, NetworkFilter, NumberFilter, PortFilter, Side, TermFilter } from './filter.ts';
import { simplified } from './filter-key.ts';
import { LOAD, type Load, NO, OFFSET, ProgramWriter, type Test, YES } from './program.ts';

export interface FilterEnvironment {
  /** Numbers of interfaces that have this name, or had it when records were made that may be asked about. */
  readonly indexesOf: (interfaceName: string) => Iterable<number>;
}

const NO_INTERFACES: FilterEnvironment = { indexesOf: () => [] };

/**
 * The predicate holds for as long as the environment does: compile again when interfaces come, go or change their names
 * (`interfacesNamed` says which matter). Without an environment no interface has any name.
 */
export function compileFilter(filter: Filter, environment: FilterEnvironment = NO_INTERFACES): RecordPredicate {
  const compiler = new Compiler(environment);
  return compiler.finish(compiler.add(simplified(filter), YES, NO));
}

class Compiler {
  readonly #writer = new ProgramWriter();
  readonly #environment: FilterEnvironment;

  constructor(environment: FilterEnvironment) {
    this.#environment = environment;
  }

  finish(entry: number): RecordPredicate {
    return this.#writer.finish(entry);
  }

  /** Adds from the last test to the first: where to go is known then. Returns where to begin. */
  add(filter: Filter, yes: number, no: number): number {
    switch (filter.kind) {
      case 'not':
        return this.add(filter.term, no, yes);
      case 'and':
        return costliestFirst(filter.terms).reduce((next, term) => this.add(term, next, no), yes);
      case 'or':
        return costliestFirst(filter.terms).reduce((next, term) => this.add(term, yes, next), no);
      default:
        return this.#addTerm(filter, yes, no);
    }
  }

  #addTerm(filter: TermFilter, yes: number, no: number): number {
    switch (filter.kind) {
      case 'all':
        return yes;
      case 'number':
        return this.#addNumber(filter, yes, no);
      case 'port':
        return this.#addPort(filter, yes, no);
      case 'network':
        return this.#addNetwork(filter, yes, no);
      case 'flags':
        return this.#addFlags(filter, yes, no);
      case 'interface':
        return [...this.#environment.indexesOf(filter.name)].reduce(
          (next, ifindex) => this.#test(LOAD.u32, OFFSET.ifindex, ifindex, ifindex, yes, next),
          no,
        );
    }
  }

  #addNumber({ field, comparison, value }: NumberFilter, yes: number, no: number): number {
    const { load, max } = WIDTHS.get(field) as { load: Load; max: number };
    const test = (low: number, high: number) => (low > high ? no : this.#test(load, OFFSET[field], low, high, yes, no));
    switch (comparison) {
      case '=':
        return test(value, value);
      case '!=':
        return this.#test(load, OFFSET[field], value, value, no, yes);
      case '<':
        return test(0, value - 1);
      case '<=':
        return test(0, value);
      case '>':
        return test(value + 1, max);
      case '>=':
        return test(value, max);
    }
  }

  #addPort({ side, from, to }: PortFilter, yes: number, no: number): number {
    return sidesOf(side, OFFSET.src_port, OFFSET.dst_port).reduce(
      (next, offset) => this.#test(LOAD.port, offset, from, to, yes, next),
      no,
    );
  }

  #addNetwork({ side, network }: NetworkFilter, yes: number, no: number): number {
    const { family, bytes, bits } = parseNetwork(network);
    return sidesOf(side, OFFSET.src_addr, OFFSET.dst_addr).reduce((next, offset) => {
      const words = family === 4 ? [12] : [12, 8, 4, 0].filter((first) => first === 0 || bits > 8 * first);
      const load = family === 4 ? LOAD.ipv4 : LOAD.ipv6;
      return words.reduce((inside, first) => {
        const mask = wordMask(bits - 8 * first);
        const low = wordAt(bytes, first) & mask;
        return this.#writer.add({ load, offset: offset + first, mask, low, span: 0, yes: inside, no: next });
      }, yes);
    }, no);
  }

  #addFlags({ flags, exact }: FlagsFilter, yes: number, no: number): number {
    const test: Test = {
      load: LOAD.u8,
      offset: OFFSET.tcp_flags,
      mask: exact ? 0xff : flags,
      low: flags,
      span: 0,
      yes,
      no,
    };
    return this.#test(LOAD.u8, OFFSET.ip_protocol, TCP, TCP, this.#writer.add(test), no);
  }

  #test(load: Load, offset: number, low: number, high: number, yes: number, no: number): number {
    return this.#writer.add({ load, offset, mask: -1, low: low | 0, span: (high - low) | 0, yes, no });
  }
}

const TCP = 6;

const LOADS = { u8: LOAD.u8, u16: LOAD.u16, u32: LOAD.u32 } as const;
const WIDTHS = new Map<string, { load: Load; max: number }>();
for (const { name, type } of PACKET_LOG_FIELDS) {
  if (type === 'u8' || type === 'u16' || type === 'u32') {
    WIDTHS.set(name, { load: LOADS[type], max: 2 ** Number(type.slice(1)) - 1 });
  }
}

function sidesOf(side: Side, source: number, destination: number): readonly number[] {
  // From the last to the first.
  return side === 'either' ? [destination, source] : [side === 'src' ? source : destination];
}

function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(at, true);
}

/** Of the first `bits` bits in network order, as they lie in a little-endian word. */
function wordMask(bits: number): number {
  const bytes = [0, 8, 16, 24].map((before) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - before))));
  return wordAt(Uint8Array.from(bytes), 0);
}

/** Cheap tests first when they run, so last here: they decide for most records. */
function costliestFirst(terms: readonly Filter[]): readonly Filter[] {
  return [...terms].sort((one, other) => costOf(other) - costOf(one));
}

function costOf(filter: Filter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + costOf(term), 0);
    case 'not':
      return costOf(filter.term);
    case 'network':
      return filter.side === 'either' ? 6 : 3;
    case 'port':
      return filter.side === 'either' ? 4 : 2;
    case 'interface':
    case 'flags':
      return 2;
    default:
      return 1;
  }
}
