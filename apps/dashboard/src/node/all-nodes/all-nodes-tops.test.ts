import { describe, expect, it } from 'vitest';
import type { PastList, PastTops } from '../messages/past-events.ts';
import { addUpTops } from './all-nodes-tops.ts';

const coverage = { packets: 0, records: 0, missing: [] };
const EMPTY = { entries: [], others: { packets: 0, bytes: 0 }, distinct: 0 };

/** `others`: packets and number of the values that are not listed. */
function list<Entry>(entries: Entry[], others = { packets: 0, values: 0 }): PastList<Entry> {
  return {
    entries: entries as PastList<Entry>['entries'],
    others: { packets: others.packets, bytes: others.packets * 100 },
    distinct: entries.length + others.values,
  };
}

const source = (addr: string, packets: number, ports = 1) => ({ addr, packets, bytes: packets * 100, ports });
const tops = (over: Partial<PastTops>): PastTops => ({
  ...{ sources: EMPTY, ports: EMPTY, pairs: EMPTY, rules: EMPTY, interfaces: EMPTY },
  coverage,
  ...over,
});
const sum = (limit: number, ...values: PastTops[]) =>
  addUpTops(
    values.map((value, i) => ({ name: `web-${i + 1}`, value })),
    coverage,
    limit,
  );

describe('top lists of all nodes', () => {
  it('are exact if each node lists all of its values', () => {
    const { sources } = sum(
      10,
      tops({ sources: list([source('a', 5), source('b', 3)]) }),
      tops({ sources: list([source('b', 4, 7), source('c', 1)]) }),
    );
    expect(sources).toEqual({
      entries: [{ ...source('b', 7, 7), ports_at_least: true }, { ...source('a', 5) }, { ...source('c', 1) }],
      others: { packets: 0, bytes: 0 },
      distinct: 3,
    });
  });

  it('say where a node may have more packets of a value, and that values may be counted more than once', () => {
    const { sources } = sum(
      2,
      tops({ sources: list([source('a', 50), source('b', 30)], { packets: 20, values: 9 }) }),
      tops({ sources: list([source('b', 40)]) }),
    );
    expect(sources.entries).toEqual([{ ...source('b', 70), ports_at_least: true }, { ...source('a', 50) }]);
    expect(sources).toMatchObject({ distinct: 11, at_most: true, others: { packets: 20, bytes: 2000 } });
    const other = sum(
      2,
      tops({ sources: list([source('a', 50)]) }),
      tops({ sources: list([source('b', 40)], { packets: 9, values: 3 }) }),
    );
    expect(other.sources.entries).toEqual([{ ...source('a', 50), at_least: true }, { ...source('b', 40) }]);
  });

  it('keep the total, whatever is cut', () => {
    const { ports } = sum(
      1,
      tops({ ports: list([{ ip_protocol: 6, port: 22, packets: 9, bytes: 900 }], { packets: 4, values: 2 }) }),
      tops({ ports: list([{ ip_protocol: 17, port: 22, packets: 8, bytes: 800 }]) }),
    );
    expect(ports.entries).toMatchObject([{ ip_protocol: 6, packets: 9 }]);
    expect(ports.others).toEqual({ packets: 12, bytes: 1200 });
  });

  it('are exact if only one node has values', () => {
    const { pairs } = sum(
      10,
      tops({ pairs: list([{ src_addr: 'a', dst_addr: 'b', packets: 2, bytes: 9 }], { packets: 1, values: 1 }) }),
      tops({}),
    );
    expect(pairs.at_most).toBeUndefined();
    expect(pairs.entries).toEqual([{ src_addr: 'a', dst_addr: 'b', packets: 2, bytes: 9 }]);
  });

  it('name the node of an interface, and leave out rules', () => {
    const eth0 = list([{ name: 'eth0', packets: 2, bytes: 9 }]);
    const rules = list([{ rule_id: 1, packets: 2, bytes: 9 }]);
    const merged = sum(10, tops({ interfaces: eth0, rules }), tops({ interfaces: eth0, rules }));
    expect(merged.interfaces.entries.map(({ name, on_node }) => [name, on_node])).toEqual([
      ['web-1 eth0', 'eth0'],
      ['web-2 eth0', 'eth0'],
    ]);
    expect(merged.rules.entries).toEqual([]);
  });

  it('group sources by the same name, with their networks up to a limit', () => {
    const group = (name: string, networks: string[]) => ({ name, packets: 1, bytes: 1, sources: 3, networks });
    const many = Array.from({ length: 16 }, (_, i) => `10.${i}.0.0/16`);
    const { groups, groups_problem } = sum(
      10,
      tops({ groups: list([group('AS1', ['192.0.2.0/24']), group('AS2', many)]) }),
      tops({ groups: list([group('AS1', ['198.51.100.0/24']), group('AS2', ['192.0.2.0/24'])]) }),
      tops({ groups_problem: 'It needs files of --geoip.' }),
    );
    expect(groups?.entries).toEqual([
      {
        ...group('AS1', ['192.0.2.0/24', '198.51.100.0/24']),
        ...{ packets: 2, bytes: 2, sources_at_least: true },
      },
      { ...group('AS2', []), networks: undefined, packets: 2, bytes: 2, sources_at_least: true },
    ]);
    expect(groups_problem).toBe('web-3: It needs files of --geoip.');
  });
});
