/** One candidate of the recorder's section: a process that answers requests, and its memory. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Dialogue } from '../lab/dialogue.ts';
import { engineScript } from '../lab/engines.ts';
import { PRODUCER_CPU, READER_CPU } from './contestant.ts';
import { startDialogue } from './dialogue.ts';
import { pssMib } from './process-memory.ts';

const SAMPLE_MS = 50;

export interface Cost {
  readonly ms: number;
  readonly cpu_ns: number;
}

export class EngineProcess {
  readonly #name: string;
  readonly #dialogue: Dialogue;
  #peakMib = 0;

  constructor(name: Parameters<typeof engineScript>[0], ...args: readonly string[]) {
    this.#name = name;
    const cpus = `${PRODUCER_CPU},${READER_CPU}`;
    this.#dialogue = startDialogue({ cpus }, [process.execPath, engineScript(name), ...args]);
  }

  /** Throws the message of the process. Its memory is sampled until the answer. */
  async ask<Answer>(request: { readonly do: string; readonly [field: string]: unknown }): Promise<Answer> {
    const sampling = new AbortController();
    const sampled = this.#sample(sampling.signal);
    try {
      const answer = await this.#dialogue.ask<Answer & { failed?: string }>(JSON.stringify(request));
      if (answer.failed !== undefined) throw new Error(`${this.#name}: ${answer.failed}`);
      return answer;
    } finally {
      sampling.abort();
      await sampled;
    }
  }

  get pssMib(): number {
    return pssMib(this.#dialogue.pid);
  }

  /** The largest proportional set size that was seen while it answered. */
  get peakMib(): number {
    return this.#peakMib;
  }

  async end(): Promise<void> {
    await this.#dialogue.end();
  }

  async #sample(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#peakMib = Math.max(this.#peakMib, this.pssMib);
      await delay(SAMPLE_MS, undefined, { signal }).catch(() => {});
    }
  }
}
