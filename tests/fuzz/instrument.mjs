// @ts-check
/**
 * Preloaded (`--import`): counts how often each block of the packages runs. Every module of packages/common and
 * packages/loader gets a counter for each function, branch, loop, case and operand that may be skipped. The counters are
 * in `globalThis.fuzzCoverage`; texts that the code compares with are in `globalThis.fuzzWords`.
 */
import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

/** The packages, and the library that checks messages. */
const COUNTED =
  /\/packages\/(common|loader)\/(src|dist)\/.*\.[jt]s$|\/node_modules\/zod\/v4\/(core|mini|classic)\/[^/]*\.js$/;
const OWN = /\/packages\//;
const MAX_COUNTERS = 1 << 16;
const MAX_WORD = 24;
const counters = new Uint8Array(MAX_COUNTERS);
/** @type {Set<string>} */
const words = new Set();
let used = 0;

Object.assign(globalThis, { fuzzCoverage: counters, fuzzWords: words, fuzzCounters: () => used });

/**
 * The type declarations are those of the oldest Node.js that the packages run on.
 * @type {{
 *   registerHooks(hooks: { load(url: string, context: object, next: (url: string, context: object) => object): object }): void,
 *   stripTypeScriptTypes(source: string): string,
 * }}
 */
const { registerHooks, stripTypeScriptTypes } = /** @type {any} */ (nodeModule);

registerHooks({
  load(url, context, next) {
    if (!COUNTED.test(url)) return next(url, context);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    const source = url.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
    return { format: 'module', source: instrumented(source, OWN.test(url)), shortCircuit: true };
  },
});

/** @typedef {{ type: string, start: number, end: number, [key: string]: any }} Node */

/** @param {string} source @param {boolean} hasWords Whether to keep the texts of the source. */
function instrumented(source, hasWords) {
  const { program, errors } = parseSync('module.js', source);
  if (errors.length > 0) throw new Error(`cannot instrument: ${errors[0]?.message}`);
  /** Texts to insert; those that close come before those that open at the same place. @type {[number, number, string][]} */
  const inserted = [];
  let order = 0;
  /** @param {string} word */
  const keep = (word) => hasWords && word !== '' && word.length <= MAX_WORD && words.add(word);
  const count = () => `fuzzCoverage[${used++ % MAX_COUNTERS}]++`;
  /** @param {number} at @param {string} text */
  const open = (at, text) => inserted.push([at, ++order, text]);
  /** @param {number} at @param {string} text */
  const close = (at, text) => inserted.push([at, -++order, text]);
  /** @param {Node} node */
  const expression = (node) => {
    open(node.start, `(${count()},(`);
    close(node.end, '))');
  };
  /** @param {Node | null | undefined} node */
  const statement = (node) => {
    if (!node) return;
    if (node.type === 'BlockStatement') open(node.start + 1, `${count()};`);
    else {
      open(node.start, `{${count()};`);
      close(node.end, '}');
    }
  };
  /** Nodes that may or may not run, by the type of the node around them. @type {Record<string, (node: Node) => void>} */
  const counted = {
    FunctionDeclaration: ({ body }) => statement(body),
    FunctionExpression: ({ body }) => statement(body),
    ArrowFunctionExpression: ({ body }) => (body.type === 'BlockStatement' ? statement(body) : expression(body)),
    IfStatement: ({ consequent, alternate }) => {
      statement(consequent);
      statement(alternate);
    },
    ForStatement: ({ body }) => statement(body),
    ForInStatement: ({ body }) => statement(body),
    ForOfStatement: ({ body }) => statement(body),
    WhileStatement: ({ body }) => statement(body),
    DoWhileStatement: ({ body }) => statement(body),
    CatchClause: ({ body }) => statement(body),
    SwitchCase: ({ consequent }) => consequent.length > 0 && open(consequent[0].start, `${count()};`),
    ConditionalExpression: ({ consequent, alternate }) => {
      expression(consequent);
      expression(alternate);
    },
    LogicalExpression: ({ right }) => expression(right),
    Literal: ({ value }) => typeof value === 'string' && keep(value),
    // Often the key of a message.
    Property: ({ key }) => key.type === 'Identifier' && keep(`"${key.name}":`),
  };
  /** @param {Node} node */
  const visit = (node) => {
    counted[node.type]?.(node);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (typeof child?.type === 'string') visit(child);
    }
  };
  visit(/** @type {any} */ (program));
  inserted.sort(([a, orderA], [b, orderB]) => a - b || orderA - orderB);
  let result = '';
  let from = 0;
  for (const [at, , text] of inserted) {
    result += source.slice(from, at) + text;
    from = at;
  }
  return result + source.slice(from);
}
