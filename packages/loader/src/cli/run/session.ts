/** Identifies this loader: its version, machine and start. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Hello, MAX_ROWS_PER_SECOND, PROTOCOL_VERSION } from '@packetlog/common';
import { version } from '../process/package-version.ts';

/** The constant part of `hello`. */
type Session = Omit<Hello, 'interfaces' | 'transport' | 'clock'>;

/** Returns the part of `hello` that is the same for all clients. */
export function session(): Session {
  return {
    protocol: PROTOCOL_VERSION,
    version: version(),
    node: hostname(),
    boot_id: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    session_id: randomUUID(),
    started_at_ms: Date.now(),
    limits: { max_rows_per_second: MAX_ROWS_PER_SECOND },
  };
}
