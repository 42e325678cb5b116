/** A process that answers lines of JSON, `{ "do": name, … }`, with lines of JSON, one after the other. */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * `cpu_ns`: of all threads of this process, user and system.
 * @template Value
 * @param {() => Value | Promise<Value>} action
 */
export async function measured(action) {
  const cpu = process.cpuUsage();
  const from = performance.now();
  const value = await action();
  const ms = performance.now() - from;
  return { value, ms, cpu_ns: cpuNsSince(cpu) };
}

/** @param {NodeJS.CpuUsage} before */
export function cpuNsSince(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

/** @param {Record<string, (request: any) => unknown>} commands Ends when standard input does. */
export async function serve(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = await commands[request.do]?.(request);
    } catch (error) {
      answer = { failed: error instanceof Error ? error.message : String(error) };
    }
    writeSync(1, `${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
