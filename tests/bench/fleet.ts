/** Measures one hub with 1,000 simulated nodes: CPU time, memory, acknowledgement of a generation, return after a kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import type { Dialogue } from '../lab/dialogue.ts';
import { PACKETLOG } from '../lab/process.ts';
import { PRODUCER_CPU } from './contestant.ts';
import { spawnPinned, startDialogue } from './dialogue.ts';
import type { Peers } from './peers.ts';
import { footprint } from './process-memory.ts';
import { type Report, Rounds, say, table, text } from './report.ts';

const NODES = 1000;
/** Seconds of each measurement of CPU time, and how many of them. */
const SECONDS = 10;
const ROUNDS = 5;
const GENERATIONS = 5;
const KILLS = 3;
const RULES_OF_A_GENERATION = 200;
const SIMULATOR = fileURLToPath(new URL('../fleet/simulated-nodes.mjs', import.meta.url));
const HUB_CPU = '1';

interface Rollout {
  readonly number: number;
  readonly state: string;
  readonly in_force: number;
}
type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: { message: string } };

export async function compareFleet(_: Peers, report: Report): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-fleet-'));
  let hub: RunningHub | undefined;
  let nodes: Dialogue | undefined;
  try {
    hub = await RunningHub.start(directory, '127.0.0.1:0');
    const token = await hub.command('join-token', '--for', '1h', '--uses', String(NODES));
    nodes = startDialogue({ cpus: PRODUCER_CPU }, [process.execPath, SIMULATOR, hub.url, token, String(NODES)]);
    await nodes.ask<{ joined: number }>();
    const idle = await measure(hub, nodes);
    const person = await hub.person();
    await untilEachReports(nodes);
    const watched = await measure(hub, nodes);
    const acknowledged = await generations(person, nodes);
    person.disconnect();
    const { back, hub: last } = await kills(hub, nodes, directory);
    hub = last;

    say(`\nFleet: one hub, ${NODES} simulated nodes (medians)`);
    table(
      ['', 'CPU % of a core', 'PSS MiB', 'reports/s'],
      [
        ['nobody watches', text(idle.cpu.median('cpu')), text(idle.mib), text(idle.reportsPerSecond)],
        ['a person watches', text(watched.cpu.median('cpu')), text(watched.mib), text(watched.reportsPerSecond)],
      ],
    );
    table(
      ['', 's'],
      [
        [`a generation of ${RULES_OF_A_GENERATION} rules in force everywhere, at once`, text(acknowledged.median('s'))],
        ['all back after kill -9 of the hub', text(back.median('s'))],
        ['most nodes that came back in one second', text(back.median('herd'))],
      ],
    );
    report.figure('fleet_cpu_percent', watched.cpu.median('cpu'));
    report.figure('fleet_mib', watched.mib);
    report.figure('fleet_back_s', back.median('s'));
    report.section('fleet', {
      nodes: NODES,
      idle: { cpu_percent: idle.cpu.spread('cpu'), pss_mib: idle.mib, reports_per_s: idle.reportsPerSecond },
      watched: {
        cpu_percent: watched.cpu.spread('cpu'),
        pss_mib: watched.mib,
        reports_per_s: watched.reportsPerSecond,
      },
      generation: { rules: RULES_OF_A_GENERATION, everywhere_s: acknowledged.spread('s') },
      killed: { all_back_s: back.spread('s'), most_in_one_second: back.spread('herd') },
    });
  } finally {
    await nodes?.end();
    await hub?.end('SIGTERM');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** CPU time of the hub in percent of a core, and its memory, while the nodes report. */
async function measure(hub: RunningHub, nodes: Dialogue) {
  const cpu = new Rounds();
  let reports = 0;
  let seconds = 0;
  await nodes.ask('reports');
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const before = footprint([hub.pid]).cpuSeconds;
    await delay(SECONDS * 1000);
    const after = footprint([hub.pid]).cpuSeconds;
    const elapsed = (performance.now() - began) / 1000;
    cpu.add('cpu', ((after - before) / elapsed) * 100);
    reports += (await nodes.ask<{ reports: number }>('reports')).reports;
    seconds += elapsed;
  }
  return { cpu, mib: footprint([hub.pid]).pss_mib, reportsPerSecond: reports / seconds };
}

/** Waits until the nodes report once a second: the hub has told them that somebody watches. */
async function untilEachReports(nodes: Dialogue): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    await nodes.ask('reports');
    await delay(1000);
    if ((await nodes.ask<{ reports: number }>('reports')).reports > NODES * 0.8) return;
  }
  throw new Error('the nodes do not report once a second although a person watches');
}

/** Seconds from the request until every node has answered that the generation is in force. */
async function generations(person: Socket, nodes: Dialogue): Promise<Rounds> {
  const rounds = new Rounds();
  for (let number = 1; number <= GENERATIONS; number++) {
    const rules = Array.from({ length: RULES_OF_A_GENERATION }, (_, i) => ({
      action: 'deny',
      source: `198.51.${number}.${i}`,
      reason: `generation ${number}`,
    }));
    const done = new Promise<void>((resolve) => {
      const look = ({ groups }: { groups: { name: string; rollout?: Rollout }[] }) => {
        const rollout = groups.find(({ name }) => name === 'default')?.rollout;
        if (rollout?.number !== number || rollout.in_force < NODES) return;
        person.off('groups', look);
        resolve();
      };
      person.on('groups', look);
    });
    const began = performance.now();
    const request = { group: 'default', expected: number - 1, rules: { rules }, at_once: true };
    const answer = (await person.emitWithAck('fleet:rules_apply', request)) as Answer<unknown>;
    if (!answer.ok) throw new Error(answer.error.message);
    await nodes.ask(`generation ${number}`);
    const everywhere = (performance.now() - began) / 1000;
    await done;
    rounds.add('received', everywhere);
    rounds.add('s', (performance.now() - began) / 1000);
  }
  return rounds;
}

/** Kills the hub and starts it again: how long until all nodes are back, and the most that came in one second. */
async function kills(first: RunningHub, nodes: Dialogue, directory: string) {
  const back = new Rounds();
  let hub = first;
  for (let kill = 0; kill < KILLS; kill++) {
    await hub.end('SIGKILL');
    // All of them have noticed.
    while ((await nodes.ask<{ joined: number }>('joined')).joined > 0) await delay(100);
    hub = await RunningHub.start(directory, new URL(hub.url).host);
    const began = performance.now();
    let herd = 0;
    let before = 0;
    for (;;) {
      await delay(1000);
      const { joined } = await nodes.ask<{ joined: number }>('joined');
      herd = Math.max(herd, joined - before);
      before = joined;
      if (joined === NODES) break;
    }
    back.add('s', (performance.now() - began) / 1000);
    back.add('herd', herd);
  }
  return { back, hub };
}

class RunningHub {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, url: string) {
    this.#child = child;
    this.#directory = directory;
    this.url = url;
  }

  static async start(directory: string, listen: string): Promise<RunningHub> {
    // As people start it: with the options of Node.js that it chooses.
    const command = [PACKETLOG, 'hub', '--listen', listen, '--state', directory];
    const child = spawnPinned({ cpus: HUB_CPU, stderr: 'pipe' }, command);
    child.stdout?.resume();
    const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
    const printed: string[] = [];
    for await (const line of lines) {
      printed.push(line);
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (url !== undefined) {
        lines.on('line', () => {});
        child.stderr?.resume();
        return new RunningHub(child, directory, url);
      }
    }
    throw new Error(`the hub did not start:\n${printed.join('\n')}`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Runs `packetlog hub COMMAND`, and returns what it prints. */
  async command(name: string, ...args: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [PACKETLOG, 'hub', ...name.split(' '), '--state', this.#directory, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`packetlog hub ${name}: exit code ${code}`);
    return printed.trim();
  }

  /** A person who watches, with the right to change rules. */
  async person(): Promise<Socket> {
    const token = await this.command('people add', 'bench', '--role', 'admin');
    const socket = io(this.url, { transports: ['websocket'], auth: { token }, reconnection: false });
    await new Promise<void>((resolve, reject) => {
      socket.once('fleet', () => resolve());
      socket.once('connect_error', reject);
    });
    return socket;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
