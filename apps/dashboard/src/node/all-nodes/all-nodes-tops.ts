import { MAX_GROUP_NETWORKS } from '@packetlog/common';
import type { PastCoverage, PastList, PastTops } from '../messages/past-events.ts';

interface Volume {
  readonly packets: number;
  readonly bytes: number;
}

interface TopsOfNode {
  readonly name: string;
  readonly value: PastTops;
}

type Groups = NonNullable<PastTops['groups']>;

/**
 * Adds up the top lists of recorded packets of several nodes, up to `limit` entries each. Sums are too small where a node
 * does not list a value, and say so. Rules are omitted: their numbers are per node.
 */
export function addUpTops(nodes: readonly TopsOfNode[], coverage: PastCoverage, limit: number): PastTops {
  const lists = <Entry>(pick: (tops: PastTops) => PastList<Entry>) => nodes.map(({ value }) => pick(value));
  const problems = nodes.flatMap(({ name, value }) =>
    value.groups_problem === undefined ? [] : [`${name}: ${value.groups_problem}`],
  );
  const groups = nodes.flatMap(({ value }) => (value.groups === undefined ? [] : [value.groups]));
  return {
    sources: addUpLists(
      lists(({ sources }) => sources),
      ({ addr }) => addr,
      limit,
      (a, b) => ({ ports: Math.max(a.ports, b.ports), ports_at_least: true }),
    ),
    ports: addUpLists(
      lists(({ ports }) => ports),
      ({ ip_protocol, port }) => `${ip_protocol}/${port}`,
      limit,
    ),
    pairs: addUpLists(
      lists(({ pairs }) => pairs),
      ({ src_addr, dst_addr }) => `${src_addr} ${dst_addr}`,
      limit,
    ),
    rules: { entries: [], others: { packets: 0, bytes: 0 }, distinct: 0 },
    interfaces: addUpLists(
      nodes.map(({ name, value: { interfaces } }) => ({
        ...interfaces,
        entries: interfaces.entries.map((entry) => ({ ...entry, name: `${name} ${entry.name}`, on_node: entry.name })),
      })),
      ({ name }) => name,
      limit,
    ),
    ...(groups.length > 0 && { groups: addUpLists(groups, ({ name }) => name, limit, joinGroups) }),
    ...(problems.length > 0 && { groups_problem: problems.join(' ') }),
    coverage,
  };
}

type Group = Groups['entries'][number];

function joinGroups(a: Group, b: Group): Partial<Group> {
  const networks = a.networks && b.networks && [...new Set([...a.networks, ...b.networks])];
  return {
    sources: Math.max(a.sources, b.sources),
    sources_at_least: true,
    networks: networks !== undefined && networks.length <= MAX_GROUP_NETWORKS ? networks : undefined,
  };
}

/** `join`: what becomes of the other fields of a value that two nodes list. */
function addUpLists<Entry extends Volume>(
  lists: readonly PastList<Entry>[],
  keyOf: (entry: Entry) => string,
  limit: number,
  join: (a: Entry, b: Entry) => Partial<Entry> = () => ({}),
): PastList<Entry> {
  const sums = new Map<string, { entry: Entry; lists: number }>();
  let total: Volume = { packets: 0, bytes: 0 };
  for (const { entries, others } of lists) {
    total = plus(total, others);
    for (const entry of entries) {
      total = plus(total, entry);
      const known = sums.get(keyOf(entry));
      if (known === undefined) sums.set(keyOf(entry), { entry, lists: 1 });
      else {
        const { packets, bytes } = plus(known.entry, entry);
        sums.set(keyOf(entry), {
          entry: { ...known.entry, ...join(known.entry, entry), packets, bytes },
          lists: known.lists + 1,
        });
      }
    }
  }
  const listed = lists.map(({ entries }) => new Set(entries.map(keyOf)));
  const isWhole = lists.map(({ entries, others, distinct }) => entries.length >= distinct && others.packets === 0);
  const isTooSmall = (key: string) => lists.some((_, i) => !isWhole[i] && !listed[i]?.has(key));
  const entries = [...sums]
    .sort(([, a], [, b]) => b.entry.packets - a.entry.packets)
    .slice(0, limit)
    .map(([key, { entry }]) => (isTooSmall(key) ? { ...entry, at_least: true as const } : entry));
  const shown = entries.reduce<Volume>(plus, { packets: 0, bytes: 0 });
  const duplicates = [...sums.values()].reduce((sum, { lists: times }) => sum + times - 1, 0);
  const distinct = lists.reduce((sum, list) => sum + list.distinct, 0) - duplicates;
  const isOne = lists.filter((list) => list.distinct > 0).length < 2;
  return {
    entries,
    others: { packets: total.packets - shown.packets, bytes: total.bytes - shown.bytes },
    distinct,
    ...(!isOne && !isWhole.every(Boolean) && { at_most: true as const }),
  };
}

function plus(a: Volume, b: Volume): Volume {
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes };
}
