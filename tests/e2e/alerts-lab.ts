/** Sets up each test of alerts: a network, a loader's state, and a local receiver of messages. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import { type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { type CommandResult, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork, type Suite } from './suite.ts';

const RECEIVER = fileURLToPath(new URL('./alert-receiver.mjs', import.meta.url));
const PORT = 8099;
/** Where the receiver listens; the path says how it answers. */
export const ORIGIN = `http://127.0.0.1:${PORT}`;
/** A message may wait 10 s for the budget, and an alert 10 s until it is resolved. */
export const PATIENCE = { deadlineMs: 60_000 };

/** A request that the receiver got. */
export interface Received {
  readonly url: string;
  readonly method: string;
  readonly authorization?: string;
  readonly type: string;
  readonly body: string;
}

export interface Webhook {
  readonly version: string;
  readonly status: string;
  readonly truncatedAlerts: number;
  readonly alerts: readonly {
    status: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    fingerprint: string;
  }[];
}

interface ListedAlerts {
  readonly alerts: { name: string; state: string; waiting: number; problem?: string }[];
  readonly report: { counts: Record<string, number>; waiting: number };
}

export interface AlertsLab extends Suite {
  readonly place: RulesPlace;
  /** Output of the receiver. */
  readonly evidence: () => string;
  /** Starts a loader that watches the server's interface; `args` are added. */
  start(...args: string[]): Promise<LabProcess>;
  /** Runs `packetlog alerts`. */
  alerts(...args: string[]): Promise<CommandResult>;
  listed(): Promise<ListedAlerts>;
  received(): Received[];
  /** Messages to a path of the receiver. */
  webhooks(path: string): Webhook[];
  /** Alerts in messages to a path, by their status. */
  told(path: string, status: string): Webhook['alerts'][number][];
  /** Sends datagrams to the server. */
  send(count: number, port?: number, perSecond?: number): ReturnType<typeof sendUdp>;
  /** Sends packets until the condition holds. */
  sendingUntil(condition: () => boolean, what: string): Promise<void>;
  /** Lets the receiver answer /switch with 200 from now on. */
  repair(): Promise<unknown>;
  /** Checks that every event was sent, or is counted with its cause. */
  expectSums(): Promise<void>;
}

export function eachWithAlerts(): AlertsLab {
  let place: RulesPlace;
  let receiver: LabProcess;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());
  const suite = eachWithNetwork({ ipv6: false });
  beforeEach(async () => {
    receiver = suite.own(startProcess(suite.network.server, process.execPath, [RECEIVER, String(PORT)]));
    await receiver.untilPrinted(/listening/);
  });

  async function start(...more: string[]): Promise<LabProcess> {
    const args = ['--iface', 'server0', '--print', 'none', '--listen', '127.0.0.1:7411', '--ui', 'off', ...more];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  async function alerts(...args: string[]): Promise<CommandResult> {
    const command = suite.own(startPacketlog(suite.network.server, { args: ['alerts', ...args], env: place.env }));
    const { code } = await command.exited;
    return { code, stdout: command.stdout, stderr: command.stderr };
  }

  const received = (): Received[] =>
    receiver.stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Received] : []));
  const webhooks = (path: string) =>
    received()
      .filter(({ url }) => url === path)
      .map(({ body }) => JSON.parse(body) as Webhook);
  const listed = async () => JSON.parse((await alerts('list', '--json')).stdout) as ListedAlerts;
  const send: AlertsLab['send'] = (count, port = 4000, perSecond) => {
    const address = suite.network.link.server.ipv4;
    return sendUdp(suite.network.client, { address, ports: [port], count, ...(perSecond && { perSecond }) });
  };
  const evidence = () => receiver.stdout;

  async function expectSums(): Promise<void> {
    const { report } = await listed();
    const {
      fired = 0,
      resolved = 0,
      repeated = 0,
      sent = 0,
      suppressed = 0,
      failed = 0,
      discarded = 0,
    } = report.counts;
    expect(fired + resolved + repeated).toBe(sent + suppressed + failed + discarded + report.waiting);
  }

  return {
    get network() {
      return suite.network;
    },
    get place() {
      return place;
    },
    own: suite.own,
    evidence,
    start,
    alerts,
    listed,
    received,
    webhooks,
    told: (path, status) =>
      webhooks(path).flatMap((message) => message.alerts.filter((alert) => alert.status === status)),
    send,
    sendingUntil: async (condition, what) => {
      const sent = async () => {
        await send(20);
        return condition();
      };
      await until(sent, { what, ...PATIENCE, evidence });
    },
    repair: () =>
      suite.network.server.exec(process.execPath, '-e', `await fetch('${ORIGIN}/repair', { method: 'POST' })`),
    expectSums,
  };
}
