/** Names of the entries in a directory of pins, and the description of all of them. */
import type { AttachMode } from '@packetlog/common';
import { z } from 'zod';
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

const aboutSchema = z.object({
  layout: z.string(),
  generation: z.string(),
  transport: z.enum(['array', 'ring', 'perf']),
  ringBytes: z.number().int().positive(),
});

export type About = z.infer<typeof aboutSchema>;

export function writeAbout(directory: PinDirectory, about: About): void {
  directory.write(ABOUT, JSON.stringify(about));
}

/** Reads the description; undefined if it is missing or not ours. */
export function readAbout(directory: PinDirectory): About | undefined {
  try {
    return aboutSchema.parse(JSON.parse(directory.read(ABOUT) ?? ''));
  } catch {
    return undefined;
  }
}
