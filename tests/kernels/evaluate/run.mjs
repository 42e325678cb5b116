// @ts-check
/** Reads the results of one kernel's guest (guest/lab/report.mjs). */

/** @typedef {{ promise: string, what: string, is: unknown, should: unknown, cell?: string }} Check */
/** @typedef {{ promise: string, facts: Record<string, any> }} Facts */
/** @typedef {{ checks: Check[], facts: Facts[], lacks: string[], errors: string[], notes: string[], seconds: number | undefined, guestOnly: boolean }} Case */
/** @typedef {{ kernel: string, btf: boolean, ended: boolean, cases: Map<string, Case> }} Run */

/** @param {string} text @returns {Run} */
export function readRun(text) {
  const run = /** @type {Run} */ ({ kernel: '?', btf: false, ended: false, cases: new Map() });
  for (const line of text.split(/\r?\n/)) {
    const object = parsed(line);
    if (object === undefined) continue;
    if (object.kernel !== undefined) Object.assign(run, { kernel: object.kernel, btf: object.btf });
    if (object.end) run.ended = true;
    if (object.case === undefined) continue;
    const seen = run.cases.get(object.case) ?? emptyCase();
    run.cases.set(object.case, seen);
    if (object.what !== undefined) seen.checks.push(object);
    else if (object.facts !== undefined) seen.facts.push(object);
    seen.lacks.push(...(object.lacks ?? []));
    seen.notes.push(...(object.notes ?? []));
    if (object.error !== undefined) seen.errors.push(object.error);
    seen.seconds ??= object.seconds;
    seen.guestOnly ||= object.guestOnly === true;
  }
  return run;
}

/** @returns {Case} */
function emptyCase() {
  return { checks: [], facts: [], lacks: [], errors: [], notes: [], seconds: undefined, guestOnly: false };
}

/** @param {string} line @returns {any} */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** @param {string} kernel @param {readonly [number, number]} version */
export function atLeast(kernel, [major, minor]) {
  const [a = 0, b = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return a > major || (a === major && b >= minor);
}

/** Returns the version of a kernel as major.minor, with the machine unless it is x86-64: the key of the recorded files. @param {string} kernel */
export function versionOf(kernel) {
  const [major, minor] = kernel.split('.');
  const machine = /-arm64\b/.test(kernel) ? ' arm64' : '';
  return `${major}.${Number.parseInt(minor ?? '', 10)}${machine}`;
}
