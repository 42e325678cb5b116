import { type Findings, findingsSchema } from '@packetlog/common';
import type { Socket } from 'socket.io-client';

/** Scans, floods and the like, as the loader finds them (docs/defence.md). */
export class FindingsFeed {
  readonly #listeners = new Set<(findings: Findings) => void>();
  #current: Findings | undefined;

  constructor(socket: Pick<Socket, 'on'>) {
    socket.on('findings', (message: unknown) => {
      const findings = findingsSchema.safeParse(message);
      if (!findings.success) return;
      this.#current = findings.data;
      for (const listener of this.#listeners) listener(findings.data);
    });
  }

  /** The newest ones: those that are open and those that closed lately. Undefined until the loader has sent them. */
  get current(): Findings | undefined {
    return this.#current;
  }

  /** Calls `listener` with all findings when they change, at most once a second. Returns a function that ends this. */
  onChange(listener: (findings: Findings) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
