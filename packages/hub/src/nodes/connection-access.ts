/** What the web server in front of the hub must learn about connections. */
import type { Socket } from 'node:net';

export interface ConnectionAccess {
  /** The other end has proven who it is. Before, it has little time and few bytes. */
  admitted(socket: Socket): void;
  /** It was rejected or disconnected, and keeps only the time to read that. */
  dismissed(socket: Socket): void;
}

/** Limits log lines that others can cause. */
export interface Lines {
  warn(facts: Readonly<Record<string, string | number>>, message: string): void;
  failed(error: unknown, message: string): void;
}
