import type { Listener, Place } from '@packetlog/common';
import { ABSENT } from '../../../text/number.ts';
import type { PacketRow } from '../../../text/row-text.ts';
import { plainName } from '../drawer/listener-text.ts';
import type { LookupColumn } from './columns.ts';

const LISTENING_PROTOCOLS: ReadonlySet<number> = new Set([6, 17]);

/** Returns what a row's cell is looked up by; null if it has nothing. */
export function lookupKey(column: LookupColumn, { src, dst, ipProtocol }: PacketRow): string | null {
  if (column !== 'process') return src.addr === ABSENT ? null : src.addr;
  return LISTENING_PROTOCOLS.has(ipProtocol) && dst.port !== '' ? `${ipProtocol} ${dst.port}` : null;
}

/** Names the processes that listen on each port: 'nginx', 'systemd, sshd'; null: none does. */
export function processesOf(listeners: readonly Listener[], keys: readonly string[]): Record<string, string | null> {
  const processes = new Map<string, Set<string>>();
  for (const { ip_protocol, port, process } of listeners) {
    const key = `${ip_protocol} ${port}`;
    processes.set(key, (processes.get(key) ?? new Set()).add(plainName(process)));
  }
  return Object.fromEntries(keys.map((key) => [key, [...(processes.get(key) ?? [])].join(', ') || null]));
}

/** Returns the names of addresses without characters that could reorder or cover other text. */
export function namesOf(names: Readonly<Record<string, string | null>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, name === null ? null : plainName(name)]));
}

export function countryOf(place: Place | null | undefined): string | null {
  return place?.country_name ?? place?.country ?? null;
}

/** What a cell shows where the loader does not look it up. */
export const UNAVAILABLE: Readonly<Record<LookupColumn, string>> = {
  process: 'not available',
  country: 'needs --geoip',
  name: 'needs --reverse-dns',
};
