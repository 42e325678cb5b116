/** How far the inserter has come, in a file that is written before each insert: after a crash it is known what is in doubt. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SHIP_TABLES } from '@packetlog/common/fleet';
import * as z from 'zod/mini';
import { writeDurably } from '../state/durable-file.ts';

const count = z.int().check(z.nonnegative());

const positionSchema = z.object({
  /** Blocks before it are in ClickHouse. */
  file: count,
  offset: count,
  /** The insert that may have begun. */
  insert: z.optional(
    z.object({
      table: z.enum(SHIP_TABLES),
      /** Its blocks: those of `table` from `offset` to here. */
      to: count,
      id: z.string().check(z.regex(/^[0-9a-f-]{36}$/)),
      /** Of `minutes`: sums before it. */
      before: z.optional(z.record(z.string(), z.number())),
    }),
  ),
});
export type Position = z.infer<typeof positionSchema>;
export type PendingInsert = NonNullable<Position['insert']>;

const START: Position = { file: 0, offset: 0 };
const path = (directory: string): string => join(directory, 'position.json');

/** Throws the file system's error. A damaged file is an error, too: blocks would be inserted twice. */
export async function readPosition(directory: string): Promise<Position> {
  try {
    return positionSchema.parse(JSON.parse(await readFile(path(directory), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return START;
    throw error;
  }
}

/** Throws the file system's error. */
export async function writePosition(directory: string, position: Position): Promise<void> {
  await writeDurably(path(directory), JSON.stringify(position));
}
