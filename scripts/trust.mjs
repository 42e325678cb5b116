/**
 * Writes the figures of docs/trust.md from the results that the tests recorded.
 *
 *   node scripts/trust.mjs [--check]
 *
 * Replaces the text between each pair of marks. With --check it changes nothing, and fails if a figure is not current.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './run.mjs';

const DOCUMENT = join(ROOT, 'docs/trust.md');
const MARKS = /(<!-- figures: (\w+) -->\n).*?(<!-- end of the figures -->)/gs;

/**
 * What the tests record: tests/findings, tests/parser, tests/kernels, tests/chaos, tests/fuzz and tests/attacks.
 * @typedef {{ frames: number, unexplained: number, explained: Record<string, number> }} Compared
 * @typedef {{ filters: number, decisions: number, different: number }} Filters
 * @typedef {{ sets: number, decisions: number, different: number }} Rules
 * @typedef {{ date: string, commit: string, kernel: string, real: Compared, mutated: Compared, filters: Filters, rules: Rules }} Parser
 * @typedef {{ kernel: string, commit: string, date: string, promises: Record<string, string> }} KernelCase
 * @typedef {{ instructions: number, stack: number }} Cost
 * @typedef {{ faults: number, violations: number, recovery_ms: { median: number, p95: number, max: number } }} Kind
 * @typedef {{ date: string, commit: string, faults: number, packets: number, violations: number, kinds: Record<string, Kind> }} ChaosRun
 * @typedef {{ date: string, commit: string, inputs: number, seconds: number, findings: readonly object[] }} Fuzzed
 * @typedef {{ clients: number, silent: boolean, p50_us: number, p99_us: number, p50_growth: number, p99_growth: number }} Asking
 * @typedef {{ date: string, commit: string, rounds: number, load: number, cpus: number, cases: Record<string, Asking> }} Questions
 * @typedef {{ date: string, commit: string, captures: number, packets: number, hours: number, fired: readonly { capture: string, finding: string, justified: string }[] }} CapturedFindings
 * @typedef {{ date: string, commit: string, minutes: number, packets: number, ab: number, curl: number, rsync: number, ssh: number, monitoring: number, dns: number, fired: readonly string[] }} OrdinaryTraffic
 * @typedef {{
 *   findings?: { captures?: CapturedFindings, ordinary?: OrdinaryTraffic },
 *   parser?: Parser,
 *   kernels: Record<string, Record<string, KernelCase>>,
 *   verifier: Record<string, Record<string, Cost | null>>,
 *   chaos: { runs: readonly ChaosRun[] },
 *   fuzz: Record<string, Fuzzed>,
 *   questions?: Questions,
 * }} Results
 */

const NOT_RUN = ['Not run yet.'];
const count = (/** @type {number} */ value) => value.toLocaleString('en-US');
const sum = (/** @type {readonly number[]} */ values) => values.reduce((total, value) => total + value, 0);
const day = (/** @type {string} */ date) => date.slice(0, 10);

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)];
}

/** @param {Parser | undefined} parser */
function parserFigures(parser) {
  if (parser === undefined) return NOT_RUN;
  const { real, mutated, filters, rules } = parser;
  const explained = (/** @type {Compared} */ { explained }) => count(sum(Object.values(explained)));
  return [
    `${day(parser.date)}, commit ${parser.commit}, Linux ${parser.kernel}:`,
    '',
    ...table(
      ['compared', 'number', 'different', 'explained by a written rule'],
      [
        ['frames of the captures, with tshark', count(real.frames), count(real.unexplained), explained(real)],
        ['mutated frames, with tshark', count(mutated.frames), count(mutated.unexplained), explained(mutated)],
        [
          `decisions of ${count(filters.filters)} filters, with tcpdump`,
          count(filters.decisions),
          count(filters.different),
          '',
        ],
        [
          `decisions of ${count(rules.sets)} rule sets, with the reference`,
          count(rules.decisions),
          count(rules.different),
          '',
        ],
      ],
    ),
  ];
}

/** @param {Results['findings']} findings */
function findingFigures({ captures, ordinary } = {}) {
  if (captures === undefined && ordinary === undefined) return NOT_RUN;
  const rows = [];
  if (captures !== undefined) {
    const { captures: files, packets, hours, fired, date, commit } = captures;
    const what = `${count(files)} captures of others`;
    rows.push([what, count(packets), `${hours} h`, count(fired.length), `${day(date)}, ${commit}`]);
  }
  if (ordinary !== undefined) {
    const { minutes, packets, ab, curl, rsync, ssh, monitoring, dns, fired, date, commit } = ordinary;
    const made = `${count(ab)} requests of ab, ${count(curl)} of curl, ${count(rsync)} copies of rsync, ${count(ssh)} ssh sessions, ${count(monitoring)} rounds of monitoring, ${count(dns)} datagrams`;
    rows.push([made, count(packets), `${minutes} min`, count(fired.length), `${day(date)}, ${commit}`]);
  }
  const justified = (captures?.fired ?? []).map(
    ({ capture, finding, justified }) => `* ${capture}: ${finding}. It is ${justified}.`,
  );
  return [
    ...table(['traffic', 'packets', 'duration', 'findings', 'last run, commit'], rows),
    ...(justified.length > 0 ? ['', 'Found:', '', ...justified] : []),
  ];
}

/** @param {Results} results */
function kernelFigures({ kernels, verifier }) {
  const names = Object.keys(kernels);
  if (names.length === 0) return NOT_RUN;
  return table(
    [
      'kernel',
      'cases',
      'promises kept',
      'broken',
      'not possible there',
      'most instructions verified',
      'stack, bytes',
      'last run, commit',
    ],
    names.map((name) => {
      const cases = Object.values(kernels[name] ?? {});
      const cells = cases.flatMap(({ promises }) => Object.values(promises));
      const impossible = cells.filter((cell) => cell.startsWith('no ') || cell.startsWith('not in '));
      const broken = cells.filter((cell) => cell === 'FAILED');
      const kept = cells.length - impossible.length - broken.length;
      const costs = Object.values(verifier[name] ?? {}).filter((cost) => cost !== null);
      const most = (/** @type {number[]} */ values) => (values.length > 0 ? count(Math.max(...values)) : '');
      const last = [...cases].sort((a, b) => a.date.localeCompare(b.date)).at(-1);
      return [
        last?.kernel ?? name,
        count(cases.length),
        count(kept),
        count(broken.length),
        count(impossible.length),
        most(costs.map(({ instructions }) => instructions)),
        most(costs.map(({ stack }) => stack)),
        `${last?.date}, ${last?.commit}`,
      ];
    }),
  );
}

/** In the results, a lab that failed as a whole, and not by one of its faults. */
const LAB = 'episode';

/** @param {readonly ChaosRun[]} runs */
function faultFigures(runs) {
  const last = runs.at(-1);
  if (last === undefined) return NOT_RUN;
  /** @type {Map<string, { faults: number, violations: number, last: Kind }>} */
  const kinds = new Map();
  for (const run of runs)
    for (const [name, kind] of Object.entries(run.kinds)) {
      const { faults, violations } = kinds.get(name) ?? { faults: 0, violations: 0 };
      kinds.set(name, { faults: faults + kind.faults, violations: violations + kind.violations, last: kind });
    }
  const labs = kinds.get(LAB)?.faults ?? 0;
  kinds.delete(LAB);
  const total = (/** @type {'faults' | 'violations'} */ of) => count(sum([...kinds.values()].map((kind) => kind[of])));
  const packets = count(sum(runs.map((run) => run.packets)));
  return [
    `In ${runs.length} recorded runs until ${day(last.date)} (the last at commit ${last.commit}): **${total('faults')} faults** of ` +
      `${kinds.size} kinds under ${packets} packets; **${total('violations')}** of them broke a promise` +
      `${labs > 0 ? `, and ${labs} of the labs failed as a whole` : ''}.`,
    '',
    ...table(
      ['kind of fault', 'faults', 'broke a promise', 'recovery in its last run, median, ms', '95 %, ms'],
      [...kinds].sort().map(
        ([
          name,
          {
            faults,
            violations,
            last: { recovery_ms },
          },
        ]) => [name, count(faults), count(violations), count(recovery_ms.median), count(recovery_ms.p95)],
      ),
    ),
  ];
}

/** @param {Record<string, Fuzzed>} targets */
function fuzzFigures(targets) {
  const rows = Object.entries(targets);
  if (rows.length === 0) return NOT_RUN;
  const inputs = sum(rows.map(([, { inputs }]) => inputs));
  const findings = sum(rows.map(([, { findings }]) => findings.length));
  return [
    `${count(inputs)} inputs, ${count(findings)} findings:`,
    '',
    ...table(
      ['input', 'tried', 'findings', 'last run, commit'],
      rows.map(([name, { inputs, findings, date, commit }]) => [
        name,
        count(inputs),
        count(findings.length),
        `${day(date)}, ${commit}`,
      ]),
    ),
  ];
}

/** @param {Questions | undefined} questions */
function questionFigures(questions) {
  if (questions === undefined) return NOT_RUN;
  const { date, commit, rounds, load, cpus, cases } = questions;
  const growth = (/** @type {number} */ ratio) => `${ratio >= 1 ? '+' : ''}${count(Math.round((ratio - 1) * 100))} %`;
  return [
    `${day(date)}, commit ${commit}, medians of ${rounds} rounds (growth: of the ratios within a round), load of the machine ${load} on ${cpus} CPUs:`,
    '',
    ...table(
      ['clients beside the measured one', 'p50, us', 'p99, us', 'growth of p50', 'growth of p99'],
      Object.values(cases).map(({ clients, silent, p50_us, p99_us, p50_growth, p99_growth }) => [
        clients === 0 ? 'none' : `${clients}${silent ? ', silent' : ', asking'}`,
        count(Math.round(p50_us)),
        count(Math.round(p99_us)),
        clients === 0 ? '' : growth(p50_growth),
        clients === 0 ? '' : growth(p99_growth),
      ]),
    ),
  ];
}

/** @param {Results} results @returns {Record<string, readonly string[]>} */
export function figures(results) {
  return {
    parser: parserFigures(results.parser),
    kernels: kernelFigures(results),
    faults: faultFigures(results.chaos.runs),
    fuzz: fuzzFigures(results.fuzz),
    questions: questionFigures(results.questions),
    findings: findingFigures(results.findings),
  };
}

/** Puts each section between its marks. Throws if the document and the sections differ. @param {string} document @param {Record<string, readonly string[]>} sections */
export function withFigures(document, sections) {
  const missing = new Set(Object.keys(sections));
  const written = document.replace(MARKS, (_, begin, name, end) => {
    const lines = sections[name];
    if (lines === undefined) throw new Error(`docs/trust.md: no results are called "${name}".`);
    missing.delete(name);
    return `${begin}${lines.join('\n')}\n${end}`;
  });
  if (missing.size > 0) throw new Error(`docs/trust.md: no "<!-- figures: ${[...missing].join(', ')} -->".`);
  return written;
}

/** @returns {Results} */
function recorded() {
  const read = (/** @type {string} */ path) => {
    const file = join(ROOT, path);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  };
  return {
    parser: read('tests/parser/results.json'),
    kernels: read('tests/kernels/results.json') ?? {},
    verifier: read('tests/kernels/verifier.json') ?? {},
    chaos: read('tests/chaos/results.json') ?? { runs: [] },
    fuzz: read('tests/fuzz/results.json') ?? {},
    questions: read('tests/attacks/results.json'),
    findings: read('tests/findings/results.json'),
  };
}

/** Writes docs/trust.md. Returns whether it had other figures. */
export function writeTrust({ check = false } = {}) {
  const document = readFileSync(DOCUMENT, 'utf8');
  const wanted = withFigures(document, figures(recorded()));
  if (!check && wanted !== document) writeFileSync(DOCUMENT, wanted);
  return wanted !== document;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  if (writeTrust({ check }) && check) {
    process.stderr.write('docs/trust.md: its figures differ from the recorded results. Run node scripts/trust.mjs.\n');
    process.exitCode = 1;
  }
}
