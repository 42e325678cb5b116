/**
 * Checks that the reference pages are complete: docs/errors.md has each exit code and error code of the sources, and no
 * others, and docs/glossary.md has each term that is in use.
 */

/**
 * @typedef {{ heading: string, file: string, codes: RegExp }} CodeTable
 *   The codes of the section `heading` of docs/errors.md: in `file`, all names in the first group of `codes`.
 */

const ERRORS = 'docs/errors.md';
const GLOSSARY = 'docs/glossary.md';

/** @type {readonly CodeTable[]} */
export const CODE_TABLES = [
  {
    heading: 'Exit codes',
    file: 'packages/loader/src/errors/exit-codes.ts',
    codes: /const EXIT = \{(.*?)\} as const/s,
  },
  {
    heading: 'Connections and subscriptions',
    file: 'packages/common/src/protocol/protocol.ts',
    codes: /rejectionSchema = .*?code: z\.enum\(\[(.*?)\]\)/s,
  },
  {
    heading: 'Rule requests',
    file: 'packages/common/src/rules/requests.ts',
    codes: /rulesErrorSchema = .*?code: z\.enum\(\[(.*?)\]\)/s,
  },
  {
    heading: 'Rule alarms',
    file: 'packages/common/src/rules/snapshot.ts',
    codes: /rulesAlarmSchema = .*?code: z\.enum\(\[(.*?)\]\)/s,
  },
  {
    heading: 'Notices',
    file: 'packages/common/src/protocol/protocol.ts',
    codes: /noticeSchema = .*?code: z\.enum\(\[(.*?)\]\)/s,
  },
  {
    heading: 'Client',
    file: 'packages/client/src/packet-log-error.ts',
    codes: /PacketLogErrorCode =.*?FleetError\['code'\]\s*\|(.*?);/s,
  },
  {
    heading: 'Fleet requests',
    file: 'packages/common/src/fleet/people-messages.ts',
    codes: /fleetErrorSchema = .*?code: z\.enum\(\[(.*?)\]\)/s,
  },
  { heading: 'Batches', file: 'packages/common/src/record/batch-error.ts', codes: /BatchFormatErrorCode =(.*?);/s },
  {
    heading: 'Reasons in a record',
    file: 'packages/common/src/record/layout.ts',
    codes: /const REASONS = \{(.*?)\} as const/s,
  },
];

/** Terms of the product that the glossary explains. word-rules.mjs rules out most of their synonyms. */
export const TERMS = [
  ...['permit', 'deny', 'would deny', 'observe', 'default policy', 'set', 'expiry', 'no expiry', 'dry run'],
  ...['lockout guard', 'lock out', 'risky change', 'revert', 'undo', 'in force', 'alarm', 'rejected'],
  ...['packet path', 'ledger', 'seen', 'recorded', 'lost', 'sampled', 'weight', 'reason'],
  ...['not recorded', 'not requested', 'withheld', 'filtered'],
  ...['loader', 'node', 'all nodes', 'client', 'read-only', 'take-over', 'pin', 'leftover pins'],
  ...['record', 'batch', 'row', 'ring', 'transport', 'poll', 'poll policy', 'polling', 'need_wakeup'],
  ...['low latency', 'slab', 'stream', 'send queue', 'ruleset', 'image', 'caller'],
];

/**
 * @param {ReadonlyMap<string, string>} pages
 * @param {(file: string) => string} sourceOf
 * @param {readonly CodeTable[]} tables
 * @param {readonly string[]} terms
 * @returns {string[]} one line for each fault
 */
export function referenceProblems(pages, sourceOf, tables = CODE_TABLES, terms = TERMS) {
  const errors = pages.get(ERRORS) ?? '';
  return [
    ...tables.flatMap((table) => codeProblems(errors, table, sourceOf(table.file))),
    ...termProblems(pages.get(GLOSSARY) ?? '', terms),
  ];
}

/** @param {string} page @param {CodeTable} table @param {string} source */
function codeProblems(page, { heading, file, codes }, source) {
  const block = codes.exec(source)?.[1];
  if (block === undefined)
    return [`${file}: the codes of "${heading}" are not where reference-pages.mjs expects them.`];
  const wanted = namesIn(block);
  const written = codesIn(sectionOf(page, heading));
  return [
    ...wanted.filter((code) => !written.includes(code)).map((code) => `${ERRORS}: \`${code}\` of ${file} is missing.`),
    ...written
      .filter((code) => !wanted.includes(code))
      .map((code) => `${ERRORS}: \`${code}\` under "${heading}" is not in ${file}.`),
  ];
}

/** Returns the string literals of a list, or the keys of an object. @param {string} block */
function namesIn(block) {
  const code = block.replace(/\/\*.*?\*\//gs, '');
  const literals = [...code.matchAll(/'(\w+)'/g)];
  return (literals.length > 0 ? literals : [...code.matchAll(/^\s*(\w+):/gm)]).map(([, name]) => String(name));
}

/** Returns the text below a heading. @param {string} page @param {string} heading */
function sectionOf(page, heading) {
  const [, after = ''] = page.split(`\n## ${heading}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** Returns the names in backticks of the first column, or of the second one behind a number. @param {string} section */
function codesIn(section) {
  return section.split('\n').flatMap((line) => {
    const [, first = '', second = ''] = line.split('|');
    const cell = /^\s*\d+\s*$/.test(first) ? second : first;
    return [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => String(code));
  });
}

/** @param {string} page @param {readonly string[]} terms */
function termProblems(page, terms) {
  const defined = [...page.matchAll(/\*\*(.+?)\*\*/gs)].flatMap(([, bold = '']) => bold.split(', '));
  return terms
    .filter((term) => !defined.some((each) => each.toLowerCase() === term.toLowerCase()))
    .map((term) => `${GLOSSARY}: "${term}" is missing. Define it, in bold.`);
}
