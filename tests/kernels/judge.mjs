// @ts-check
/** Judges what the guests wrote: `node judge.mjs COUNT FILE...` prints a table and what is wrong; exit code 1 if anything is. */
import { readFileSync } from 'node:fs';

const MEMLOCK_COUNTS_BEFORE = [5, 11];
const FRAGS_SINCE = [5, 18];
const HEADERS = 14 + 20 + 8;
const PORTS = [53, 443, 5000, 65_535];
const SOURCE_PORTS = [40_001, 40_002, 40_003];

/** @typedef {{ name: string, values: Record<string, string>, out: string[], err: string[] }} Case */
/** @typedef {{ kernel: string, btf: string, ended: boolean, cases: Case[] }} Run */
/** @typedef {{ cell: string, problems: string[] }} Verdict */

/** @type {(text: string) => Run} */
function readRun(text) {
  const run = /** @type {Run} */ ({ kernel: '?', btf: '?', ended: false, cases: [] });
  for (const line of text.split(/\r?\n/)) {
    const [, word = '', value = ''] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    const current = run.cases.at(-1);
    if (word === 'case') run.cases.push({ name: value, values: {}, out: [], err: [] });
    else if (word === 'kernel' || word === 'btf') run[word] = value;
    else if (word === 'end') run.ended = true;
    else if (word === 'out' || word === 'err') current?.[word].push(value);
    else if (word !== '' && current) current.values[word] = value;
  }
  return run;
}

/** @type {(kernel: string, version: number[]) => boolean} */
function atLeast(kernel, [major = 0, minor = 0]) {
  const [a = 0, b = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return a > major || (a === major && b >= minor);
}

/** The mode that the loader must report. @type {(name: string, kernel: string) => string} */
function expectedMode(name, kernel) {
  const frags = atLeast(kernel, FRAGS_SINCE);
  // The jumbo frames come through a veth pair with --mode auto, which prefers generic mode there.
  if (name.endsWith('generic') || name === 'jumbo') return 'generic';
  return frags ? 'native with frags' : 'native';
}

/** Refused, and told what to do. @type {(each: Case) => Verdict} */
function judgeRefusal({ values, out, err }) {
  const problems = [];
  if (values['exit'] !== '4') problems.push(`exit code ${values['exit']}, not 4 (privilege)`);
  if (!err.some((line) => line.includes('ulimit -l unlimited'))) problems.push('the message does not name ulimit -l');
  if (out.length > 0) problems.push('something was printed');
  return { cell: 'refused', problems };
}

/** @type {(each: Case, count: number, mode: string) => Verdict} */
function judgeCapture({ name, values, out, err }, count, mode) {
  const problems = /** @type {string[]} */ ([]);
  /** @type {(what: string, is: unknown, should: unknown) => void} */
  const same = (what, is, should) => {
    if (is !== should) problems.push(`${what}: ${is}, not ${should}`);
  };
  const watching = /^Watching \S+ \(([^,)]*)/m.exec(err.join('\n'))?.[1];
  same('mode', watching, mode);
  same('exit code', values['exit'], '0');
  same('programs left on the interface', values['left'], '0');
  same('sent', parsed(values['sent'])?.sent, count);
  const received = Number(values['after']) - Number(values['before']);
  same('received by the interface', received, count);

  const lines = out.map(parsed);
  const ledger = lines.pop()?.ledger;
  const { delivered, ...interfaces } = ledger ?? {};
  const c = interfaces.watched ?? {};
  const length = HEADERS + (name === 'jumbo' ? 6000 : 100);
  same('seen', c.seen, received);
  same('bytes', c.bytes, count * length);
  same('permitted + denied + aborted', c.permitted + c.denied + c.aborted, c.seen);
  same('emitted + not recorded + lost', c.emitted + c.sampled_out + c.filtered_out + c.ring_full, c.seen);
  same('lost in the ring', c.ring_full, 0);
  same('console + dropped', delivered?.console + delivered?.dropped, c.emitted);
  same('records', lines.length, count);
  same('records printed, says the ledger', delivered?.console, lines.length);
  const isRight = recordOf(length, values);
  same('wrong records', lines.filter((record) => !isRight(record)).length, 0);
  return { cell: mode.replace(' with ', '+'), problems };
}

/** @type {(length: number, values: Record<string, string>) => (record: any) => boolean} */
function recordOf(length, values) {
  const expected = Object.entries({
    src_addr: '10.77.0.1',
    dst_addr: '10.77.0.2',
    length,
    ether_type: 0x0800,
    vlan_id: 0,
    ip_protocol: 17,
    weight: 1,
    action: 'permit',
    reason: 'none',
    interface: 'watched',
  });
  return (record) => {
    const second = Number(BigInt(record?.timestamp_ns ?? 0) / 1_000_000_000n);
    return (
      expected.every(([key, value]) => record?.[key] === value) &&
      PORTS.includes(record.dst_port) &&
      SOURCE_PORTS.includes(record.src_port) &&
      second >= Number(values['from']) - 1 &&
      second <= Number(values['to']) + 1
    );
  };
}

/** @type {(text: string | undefined) => any} */
function parsed(text) {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** @type {(each: Case, run: Run, count: number) => Verdict} */
function judge(each, run, count) {
  if (each.name === 'memlock' && !atLeast(run.kernel, MEMLOCK_COUNTS_BEFORE)) return judgeRefusal(each);
  return judgeCapture(each, count, expectedMode(each.name, run.kernel));
}

/** @param {string[][]} rows */
function printTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const row of rows) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

const [count = 0, ...files] = process.argv.slice(2).map((argument, i) => (i === 0 ? Number(argument) : argument));
const CASES = ['native', 'generic', 'no-btf', 'no-btf-generic', 'jumbo', 'capabilities', 'memlock-root', 'memlock'];
const table = [['kernel', 'BTF', ...CASES]];
const wrong = /** @type {string[]} */ ([]);
for (const file of files) {
  const run = readRun(readFileSync(String(file), 'utf8'));
  if (!run.ended) wrong.push(`${run.kernel}: did not come to its end`);
  const row = CASES.map((name) => {
    const each = run.cases.find((candidate) => candidate.name === name);
    const verdict = each ? judge(each, run, Number(count)) : { cell: '-', problems: ['not run'] };
    for (const problem of verdict.problems) wrong.push(`${run.kernel} ${name}: ${problem}`);
    if (verdict.problems.length === 0) return verdict.cell;
    wrong.push(...(each?.err ?? []).map((line) => `    ${line}`));
    return 'FAILED';
  });
  table.push([run.kernel, run.btf, ...row]);
}
console.log(`${count} datagrams in each case; a cell names the mode in which all of them were recorded.`);
printTable(table);
if (wrong.length > 0) console.log(`\n${wrong.join('\n')}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
