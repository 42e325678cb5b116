import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const PINNED_NODE = join(ROOT, `packages/loader/node_modules/node-linux-${process.arch}/bin/node`);

/** The Node.js that the product runs on: the pinned one, even if another version runs this script. */
export const RUNTIME = existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;

// The tools of the workspace come first. On Debian, a user's PATH lacks sbin, which has ip and bpftool.
process.env['PATH'] = [
  join(ROOT, 'node_modules/.bin'),
  process.env['PATH'],
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
].join(delimiter);
process.env['TURBO_TELEMETRY_DISABLED'] = '1';
process.env['NEXT_TELEMETRY_DISABLED'] = '1';
process.chdir(ROOT);

/**
 * Runs a command and returns its output. Never throws for an exit code; a command that does not start has code 127.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {(line: string) => void} [onLine] called with the last line of each piece of output, while it runs
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, onLine) {
  return collect(command, args, 'inherit', (chunk) => onLine?.(chunk.toString().trimEnd().split('\n').at(-1) ?? ''));
}

/**
 * As `run`, without standard input, and prints the output as it comes.
 * @param {string} command
 * @param {readonly string[]} args
 */
export function runLogged(command, args) {
  return collect(command, args, 'ignore', (chunk) => process.stdout.write(chunk));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {'inherit' | 'ignore'} stdin
 * @param {(chunk: Buffer) => void} onChunk
 * @returns {Promise<{ code: number, output: string }>}
 */
function collect(command, args, stdin, onChunk) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'] });
    /** @type {Buffer[]} */
    const chunks = [];
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      chunks.push(chunk);
      onChunk(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}

/**
 * Runs a command on this terminal.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env] added to the environment
 * @returns {Promise<number>} its exit code
 */
export function runHere(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/**
 * Returns the arguments of a command, without the "--" that pnpm passes from `pnpm test -- -t name`.
 * @param {readonly string[]} argv as process.argv
 */
export function commandArguments(argv) {
  const args = argv.slice(2);
  return args[0] === '--' ? args.slice(1) : args;
}

/**
 * Runs the main function of a script: prints an error as its message, without a stack.
 * @param {() => Promise<number>} main resolves to the exit code
 */
export async function script(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
