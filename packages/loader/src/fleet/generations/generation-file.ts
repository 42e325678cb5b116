/**
 * The generation of this node on its disk, signed as the hub sent it. `next.json` is a generation that is being applied: it
 * replaces `generation.json` once its rules are in force. After a crash in between, the rules tell which one it was.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { groupNameSchema, type Signed, signedGenerationSchema } from '@packetlog/common/fleet';
import { z } from 'zod';
import { renameAtomically, writeAtomically } from '../../rules/store/atomic-file.ts';

const fileSchema = z.strictObject({
  version: z.literal(1),
  /** The highest number that was in force, by group: lower ones are replays. */
  newest: z.record(groupNameSchema, z.number().int().positive()),
  generation: signedGenerationSchema,
});

export interface StoredGeneration {
  readonly newest: Readonly<Record<string, number>>;
  readonly generation: Signed;
}

/** A file that exists, and cannot be used. */
export interface Unusable {
  readonly problem: string;
}

export class GenerationFile {
  readonly path: string;
  readonly #next: string;

  constructor(directory: string) {
    this.path = join(directory, 'generation.json');
    this.#next = join(directory, 'next.json');
  }

  /** The generation in force; undefined: there is none. */
  read(): StoredGeneration | Unusable | undefined {
    return readStored(this.path);
  }

  /** The generation that was being applied when the loader ended. */
  readNext(): StoredGeneration | Unusable | undefined {
    return readStored(this.#next);
  }

  /** Writes the generation that is applied next. Throws the file system's error. */
  prepare({ newest, generation }: StoredGeneration): void {
    writeAtomically(this.#next, `${JSON.stringify({ version: 1, newest, generation })}\n`);
  }

  /** The generation that was prepared is in force. Throws the file system's error. */
  commit(): void {
    renameAtomically(this.#next, this.path);
  }

  /** The generation that was prepared is not in force. Never throws: the next start finds that out again. */
  abandon(): void {
    try {
      rmSync(this.#next, { force: true });
    } catch {
      // The directory may have become read-only.
    }
  }
}

function readStored(path: string): StoredGeneration | Unusable | undefined {
  try {
    const { newest, generation } = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return { newest, generation };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const isText = error instanceof SyntaxError || error instanceof z.ZodError;
    return { problem: isText ? 'it is damaged' : error instanceof Error ? error.message : String(error) };
  }
}
