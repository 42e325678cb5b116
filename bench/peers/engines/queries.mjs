/**
 * The queries, as SQL for the engines.
 *
 * @typedef {{
 *   name: 'by_minute' | 'top_sources' | 'network',
 *   from_ns: string,
 *   to_ns: string,
 *   network?: { text: string, from: string, to: string },
 * }} Query `network`: as text, and its first and last address as 32 hexadecimal digits.
 */

/**
 * The columns of a table, in the order of a segment's.
 * @type {readonly [string, 'u64' | 'addr' | 'u32' | 'u16' | 'u8'][]}
 */
export const COLUMNS = [
  ['timestamp_ns', 'u64'],
  ['src_addr', 'addr'],
  ['dst_addr', 'addr'],
  ['rule_id', 'u32'],
  ['ifindex', 'u32'],
  ['length', 'u16'],
  ['weight', 'u16'],
  ['src_port', 'u16'],
  ['dst_port', 'u16'],
  ['ether_type', 'u16'],
  ['vlan_id', 'u16'],
  ['ip_protocol', 'u8'],
  ['tcp_flags', 'u8'],
  ['action', 'u8'],
  ['reason', 'u8'],
];

/**
 * @param {Query} query
 * @param {{ big: (sql: string) => string, minute: string, address: (hex: string) => string }} dialect `big`: as 64 bits
 */
export function sqlOf({ name, from_ns, to_ns, network }, { big, minute, address }) {
  const packets = `sum(${big('weight')})`;
  const sums = `${packets}, sum(${big('weight')} * length)`;
  const range = `timestamp_ns >= ${from_ns} AND timestamp_ns < ${to_ns}`;
  switch (name) {
    case 'by_minute':
      return `SELECT ${minute} AS minute, ${sums}, sum(CASE WHEN action = 1 THEN weight ELSE 0 END) FROM packets WHERE ${range} GROUP BY 1 ORDER BY 1`;
    case 'top_sources':
      return `SELECT src_addr, ${sums} FROM packets WHERE ${range} GROUP BY 1 ORDER BY 2 DESC LIMIT 10`;
    case 'network':
      return `SELECT ${packets}, count(*) FROM packets WHERE ${range} AND src_addr BETWEEN ${address(network?.from ?? '')} AND ${address(network?.to ?? '')}`;
  }
}
