// @ts-check
/**
 * Runs cases in sequence and prints their results, one JSON object a line (lab/report.mjs). The host evaluates them.
 * `main.mjs --cases NAME,… [--modules DIR] [--addresses N]`. A case is a file of cases/ with
 *
 * - `promises`: the names of the promises that it tests, the rows of the table. The host fails a promise without a check.
 * - `modules`: kernel modules it needs besides veth. If the kernel lacks one, that is reported and the case does not run.
 * - `guestOnly`: true if it changes the machine; then it does not run on the running kernel.
 * - `run(lab)`: creates a network, starts packetlog, sends, and calls `lab.check(promise, what, is, should)`.
 *
 * A socket behind the interface shows whether a packet passed, never packetlog.
 */
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { parseArgs } from 'node:util';
import { Lab } from './lab/lab.mjs';
import { loadModule } from './lab/modules.mjs';
import { Report } from './lab/report.mjs';

/** @typedef {{ promises: readonly string[], modules: readonly string[], guestOnly?: boolean, run: (lab: Lab) => Promise<void> }} CaseFile */

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '' },
    modules: { type: 'string' },
    addresses: { type: 'string', default: '100000' },
  },
});
// For the processes that the cases start: an emulator translates the code that a compiler writes again and again, so that a
// loader starts in less than half the time without one. This process has it, because removing types takes WebAssembly.
if (values.modules !== undefined) process.env['NODE_OPTIONS'] = '--jitless';
const report = new Report();
report.line({ kernel: release(), btf: existsSync('/sys/kernel/btf/vmlinux') });
for (const name of values.cases.split(',')) await runCase(name);
report.line({ end: true });

/** @param {string} name */
async function runCase(name) {
  const started = performance.now();
  report.begin(name);
  const lab = new Lab(report, { addresses: Number(values.addresses) });
  try {
    const { modules, guestOnly = false, run } = /** @type {CaseFile} */ (await import(`./cases/${name}.mjs`));
    if (guestOnly && values.modules === undefined) return report.line({ case: name, guestOnly });
    const lacking = ['veth', ...modules].filter((module) => !loadModule(module, values.modules));
    if (lacking.length > 0) report.line({ case: name, lacks: lacking });
    else await run(lab);
  } catch (error) {
    report.line({ case: name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    await lab.end();
  }
  report.line({ case: name, seconds: Math.round((performance.now() - started) / 1000) });
}
