/** Sends frames out of an interface of the lab faster than any socket can; compiles bench/traffic. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileBpf, compileNative } from './compile.ts';
import type { End } from './network.ts';

const source = (name: string) => fileURLToPath(new URL(`../../bench/traffic/${name}`, import.meta.url));

export interface Generator {
  /**
   * Sends `count` UDP packets to an address without a receiver, as fast as possible, from 1,000 source addresses in
   * turn (generate.bpf.c). The other end needs GRO or an XDP program. Resolves when all were received: the kernel
   * receives them in the sender's context.
   */
  sendFast(from: End, count: number): Promise<{ sent: number }>;
  /** The same from 250 addresses, evenly; above 1,000 a second in bursts of one millisecond. */
  sendPaced(from: End, count: number, perSecond: number): Promise<{ sent: number }>;
  /** Like `sendFast`, evenly at a rate that no socket reaches, in ten bursts a second. */
  sendSteadily(from: End, count: number, perSecond: number): Promise<{ sent: number }>;
  remove(): void;
}

export async function buildGenerator(): Promise<Generator> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-generator-'));
  const [program, object] = [join(directory, 'generator'), join(directory, 'generate.bpf.o')];
  await compileNative(program, source('generator.c'));
  await compileBpf(object, source('generate.bpf.c'));
  const send = async ({ namespace }: End, ...args: string[]) => {
    const child = namespace.spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complained] = ['', ''];
    child.stdout?.on('data', (data) => {
      said += data;
    });
    child.stderr?.on('data', (data) => {
      complained += data;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`generator: ${complained.trim() || `exit code ${code}`}`);
    return JSON.parse(said) as { sent: number };
  };
  return {
    sendFast: (from, count) => send(from, 'fast', object, from.device, String(count)),
    sendPaced: (from, count, perSecond) => send(from, 'paced', from.device, String(count), String(perSecond)),
    sendSteadily: (from, count, perSecond) =>
      send(from, 'steady', object, from.device, String(count), String(perSecond)),
    remove: () => rmSync(directory, { recursive: true }),
  };
}
