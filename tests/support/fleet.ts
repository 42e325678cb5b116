/** Hubs and nodes of a fleet, as real processes in a namespace of the lab. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetAnswer, FleetNode, FleetRequest, FleetVerb, NodeReport } from '@packetlog/common/fleet';
import type { Suite } from '../e2e/suite.ts';
import type { Namespace } from '../lab/namespace.ts';
import type { End } from '../lab/network.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { until } from '../lab/until.ts';

/** A node in the output of `packetlog hub nodes --json`. */
export interface ListedNode extends Partial<Pick<NodeReport, 'rules' | 'ledger' | 'version' | 'ship'>> {
  readonly name: string;
  readonly group: string;
  /** Seconds since the hub heard it; null: not since the hub started. */
  readonly age_s: number | null;
  readonly wanted?: number;
  readonly packets_per_s?: number;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LabHub {
  readonly process: LabProcess;
  readonly port: number;
  /** As nodes in the same namespace dial it. */
  readonly url: string;
  /** Its `--state`. */
  readonly state: string;
  /** Runs `packetlog hub ARGS` for this hub. */
  command(...args: string[]): Promise<CommandResult>;
  /** Runs it, and returns what it prints. Throws if it fails. */
  done(...args: string[]): Promise<string>;
  joinToken(...args: string[]): Promise<string>;
  /** Runs `packetlog hub nodes --json`. */
  nodes(): Promise<ListedNode[]>;
  /** Asks the running hub as a command does, without starting one. */
  ask<Verb extends FleetVerb>(verb: Verb, body: FleetRequest<Verb>): Promise<FleetAnswer<Verb>>;
  /** Waits until `check` is true of the running hub's nodes. */
  untilNodes(check: (nodes: readonly FleetNode[]) => boolean, what: string): Promise<void>;
}

export interface HubOptions {
  /** Default: a new directory. */
  readonly state?: string;
  /** 0: any. */
  readonly port?: number;
  readonly args?: readonly string[];
}

const directories = new Set<string>();

/** Returns a new directory; `removeFleetDirectories` removes it. */
export function newFleetDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'packetlog-fleet-'));
  directories.add(path);
  return path;
}

/** Call it after each test. */
export function removeFleetDirectories(): void {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
  directories.clear();
}

/** Starts a hub at loopback of a namespace, and waits until it listens. */
export async function startHub(suite: Suite, at: Namespace, options: HubOptions = {}): Promise<LabHub> {
  const { state = join(newFleetDirectory(), 'hub'), port = 0, args = [] } = options;
  const place = ['--state', state];
  const all = ['hub', '--listen', `127.0.0.1:${port}`, '--ui', 'off', ...place, ...args];
  const process = suite.own(startPacketlog(at, { args: all }));
  const [, url = ''] = await process.untilPrinted(/^Hub: (\S+)\/$/m);
  await process.untilPrinted(/Waiting for Ctrl-C/);
  const hub: LabHub = {
    process,
    url,
    port: Number(new URL(url).port),
    state,
    command: async (...given) => {
      const running = suite.own(startPacketlog(at, { args: ['hub', ...given, ...place] }));
      const { code } = await running.exited;
      return { code, stdout: running.stdout, stderr: running.stderr };
    },
    done: async (...given) => {
      const { code, stdout, stderr } = await hub.command(...given);
      if (code !== 0) throw new Error(`packetlog hub ${given.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
      return stdout;
    },
    joinToken: async (...given) => (await hub.done('join-token', ...given)).trim(),
    nodes: async () => (JSON.parse(await hub.done('nodes', '--json')) as { nodes: ListedNode[] }).nodes,
    ask: (verb, body) => post(join(state, 'hub.sock'), verb, body),
    untilNodes: async (check, what) => {
      let seen: readonly FleetNode[] = [];
      const look = async () => {
        const answer = await hub.ask('nodes', {});
        if (answer.ok) seen = answer.value.nodes;
        return answer.ok && check(seen);
      };
      await until(look, { what, evidence: () => `${JSON.stringify(seen)}\n${process.stderr}` });
    },
  };
  return hub;
}

function post<Answer>(socketPath: string, verb: string, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path: `/fleet/${verb}`, method: 'POST', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve(JSON.parse(text) as Answer));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify(body));
  });
}

export interface NodeOptions {
  /** Default: the namespace's server side is called web1. */
  readonly name?: string;
  /** Its state directory; default: a new one. */
  readonly state?: string;
  /** Undefined: it has joined before. */
  readonly token?: string | undefined;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface LabNode {
  readonly process: LabProcess;
  readonly name: string;
  readonly state: string;
}

/** Starts a loader that watches `end` and dials these hubs; waits until it has attached. */
export async function startNode(
  suite: Suite,
  end: End,
  hubs: readonly Pick<LabHub, 'url'>[],
  options: NodeOptions = {},
): Promise<LabNode> {
  const { name = 'web1', state = join(newFleetDirectory(), 'node'), token, args = [], env = {} } = options;
  const process = suite.own(
    startPacketlog(end.namespace, {
      args: [
        ...['--iface', end.device, '--listen', '127.0.0.1:0', '--ui', 'off', '--print', 'none', '--node-name', name],
        ...hubs.flatMap(({ url }) => ['--hub', url]),
        ...args,
      ],
      env: { PACKETLOG_STATE_DIR: state, PACKETLOG_HUB_TOKEN: token, ...env },
    }),
  );
  await process.untilPrinted(/Waiting for Ctrl-C/);
  return { process, name, state };
}
