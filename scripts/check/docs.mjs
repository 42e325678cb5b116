/**
 * Checks the documents: relative links and anchors resolve, paths in backticks exist, pages with a limit keep it, no
 * sentence has a word that word-rules.mjs rules out, and the reference pages are complete (reference-pages.mjs).
 *
 *   node scripts/check/docs.mjs
 *
 * Prints `FILE:LINE: problem` for each fault, and exits with 1 if there is one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referenceProblems } from './reference-pages.mjs';
import { WORD_RULES } from './word-rules.mjs';

/**
 * @typedef {{ line: number, text: string }} Line
 * @typedef {{ pages: ReadonlyMap<string, string>, files: readonly string[] }} Documents
 *   `pages`: the text of each Markdown file, by its path from the root. `files`: every file of the repository.
 */

/** @type {Readonly<Record<string, number>>} Word limits of pages. */
const MAX_WORDS = { 'ARCHITECTURE.md': 1500 };

/** The changelog names files as they were called when the entry was written. */
const KEEPS_OLD_PATHS = 'CHANGELOG.md';
const PATH = /`((?:apps|bench|docs|packages|scripts|tests)\/[\w./@-]*)`/g;
const LINK = /\]\(<?([^()\s>]+)>?(?:\s+"[^"]*")?\)|^\s*\[[^\]]+\]:\s*(\S+)/g;
const CODE = /`[^`]*`/g;
const OTHER_SITE = /^[a-z][a-z+.-]*:/i;

/**
 * Returns the lines outside fenced code.
 * @param {string} page
 * @returns {Line[]}
 */
function proseOf(page) {
  let fence = '';
  return page.split('\n').flatMap((text, i) => {
    const [mark = ''] = /^\s*(?:```+|~~~+)/.exec(text) ?? [];
    const isMark = mark !== '' && (fence === '' || mark.trim() === fence);
    if (isMark) fence = fence === '' ? mark.trim() : '';
    return isMark || fence !== '' ? [] : [{ line: i + 1, text }];
  });
}

/**
 * Returns the anchors of a page, as GitHub derives them from its headings.
 * @param {string} page
 */
export function anchorsOf(page) {
  /** @type {Set<string>} */
  const anchors = new Set();
  for (const { text } of proseOf(page)) {
    for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    const [, heading] = /^#{1,6}\s+(.+?)\s*#*$/.exec(text) ?? [];
    if (heading === undefined) continue;
    const base = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = base;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Counts words as `wc -w` does. @param {string} page */
export const wordsIn = (page) => page.split(/\s+/).filter((word) => word !== '').length;

/**
 * @param {Documents} documents
 * @param {readonly import('./word-rules.mjs').WordRule[]} rules
 * @returns {string[]} one line for each fault
 */
export function problemsOf({ pages, files }, rules = WORD_RULES) {
  const places = new Set(files.flatMap((file) => [file, ...parentsOf(file)]));
  return [...pages].flatMap(([path, page]) => {
    const lines = proseOf(page);
    /** @param {Line} line @param {string} problem */
    const at = ({ line }, problem) => `${path}:${line}: ${problem}`;
    const words = wordsIn(page);
    const limit = MAX_WORDS[path] ?? Number.POSITIVE_INFINITY;
    return [
      ...lines.flatMap((line) => linkProblems(line.text, path, pages, places).map((each) => at(line, each))),
      ...lines.flatMap((line) => pathProblems(line.text, path, places).map((each) => at(line, each))),
      ...wordProblems(lines, rules).map(({ line, problem }) => at(line, problem)),
      ...(words > limit ? [`${path}: ${words} words, at most ${limit}. Move details to docs/.`] : []),
    ];
  });
}

/** @param {string} path */
function parentsOf(path) {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** @param {string} text @param {string} from @param {Documents['pages']} pages @param {ReadonlySet<string>} places */
function linkProblems(text, from, pages, places) {
  const links = [...text.replace(CODE, '``').matchAll(LINK)].map(([, inline, reference]) => inline ?? reference ?? '');
  return links.flatMap((link) => {
    if (OTHER_SITE.test(link)) return [];
    const [target = '', anchor] = link.split('#');
    const path = target === '' ? from : posix.join(posix.dirname(from), decodeURIComponent(target)).replace(/\/$/, '');
    if (path !== '.' && !places.has(path)) return [`link to ${link}: no such file.`];
    const page = pages.get(path);
    if (anchor === undefined || page === undefined || anchorsOf(page).has(anchor)) return [];
    return [`link to ${link}: no such heading in ${path}.`];
  });
}

/** @param {string} text @param {string} from @param {ReadonlySet<string>} places */
function pathProblems(text, from, places) {
  if (from === KEEPS_OLD_PATHS) return [];
  return [...text.matchAll(PATH)].flatMap(([, path = '']) =>
    places.has(path.replace(/\/$/, '')) ? [] : [`\`${path}\`: no such file or folder.`],
  );
}

/**
 * Skips code and the targets of links, which are names. A phrase may continue on the next line.
 * @param {readonly Line[]} lines @param {readonly import('./word-rules.mjs').WordRule[]} rules
 */
function wordProblems(lines, rules) {
  const prose = lines.map(({ line, text }) => ({ line, text: text.replace(CODE, '``').replace(/\]\([^)]*\)/g, ']') }));
  return prose.flatMap((line, i) => {
    const next = prose[i + 1]?.line === line.line + 1 ? (prose[i + 1]?.text.trimStart() ?? '') : '';
    return rules.flatMap(({ not, use, why }) => {
      const found = not.exec(`${line.text} ${next}`);
      if (found === null || found.index >= line.text.length) return [];
      return [{ line, problem: `"${found[0]}". Use: ${use}. ${why}` }];
    });
  });
}

/** Returns the files that git tracks or would add. @param {string} root @returns {Documents} */
function readDocuments(root) {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const removed = new Set(git(root, ['ls-files', '--deleted']));
  const files = git(root, list).filter((file) => !removed.has(file));
  const pages = files.filter((file) => file.endsWith('.md'));
  return { files, pages: new Map(pages.map((file) => [file, readFileSync(resolve(root, file), 'utf8')])) };
}

/** @param {string} root @param {readonly string[]} args */
function git(root, args) {
  const output = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return output.split('\n').filter((line) => line !== '');
}

const [, started = ''] = process.argv;
if (resolve(started) === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const documents = readDocuments(root);
  const sourceOf = (/** @type {string} */ file) => readFileSync(resolve(root, file), 'utf8');
  const problems = [...problemsOf(documents), ...referenceProblems(documents.pages, sourceOf)];
  for (const problem of problems) console.log(problem);
  console.log(`${documents.pages.size} documents, ${problems.length} problems.`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
