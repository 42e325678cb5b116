/**
 * Writes the README's table of the benchmark from bench/results.json.
 *
 *   node scripts/bench-table.mjs [--check]
 *
 * Replaces the text between the two marks. With --check it changes nothing, and fails if the table is not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const BEGIN = '<!-- from bench/results.json, by scripts/bench-table.mjs -->';
const END = '<!-- end of the table -->';

/**
 * The part of the results that the table shows.
 * @typedef {{ median: number, q1: number, q3: number }} Spread
 * @typedef {{ xdp_ns: Spread, kept_per_s: Spread, reader_cpu_ns: Spread, lost: number }} EventsRow
 * @typedef {{ added_ns: Spread, kept_percent: Spread, cpu_ns_per_packet?: Spread, memory_mib?: Spread }} VethRow
 * @typedef {{ deny_ns: Spread, over_drop_ns: Spread, recorded_percent?: Spread }} DenyRow
 * @typedef {Record<string, { total_ns: Spread, added_ns: Spread, passed_percent: Spread }>} LimitRow By number of sources.
 * @typedef {{ pss_mib: number, alone_mib: number }} Memory
 * @typedef {{ start_s: Spread, start_cpu_s: Spread, idle: Memory, after_flood: Memory }} Footprint
 * @typedef {{ packets_per_s: number, p50_us: number, p99_us: number, loader_cpu_percent: number }} LatencyRow
 * @typedef {{ ms: Spread }} Question
 * @typedef {{
 *   ingest: { append_rows_per_s: Spread, seal_ns_per_row: Spread, bytes_per_row: number },
 *   queries: Record<string, Record<string, { cpu_ms: Spread }> & { pss_peak_mib: number }>,
 *   past: Record<string, Question> & { querying_mib: number, first_rows_ms: number },
 *   recording: { thread_cpu_percent: Spread, more_pss_mib: number, lost: number },
 * }} Recorder
 * @typedef {{ performance: number, accessibility: number, best_practices: number }} Lighthouse
 * @typedef {{
 *   machine: { cpu: string, cpus: number, kernel: string, virtual: boolean, node: string },
 *   aims: Record<string, { atLeast?: number, atMost?: number }>,
 *   ratio_spreads: Record<string, Spread>,
 *   failed_sections?: Record<string, string>,
 *   events?: Record<string, EventsRow | Spread>,
 *   veth?: Record<string, unknown>,
 *   deny?: Record<string, unknown>,
 *   limits?: { through_veth: Record<string, LimitRow> },
 *   footprint?: Footprint,
 *   tcp_stream?: Record<string, unknown>,
 *   latency?: LatencyRow[],
 *   dashboard?: Record<string, number> & { lighthouse?: Lighthouse },
 *   recorder?: Recorder,
 *   idle?: { cpu_percent: number, wakeups_per_s: number, memory_mib: number },
 * }} Results A section that failed, or is newer than the results, is missing.
 * @typedef {{ gbit_per_s: Spread, vs_bare?: Spread }} StreamRow
 */

/** @param {number} value */
const text = (value) => value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)];
}

/** @param {unknown} row @returns {row is EventsRow} */
const isEventsRow = (row) => typeof row === 'object' && row !== null && 'xdp_ns' in row;
/** @param {unknown} row @returns {row is StreamRow} */
const isStreamRow = (row) => typeof row === 'object' && row !== null && 'gbit_per_s' in row;
/** @param {unknown} row @returns {row is VethRow} */
const isVethRow = (row) => typeof row === 'object' && row !== null && 'added_ns' in row;
/** @param {unknown} row @returns {row is DenyRow} */
const isDenyRow = (row) => typeof row === 'object' && row !== null && 'deny_ns' in row;

/**
 * Returns a table and an empty line; nothing if it has no rows.
 * @param {readonly string[]} head @param {readonly (readonly string[])[]} rows
 */
const section = (head, rows) => (rows.length > 0 ? [...table(head, rows), ''] : []);

/** @param {string} name */
const ours = (name) => (name.startsWith('PacketLog') ? `**${name}**` : name);

const DASHBOARD = {
  fps_at_1m_pps: 'frames per second at 1,000,000 packets per second',
  page_cpu_at_1m_pps: "CPUs that the page's process uses at that rate",
  paint_p99_ms_at_10k_pps: 'packet to painted row at 10,000 packets per second, p99 ms',
  first_load_kb_gzip: 'first load, kB gzip',
  interactive_ms: 'time to live data with an empty cache, ms',
  scroll_fps_10k_rules: 'frames per second while scrolling 10,000 rules',
};

/** @param {Results} results */
function dashboardTable({ dashboard, aims }) {
  if (dashboard === undefined) return [];
  const rows = Object.entries(DASHBOARD).map(([name, words]) => [
    words,
    text(dashboard[name] ?? Number.NaN),
    aimText(aims[name]),
  ]);
  const { lighthouse } = dashboard;
  if (lighthouse !== undefined) {
    const scores = [lighthouse.performance, lighthouse.accessibility, lighthouse.best_practices];
    const words = 'Lighthouse, desktop: performance, accessibility, best practices';
    rows.push([words, scores.map(text).join(', '), aimText(aims['lighthouse_performance'])]);
  }
  return [...table(['the dashboard in Chromium, software rendering', 'measured', 'target'], rows), ''];
}

/** @param {{ atLeast?: number, atMost?: number } | undefined} aim */
const aimText = ({ atLeast, atMost } = {}) =>
  atLeast === undefined ? `≤ ${atMost?.toLocaleString('en-US')}` : `≥ ${atLeast.toLocaleString('en-US')}`;

/** @param {Results} results */
function eventsTable({ events = {} }) {
  const rows = Object.entries(events).flatMap(([name, row]) => {
    if (!isEventsRow(row)) return [];
    const figures = [row.xdp_ns, row.kept_per_s, row.reader_cpu_ns].map(({ median }) => text(median));
    return [[ours(name), ...figures, text(row.lost)]];
  });
  return section(
    ['one CPU sends, another reads', 'ns per packet in XDP', 'kept per second', 'reader, CPU ns per packet', 'lost'],
    rows,
  );
}

/** @param {Results} results */
function vethTable({ veth = {} }) {
  const rows = Object.entries(veth).flatMap(([name, row]) => {
    if (!isVethRow(row)) return [];
    const figures = [row.added_ns, row.kept_percent, row.cpu_ns_per_packet, row.memory_mib];
    return [[ours(name), ...figures.map((of) => (of ? text(of.median) : ''))]];
  });
  return section(
    ['frames through a veth pair', 'ns added to a packet', 'kept %', "tool's CPU ns per packet", 'memory MiB'],
    rows,
  );
}

/** @param {Results} results */
function denyTable({ deny = {} }) {
  const rows = Object.entries(deny).flatMap(([name, row]) => {
    if (!isDenyRow(row)) return [];
    const figures = [row.deny_ns, row.over_drop_ns, row.recorded_percent];
    return [[ours(name), ...figures.map((of) => (of ? text(of.median) : ''))]];
  });
  return section(
    ['denied packets of 1,000 sources', 'ns per packet in all', 'more than only dropping', 'recorded %'],
    rows,
  );
}

/** @param {Results} results */
function limitsTable({ limits }) {
  const rows = Object.entries(limits?.through_veth ?? {}).flatMap(([name, { 1000: few, 1000000: many }]) =>
    few === undefined || many === undefined || many.added_ns.median === 0
      ? []
      : [[ours(name), ...[many.added_ns, few.total_ns, few.passed_percent].map((of) => text(of.median))]],
  );
  const head = ['a limit of 100/s per source', 'ns added, 1,000,000 sources', 'ns in all, 1,000 over it', 'passed %'];
  return section(head, rows);
}

/** @param {Results} results */
function footprintTable({ footprint, aims }) {
  if (footprint === undefined) return [];
  const { start_s, start_cpu_s, idle, after_flood } = footprint;
  const rows = [
    ['from the command to the attached program, s', start_s.median, 'footprint_start_s'],
    ['CPU time of that, s', start_cpu_s.median, 'footprint_start_cpu_s'],
    ['memory of both processes, idle, MiB', idle.alone_mib, 'footprint_idle_mib'],
    ['after a flood with a client, MiB', after_flood.alone_mib, 'footprint_after_flood_mib'],
  ];
  return section(
    ['start and memory, rings of 4 MiB', 'measured', 'target'],
    rows.map(([words, value, aim]) => [String(words), text(Number(value)), aimText(aims[String(aim)])]),
  );
}

const QUERIES = {
  by_minute_1h: 'by minute, 1 h',
  top_sources_24h: 'top 10 sources, 24 h',
  network_24h: 'a /24, 24 h',
};

/** @param {Results} results */
function recorderTable({ recorder, aims }) {
  if (recorder === undefined) return [];
  const { ingest, queries, past, recording } = recorder;
  const rows = Object.entries(queries).map(([name, figures]) => [
    ours(name),
    ...Object.keys(QUERIES).map((key) => text(figures[key]?.cpu_ms.median ?? Number.NaN)),
    text(figures.pss_peak_mib),
  ]);
  const figures = [
    ['appended per second and core', ingest.append_rows_per_s.median, 'recorder_append_rows_per_s'],
    ['sealing, CPU ns per record', ingest.seal_ns_per_row.median, 'recorder_seal_ns_per_row'],
    ['bytes per record', ingest.bytes_per_row, 'recorder_bytes_per_row'],
    ['first rows of a range on the page, ms', past.first_rows_ms, 'recorder_first_rows_ms'],
    ['a day by minute, ms', past['by minute, 24 h']?.ms.median, 'recorder_day_by_minute_ms'],
    ['memory of recording, MiB', recording.more_pss_mib, 'recorder_recording_mib'],
    ['memory of querying, MiB', past.querying_mib, 'recorder_querying_mib'],
    ['% of a core at 100,000 packets/s', recording.thread_cpu_percent.median, 'recorder_cpu_percent_at_100k_pps'],
    ['records lost at that rate', recording.lost, 'recorder_lost_at_100k_pps'],
  ];
  return [
    ...section(['queries of 20 million records, CPU ms', ...Object.values(QUERIES), 'memory MiB'], rows),
    ...section(
      ['recorder', 'measured', 'target'],
      figures.map(([words, value, aim]) => [String(words), text(Number(value)), aimText(aims[String(aim)])]),
    ),
  ];
}

/** @param {Results} results */
function streamTable({ tcp_stream = {} }) {
  const rows = Object.entries(tcp_stream).flatMap(([name, row]) =>
    isStreamRow(row) ? [[ours(name), text(row.gbit_per_s.median), row.vs_bare ? text(row.vs_bare.median) : '']] : [],
  );
  const picked = `one TCP stream through a veth pair (auto selects ${tcp_stream['mode_of_auto']})`;
  return section([picked, 'Gbit/s', 'of the stream with nothing attached'], rows);
}

/** @param {Results} results */
function latencyTable({ latency = [], idle }) {
  const rows = latency.map(({ packets_per_s, p50_us, p99_us, loader_cpu_percent }) => [
    text(packets_per_s),
    ...[p50_us / 1000, p99_us / 1000, loader_cpu_percent].map(text),
  ]);
  const table = section(['packets per second, to a socket client', 'p50 ms', 'p99 ms', 'loader CPU %'], rows);
  if (idle === undefined) return table;
  const { cpu_percent, wakeups_per_s, memory_mib } = idle;
  return [
    ...table,
    `Idle: ${text(cpu_percent)} % of a CPU, ${text(wakeups_per_s)} wake-ups per second, ${text(memory_mib)} MiB.`,
    '',
  ];
}

/** @param {Results} results */
function ratioTable({ aims, ratio_spreads }) {
  const rows = Object.entries(aims).flatMap(([name, aim]) => {
    const spread = ratio_spreads[name];
    if (!spread) return [];
    return [[`\`${name}\``, text(spread.median), `${text(spread.q1)} to ${text(spread.q3)}`, aimText(aim)]];
  });
  return table(['ratio, taken within a round', 'median', 'quartiles', 'target'], rows);
}

/** @param {Results} results */
export function benchTable(results) {
  const { machine, failed_sections = {} } = results;
  const kind = machine.virtual ? 'a virtual machine' : 'a machine';
  const failed = Object.keys(failed_sections);
  return [
    `Medians, on ${kind} with ${machine.cpus} CPUs (${machine.cpu}), Linux ${machine.kernel}, Node.js ${machine.node}.`,
    ...(failed.length > 0 ? ['', `Sections that failed in this run: ${failed.join(', ')}.`] : []),
    '',
    ...eventsTable(results),
    ...vethTable(results),
    ...denyTable(results),
    ...limitsTable(results),
    ...streamTable(results),
    ...latencyTable(results),
    ...footprintTable(results),
    ...dashboardTable(results),
    ...recorderTable(results),
    ...ratioTable(results),
  ].join('\n');
}

/** @param {string} readme @param {string} table */
export function withTable(readme, table) {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md: no "${BEGIN}" with "${END}" behind it.`);
  return `${before}${BEGIN}\n${table}\n${END}${after}`;
}

function main() {
  const path = here('../README.md');
  const readme = readFileSync(path, 'utf8');
  const wanted = withTable(readme, benchTable(JSON.parse(readFileSync(here('../bench/results.json'), 'utf8'))));
  if (!process.argv.includes('--check')) writeFileSync(path, wanted);
  else if (wanted !== readme) {
    process.stderr.write(
      'README.md: the benchmark table differs from bench/results.json. Run node scripts/bench-table.mjs.\n',
    );
    process.exitCode = 1;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main();
