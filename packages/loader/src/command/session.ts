/** Who we are: version, machine, this start of the loader. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Hello, MAX_ROWS_PER_SECOND, PROTOCOL_VERSION } from '@packetlog/common';

/** Of this package. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The offset to the wall clock is known to a few microseconds. */
const OFFSET_ERROR_NS = 10_000;
/** A cached time is early by at most a jiffy: 10 ms at the lowest HZ that kernels are built with. */
const JIFFY_NS = 10_000_000;

/** The constant part of `hello`. */
export function session(clock: Hello['clock']['policy']): Omit<Hello, 'interfaces' | 'transport'> {
  return {
    protocol: PROTOCOL_VERSION,
    version: version(),
    node: hostname(),
    boot_id: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    session_id: randomUUID(),
    started_at_ms: Date.now(),
    clock: { policy: clock, error_ns: OFFSET_ERROR_NS + (clock === 'cached' ? JIFFY_NS : 0) },
    limits: { max_rows_per_second: MAX_ROWS_PER_SECOND },
  };
}
