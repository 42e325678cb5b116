/** Exchanges lines with a helper: each request has one answer, in order. */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { HelperPipes } from './handover.ts';

export class HelperLink {
  readonly #requests: number;
  readonly #pending: { isComplete: (line: string) => boolean; lines: string[]; resolve: (lines: string[]) => void }[] =
    [];
  #hasEnded = false;
  #rest = '';

  constructor({ requests, answers }: HelperPipes) {
    this.#requests = requests;
    const stream = new Socket({ fd: answers, readable: true, writable: false });
    stream.setEncoding('latin1').on('data', (text) => this.#received(String(text)));
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#hasEnded = true;
      for (const { resolve } of this.#pending.splice(0)) resolve([]);
    });
  }

  /** Resolves with the lines up to one for which `isComplete` returns true; with none if the helper has ended. */
  ask(request: string, isComplete: (line: string) => boolean = () => true): Promise<string[]> {
    if (this.#hasEnded) return Promise.resolve([]);
    return new Promise((resolve) => {
      this.#pending.push({ isComplete, lines: [], resolve });
      try {
        writeSync(this.#requests, `${request}\n`);
      } catch {
        // EPIPE: its end resolves the request.
      }
    });
  }

  #received(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [first] = this.#pending;
      if (first === undefined) return;
      first.lines.push(line);
      if (first.isComplete(line)) {
        this.#pending.shift();
        first.resolve(first.lines);
      }
    }
  }
}
