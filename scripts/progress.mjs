/** Prints progress to stderr; stdout is for the loader's output. */

/** @param {string} line */
export function tell(line) {
  process.stderr.write(`packetlog: ${line}\n`);
}

/** @param {number} since from performance.now() */
export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** How often a long step logs its progress without a terminal. */
const EVERY_MS = 15_000;
const TICK_MS = 1_000;

/**
 * Runs a step and prints one line: its name when it begins, its duration when it ends. While it runs, a terminal shows
 * the time so far and the last line of its output; a log gets both every 15 s.
 * @template T
 * @param {string} name
 * @param {(onLine: (line: string) => void) => Promise<T>} work calls onLine with each line of output
 */
export async function step(name, work) {
  const since = performance.now();
  const isTerminal = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  let last = '';
  let isLineOpen = true;
  process.stderr.write(`packetlog: ${name} ... `);
  const timer = setInterval(
    () => {
      if (isTerminal) process.stderr.write(`\r\x1b[K${shortened(`packetlog: ${name} ... ${seconds(since)}  ${last}`)}`);
      else
        process.stderr.write(
          `${isLineOpen ? '\n' : ''}packetlog:   after ${seconds(since)}: ${last || 'still running'}\n`,
        );
      isLineOpen = isTerminal;
    },
    isTerminal ? TICK_MS : EVERY_MS,
  );
  /** @param {string} outcome */
  const end = (outcome) => {
    clearInterval(timer);
    const begin = isTerminal ? '\r\x1b[K' : '';
    process.stderr.write(`${isTerminal || !isLineOpen ? `${begin}packetlog: ${name} ... ` : ''}${outcome}\n`);
  };
  try {
    const result = await work((line) => {
      last = printable(line) || last;
    });
    end(seconds(since));
    return result;
  } catch (error) {
    end(`failed after ${seconds(since)}`);
    throw error;
  }
}

/** Removes colours and control characters. @param {string} line */
function printable(line) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it removes them
  return line.replace(/\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x1f\x7f]/g, '').trim();
}

/** Shortens to one line of the terminal. @param {string} line */
function shortened(line) {
  return line.slice(0, Math.max(1, (process.stderr.columns || 80) - 1));
}
