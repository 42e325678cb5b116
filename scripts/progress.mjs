/** Progress goes to stderr: stdout belongs to what the loader prints. */

/** @param {string} line */
export function tell(line) {
  process.stderr.write(`packetlog: ${line}\n`);
}

/** @param {number} since from performance.now() */
export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/**
 * One line per step: its name when it begins, its seconds when it has ended.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 */
export async function step(name, work) {
  const since = performance.now();
  process.stderr.write(`packetlog: ${name} ... `);
  try {
    const result = await work();
    process.stderr.write(`${seconds(since)}\n`);
    return result;
  } catch (error) {
    process.stderr.write(`failed after ${seconds(since)}\n`);
    throw error;
  }
}
