// @ts-check
/** Every kind of rule with a running loader, on two watched interfaces in native mode. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { address, address6, CONTROL_RULE } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';

export const P = {
  source: 'deny a source',
  network: 'deny a network',
  ipv6: 'deny an IPv6 source and network',
  port: 'deny a port',
  protocol: 'deny a protocol',
  set: 'deny a small set',
  interface: 'deny on one interface (--interface)',
  conditions: 'deny by TCP flags, destination, length, fragment',
  permit: 'permit wins over deny',
  observe: 'observe marks and passes',
  confirmed: 'default deny, confirmed',
  reverted: 'default deny reverts unless confirmed',
  ends: 'a rule expires (--for)',
  dryRun: 'dry run on live traffic',
  reload: 'SIGHUP reads the rules again',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

const COUNT = 8;
const [PORT, OTHER_PORT] = [5000, 5001];
const [PORT6, OTHER_PORT6] = [5006, 5007];
const [TCP_PORT, FLAGS_PORT] = [5100, 5101];
/** A connection that is denied has no answer. */
const UNANSWERED_MS = 3000;
/** A datagram of this size is sent in three packets, two of them without ports. */
const FRAGMENTED = 3000;
/** Probes that must fit into the time before a change reverts or expires. */
const PROBES = 6;

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/network.mjs').Network} Network */

/** @param {Lab} lab */
export async function run(lab) {
  const parts = await begin(lab);
  for (const part of [denySource, denyNetwork, denyIpv6, denySet]) await part(parts);
  for (const part of [denyPort, denyProtocol, denyOnInterface, denyOnConditions, observe]) await part(parts);
  for (const part of [revertPolicy, confirmPolicy, expire, dryRun, reload]) await part(parts);
  lab.check(P.reload, 'exit code', await parts.loader.end('SIGINT'), 0);
}

/** Starts a loader on two interfaces, with listeners behind them. @param {Lab} lab @returns {Promise<Parts>} */
export async function begin(lab) {
  const network = await lab.network({ links: 2, ipv6: true });
  await network.addSources(0, [3, 17, 18, 19]);
  await network.addSources6(0, [3]);
  await network.addSources6(1, [3]);
  for (const port of [PORT, OTHER_PORT]) await network.listen(port);
  for (const port of [PORT6, OTHER_PORT6]) await network.listen(port, '::');
  /** Returns the number of COUNT datagrams that pass. @type {(host: number, port?: number, link?: number) => Promise<number>} */
  const passes = (host, port = PORT, link = 0) =>
    network.passed({ from: address(link, host), to: address(link, 2), port, link, count: COUNT });
  /** @type {(host: number, port?: number, link?: number) => Promise<number>} */
  const passes6 = (host, port = PORT6, link = 0) =>
    network.passed({ from: address6(link, host), to: address6(link, 2), port, link, count: COUNT });
  const seconds = await lab.secondsFor(() => passes(1), PROBES);
  const ifaces = ['--iface', 'watched0', '--iface', 'watched1'];
  const args = ['--mode', 'native', ...ifaces, '--print', 'none', '--confirm-within', `${seconds}s`, '--pin', 'never'];
  const loader = await lab.packetlog(args).ready();
  await loader.add(CONTROL_RULE);
  return { lab, loader, network, passes, passes6, seconds };
}

/**
 * @typedef {object} Parts
 * @property {Lab} lab
 * @property {import('../lab/loader.mjs').Loader} loader
 * @property {Network} network
 * @property {(host: number, port?: number, link?: number) => Promise<number>} passes
 * @property {(host: number, port?: number, link?: number) => Promise<number>} passes6
 * @property {number} seconds of `--confirm-within` and `--for`
 */

/** @param {Parts} parts */
export async function denySource({ lab, loader, passes }) {
  lab.check(P.source, 'without a rule', await passes(3), COUNT);
  const source = await loader.add({ action: 'deny', source: address(0, 3) });
  lab.check(P.source, 'from the denied source', await passes(3), 0);
  lab.check(P.source, 'from another', await passes(1), COUNT);
  await hitsAre(lab, P.source, loader, source, COUNT);
  await loader.ask('remove', { ids: [source] });
  lab.check(P.source, 'after the rule was removed', await passes(3), COUNT);
}

/** Checks a denied network, and a permit rule for an address in it. @param {Parts} parts */
export async function denyNetwork({ lab, loader, passes }) {
  const network = await loader.add({ action: 'deny', source: '10.77.0.16/28' });
  lab.check(P.network, 'from inside, .17', await passes(17), 0);
  lab.check(P.network, 'from outside, .1', await passes(1), COUNT);
  const permit = await loader.add({ action: 'permit', source: address(0, 18) });
  lab.check(P.permit, 'from the permitted address in a denied network', await passes(18), COUNT);
  lab.check(P.permit, 'from its neighbour', await passes(19), 0);
  await hitsAre(lab, P.network, loader, network, 2 * COUNT);
  await hitsAre(lab, P.permit, loader, permit, COUNT);
  await loader.ask('remove', { ids: [network, permit] });
}

/** @param {Parts} parts */
async function denyIpv6({ lab, loader, passes6 }) {
  const source = await loader.add({ action: 'deny', source: address6(0, 3) });
  const network = await loader.add({ action: 'deny', source: '2001:db8:1::/48' });
  lab.check(P.ipv6, 'from the denied source', await passes6(3), 0);
  lab.check(P.ipv6, 'from another', await passes6(1), COUNT);
  lab.check(P.ipv6, 'from the denied network', await passes6(3, PORT6, 1), 0);
  await hitsAre(lab, P.ipv6, loader, source, COUNT);
  await hitsAre(lab, P.ipv6, loader, network, COUNT);
  await loader.ask('remove', { ids: [source, network] });
}

/** @param {Parts} parts */
export async function denyPort({ lab, loader, passes, passes6 }) {
  const service = { protocol: 'udp', destination_port: OTHER_PORT };
  const port = await loader.add({ action: 'deny', source: '10.77.0.0/16', ...service });
  const port6 = await loader.add({ action: 'deny', source: '2001:db8::/48', destination_port: OTHER_PORT6 });
  lab.check(P.port, 'to the denied port', await passes(1, OTHER_PORT), 0);
  lab.check(P.port, 'to another port', await passes(1), COUNT);
  lab.check(P.port, 'to the denied port, IPv6', await passes6(1, OTHER_PORT6), 0);
  lab.check(P.port, 'to another port, IPv6', await passes6(1), COUNT);
  await loader.ask('remove', { ids: [port, port6] });
}

/** @param {Parts} parts */
async function denyProtocol({ lab, loader, network, passes }) {
  await network.server.ask('listenTcp', { address: '0.0.0.0', port: TCP_PORT });
  const tcp = { address: address(0, 2), port: TCP_PORT };
  lab.check(P.protocol, 'TCP without a rule', await network.client.ask('tryTcp', { ...tcp, timeoutMs: 60_000 }), true);
  const protocol = await loader.add({ action: 'deny', source: '10.77.0.0/16', protocol: 'tcp' });
  lab.check(P.protocol, 'TCP, denied', await network.client.ask('tryTcp', { ...tcp, timeoutMs: 3000 }), false);
  lab.check(P.protocol, 'UDP', await passes(1), COUNT);
  await loader.ask('remove', { ids: [protocol] });
}

/** set.mjs has a large one. @param {Parts} parts */
export async function denySet({ lab, loader, passes }) {
  const entries = `${address(0, 17)}\n${address(0, 18)}/31\n`;
  const { rule } = await loader.ask('import', { set: 'few', entries });
  for (const host of [17, 18, 19]) lab.check(P.set, `from .${host}`, await passes(host), 0);
  lab.check(P.set, 'from another', await passes(1), COUNT);
  await hitsAre(lab, P.set, loader, rule.id, 3 * COUNT);
  await loader.ask('remove', { ids: [rule.id] });
}

/** @param {Parts} parts */
export async function denyOnInterface({ lab, loader, passes }) {
  const here = await loader.add({ action: 'deny', source: '10.77.0.0/16', interface: 'watched1' });
  lab.check(P.interface, 'on that interface', await passes(1, PORT, 1), 0);
  lab.check(P.interface, 'on the other interface', await passes(1), COUNT);
  await hitsAre(lab, P.interface, loader, here, COUNT);
  await loader.ask('remove', { ids: [here] });
}

/** One rule of each condition. @param {Parts} parts */
export async function denyOnConditions({ lab, loader, network, passes }) {
  const from = { from: address(0, 1), to: address(0, 2), port: PORT, count: COUNT };
  /** @param {object} rule @param {() => Promise<unknown>} part */
  const during = async (rule, part) => {
    const id = await loader.add({ action: 'deny', source: '10.77.0.0/16', ...rule });
    await part();
    await loader.ask('remove', { ids: [id] });
  };
  await network.server.ask('listenTcp', { address: '0.0.0.0', port: FLAGS_PORT });
  /** @param {number} timeoutMs */
  const connects = (timeoutMs) => network.client.ask('tryTcp', { address: address(0, 2), port: FLAGS_PORT, timeoutMs });
  await during({ protocol: 'tcp', tcp_flags: 'none' }, async () => {
    lab.check(P.conditions, 'TCP, without flags denied', await connects(60_000), true);
  });
  await during({ protocol: 'tcp', tcp_flags: 'syn,!ack' }, async () => {
    lab.check(P.conditions, 'TCP, SYN denied', await connects(UNANSWERED_MS), false);
  });
  await during({ destination: address(0, 2) }, async () => {
    lab.check(P.conditions, 'to the denied destination', await passes(1), 0);
    lab.check(P.conditions, 'to another', await passes(1, PORT, 1), COUNT);
  });
  await during({ length: '1000-65535' }, async () => {
    lab.check(P.conditions, 'of the denied length', await network.passed({ ...from, payloadBytes: 1000 }), 0);
    lab.check(P.conditions, 'shorter', await passes(1), COUNT);
  });
  lab.check(P.conditions, 'in fragments', await network.passed({ ...from, payloadBytes: FRAGMENTED }), COUNT);
  await during({ fragment: true }, async () => {
    lab.check(P.conditions, 'denied fragments', await network.passed({ ...from, payloadBytes: FRAGMENTED }), 0);
    lab.check(P.conditions, 'whole', await passes(1), COUNT);
  });
}

/** @param {Parts} parts */
export async function observe({ lab, loader, passes }) {
  const rule = await loader.add({ action: 'observe', source: address(0, 3) });
  lab.check(P.observe, 'from the observed source', await passes(3), COUNT);
  await hitsAre(lab, P.observe, loader, rule, COUNT);
  await loader.ask('remove', { ids: [rule] });
}

/** @param {Parts} parts */
export async function revertPolicy({ lab, loader, passes, passes6 }) {
  const permit = await loader.add({ action: 'permit', source: address(0, 3) });
  await loader.ask('policy', { default_policy: 'deny', force: true });
  lab.check(P.reverted, 'while it is not confirmed', await passes(1), 0);
  lab.check(P.reverted, 'from a permitted source', await passes(3), COUNT);
  await until(async () => (await passes(1)) === COUNT, 'the default policy reverts');
  lab.check(P.reverted, 'after it reverted', await passes6(1), COUNT);
  lab.check(P.reverted, 'policy as listed then', (await loader.ask('list')).default_policy, 'permit');
  await loader.ask('remove', { ids: [permit] });
}

/** @param {Parts} parts */
async function confirmPolicy({ lab, loader, passes, passes6, seconds }) {
  const permit = await loader.add({ action: 'permit', source: address(0, 3) });
  await loader.ask('policy', { default_policy: 'deny', force: true });
  await loader.ask('confirm');
  await setTimeout(seconds * 1000 + 1000);
  lab.check(P.confirmed, 'after the time to confirm', await passes(1), 0);
  lab.check(P.confirmed, 'IPv6', await passes6(1), 0);
  lab.check(P.confirmed, 'from a permitted source', await passes(3), COUNT);
  await loader.ask('policy', { default_policy: 'permit' });
  lab.check(P.confirmed, 'after the policy is permit again', await passes(1), COUNT);
  await loader.ask('remove', { ids: [permit] });
}

/** @param {Parts} parts */
export async function expire({ lab, loader, passes, seconds }) {
  const { rule } = await loader.ask('add', { rule: { action: 'deny', source: address(0, 3), for: `${seconds}s` } });
  const ends = Date.parse(rule.expires_at);
  lab.check(P.ends, 'before it expires', await passes(3), 0);
  lab.check(P.ends, 'checked in time', Date.now() < ends, true);
  await until(async () => (await passes(3)) > 0, 'the rule expires');
  lab.check(P.ends, 'it did not expire early', Date.now() >= ends, true);
  lab.check(P.ends, 'after it expired', await passes(3), COUNT);
}

/** @param {Parts} parts */
async function dryRun({ lab, loader, passes }) {
  let isOver = false;
  const running = loader.ask('test', { add: { action: 'deny', source: address(0, 3) }, seconds: 5 }).finally(() => {
    isOver = true;
  });
  // Awaited below; sending may fail first.
  running.catch(() => {});
  let sent = 0;
  let passed = 0;
  while (!isOver) {
    passed += (await passes(3)) + (await passes(1));
    sent += COUNT;
  }
  const report = await running;
  lab.check(P.dryRun, 'nothing is denied during the dry run', passed, 2 * sent);
  const denied = report.denied.packets;
  lab.check(P.dryRun, `some would have been denied (${denied})`, denied > 0 && denied <= sent, true);
  const sources = report.by_source.map((/** @type {{ addr: string }} */ { addr }) => addr);
  lab.check(P.dryRun, 'from this source alone', sources, [address(0, 3)]);
  lab.check(P.dryRun, 'nothing is denied afterwards', await passes(3), COUNT);
}

/** @param {Parts} parts */
async function reload({ lab, loader, passes }) {
  const path = join(lab.state, 'rules.json');
  const file = JSON.parse(readFileSync(path, 'utf8'));
  file.rules.push({ action: 'deny', source: address(0, 3) });
  writeFileSync(path, JSON.stringify(file));
  loader.signal('SIGHUP');
  await until(async () => (await loader.ask('list')).rules.length === file.rules.length, 'the rule is listed');
  lab.check(P.reload, 'from the source that the edited file denies', await passes(3), 0);
  lab.check(P.reload, 'from another', await passes(1), COUNT);
}

/**
 * Checks the hits of a rule, which the loader reads once a second.
 * @param {Lab} lab @param {string} promise @param {import('../lab/loader.mjs').Loader} loader @param {number} id @param {number} should
 */
async function hitsAre(lab, promise, loader, id, should) {
  const hits = () => loader.hits(id);
  await until(async () => (await hits()) >= should, 'the hits are counted', 20).catch(() => {});
  lab.check(promise, 'hits', await hits(), should);
}
