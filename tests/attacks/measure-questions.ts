/**
 * `pnpm measure:questions [--rounds N]`: measures how much clients that ask expensive questions delay the rows of
 * another client, and records it in results.json. Each round has every case once, in turns.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PRODUCER_CPU } from '../bench/contestant.ts';
import { BenchLab, type Received } from '../bench/lab.ts';
import { buildPeers } from '../bench/peers.ts';
import { median, ratios, rounded } from '../bench/statistics.ts';
import { currentCommit } from '../chaos/results.ts';
import { type Dialogue, dialogueWith } from '../lab/dialogue.ts';

const QUESTIONS = fileURLToPath(new URL('./questions.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('./results.json', import.meta.url));
const ORIGIN = 'http://127.0.0.1:7411';
const TOKEN = 'bench-bench-bench-bench';
const PER_SECOND = 2000;
const SECONDS = 3;
const ALL_ROWS = 1_000_000;
/** Until the first questions of all clients are asked, or their rows flow evenly. */
const BEGUN_MS = 1000;

/** Clients that ask. `silent`: they have subscribed with costly filters, all receive rows, and they ask nothing. */
const CASES = {
  none: { clients: 0, silent: false },
  one: { clients: 1, silent: false },
  many: { clients: 200, silent: false },
  silent: { clients: 200, silent: true },
} as const;
type Case = keyof typeof CASES;
const NAMES = Object.keys(CASES) as Case[];

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '8' } } });
const rounds = Number(values.rounds);
const ages: Record<Case, Received[]> = { none: [], one: [], many: [], silent: [] };
const peers = await buildPeers();
const lab = await BenchLab.open(peers);

/** Starts clients that run only while a CPU is idle: those of users are on other machines. */
async function startQuestions({ clients: count, silent }: (typeof CASES)[Case]): Promise<Dialogue> {
  const command = [
    '--idle',
    '0',
    'taskset',
    '-c',
    PRODUCER_CPU,
    process.execPath,
    QUESTIONS,
    ORIGIN,
    TOKEN,
    `${count}`,
  ];
  const child = lab.network.server.spawn('chrt', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  const dialogue = dialogueWith(child, 'questions.mjs');
  await dialogue.ask();
  await dialogue.ask(silent ? 'subscribe' : 'go');
  await delay(BEGUN_MS);
  return dialogue;
}

async function measure(clients: Dialogue, name: Case): Promise<Received> {
  const questions = CASES[name].clients > 0 ? await startQuestions(CASES[name]) : undefined;
  await clients.ask('go');
  await lab.sendPaced(PER_SECOND * SECONDS, PER_SECOND);
  await clients.ask('quiet 100');
  const received = await clients.ask<Received>('stop');
  await questions?.end();
  if (received.dropped[0] !== 0) throw new Error(`${name}: ${received.dropped[0]} rows were lost`);
  return received;
}

try {
  const tool = await lab.startPacketlog('--reverse-dns');
  const clients = await lab.startClients(1, ALL_ROWS);
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < NAMES.length; i++) {
      const name = NAMES[(i + round + 1) % NAMES.length] as Case;
      const received = await measure(clients, name);
      process.stdout.write(`${name}: p50 ${rounded(received.p50_us)} us, p99 ${rounded(received.p99_us)} us\n`);
      // The first round warms up.
      if (round >= 0) ages[name].push(received);
    }
  }
  await clients.end();
  await tool.stop();
} finally {
  await lab.close();
  peers.remove();
}

const of = (name: Case, key: 'p50_us' | 'p99_us') => ages[name].map((each) => each[key]);
const figures = (name: Case) => ({
  p50_us: rounded(median(of(name, 'p50_us'))),
  p99_us: rounded(median(of(name, 'p99_us'))),
  p50_growth: rounded(median(ratios(of(name, 'p50_us'), of('none', 'p50_us')))),
  p99_growth: rounded(median(ratios(of(name, 'p99_us'), of('none', 'p99_us')))),
});
const results = {
  date: new Date().toISOString(),
  commit: currentCommit(),
  rounds,
  load: rounded(loadavg()[0] ?? Number.NaN),
  cpus: cpus().length,
  cases: Object.fromEntries(NAMES.map((name) => [name, { ...CASES[name], ...figures(name) }])),
};
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
process.exit(0);
