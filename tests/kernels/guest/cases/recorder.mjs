// @ts-check
/** Recording to disk, a core that is killed, and questions about what was recorded, against what was sent. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { address, deviceOf } from '../lab/network.mjs';
import { until } from '../lab/until.mjs';

const P = {
  count: 'count, also with a filter',
  sums: 'top sources, and sums by time',
  killed: 'kill -9: every record is there or counted as lost',
  segments: 'segments are full, sealed and undamaged',
  bookmark: 'a bookmark is kept and exported',
  dryRun: 'dry run over the past',
};
export const promises = Object.values(P);
/** @type {readonly string[]} */
export const modules = [];

const [PORT, OTHER_PORT] = [5000, 5001];
const [DENIED, OTHER] = [3, 4];
/** What is recorded before the core is killed: source, destination port, packets. */
const KNOWN = /** @type {const} */ ([
  [1, PORT, 300],
  [1, OTHER_PORT, 120],
  [DENIED, PORT, 200],
  [OTHER, PORT, 50],
]);
const sentBy = (/** @type {(of: (typeof KNOWN)[number]) => boolean} */ of) =>
  KNOWN.filter(of).reduce((sum, [, , count]) => sum + count, 0);
const SENT = sentBy(() => true);
const SENT_DENIED = sentBy(([host]) => host === DENIED);

/** Denied, so that they take no time in the network stack. */
const MANY = { network: '198.51.100.0/24', sources: 10, each: 500 };
/** Parts of 5,000 packets to send at most, until a segment is full. */
const MAX_PARTS = 40;
/** Packets of a part that are recorded when the core is killed. */
const BEFORE_KILL = 1000;
const MAX_KILLS = 5;
/** Of the files, as docs/segments.md describes them. */
const RECORD_BYTES = 64;
const FULL = 65_536;

/** @typedef {import('../lab/lab.mjs').Lab} Lab */
/** @typedef {import('../lab/network.mjs').Network} Network */

/** @param {Lab} lab */
export async function run(lab) {
  const network = await lab.network();
  await network.addSources(0, [DENIED, OTHER]);
  for (const port of [PORT, OTHER_PORT]) await network.listen(port);
  const parent = mkdtempSync(join(tmpdir(), 'recorder-'));
  // The core is not root.
  chmodSync(parent, 0o755);
  const directory = join(parent, 'record');
  const args = [
    '--mode',
    'native',
    '--iface',
    deviceOf(0),
    '--print',
    'none',
    '--sample',
    'off',
    '--ring-size',
    '8MiB',
  ];
  const start = () => lab.packetlog([...args, '--record-dir', directory]).ready();

  const first = await start();
  await first.add({ action: 'deny', source: address(0, DENIED) });
  await first.add({ action: 'deny', source: MANY.network });
  await sendKnown(lab, network);
  await until(() => recordsIn(directory) >= SENT, 'the packets are in a file', 60).catch(() => {});
  await askWhileRunning(lab, directory);

  const { sent, loader } = await killAndFill(lab, network, directory, first, start);
  lab.check(P.killed, 'exit code of the last loader', await loader.end('SIGINT'), 0);
  await askAfterwards(lab, directory, SENT + sent);
}

/** @param {Lab} lab @param {Network} network */
async function sendKnown(lab, network) {
  const arrived = network.arrived(deviceOf(0));
  for (const [host, port, count] of KNOWN) {
    const send = { from: address(0, host), address: address(0, 2), ports: [port], sourcePorts: [40_001] };
    await network.client.ask('sendUdp', { ...send, count, payloadBytes: 32 });
  }
  await until(() => network.arrived(deviceOf(0)) >= arrived + SENT, 'all packets arrived');
  lab.check(P.count, 'packets that arrived', network.arrived(deviceOf(0)) - arrived, SENT);
  const passed = async () => (await network.received(PORT)) + (await network.received(OTHER_PORT));
  await until(async () => (await passed()) >= SENT - SENT_DENIED, 'all permitted packets passed', 20).catch(() => {});
  lab.check(P.count, 'packets that passed', await passed(), SENT - SENT_DENIED);
}

/** @param {Lab} lab @param {string} directory */
async function askWhileRunning(lab, directory) {
  lab.check(P.count, 'all', await countOf(lab, directory), SENT);
  lab.check(P.count, 'deny', await countOf(lab, directory, 'deny'), SENT_DENIED);
  const filter = `src ${address(0, 1)} and dst port ${OTHER_PORT}`;
  const matching = sentBy(([host, port]) => host === 1 && port === OTHER_PORT);
  lab.check(P.count, filter, await countOf(lab, directory, '--from', '-1h', filter), matching);

  const top = await rowsOf(lab, directory, '--top', 'source');
  lab.check(
    P.sums,
    'top sources',
    top.map(({ src_addr, packets }) => [src_addr, packets]),
    [1, DENIED, OTHER].map((host) => [address(0, host), sentBy(([from]) => from === host)]),
  );
  const minutes = await rowsOf(lab, directory, '--by', 'minute');
  const sum = (/** @type {string} */ name) => minutes.reduce((total, row) => total + Number(row[name]), 0);
  lab.check(P.sums, 'packets and denied packets by minute', [sum('packets'), sum('denied')], [SENT, SENT_DENIED]);

  const added = await lab.command('bookmarks', 'add', '--from', '-1h', '--note', 'before the kill');
  lab.check(P.bookmark, `bookmarks add ${added.err}`, added.code, 0);
}

/**
 * Sends until a segment is sealed, and meanwhile kills the core, until records were lost. Returns what was sent, and the last
 * loader.
 * @param {Lab} lab @param {Network} network @param {string} directory
 * @param {import('../lab/loader.mjs').Loader} loader @param {() => Promise<import('../lab/loader.mjs').Loader>} start
 */
async function killAndFill(lab, network, directory, loader, start) {
  const frames = await manyFrames();
  const [{ ifindex }] = JSON.parse(await network.client.ip('-j', 'link', 'show', 'dev', 'peer0'));
  const arrivedBefore = network.arrived(deviceOf(0));
  let sent = 0;
  const sendPart = async () => {
    const part = await network.client.ask('sendFrames', { ifindex, frames, repeat: MANY.each });
    sent += part.sent;
  };
  let current = loader;
  let kills = 0;
  do {
    const recorded = recordsIn(directory);
    const sending = sendPart();
    await until(() => recordsIn(directory) >= recorded + BEFORE_KILL, 'some packets are in a file');
    lab.check(P.killed, 'exit', await current.end('SIGKILL'), 'SIGKILL');
    await sending;
    current = await start();
  } while (lostIn(directory) === 0 && ++kills < MAX_KILLS);
  for (let part = 0; part < MAX_PARTS && sealedIn(directory).length === 0; part++) {
    await sendPart();
    // The ring must not overflow.
    await until(() => recordsIn(directory) + lostIn(directory) >= SENT + sent, 'all packets are recorded or lost');
  }
  const arrived = () => network.arrived(deviceOf(0)) - arrivedBefore;
  await until(() => arrived() >= sent, 'all packets arrived');
  lab.check(P.killed, 'packets that arrived', arrived(), sent);
  return { sent, loader: current };
}

/** @param {Lab} lab @param {string} directory @param {number} sent */
async function askAfterwards(lab, directory, sent) {
  const lost = lostIn(directory);
  lab.check(P.killed, `records were lost (${lost} of ${sent})`, lost > 0, true);
  const counted = await lab.command('query', '--dir', directory, '--count');
  lab.check(P.killed, 'recorded + lost', Number(counted.out) + lost, sent);
  const gap = /lost: ([\d,]+) records? in \d+ gaps? .*: the recorder was killed/.exec(counted.err)?.[1];
  lab.check(
    P.killed,
    'lost, as query says it',
    gap === undefined ? counted.err : Number(gap.replaceAll(',', '')),
    lost,
  );
  lab.check(P.killed, 'recorded before', await countOf(lab, directory, 'src net 10.77.0.0/16'), SENT);

  const verified = await lab.command('segments', 'verify', '--dir', directory);
  lab.check(P.segments, `segments verify ${verified.err}`, verified.code, 0);
  const full = /native\.\w+: ok, 65,?536 records$/m.test(verified.out);
  lab.check(P.segments, 'one is full and sealed', full || verified.out, true);
  lab.check(P.segments, 'damaged', /, (\d+) damaged$/m.exec(verified.out)?.[1], '0');

  const filter = ['--filter', `src ${address(0, OTHER)}`];
  const exported = await lab.command('segments', 'export', '--dir', directory, '--bookmark', '1', ...filter);
  lab.check(
    P.bookmark,
    `exported ${exported.err}`,
    linesOf(exported.out).length,
    sentBy(([host]) => host === OTHER),
  );

  const rule = `deny ${address(0, 1)} --port ${OTHER_PORT}`;
  const range = ['--from', '-1h', '--dir', directory, '--json'];
  const { out, err, code } = await lab.command('rules', 'dry-run', '--add', rule, ...range);
  lab.check(P.dryRun, `rules dry-run ${err}`, code, 0);
  const { newly_denied } = JSON.parse(out || '{}');
  const wouldDeny = sentBy(([host, port]) => host === 1 && port === OTHER_PORT);
  lab.check(P.dryRun, 'would deny', [newly_denied?.packets, newly_denied?.sources], [wouldDeny, 1]);
}

/** @param {Lab} lab @param {string} directory @param {readonly string[]} args */
async function countOf(lab, directory, ...args) {
  const { out, err } = await lab.command('query', '--dir', directory, '--count', ...args);
  return out === '' ? err : Number(out);
}

/** @param {Lab} lab @param {string} directory @param {readonly string[]} args @returns {Promise<Record<string, unknown>[]>} */
async function rowsOf(lab, directory, ...args) {
  const { out, err } = await lab.command('query', '--dir', directory, '--print', 'json', ...args);
  return out === '' ? [{ err }] : linesOf(out).map((line) => JSON.parse(line));
}

const linesOf = (/** @type {string} */ text) => text.split('\n').filter(Boolean);

/** Returns the sealed files. @param {string} directory */
const sealedIn = (directory) => readdirSync(directory).filter((name) => name.includes('.native.'));

/** Returns the records in all files; a sealed one is full. @param {string} directory */
function recordsIn(directory) {
  const hot = readdirSync(directory).filter((name) => name.endsWith('.hot'));
  const sizes = hot.map((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + Math.floor(size / RECORD_BYTES), FULL * sealedIn(directory).length);
}

/** Returns the records in gaps of the journal. @param {string} directory */
function lostIn(directory) {
  const entries = linesOf(readFileSync(join(directory, 'journal.ndjson'), 'utf8')).map((line) => JSON.parse(line));
  return entries.reduce((sum, { kind, records }) => (kind === 'gap' ? sum + records : sum), 0);
}

/** Datagrams from several sources of MANY.network. */
async function manyFrames() {
  const { ethernet, ipv4, udp } = await import('../../../lab/frame.ts');
  return Array.from({ length: MANY.sources }, (_, i) =>
    ethernet(ipv4({ src: MANY.network.replace('0/24', String(i + 1)), dst: address(0, 2) }, udp({ dst: PORT }))),
  );
}
