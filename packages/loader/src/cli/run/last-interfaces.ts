/**
 * Stores the names of the watched interfaces in the state directory. At boot a service starts before there is a default
 * route: without --iface it then watches the interfaces of its last start.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interface } from '@packetlog/common';
import { z } from 'zod';
import { writeAtomically } from '../../rules/store/atomic-file.ts';
import { interfaceNameProblem } from '../../system/interface-name.ts';

const name = z.string().refine((text) => interfaceNameProblem(text) === undefined);
const storedSchema = z.strictObject({ interfaces: z.array(name).max(255) });

const pathIn = (directory: string) => join(directory, 'interfaces.json');

/** Returns the names at the last start; none if the file is absent or cannot be used, since it is only a hint. */
export function lastInterfaces(directory: string): string[] {
  try {
    return storedSchema.parse(JSON.parse(readFileSync(pathIn(directory), 'utf8'))).interfaces;
  } catch {
    return [];
  }
}

/** Does nothing if the directory cannot be written: a start without a default route then fails, and is repeated. */
export function storeInterfaces(directory: string, interfaces: readonly Pick<Interface, 'name'>[]): void {
  try {
    const names = interfaces.map((each) => each.name);
    writeAtomically(pathIn(directory), `${JSON.stringify({ interfaces: names })}\n`);
  } catch {
    // The loader already warns that the directory cannot be written.
  }
}
