/**
 * Checks the words of the product: no text of the dashboard, the command line, notices and errors uses a word that
 * word-rules.mjs rules out.
 *
 *   node scripts/check/words.mjs
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { visibleStrings } from './visible-strings.mjs';
import { WORD_EXCEPTIONS, WORD_RULES } from './word-rules.mjs';

/** @typedef {import('./visible-strings.mjs').VisibleString} VisibleString */
/** @typedef {VisibleString & { word: string, use: string, why: string }} Finding */

/** Folders whose strings a user can read: the dashboard, the command line, and the errors of both libraries. */
const SOURCES = [
  'apps/dashboard/src',
  'packages/client/src',
  'packages/common/src',
  'packages/hub/src',
  'packages/loader/src',
];
const NOT_SHIPPED = /\.(test|arbitrary|reference|sample)\.tsx?$|\/fake-[^/]+$/;

/**
 * Returns the files whose strings are checked: shipped TypeScript in SOURCES.
 * @param {readonly string[]} files paths from the root
 */
export function checkedFiles(files) {
  const isSource = /** @param {string} file */ (file) => SOURCES.some((folder) => file.startsWith(`${folder}/`));
  return files.filter((file) => isSource(file) && /\.tsx?$/.test(file) && !NOT_SHIPPED.test(file));
}

/**
 * @param {readonly VisibleString[]} strings
 * @param {readonly import('./word-rules.mjs').WordRule[]} rules
 * @param {readonly import('./word-rules.mjs').WordException[]} exceptions
 * @returns {{ findings: Finding[], unused: string[] }} `unused`: exceptions that are not needed
 */
export function wordFindings(strings, rules = WORD_RULES, exceptions = WORD_EXCEPTIONS) {
  const used = new Set();
  const findings = strings.flatMap((string) =>
    rules.flatMap(({ not, use, why }) => {
      const word = not.exec(string.text)?.[0];
      if (word === undefined) return [];
      const exception = exceptions.find(({ text }) => text.test(string.text));
      if (exception === undefined) return [{ ...string, word, use, why }];
      used.add(exception);
      return [];
    }),
  );
  return { findings, unused: exceptions.filter((one) => !used.has(one)).map(({ text }) => String(text)) };
}

function main() {
  const files = checkedFiles(execFileSync('git', ['ls-files', ...SOURCES], { encoding: 'utf8' }).split('\n'));
  const strings = visibleStrings(new Map(files.map((file) => [file, readFileSync(file, 'utf8')])));
  const { findings, unused } = wordFindings(strings);
  for (const { file, line, text, word, use, why } of findings) {
    console.log(`${file}:${line}: "${word}" in "${text}"\n    use: ${use}. ${why}`);
  }
  for (const text of unused)
    console.log(`scripts/check/word-rules.mjs: the exception ${text} is not needed: remove it.`);
  console.log(`${strings.length} strings: ${findings.length} with a word that is ruled out.`);
  process.exitCode = findings.length + unused.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
