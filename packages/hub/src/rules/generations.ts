/** Signed generations as blobs. */
import { createHash, type KeyObject } from 'node:crypto';
import {
  canonicalJson,
  type FleetRules,
  type Generation,
  generationSchema,
  type Signed,
} from '@packetlog/common/fleet';
import { signStatement } from '../identity/signing.ts';
import type { HubState } from '../state/hub-state.ts';
import type { StoredGeneration } from './rollout-record.ts';

const LINE_FEED = 10;

/** Returns the hash of the rules as nodes compute it. */
export function hashOf(rules: FleetRules): string {
  return `sha256:${createHash('sha256').update(canonicalJson(rules)).digest('hex')}`;
}

export class Generations {
  readonly #state: HubState;
  readonly #key: KeyObject;
  /** Signed texts by the name of their blob. */
  readonly #read = new Map<string, Promise<Signed>>();

  constructor(state: HubState, key: KeyObject) {
    this.#state = state;
    this.#key = key;
  }

  /** Throws RangeError if the generation is larger than a blob. */
  async store(generation: Generation): Promise<StoredGeneration> {
    const { payload, signature } = signStatement('generation', generation, this.#key);
    // The signature, and what is signed: base64url would take a third more.
    const blob = await this.#state.putBlob(
      Buffer.concat([Buffer.from(`${signature}\n`), Buffer.from(payload, 'base64url')]),
    );
    return { number: generation.number, hash: generation.hash, blob, bytes: payload.length };
  }

  /** Resolves with the signed generation. Throws StateError. */
  signed({ blob, number }: StoredGeneration): Promise<Signed> {
    const known = this.#read.get(blob);
    if (known !== undefined) return known;
    const reading = this.#load(blob, number);
    this.#read.set(blob, reading);
    reading.catch(() => this.#read.delete(blob));
    return reading;
  }

  /** Throws StateError. */
  async rules(stored: StoredGeneration): Promise<FleetRules> {
    const { payload } = await this.signed(stored);
    return generationSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString())).rules;
  }

  /** Forgets texts in memory, except for those of these blobs. */
  keepOnly(blobs: ReadonlySet<string>): void {
    for (const blob of this.#read.keys()) if (!blobs.has(blob)) this.#read.delete(blob);
  }

  async #load(blob: string, number: number): Promise<Signed> {
    const bytes = await this.#state.getBlob(blob);
    if (bytes === undefined)
      throw new Error(
        `read generation ${number}: its blob is missing. Restore the state from a backup, or apply the rules again.`,
      );
    const end = bytes.indexOf(LINE_FEED);
    return {
      signature: Buffer.from(bytes.subarray(0, end)).toString(),
      payload: Buffer.from(bytes.subarray(end + 1)).toString('base64url'),
    };
  }
}
