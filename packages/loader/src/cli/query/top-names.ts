/** What `packetlog query --top` can count by. */
import {
  actionName,
  allOf,
  etherTypeName,
  type Filter,
  protocolName,
  reasonName,
  type SourceGroup,
  type TopEntry,
  type TopField,
  type TopKey,
} from '@packetlog/common';
import { InvalidArgumentError } from 'commander';
import { sourceNetwork } from '../../past/answers/source-network.ts';

export interface TopKind {
  /** The first of its names. */
  readonly name: string;
  readonly key: TopKey;
  /** What else must hold: only some packets have the field. */
  readonly having?: Filter;
  /** What the addresses are grouped by. */
  readonly group?: SourceGroup;
  /** Returns the group of an address; undefined for an AS or a country until the files were read. */
  readonly groupOf?: GroupOf;
}

/** `title`: the name of the AS or the country. */
export type GroupOf = (address: string) => { readonly value: string; readonly title?: string };

const port = (side: 'src' | 'dst'): Filter => ({ kind: 'port', side, from: 0, to: 0xffff });

const KINDS: readonly (Omit<TopKind, 'name'> & { readonly names: readonly [string, ...string[]] })[] = [
  { names: ['source', 'src', 'src_addr'], key: 'src_addr' },
  { names: ['destination', 'dst', 'dst_addr'], key: 'dst_addr' },
  { names: ['port', 'dst-port', 'dst_port', 'destination-port'], key: 'dst_port', having: port('dst') },
  { names: ['source-port', 'src-port', 'src_port'], key: 'src_port', having: port('src') },
  { names: ['source-port-pair'], key: ['src_addr', 'dst_port'], having: port('dst') },
  { names: ['destination-port-pair'], key: ['dst_addr', 'dst_port'], having: port('dst') },
  { names: ['proto', 'protocol', 'ip_protocol'], key: 'ip_protocol' },
  { names: ['ether', 'ether_type'], key: 'ether_type' },
  { names: ['iface', 'interface', 'ifindex'], key: 'ifindex' },
  { names: ['rule', 'rule_id'], key: 'rule_id' },
  { names: ['action', 'verdict'], key: 'action' },
  { names: ['reason'], key: 'reason' },
  { names: ['vlan', 'vlan_id'], key: 'vlan_id' },
  { names: ['flags', 'tcp_flags'], key: 'tcp_flags' },
  { names: ['len', 'length'], key: 'length' },
  {
    names: ['source-network'],
    key: 'src_addr',
    group: 'network',
    groupOf: (address) => ({ value: sourceNetwork(address) }),
  },
  { names: ['source-as'], key: 'src_addr', group: 'as' },
  { names: ['source-country'], key: 'src_addr', group: 'country' },
];

export const TOP_NAMES = KINDS.map(({ names: [name] }) => name);

/** Parses the value of `--top`. @throws InvalidArgumentError */
export function topOption(text: string): TopKind {
  const kind = KINDS.find(({ names }) => names.includes(text));
  if (kind === undefined) throw new InvalidArgumentError(`Write one of ${TOP_NAMES.join(', ')}.`);
  const { names, ...rest } = kind;
  return { name: names[0], ...rest };
}

/** Returns what the query must match so that the field exists. */
export function filterOfTop({ having }: TopKind, filter: Filter | undefined): Filter | undefined {
  if (having === undefined) return filter;
  return filter === undefined ? having : allOf([filter, having]);
}

/** Names of the columns of the result, which are those of the layout. */
export function keyFields({ key, group }: TopKind): readonly string[] {
  if (group !== undefined) return GROUP_FIELDS[group];
  if (typeof key !== 'string') return key;
  return [key === 'ifindex' ? 'interface' : key];
}

const GROUP_FIELDS: Readonly<Record<SourceGroup, readonly string[]>> = {
  network: ['network'],
  as: ['as', 'organisation'],
  country: ['country', 'country_name'],
};

/** The values of `keyFields`, as in the JSON of a record. */
export function keyValues(
  { key, group }: TopKind,
  { value, port: number, title = '' }: TopEntry & { readonly title?: string },
): readonly (string | number)[] {
  if (group !== undefined) return group === 'network' ? [value] : [value, title];
  if (typeof key !== 'string') return [value, number ?? 0];
  if (key === 'action') return [actionName(Number(value))];
  return [key === 'reason' ? reasonName(Number(value)) : value];
}

/** What a table shows for a value. */
export function keyText(field: string, value: string | number): string {
  const show: Partial<Record<TopField, (code: number) => string>> = {
    ip_protocol: protocolName,
    ether_type: etherTypeName,
    rule_id: (id) => (id === 0 ? 'none' : String(id)),
    vlan_id: (id) => (id === 0 ? 'none' : String(id)),
  };
  return show[field as TopField]?.(Number(value)) ?? String(value);
}
