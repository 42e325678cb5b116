/** Compares names and byte layouts in the loader's tables with the BTF of the compiled object. Needs bpftool, a build. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { FIELD_BYTES, PACKET_LOG_FIELDS, PACKET_LOG_SIZE } from '@packetlog/common';
import { renderCHeader } from '@packetlog/common/c-header';
import { describe, expect, it } from 'vitest';
import { MAPS, OBJECT_PATH, PROGRAMS } from './names.ts';
import {
  CONNECTION_STATE,
  LIMIT_STATE,
  LIMIT_WIDE_ENTRY,
  RULE_ACTION,
  RULE_BLOCK,
  RULE_CHAIN_LIMIT,
  RULE_CONDITION,
  RULE_COUNTER,
  RULE_FILTER,
  RULE_HEADER,
  RULE_IMAGE_MAGIC,
  RULE_KEY,
  RULE_LIMIT,
  RULE_LINE,
  RULE_NODE,
  RULE_SERVICES,
  RULE_SLOTS,
  RULE_VALUE,
} from './rule-image.ts';
import {
  ARRAY_LINE,
  COUNTERS,
  INTERFACE_SLOTS,
  KNOBS,
  REASON_COUNTERS,
  RUNTIME,
  SLOT_TABLE,
  SLOT_TABLE_SIZE,
} from './state.ts';

interface BtfType {
  id: number;
  kind: string;
  name: string;
  size?: number;
  type_id?: number;
  nr_elems?: number;
  members?: { name: string; type_id: number; bits_offset: number }[];
  vars?: { type_id: number }[];
}

const dump = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', OBJECT_PATH], {
  encoding: 'utf8',
  maxBuffer: 1 << 26,
});
const { types } = JSON.parse(dump) as { types: BtfType[] };

function typeOf(id: number | undefined): BtfType {
  const type = types.find((candidate) => candidate.id === id);
  if (!type) throw new Error(`no BTF type ${id}`);
  return type;
}

function named(kind: string, name: string): BtfType {
  const found = types.filter((type) => type.kind === kind && type.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} BTF types ${kind} ${name}`);
  return found[0];
}

/** Returns the bytes of a type, through typedefs, qualifiers and arrays. */
function bytesOf(type: BtfType): number {
  if (type.kind === 'ARRAY') return (type.nr_elems ?? 0) * bytesOf(typeOf(type.type_id));
  return type.size ?? bytesOf(typeOf(type.type_id));
}

/** Returns [name, offset, bytes] of each member. */
function members(struct: BtfType): [string, number, number][] {
  const all = struct.members ?? [];
  return all.map(({ name, type_id, bits_offset }) => [name, bits_offset / 8, bytesOf(typeOf(type_id))]);
}

function layout(struct: string): [string, number, number][] {
  return members(named('STRUCT', struct));
}

/** Returns the offset of a struct's union without a name, and the members of each of its ways. */
function unionOf(struct: string): { at: number; ways: [string, number, number][][] } {
  const either = named('STRUCT', struct).members?.find(({ type_id }) => typeOf(type_id).kind === 'UNION');
  const ways = (typeOf(either?.type_id).members ?? []).map(({ name, type_id }) =>
    name === '(anon)'
      ? members(typeOf(type_id))
      : ([[name, 0, bytesOf(typeOf(type_id))]] as [string, number, number][]),
  );
  return { at: (either?.bits_offset ?? 0) / 8, ways };
}

/** Returns the variables in a section, with their types. */
function variables(section: string): BtfType[] {
  return (named('DATASEC', section).vars ?? []).map(({ type_id }) => typeOf(type_id));
}

const fieldsOf = (fields: Readonly<Record<string, number>>, bytes: number) =>
  Object.entries(fields).map(([name, offset]) => [name, offset, bytes]);

describe('the object has', () => {
  it.each(Object.values(PROGRAMS).flatMap((each) => Object.values(each)))('the program %s', (name) => {
    expect(named('FUNC', name)).toBeDefined();
  });

  it('exactly the maps named here, and those that only the program uses', () => {
    const { knobs, runtime, slots, ...maps } = MAPS;
    expect(new Set(variables('.maps').map(({ name }) => name))).toEqual(
      new Set([...Object.values(maps), 'clock_of_cpu', 'connection_of_cpu']),
    );
    expect([knobs, runtime, slots].every((name) => name.startsWith('.'))).toBe(true);
  });

  it.each([
    [MAPS.knobs, 'knobs', KNOBS.size],
    [MAPS.runtime, 'runtime', RUNTIME.size],
    [MAPS.slots, 'interface_slots', SLOT_TABLE.size],
  ])('in %s only %s, of %d bytes, so that it is at offset 0', (section, name, bytes) => {
    const [variable, ...others] = variables(section);
    expect(others).toEqual([]);
    expect(variable?.name).toBe(name);
    expect(bytesOf(typeOf(variable?.type_id))).toBe(bytes);
  });
});

describe('a map of maps', () => {
  const prototypes = variables('.maps').flatMap((map) => {
    const values = (typeOf(map.type_id).members ?? []).find(({ name }) => name === 'values');
    if (values === undefined) return [];
    const pointer = typeOf(typeOf(values.type_id).type_id);
    return [{ map: map.name, members: (typeOf(pointer.type_id).members ?? []).map(({ name }) => name) }];
  });

  it('is each of the four', () => {
    expect(prototypes.map(({ map }) => map).sort()).toEqual(
      [MAPS.denies, MAPS.limitStates, MAPS.permits, MAPS.ruleImages].sort(),
    );
  });

  it.each(prototypes)('$map has a prototype without BTF types, as the maps created at run time', ({ members }) => {
    expect(members).toContain('type');
    expect(members).not.toContain('key');
    expect(members).not.toContain('value');
  });
});

describe('the layout of', () => {
  it('a record is that of the layout table', () => {
    expect(layout('packet_log')).toEqual(
      PACKET_LOG_FIELDS.map(({ name, offset, type }) => [name, offset, FIELD_BYTES[type]]),
    );
    expect(named('STRUCT', 'packet_log').size).toBe(PACKET_LOG_SIZE);
  });

  it('counters is COUNTERS', () => {
    const { reasons, ...plain } = COUNTERS.fields;
    const fields = layout('interface_counters').filter(([name]) => name !== 'reserved');
    expect(fields).toEqual([...fieldsOf(plain, 8), ['reasons', reasons, REASON_COUNTERS * 8]]);
    expect(named('STRUCT', 'interface_counters').size).toBe(COUNTERS.size);
  });

  it('knobs is KNOBS', () => {
    expect(layout('packetlog_knobs')).toEqual(fieldsOf(KNOBS.fields, 4));
    expect(named('STRUCT', 'packetlog_knobs').size).toBe(KNOBS.size);
  });

  it('the two ends of an array ring is two lines', () => {
    expect(layout('array_control')).toEqual([
      ['producer', ARRAY_LINE.producer * ARRAY_LINE.size, ARRAY_LINE.size],
      ['consumer', ARRAY_LINE.consumer * ARRAY_LINE.size, ARRAY_LINE.size],
    ]);
    expect(named('STRUCT', 'array_control').size).toBe(ARRAY_LINE.perRing * ARRAY_LINE.size);
  });

  it('the header of a rule image is RULE_HEADER', () => {
    expect(layout('rule_header').map(([name, offset]) => [name, offset])).toEqual(Object.entries(RULE_HEADER));
    expect(named('STRUCT', 'rule_header').size).toBe(RULE_LINE.size);
    expect(named('STRUCT', 'rule_line').size).toBe(RULE_LINE.size);
  });

  it('a block of IPv4, plain and packed, is RULE_BLOCK', () => {
    const { more, starts, values, max_starts, packed_kinds, packed_starts, max_packed_starts } = RULE_BLOCK;
    const [first, either, ...others] = named('STRUCT', 'rule_block').members ?? [];
    expect([first?.name, first?.bits_offset, others]).toEqual(['more', more * 32, []]);
    const ways = (typeOf(either?.type_id).members ?? []).map(({ type_id }) => members(typeOf(type_id)));
    // From the second word on.
    expect(ways).toEqual([
      [
        ['starts', starts * 4 - 4, max_starts * 4],
        ['values', values * 4 - 4, (max_starts + 1) * 4],
      ],
      [
        ['packed_kinds', packed_kinds * 2 - 4, 8],
        ['packed_starts', packed_starts * 2 - 4, max_packed_starts * 2],
      ],
    ]);
    expect(named('STRUCT', 'rule_block').size).toBe(RULE_LINE.size);
  });

  it('a line of the filter is RULE_FILTER', () => {
    const { fields, key_bits } = RULE_FILTER;
    const bytes = { whole: 8, ask: 8, keys: key_bits / 8 };
    expect(layout('rule_filter')).toEqual(
      Object.entries(fields).map(([name, at]) => [name, at, bytes[name as keyof typeof bytes]]),
    );
    expect(named('STRUCT', 'rule_filter').size).toBe(RULE_LINE.size);
  });

  it('a rule node is RULE_NODE', () => {
    const fields = layout('rule_node').filter(([name]) => name !== 'reserved');
    expect(fields.map(([name, offset]) => [name, offset])).toEqual(Object.entries(RULE_NODE.fields));
    expect(named('STRUCT', 'rule_node').size).toBe(RULE_NODE.size);
  });

  it('a condition is RULE_CONDITION', () => {
    expect(layout('rule_condition')).toEqual(fieldsOf(RULE_CONDITION.fields, 8));
    expect(named('STRUCT', 'rule_condition').size).toBe(RULE_CONDITION.size);
  });

  it('a limit is RULE_LIMIT, and its levels are LIMIT_STATE', () => {
    const of = (struct: string) =>
      layout(struct).flatMap(([name, offset]) => (name === 'reserved' ? [] : [[name, offset]]));
    expect(of('rule_limit')).toEqual(Object.entries(RULE_LIMIT.fields));
    expect(named('STRUCT', 'rule_limit').size).toBe(RULE_LIMIT.size);
    const { fields, size } = LIMIT_STATE;
    const { cells, table, wide, ...head } = fields;
    expect(of('limit_state').filter(([name]) => name !== '(anon)')).toEqual(Object.entries(head));
    expect(named('STRUCT', 'limit_state').size).toBe(size);
    const either = unionOf('limit_state');
    expect(either.at).toBe(wide);
    expect(either.ways.map((way) => way.map(([name, at]) => [name, either.at + at]))).toEqual([
      [
        ['cells', cells],
        ['table', table],
      ],
      [['wide', wide]],
    ]);
  });

  it('an entry of connections or ports is LIMIT_WIDE_ENTRY', () => {
    const { key, arrival, ...connections } = LIMIT_WIDE_ENTRY.fields;
    expect(layout('limit_wide_entry').slice(0, 2)).toEqual(fieldsOf({ key, arrival }, 8));
    const { at, ways } = unionOf('limit_wide_entry');
    expect(ways[0]?.filter(([name]) => name !== 'reserved').map(([name, offset]) => [name, at + offset])).toEqual(
      Object.entries(connections),
    );
    expect(ways[1]).toEqual([['ports', 0, LIMIT_WIDE_ENTRY.max_ports * 2]]);
    expect(at).toBe(LIMIT_WIDE_ENTRY.ports);
    expect(named('STRUCT', 'limit_wide_entry').size).toBe(LIMIT_WIDE_ENTRY.size);
  });

  it('what is known of connections is CONNECTION_STATE', () => {
    const fields = layout('connection_state').filter(([name]) => name !== 'reserved' && name !== 'sets');
    expect(fields).toEqual(fieldsOf(CONNECTION_STATE.fields, 8));
    expect(named('STRUCT', 'connection_state').size).toBe(CONNECTION_STATE.size);
  });

  it('the counter of a rule is RULE_COUNTER', () => {
    const fields = layout('rule_counter').filter(([name]) => name !== 'seen_jiffies');
    expect(fields).toEqual(fieldsOf(RULE_COUNTER.fields, 8));
    expect(named('STRUCT', 'rule_counter').size).toBe(RULE_COUNTER.size);
  });

  it('a line of the array ring is ARRAY_LINE', () => {
    const known = Object.keys(ARRAY_LINE.fields);
    expect(layout('array_line').filter(([name]) => known.includes(name))).toEqual(fieldsOf(ARRAY_LINE.fields, 8));
    expect(named('STRUCT', 'array_line').size).toBe(ARRAY_LINE.size);
  });

  it('runtime values is RUNTIME', () => {
    expect(layout('packetlog_runtime')).toEqual(fieldsOf(RUNTIME.fields, 8));
    expect(named('STRUCT', 'packetlog_runtime').size).toBe(RUNTIME.size);
  });
});

describe('the sources', () => {
  it('have the C header of this layout table', () => {
    const path = new URL('./xdp/packet_log.h', import.meta.url);
    expect(readFileSync(path, 'utf8')).toBe(renderCHeader());
  });

  it.each([
    ['counters.h', 'PACKETLOG_SLOTS', INTERFACE_SLOTS],
    ['counters.h', 'PACKETLOG_SLOT_TABLE', SLOT_TABLE_SIZE],
    ['counters.h', 'PACKETLOG_REASONS', REASON_COUNTERS],
    ['rule_image.h', 'RULE_IMAGE_MAGIC', `0x${RULE_IMAGE_MAGIC.toString(16)}`],
    ['rule_image.h', 'RULE_BLOCK_STARTS', RULE_BLOCK.max_starts],
    ['rule_image.h', 'RULE_BLOCK_PACKED_STARTS', RULE_BLOCK.max_packed_starts],
    ['rule_image.h', 'RULE_BLOCK_PACKED', `0x${RULE_BLOCK.packed.toString(16)}`],
    ['rule_image.h', 'RULE_FILTER_PARTS', RULE_FILTER.part_bits],
    ['rule_image.h', 'RULE_FILTER_PART_KEYS', RULE_FILTER.part_key_bits],
    ['rule_image.h', 'RULE_FILTER_KEY_BITS', RULE_FILTER.key_bits],
    ['rule_image.h', 'RULE_FILTER_HASH_1', `0x${RULE_FILTER.hash_1.toString(16)}`],
    ['rule_image.h', 'RULE_FILTER_HASH_2', `0x${RULE_FILTER.hash_2.toString(16)}`],
    ['rule_image.h', 'RULE_CONFIRMED', RULE_SLOTS.confirmed],
    ['rule_image.h', 'RULE_PROVISIONAL', RULE_SLOTS.provisional],
    ['rule_image.h', 'RULE_DENY', RULE_ACTION.deny],
    ['rule_image.h', 'RULE_PERMIT', RULE_ACTION.permit],
    ['rule_image.h', 'RULE_OBSERVE', RULE_ACTION.observe],
    ['rule_image.h', 'RULE_LIMIT', RULE_ACTION.limit],
    ['rule_image.h', 'RULE_LIMITS_PER_PACKET', RULE_LIMIT.per_packet],
    ['rule_image.h', 'RULE_LIMIT_COST_SHIFT', RULE_LIMIT.cost_shift],
    ['rule_image.h', 'RULE_MEASURE_PACKETS', RULE_LIMIT.measures.packets],
    ['rule_image.h', 'RULE_MEASURE_BYTES', RULE_LIMIT.measures.bytes],
    ['rule_image.h', 'RULE_MEASURE_SYN', RULE_LIMIT.measures.syn],
    ['rule_image.h', 'RULE_MEASURE_CONNECTIONS', RULE_LIMIT.measures.connections],
    ['rule_image.h', 'RULE_MEASURE_PORTS', RULE_LIMIT.measures.ports],
    ['rule_image.h', 'RULE_LIMIT_NUMBER', `0x${RULE_LIMIT.number.toString(16)}`],
    ['rule_image.h', 'RULE_LIMIT_CONNECTIONS', `0x${RULE_LIMIT.connections.toString(16)}`],
    ['rule_image.h', 'RULE_LIMIT_ENFORCED', RULE_LIMIT.flags.enforced],
    ['rule_image.h', 'RULE_LIMIT_BANS', `${RULE_LIMIT.flags.bans} .*`],
    ['rule_image.h', 'RULE_PER_SOURCE', RULE_LIMIT.pers.source],
    ['rule_image.h', 'RULE_PER_RULE', RULE_LIMIT.pers.rule],
    ['rule_image.h', 'RULE_PER_PORT', RULE_LIMIT.pers.port],
    ['limit_state.h', 'LIMIT_CELL_BITS', LIMIT_STATE.cell_bits],
    ['limit_state.h', 'LIMIT_SET_BITS', LIMIT_STATE.set_bits],
    ['limit_state.h', 'LIMIT_WIDE_SET_BITS', LIMIT_STATE.wide_set_bits],
    ['limit_state.h', 'LIMIT_WAYS', LIMIT_STATE.ways],
    ['limit_state.h', 'LIMIT_SHAPE_CELLS', LIMIT_STATE.shapes.cells],
    ['limit_state.h', 'LIMIT_SHAPE_CONNECTIONS', LIMIT_STATE.shapes.connections],
    ['limit_state.h', 'LIMIT_SHAPE_PORTS', LIMIT_STATE.shapes.ports],
    ['connections.h', 'CONNECTION_SET_BITS', CONNECTION_STATE.set_bits],
    ['connections.h', 'CONNECTION_WAYS', CONNECTION_STATE.ways],
    ['rule_image.h', 'RULE_VALUE_SHIFT', RULE_VALUE.shift],
    ['rule_image.h', 'RULE_VALUE_NODE', RULE_VALUE.node],
    ['rule_image.h', 'RULE_VALUE_SLICE', RULE_VALUE.slice],
    ['rule_image.h', 'RULE_VALUE_ROW', RULE_VALUE.row],
    ['rule_image.h', 'RULE_CHAIN_LIMIT', RULE_CHAIN_LIMIT],
    ['rule_key.h', 'KEY_READABLE_SHIFT', RULE_KEY.flags_read],
    ['rule_key.h', 'KEY_FLAGS_SHIFT', RULE_KEY.tcp_flags],
    ['packet.h', 'READ_TCP_FLAGS', 1],
    ['packet.h', 'READ_IPV4', 2 ** (RULE_KEY.ipv4 - RULE_KEY.flags_read)],
    ['packet.h', 'READ_IPV6', 2 ** (RULE_KEY.ipv6 - RULE_KEY.flags_read)],
    ['packet.h', 'READ_FRAGMENT', 2 ** (RULE_KEY.fragment - RULE_KEY.flags_read)],
    ['rule_image.h', 'RULE_PORT_TABLES', RULE_SERVICES.port_tables],
    ['rule_image.h', 'RULE_PORT_PROTOCOLS', RULE_SERVICES.port_protocols],
    ['rule_image.h', 'RULE_PROTOCOLS', RULE_SERVICES.protocols],
  ])('in %s define %s as %s', (file, name, value) => {
    const source = readFileSync(new URL(`./xdp/${file}`, import.meta.url), 'utf8');
    expect(source).toMatch(new RegExp(`^#define ${name}\\s+${value}$`, 'm'));
  });
});
