/**
 * The traffic of a chaos run: numbered frames of two permitted and two denied sources, in turn, and a witness behind
 * the program that knows which numbers arrived.
 */
import { fileURLToPath } from 'node:url';
import { type Dialogue, dialogueWith } from '../../lab/dialogue.ts';
import { ethernet, ipv4, ipv6, udp } from '../../lab/frame.ts';
import type { Namespace } from '../../lab/namespace.ts';

/** The addresses belong to the loopback device: they stay while the interface comes and goes. */
export const RECEIVER = { ipv4: '198.51.100.2', ipv6: '2001:db8:1::2', port: 5000 } as const;
export const DENIED = { ipv4: '203.0.113.66', ipv6: '2001:db8:bad::66' } as const;
const PERMITTED = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;

const PER_SECOND = 2000;

/** Neighbouring numbers of one verdict: the first, the last, and how many of them. */
export interface Range {
  from: number;
  to: number;
  count: number;
}

export interface Report {
  readonly permitted: number;
  readonly denied: number;
  readonly doubled: number;
  /** Permitted numbers that did not arrive. */
  readonly missing: readonly Range[];
  /** Denied numbers that arrived. */
  readonly passed: readonly Range[];
  readonly unreadable: number;
  /** Datagrams that found the witness's buffer full, since its start. */
  readonly drops: number;
}

export interface Sender {
  /** Each resolves with the number of the next frame. */
  now(): Promise<number>;
  start(): Promise<number>;
  pause(): Promise<number>;
  burst(count: number): Promise<number>;
  sendFrom(ifindex: number): Promise<number>;
  /** Attempts that the kernel rejected, which the interface may count as dropped. */
  failed(): Promise<number>;
}

export interface Witness {
  readonly pid: number;
  /** What arrived of the numbers from `from` up to, but not including, `to`. */
  report(from: number, to: number): Promise<Report>;
}

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function templates(macs: { src: string; dst: string }): string[] {
  const payload = [...new Array(4).fill(0), ...new Array(4).fill(255)];
  const datagram = udp({ src: 40_000, dst: RECEIVER.port }, payload);
  return [PERMITTED, DENIED]
    .flatMap((source) => [
      ethernet(ipv4({ src: source.ipv4, dst: RECEIVER.ipv4 }, datagram), macs),
      ethernet(ipv6({ src: source.ipv6, dst: RECEIVER.ipv6 }, datagram), macs),
    ])
    .map((frame) => Buffer.from(frame).toString('hex'));
}

/** Numbers of the denied sources, modulo the number of sources. */
const CLASSES = 4;
const DENIED_CLASSES = [2, 3];

/** Only one request at a time reaches the process. */
function inTurn(dialogue: Dialogue): <T>(line: string) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(line: string) => {
    const answer = last.then(async () => {
      const value = await dialogue.ask<T & { error?: string }>(line);
      if (value.error !== undefined) throw new Error(`${line}: ${value.error}`);
      return value;
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

const PIPES = { stdio: ['pipe', 'pipe', 'inherit'] } as const;

export function startSender(at: Namespace, macs: { src: string; dst: string }): Sender {
  const argument = JSON.stringify({ templates: templates(macs), perSecond: PER_SECOND });
  const child = at.spawn(process.execPath, [script('./sender.mjs'), argument], { ...PIPES, stdio: [...PIPES.stdio] });
  const ask = inTurn(dialogueWith(child, 'the sender'));
  const next = async (line: string) => (await ask<{ next: number }>(line)).next;
  return {
    now: () => next('now'),
    start: () => next('start'),
    pause: () => next('pause'),
    burst: (count) => next(`burst ${count}`),
    sendFrom: (ifindex) => next(`device ${ifindex}`),
    failed: async () => (await ask<{ failed: number }>('now')).failed,
  };
}

/** `prefix`: a command that starts the witness with other namespaces. */
export async function startWitness(at: Namespace, ...prefix: string[]): Promise<Witness> {
  const argument = JSON.stringify({ port: RECEIVER.port, classes: CLASSES, denied: DENIED_CLASSES });
  const [file = process.execPath, ...args] = [...prefix, process.execPath, script('./witness.mjs'), argument];
  const child = at.spawn(file, args, { stdio: [...PIPES.stdio] });
  const dialogue = dialogueWith(child, 'the witness');
  await dialogue.ask();
  const ask = inTurn(dialogue);
  return { pid: dialogue.pid, report: (from, to) => ask(`report ${from} ${to}`) };
}
