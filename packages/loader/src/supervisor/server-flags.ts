/** V8's flags of the server process. */
import { availableParallelism } from 'node:os';

/**
 * Limits each half of the young generation to 1 MiB instead of 16, which saves 6 MiB at rest and 11 after a flood.
 * bin/packetlog sets the same for the core.
 */
const YOUNG_GENERATION = '--max-semi-space-size=1';
/**
 * Collects garbage on the main thread only. V8's helper threads would compete with it for the CPU that sends rows: it
 * waits until they have finished what they began, and beside 200 clients it waited longer for them than for anything else.
 */
const ONE_THREAD = '--single-threaded-gc';
/** With more CPUs, the helper threads run elsewhere. */
const FEW_CPUS = 2;

export const SERVER_FLAGS: readonly string[] =
  availableParallelism() > FEW_CPUS ? [YOUNG_GENERATION] : [YOUNG_GENERATION, ONE_THREAD];
