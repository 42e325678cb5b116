/**
 * Checks the layout of source trees (layout-rules.mjs): which folder may import which, how many files a folder may
 * have, how files are named. Prints one line for each fault; exit code 1 if there is one.
 *
 * Biome's noImportCycles checks files, not folders, and noRestrictedImports the text of an import, not the file that it
 * resolves to. dependency-cruiser has folder rules, but reads TypeScript through the compiler's JavaScript API, which
 * TypeScript 7 does not have.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';
import { LAYOUTS } from './layout-rules.mjs';

/** @typedef {import('./layout-rules.mjs').Layout} Layout */

const SOURCE = /\.(ts|tsx|mjs|css)$/;
const TEST = /\.test\.(ts|tsx|mjs)$/;
const MAX_FILES = 25;

/**
 * @param {Layout} layout
 * @param {string} [base] the directory that `root` is relative to
 * @returns {string[]} one sentence for each fault
 */
export function layoutFaults({ root, rooms, maxFiles = MAX_FILES, sameNames = [] }, base = '.') {
  const directory = join(base, root);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => SOURCE.test(path) && !TEST.test(path))
    .sort();
  const imports = files.flatMap((file) => importsOf(directory, file));
  return [
    ...importFaults(files, imports, rooms),
    ...cycleFaults(imports),
    ...sizeFaults(files, maxFiles),
    ...nameFaults(files, new Set(['index', ...sameNames])),
  ].map((fault) => `${root}/${fault}`);
}

/** @typedef {{ from: string, to: string }} Import both relative to the root; `to` begins with `..` outside of it */

/**
 * Returns the relative imports of a file: static, dynamic, of types, and re-exports.
 * @param {string} directory
 * @param {string} file
 * @returns {Import[]}
 */
function importsOf(directory, file) {
  if (extname(file) === '.css') return [];
  const text = readFileSync(join(directory, file), 'utf8');
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value ?? '')),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
  ];
  return [...new Set(specifiers)]
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({ from: file, to: join(dirname(file), specifier).split(sep).join('/') }));
}

/**
 * @param {readonly string[]} files
 * @param {readonly Import[]} imports
 * @param {Layout['rooms']} rooms
 */
function importFaults(files, imports, rooms) {
  const patterns = Object.keys(rooms).sort((a, b) => b.split('/').length - a.split('/').length);
  /** @param {string} file */
  const roomOf = (file) => {
    const pattern = patterns.find((each) => isIn(file, each));
    return pattern === undefined
      ? null
      : { pattern, name: file.split('/').slice(0, pattern.split('/').length).join('/') };
  };
  const faults = files
    .filter((file) => roomOf(file) === null)
    .map((file) => `${file} is in no room. Move it, or add its room to scripts/check/layout-rules.mjs.`);
  for (const { from, to } of imports) {
    const room = roomOf(from);
    if (to.startsWith('..')) {
      faults.push(`${from} imports ${to}, which is outside the sources. Only a test may import test support.`);
    } else if (room !== null && !isIn(to, room.name)) {
      const allowed = rooms[room.pattern] ?? [];
      if (allowed.some((pattern) => isIn(to, pattern))) continue;
      const list = allowed.length === 0 ? 'only itself' : `itself, ${allowed.join(', ')}`;
      faults.push(`${from} imports ${to}. ${room.pattern} may import ${list}.`);
    }
  }
  return faults;
}

/**
 * Returns whether `file` is `pattern`, or lies below it.
 * @param {string} file
 * @param {string} pattern
 */
function isIn(file, pattern) {
  const parts = file.split('/');
  return pattern.split('/').every((part, i) => part === parts[i] || (part === '*' && i < parts.length - 1));
}

/**
 * Finds folders that import each other, directly or through others: one fault for each cycle.
 * @param {readonly Import[]} imports
 */
function cycleFaults(imports) {
  /** @type {Map<string, Map<string, Import>>} */
  const edges = new Map();
  for (const each of imports) {
    const [from, to] = [dirname(each.from), dirname(each.to)];
    if (from === to || to.startsWith('..')) continue;
    const outgoing = edges.get(from) ?? new Map();
    edges.set(from, outgoing.set(to, outgoing.get(to) ?? each));
  }
  /** @type {string[]} */
  const faults = [];
  /** @type {Set<string>} */
  const reported = new Set();
  for (const folder of edges.keys()) {
    if (reported.has(folder)) continue;
    const cycle = shortestCycle(edges, folder);
    if (cycle === null) continue;
    for (const each of cycle) reported.add(dirname(each.from));
    const path = cycle.map(({ from, to }) => `${from} imports ${to}`).join(', ');
    faults.push(`${folder} is part of an import cycle: ${path}. Move the shared code into a folder that both import.`);
  }
  return faults;
}

/**
 * @param {ReadonlyMap<string, ReadonlyMap<string, Import>>} edges
 * @param {string} start
 * @returns {Import[] | null} the imports that lead from `start` back to it
 */
function shortestCycle(edges, start) {
  /** @type {{ at: string, path: Import[] }[]} */
  const queue = [{ at: start, path: [] }];
  const seen = new Set([start]);
  for (const { at, path } of queue) {
    for (const [next, by] of edges.get(at) ?? []) {
      if (next === start) return [...path, by];
      if (!seen.has(next)) queue.push({ at: next, path: [...path, by] });
      seen.add(next);
    }
  }
  return null;
}

/**
 * @param {readonly string[]} files
 * @param {number} maxFiles
 */
function sizeFaults(files, maxFiles) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > maxFiles)
    .map(([folder, count]) => `${folder} has ${count} source files, at most ${maxFiles} are allowed. Split it.`);
}

/**
 * @param {readonly string[]} files
 * @param {ReadonlySet<string>} exempt
 */
function nameFaults(files, exempt) {
  /** @type {Map<string, string>} */
  const fileByName = new Map();
  /** @type {string[]} */
  const faults = [];
  for (const file of files) {
    const name = basename(file, extname(file));
    const other = fileByName.get(name);
    if (other === undefined) fileByName.set(name, file);
    else if (!exempt.has(name) && !isStyleOf(other, file)) {
      faults.push(
        `${file} has the same name as ${other}. Rename one, so that searching for a file name finds one file.`,
      );
    }
  }
  return faults;
}

/**
 * @param {string} a
 * @param {string} b
 */
function isStyleOf(a, b) {
  return dirname(a) === dirname(b) && (extname(a) === '.css') !== (extname(b) === '.css');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const faults = LAYOUTS.flatMap((layout) =>
    existsSync(layout.root)
      ? layoutFaults(layout)
      : [`${layout.root} does not exist. Correct scripts/check/layout-rules.mjs.`],
  );
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
