/** Formats the text of `packetlog status`, at most 80 columns wide. */
import { type Finding, findingText, type RecorderLedger } from '@packetlog/common';
import type { ShipLedger } from '@packetlog/common/fleet';
import type { HubStatus } from '../ipc/fleet/fleet-access.ts';
import type { LoaderStatus } from '../ipc/loader-status.ts';
import { printableName } from '../system/interface-name.ts';
import { generationText } from './generation-text.ts';
import { problemsOf } from './run/health.ts';

const MIB = 2 ** 20;
const COLUMNS = 80;
const LABEL = 10;

const grouped = (value: number) => Math.round(value).toLocaleString('en-US');
const plural = (value: number, thing: string) => `${grouped(value)} ${thing}${value === 1 ? '' : 's'}`;

/** Returns "complete", or how many records are missing and why. */
export function completenessOf({ interfaces, ledger }: LoaderStatus): string {
  const lostInRing = interfaces.reduce((sum, { counters }) => sum + counters.ring_full, 0);
  const lostInQueue = ledger.queue.dropped + (ledger.server?.dropped ?? 0);
  const lostByRecorder = ledger.recorder?.lost ?? 0;
  const sampled = interfaces.reduce((sum, { counters }) => sum + counters.sampled_out, 0);
  const unrecorded = interfaces.reduce((sum, { counters }) => sum + counters.filtered_out, 0);
  const missing = [
    ...(lostInRing > 0 ? [`${plural(lostInRing, 'record')} lost: ring full`] : []),
    ...(lostInQueue > 0 ? [`${plural(lostInQueue, 'record')} lost: queue full`] : []),
    ...(lostByRecorder > 0 ? [`${plural(lostByRecorder, 'record')} not on the disk`] : []),
    ...(sampled > 0 ? [`${plural(sampled, 'packet')} not recorded: sampling`] : []),
    ...(unrecorded > 0 ? [`${plural(unrecorded, 'packet')} not recorded: --count-only`] : []),
  ];
  return missing.length === 0 ? 'complete' : missing.join('; ');
}

/** Returns the table of interfaces: with every digit if it fits, else with abbreviated numbers. */
function interfaceTable(status: LoaderStatus): string[] {
  const full = table(interfaceRows(status, grouped));
  return full.every(({ length }) => length <= COLUMNS) ? full : table(interfaceRows(status, abbreviated));
}

function interfaceRows({ interfaces, rates }: LoaderStatus, numberText: (value: number) => string): string[][] {
  const rows = interfaces.map(({ name, mode, state, counters }) => {
    const rate = rates.by_interface.find((each) => each.name === name);
    const modeText = state === 'attached' ? mode.replace('_', ' with ') : state;
    return [
      printableName(name),
      modeText,
      numberText(rate?.packets ?? 0),
      abbreviated((rate?.bytes ?? 0) * 8),
      numberText(counters.seen),
      numberText(counters.denied),
      numberText(counters.ring_full),
    ];
  });
  return [['interface', 'mode', 'packets/s', 'bit/s', 'seen', 'denied', 'lost'], ...rows];
}

export function statusText(status: LoaderStatus, nowMs: number): string[] {
  const { interfaces, ledger, rules, clients } = status;
  const aborted = interfaces.reduce((sum, { counters }) => sum + counters.aborted, 0);
  const rulesState = rules.rules === 0 ? 'none' : rules.in_force ? plural(rules.rules, 'rule') : 'NOT IN FORCE';
  const since = new Date(status.since_ms).toISOString().slice(0, 19).replace('T', ' ');
  return [
    `packetlog ${status.version}, pid ${status.pid}, since ${since} UTC (${age(nowMs - status.since_ms)})`,
    '',
    ...interfaceTable(status),
    '',
    ...field('Ledger', completenessOf(status)),
    ...(aborted === 0 ? [] : field('Aborted', `${plural(aborted, 'packet')}, XDP_ABORTED`)),
    ...field('Rules', `${rulesState}; default policy ${rules.default_policy}`),
    ...(rules.pending === undefined ? [] : field('Pending', printableName(rules.pending))),
    ...field('Clients', grouped(clients)),
    ...field(
      'Ring',
      `${grouped(status.ring_bytes / MIB)} MiB per CPU, ${plural(ledger.ring.pending, 'record')} waiting`,
    ),
    ...(ledger.recorder === undefined ? [] : field('Recorder', recorderText(ledger.recorder, nowMs))),
    ...(status.ship === undefined ? [] : field('History', shipText(status.ship))),
    ...field('Memory', memoryText(status)),
    ...(status.alerts.alerts === 0 ? [] : field('Alerts', alertsText(status.alerts))),
    ...(status.alerts.problem === undefined ? [] : field('Problem', printableName(status.alerts.problem))),
    ...serverProblem(status.server),
    ...(status.hubs ?? []).flatMap((hub) => field('Hub', hubText(hub, nowMs))),
    ...(status.fleet_rules === undefined ? [] : field('Fleet', printableName(generationText(status.fleet_rules)))),
    ...findingLines(status.findings?.open ?? [], nowMs),
    ...field('Alarm', alarmText(status.last_alarm, nowMs)),
    ...problemsOf(status).flatMap((problem) => field('Problem', problem)),
  ];
}

function recorderText({ recording, recorded, sampled, bytes, oldest_ms }: RecorderLedger, nowMs: number): string {
  const kept = oldest_ms === 0 ? 'no packets yet' : `back to ${age(nowMs - oldest_ms)} ago, ${sizeText(bytes)}`;
  const since = `${plural(recorded, 'record')} since the start${sampled > 0 ? `, ${grouped(sampled)} sampled` : ''}`;
  return `${recording ? '' : 'STOPPED; '}${kept}; ${since}`;
}

/** Records for the fleet's history. */
function shipText({ acked, pending, expired, rejected = 0 }: ShipLedger): string {
  return [
    `${plural(acked, 'record')} acknowledged by the hub, ${grouped(pending)} pending`,
    ...(expired > 0 ? [`${grouped(expired)} expired before the hub took them`] : []),
    ...(rejected > 0 ? [`${grouped(rejected)} rejected`] : []),
  ].join('; ');
}

function alertsText({ alerts, firing, waiting, counts }: LoaderStatus['alerts']): string {
  const state = firing.length === 0 ? 'none fires' : `firing: ${firing.join(', ')}`;
  return [
    `${plural(alerts, 'alert')}, ${state}`,
    ...(waiting > 0 ? [`${plural(waiting, 'event')} not delivered yet`] : []),
    ...(counts.failed > 0 ? [`${plural(counts.failed, 'event')} given up`] : []),
  ].join('; ');
}

const sizeText = (bytes: number) => (bytes < MIB ? 'less than 1 MiB' : `${grouped(bytes / MIB)} MiB`);

function memoryText({ memory_bytes, server }: LoaderStatus): string {
  const own = `${grouped(memory_bytes / MIB)} MiB resident`;
  return server === null || server.memory_bytes === 0
    ? own
    : `${own}, server process ${grouped(server.memory_bytes / MIB)} MiB`;
}

/** Returns a line if the server process had to be restarted or does not run. */
function serverProblem(server: LoaderStatus['server']): string[] {
  if (server === null || (server.is_running && server.restarts === 0)) return [];
  const times = `${plural(server.restarts, 'restart')} of the server process`;
  return field('Server', server.is_running ? times : `not running; ${times}`);
}

/** Never "connected": a connection may be dead for a while, so the age of the last message is shown. */
function hubText({ url, heard_at_ms, problem }: HubStatus, nowMs: number): string {
  const heard = heard_at_ms === null ? 'not heard since the start' : `heard ${age(nowMs - heard_at_ms)} ago`;
  return `${url}, ${heard}${problem === null ? '' : `; ${printableName(problem)}`}`;
}

/** One for each open finding. */
function findingLines(open: readonly Finding[], nowMs: number): string[] {
  return open.flatMap((finding, i) => {
    const text = `${printableName(findingText(finding))} (open for ${age(nowMs - finding.opened_at_ms)})`;
    const lines = field('Findings', text);
    return i === 0 ? lines : lines.map((line) => ' '.repeat(LABEL) + line.slice(LABEL));
  });
}

function alarmText(alarm: LoaderStatus['last_alarm'], nowMs: number): string {
  if (alarm === undefined) return 'none';
  return `${age(nowMs - alarm.at_ms)} ago: ${printableName(alarm.message)}`;
}

/** Returns a label and its text, wrapped between words; the lines after the first are indented. */
function field(label: string, text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && LABEL + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each, i) => (i === 0 ? `${label}:`.padEnd(LABEL) : ' '.repeat(LABEL)) + each);
}

/** Aligns columns: the first two to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Returns three digits or so, with a prefix of the SI: 8.1 M. */
function abbreviated(number: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let value = number;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)}${units[unit]}`;
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}
