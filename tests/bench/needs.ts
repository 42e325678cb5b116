/** Checks the requirements of all sections before the first one starts, because a complete run takes ten minutes. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { hasCommand } from '../../scripts/system/probe.mjs';
import { CHROMIUM, startChromium } from '../e2e/chromium.ts';
import { createNamespace } from '../lab/namespace.ts';
import { PRODUCER_CPU, READER_CPU } from './contestant.ts';

const COMMANDS = 'ip tcpdump xdpdump xdp-filter nft ipset iptables taskset setsid nice unshare'.split(' ');
const DASHBOARD = fileURLToPath(new URL('../../apps/dashboard/out/index.html', import.meta.url));

/** Throws one error that lists everything that is missing, each with the next action. */
export async function checkNeeds(): Promise<void> {
  const missing: string[] = [];
  if (process.getuid?.() !== 0) missing.push('root: run it with sudo');
  for (const command of COMMANDS) {
    if (!hasCommand(command)) missing.push(`the command ${command}: pnpm bench installs what it needs`);
  }
  const wanted = Math.max(Number(PRODUCER_CPU), Number(READER_CPU)) + 1;
  if (cpus().length < wanted) missing.push(`${wanted} CPUs: one sends while another reads`);
  if (!existsSync(DASHBOARD)) missing.push('the built dashboard: npx -y pnpm@12 build');
  try {
    createRequire(import.meta.url).resolve('lighthouse');
  } catch {
    missing.push('lighthouse: npx -y pnpm@12 install');
  }
  for (const [what, attempt] of [
    ['network namespaces', tryNamespace],
    [`Chromium (${CHROMIUM})`, tryChromium],
  ] as const) {
    try {
      await attempt();
    } catch (error) {
      missing.push(`${what}: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
    }
  }
  if (missing.length > 0)
    throw new Error(`the benchmark cannot start. It needs:\n${missing.map((line) => `  ${line}\n`).join('')}`);
}

async function tryNamespace(): Promise<void> {
  await (await createNamespace()).dispose();
}

async function tryChromium(): Promise<void> {
  await (await startChromium()).close();
}
