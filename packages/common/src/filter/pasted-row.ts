/** Converts a pasted row of the console, the dashboard or a capture to a filter for such packets. */
import { formatNetwork, parseNetwork } from '../address/network.ts';
import { IP_PROTOCOL_WORDS, parseIpProtocol } from '../rules/ip-protocol.ts';
import { endpointText } from './endpoint.ts';
import { allOf, type Filter } from './filter.ts';

interface Row {
  readonly protocol: string;
  readonly ends: readonly (readonly [side: 'src' | 'dst', address: string, port: string])[];
}

/** Returns undefined for a text that is not such a row. */
export function filterOfRow(text: string): Filter | undefined {
  const row = rowOf(text.trim());
  if (row === undefined) return undefined;
  try {
    return filterOf(row);
  } catch {
    return undefined;
  }
}

const CONSOLE = /SRC IP: ([^,]+), SRC PORT: ([^,]+), +DST IP: ([^,]+), DST PORT: ([^,]+), +PROTO: ([^, ]+)/;
const PAGE = /^\d{4}-\S+Z [a-z]+ (\S+) -> (\S+) (\S+?),? /;
/** The columns of a record, with the interface. */
const CSV_COLUMNS = 16;

function rowOf(text: string): Row | undefined {
  const [, source, sourcePort, destination, destinationPort, name] = CONSOLE.exec(text) ?? [];
  if (name !== undefined) return row(name, [source, sourcePort], [destination, destinationPort]);
  const [, from, to, protocol] = PAGE.exec(text) ?? [];
  if (protocol !== undefined) return row(protocol, endOf(from), endOf(to));
  const cells = text.split(',');
  if (cells.length === CSV_COLUMNS && /^\d{16,}$/.test(cells[0] ?? '')) {
    return row(cells[11], [cells[1], cells[7]], [cells[2], cells[8]]);
  }
  return text.startsWith('{') ? rowOfJson(text) : undefined;
}

function rowOfJson(text: string): Row | undefined {
  try {
    const { src_addr, dst_addr, src_port, dst_port, ip_protocol } = JSON.parse(text) as Record<string, unknown>;
    if (src_addr === undefined || dst_addr === undefined) return undefined;
    return row(ip_protocol, [src_addr, src_port], [dst_addr, dst_port]);
  } catch {
    return undefined;
  }
}

function row(protocol: unknown, source: readonly unknown[], destination: readonly unknown[]): Row {
  return {
    protocol: String(protocol),
    ends: [
      ['src', String(source[0]), String(source[1])],
      ['dst', String(destination[0]), String(destination[1])],
    ],
  };
}

/** Splits address and port; an IPv6 address without brackets has no port. */
function endOf(text = ''): readonly [string, string] {
  const { address, port } = endpointText(text) ?? { address: text };
  return [address, String(port ?? '')];
}

const WITH_PORTS = new Set([6, 17, 132, 136]);

function filterOf({ protocol, ends }: Row): Filter | undefined {
  const number = protocolNumber(protocol);
  const terms: Filter[] = [];
  if (number !== undefined) terms.push({ kind: 'number', field: 'ip_protocol', comparison: '=', value: number });
  for (const [side, address, port] of ends) {
    // The address was not read: `-` on the console, `::` in a record.
    if (address === '-' || address === '::') continue;
    terms.push({ kind: 'network', side, network: formatNetwork(parseNetwork(address)) });
    if (!/^\d+$/.test(port) || !WITH_PORTS.has(number ?? 0)) continue;
    terms.push({ kind: 'port', side, from: Number(port), to: Number(port) });
  }
  return terms.length > 1 ? allOf(terms) : undefined;
}

function protocolNumber(name: string): number | undefined {
  const word = name.toLowerCase();
  return /^\d{1,3}$/.test(word) || IP_PROTOCOL_WORDS.includes(word) ? parseIpProtocol(word) : undefined;
}
