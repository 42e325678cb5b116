import type { Listener, Place } from '@packetlog/common';

/** 'New Zealand, AS64496 Example Networks'; '' where nothing is known. */
export function placeWords(place: Place | null | undefined): string {
  if (!place) return '';
  const country = place.country_name ?? place.country ?? '';
  const network = place.asn === undefined ? '' : `AS${place.asn}${place.organisation ? ` ${place.organisation}` : ''}`;
  return [country, network].filter((part) => part !== '').join(', ');
}

/** 'NZ' or 'AS64496': what fits beside an address. */
export function placeMark(place: Place | null | undefined): string {
  if (!place) return '';
  return place.country ?? (place.asn === undefined ? '' : `AS${place.asn}`);
}

/** A name that somebody else chose, without what could be drawn over other text or turn it around. */
export function plainName(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, 253);
}

/** 'nginx (pid 812) listens on it now.' */
export function listenerWords(listeners: readonly Listener[], ip_protocol: number, port: number): string {
  const here = listeners.filter((each) => each.ip_protocol === ip_protocol && each.port === port);
  if (here.length === 0) return 'No process of this machine listens on it now.';
  const processes = new Map<string, number[]>();
  for (const { process, pid } of here) processes.set(process, [...(processes.get(process) ?? []), pid]);
  const names = [...processes].map(([process, pids]) => `${plainName(process)} (${pidWords(pids)})`);
  return `${names.join(', ')} ${here.length === 1 ? 'listens' : 'listen'} on it now.`;
}

const PIDS = 3;

function pidWords(pids: readonly number[]): string {
  if (pids.length > PIDS) return `${pids.length} processes`;
  return `${pids.length === 1 ? 'pid' : 'pids'} ${pids.join(', ')}`;
}
