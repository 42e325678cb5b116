/**
 * Nodes of a fleet in one process, simulated: real keys, proofs, reports and answers over the real protocol, but no
 * loader behind them. Each comes back with full jitter when its hub has gone.
 *
 *   simulated-nodes.mjs HUB_URL JOIN_TOKEN COUNT
 *
 * Prints {"joined": n} when all have joined. Then it answers lines on standard input: `reports` with the number of reports
 * sent since the last such line, `joined` with the number of nodes that have joined now, `generation N` when every node
 * has generation N: with the milliseconds since the first and the last of them received it.
 */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { canonicalJson } from '@packetlog/common/fleet';
import { newPrivateKey, publicKeyOf, readPrivateKey, signText } from '@packetlog/hub/signing';
import { io } from 'socket.io-client';

/** @typedef {import('@packetlog/common/fleet').Challenge} Challenge */
/** @typedef {import('@packetlog/common/fleet').NodeReport} NodeReport */
/** @typedef {import('@packetlog/common/fleet').NodeRules} NodeRules */

const [url = '', token = '', count = '1000'] = process.argv.slice(2);
const MAX_PAUSE_MS = 30_000;
const FIRST_PAUSE_MS = 10_000;
/** Nodes that dial at the same time at first: a thousand machines do not start in the same second either. */
const DIALING = 50;

const startedAt = Date.now();
let reports = 0;
let joined = 0;

class SimulatedNode {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
    this.name = `node${number}`;
    this.key = readPrivateKey(newPrivateKey());
    this.publicKey = publicKeyOf(this.key);
    this.failures = 0;
    this.seen = 0;
    /** @type {NodeJS.Timeout | undefined} */
    this.timer = undefined;
    /** @type {NodeRules} */
    this.rules = { revision: 1 };
    this.receivedAt = 0;
    /** Resolves when it has joined for the first time. */
    this.joined = new Promise((resolve) => {
      this.setJoined = resolve;
    });
    this.isJoined = false;
  }

  dial() {
    const socket = io(`${url}/node`, { transports: ['websocket'], forceNew: true, reconnection: false });
    socket.on('challenge', (/** @type {Challenge} */ challenge) => this.prove(socket, challenge));
    socket.on('rhythm', ({ report_ms }) => this.report(socket, report_ms));
    socket.on('generation', (signed, acknowledge) => acknowledge(this.accept(signed)));
    socket.on('confirm', (_, acknowledge) => acknowledge(this.rules));
    socket.on('connect_error', () => this.comeBack(socket));
    socket.on('disconnect', () => this.comeBack(socket));
  }

  /** @param {import('socket.io-client').Socket} socket @param {Challenge} challenge */
  async prove(socket, challenge) {
    const nonce = randomBytes(32).toString('base64url');
    const payload = canonicalJson({
      node: this.name,
      node_key: this.publicKey,
      hub_key: challenge.hub_key,
      hub_nonce: challenge.nonce,
      node_nonce: nonce,
    });
    const proof = {
      node: this.name,
      public_key: this.publicKey,
      nonce,
      signature: signText('node-proof', payload, this.key),
      join_token: token,
      version: '0.0.0-simulated',
      boot_id: `boot-${this.number}`,
    };
    const result = await socket.emitWithAck('prove', proof);
    if (!result.ok) throw new Error(`${this.name}: ${result.error.code}: ${result.error.message}`);
    this.failures = 0;
    if (!this.isJoined) joined++;
    this.isJoined = true;
    this.setJoined?.(undefined);
    this.report(socket, result.value.report_ms);
  }

  /** Reports now and then in this rhythm. @param {import('socket.io-client').Socket} socket @param {number} everyMs */
  report(socket, everyMs) {
    clearInterval(this.timer);
    const send = () => {
      reports++;
      socket.emit('report', this.reportNow(everyMs));
    };
    // Spread over the interval, as a thousand machines are.
    this.timer = setTimeout(() => {
      send();
      this.timer = setInterval(send, everyMs);
    }, Math.random() * everyMs);
  }

  /** @param {number} everyMs @returns {NodeReport} */
  reportNow(everyMs) {
    const packets = 900 + Math.floor(Math.random() * 200);
    this.seen += packets;
    return {
      at_ms: Date.now(),
      version: '0.0.0-simulated',
      session_id: `session-${this.number}`,
      started_at_ms: startedAt,
      interfaces: ['eth0', 'eth1', 'wg0'].map((name) => ({ name, mode: 'native', state: 'attached' })),
      interval_ms: everyMs,
      packets,
      bytes: packets * 700,
      denied: packets % 17,
      top_sources: tops.map((i) => ({ addr: `2001:db8:${this.number}::${i}`, packets: 90 - i, bytes: 70_000 - i })),
      top_ports: tops.map((i) => ({ ip_protocol: 6, port: 1000 + i, packets: 90 - i, bytes: 70_000 - i })),
      ledger: {
        seen: this.seen,
        permitted: this.seen,
        denied: 0,
        aborted: 0,
        sampled_out: 0,
        filtered_out: 0,
        ring_full: 0,
      },
      recorder: 'recording',
      ship: { offered: this.seen, acked: this.seen, pending: 0, expired: 0 },
      rules: this.rules,
    };
  }

  /** @param {import('@packetlog/common/fleet').Signed} signed @returns {NodeRules} */
  accept(signed) {
    const { group, number, hash } = JSON.parse(Buffer.from(signed.payload, 'base64url').toString());
    this.receivedAt = performance.now();
    this.rules = {
      revision: this.rules.revision + 1,
      generation: { group, number, hash },
      answer: { number, state: 'in_force' },
    };
    for (const changed of waiting) changed();
    return this.rules;
  }

  /** @param {import('socket.io-client').Socket} socket */
  comeBack(socket) {
    clearInterval(this.timer);
    socket.removeAllListeners();
    if (this.isJoined) joined--;
    this.isJoined = false;
    const pause = Math.random() * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures++);
    setTimeout(() => this.dial(), pause);
  }
}

const tops = Array.from({ length: 10 }, (_, i) => i);
/** @type {Set<() => void>} */
const waiting = new Set();
const nodes = Array.from({ length: Number(count) }, (_, i) => new SimulatedNode(i + 1));

/** @param {unknown} value */
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Resolves when all nodes have this generation. @param {number} number */
function everywhere(number) {
  return new Promise((resolve) => {
    const look = () => {
      if (!nodes.every(({ rules }) => rules.generation?.number === number)) return;
      waiting.delete(look);
      resolve(undefined);
    };
    waiting.add(look);
    look();
  });
}

for (let i = 0; i < nodes.length; i += DIALING) {
  const some = nodes.slice(i, i + DIALING);
  for (const node of some) node.dial();
  await Promise.all(some.map((node) => node.joined));
}
answer({ joined });

for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ');
  if (command === 'reports') {
    answer({ reports });
    reports = 0;
  } else if (command === 'joined') {
    answer({ joined });
  } else if (command === 'generation') {
    await everywhere(Number(argument));
    const times = nodes.map(({ receivedAt }) => receivedAt);
    answer({ spread_ms: Math.max(...times) - Math.min(...times) });
  }
}
process.exit(0);
