/** Names of the entries in a directory of pins, and the description of all of them. */
import type { AttachMode } from '@packetlog/common';
import type { TransportName } from '../../ipc/settings.ts';
import type { PinDirectory } from './pin-directory.ts';

/** Slot and mode of a pinned link. */
export const LINK_NAME = /^link_(\d+)_(native_frags|native|generic)$/;
export const SLOT_NAME = /^slot_(\d+)$/;
const ABOUT = 'about';

export const linkName = (slot: number, mode: AttachMode) => `link_${slot}_${mode}`;
export const slotName = (slot: number) => `slot_${slot}`;
/**
 * Returns the name of a map's pin. Maps that were made together have the same generation. The file system allows no
 * dots in names.
 */
export const mapName = (generation: string, name: string) => `map_${generation}_${name.replaceAll('.', '_')}`;

export const isMapName = (name: string) => name.startsWith('map_');

const TRANSPORTS: readonly unknown[] = ['array', 'ring', 'perf'] satisfies TransportName[];

export interface About {
  readonly layout: string;
  readonly generation: string;
  readonly transport: TransportName;
  readonly ringBytes: number;
}

export function writeAbout(directory: PinDirectory, about: About): void {
  directory.write(ABOUT, JSON.stringify(about));
}

/** Reads the description; undefined if it is missing or not ours. */
export function readAbout(directory: PinDirectory): About | undefined {
  try {
    const about: unknown = JSON.parse(directory.read(ABOUT) ?? '');
    return isAbout(about) ? about : undefined;
  } catch {
    return undefined;
  }
}

/** By hand: with a schema, the drain thread would load all of zod for this one file. */
function isAbout(value: unknown): value is About {
  if (typeof value !== 'object' || value === null) return false;
  const { layout, generation, transport, ringBytes } = value as Partial<Record<keyof About, unknown>>;
  return (
    typeof layout === 'string' &&
    typeof generation === 'string' &&
    TRANSPORTS.includes(transport) &&
    Number.isInteger(ringBytes) &&
    Number(ringBytes) > 0
  );
}
