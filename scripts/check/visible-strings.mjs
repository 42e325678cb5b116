/**
 * Finds the strings in sources that a user may read: text on pages, help, messages, notices, errors. Uses the syntax
 * tree: comments, imports, types and values that are only compared do not count.
 *
 * A string is text if it has more than one word, or is in a place for text: between tags, in `title`, in `label: '…'`.
 * A template is one string, with `…` for each expression; so are strings joined with `+`.
 */
import { resolve } from 'node:path';
import {
  isBinaryExpression,
  isCallExpression,
  isIdentifier,
  isJsxAttribute,
  isJsxExpression,
  isJsxText,
  isPropertyAssignment,
  isStringLiteral,
  isTemplateExpression,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

/** @typedef {{ file: string, line: number, text: string }} VisibleString */
/** @typedef {import('typescript/unstable/ast').Node} Node */
/** @typedef {import('typescript/unstable/ast').SourceFile} SourceFile */

/** Names of properties, attributes and parameters whose value is text, even if it is one word. */
const TEXT_NAMES =
  /^(aria-(label|description|roledescription|valuetext)|title|label|text|placeholder|alt|name|heading|hint|message|problem|next|detail|description|summary|why|advice)$/i;
/** Attributes whose value is never text. */
const CODE_ATTRIBUTES =
  /^(className|style|href|src|id|key|type|role|rel|target|d|viewBox|htmlFor|method|data-.+)$|ClassName$/;
/** Functions whose arguments are not text. */
const CODE_CALLS =
  /^(clsx|cx|require|querySelector(All)?|addEventListener|removeEventListener|getItem|setItem|matchMedia)$/;
const ONE_WORD = /^\S*$/;
/** One word that begins with a capital letter, as on a button, a heading, a column. */
const LABEL = /^\p{Lu}\p{Ll}+$/u;
const COMPARISONS = new Set([
  SyntaxKind.EqualsEqualsEqualsToken,
  SyntaxKind.ExclamationEqualsEqualsToken,
  SyntaxKind.InKeyword,
]);
/** Parents whose literals are not text. */
const NOT_TEXT = new Set([
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
  SyntaxKind.LiteralType,
  SyntaxKind.CaseClause,
  SyntaxKind.ElementAccessExpression,
]);

/**
 * @param {ReadonlyMap<string, string>} sources text by path
 * @returns {VisibleString[]}
 */
export function visibleStrings(sources) {
  const texts = new Map([...sources].map(([path, text]) => [resolve(path), text]));
  const config = resolve('visible-strings.tsconfig.json');
  // Syntax only: no libraries, no imports.
  const compilerOptions = { noLib: true, noResolve: true, types: [], jsx: 'preserve', noEmit: true };
  texts.set(config, JSON.stringify({ compilerOptions, files: [...texts.keys()] }));
  const api = new API({
    fs: { readFile: (path) => texts.get(path), fileExists: (path) => texts.has(path) || undefined },
  });
  try {
    const program = api.updateSnapshot({ openProjects: [config] }).getProject(config)?.program;
    return [...sources.keys()].flatMap((path) => {
      const source = program?.getSourceFile(resolve(path));
      if (source === undefined) throw new Error(`${path}: TypeScript did not read it`);
      return stringsOf(path, source);
    });
  } finally {
    api.close();
  }
}

/**
 * @param {string} file
 * @param {SourceFile} source
 */
function stringsOf(file, source) {
  /** @type {VisibleString[]} */
  const found = [];
  /** @param {Node} node */
  const visit = (node) => {
    const raw = textOf(node);
    if (raw === undefined) {
      node.forEachChild(visit);
      return;
    }
    const text = raw.replaceAll(/\s+/g, ' ').trim();
    if (isText(node, text)) {
      const start = isJsxText(node) ? node.pos + node.text.search(/\S/) : node.getStart(source);
      found.push({ file, line: source.getLineAndCharacterOfPosition(start).line + 1, text });
    }
    inserted(node).forEach(visit);
  };
  visit(source);
  return found;
}

/**
 * Returns the text of a node that is a string.
 *
 * @param {Node} node
 * @returns {string | undefined}
 */
function textOf(node) {
  if (isJsxText(node) || isStringLiteral(node) || node.kind === SyntaxKind.NoSubstitutionTemplateLiteral) {
    return /** @type {{ text: string }} */ (/** @type {unknown} */ (node)).text;
  }
  if (isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  }
  if (!isSum(node)) return undefined;
  const [left, right] = [textOf(node.left), textOf(node.right)];
  return left === undefined && right === undefined ? undefined : `${left ?? '…'}${right ?? '…'}`;
}

/**
 * Returns the expressions in a string, which may contain strings.
 *
 * @param {Node} node
 * @returns {Node[]}
 */
function inserted(node) {
  if (isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression);
  if (!isSum(node)) return [];
  return [node.left, node.right].flatMap((side) => (textOf(side) === undefined ? [side] : inserted(side)));
}

/**
 * @param {Node} node
 * @returns {node is import('typescript/unstable/ast').BinaryExpression}
 */
function isSum(node) {
  return isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.PlusToken;
}

/**
 * @param {Node} node
 * @param {string} text
 */
function isText(node, text) {
  if (!/\p{L}/u.test(text)) return false;
  if (isJsxText(node)) return true;
  const { parent } = node;
  if (NOT_TEXT.has(parent.kind)) return false;
  if (isBinaryExpression(parent) && COMPARISONS.has(parent.operatorToken.kind)) return false;
  if (isPropertyAssignment(parent) && parent.name === node) return false;
  if (isCallExpression(parent) && CODE_CALLS.test(nameOf(parent.expression))) return false;
  const place = placeOf(node);
  if (CODE_ATTRIBUTES.test(place)) return false;
  return !ONE_WORD.test(text) || LABEL.test(text) || place === 'JSX' || TEXT_NAMES.test(place);
}

/**
 * Returns the name of the property or attribute whose value is or contains the string; `JSX` between tags.
 *
 * @param {Node} node
 * @returns {string}
 */
function placeOf(node) {
  const { parent } = node;
  if (parent.kind === SyntaxKind.ConditionalExpression || parent.kind === SyntaxKind.ParenthesizedExpression) {
    return placeOf(parent);
  }
  if (isBinaryExpression(parent)) return placeOf(parent);
  if (isJsxExpression(parent)) return isJsxAttribute(parent.parent) ? nameOf(parent.parent.name) : 'JSX';
  if (isPropertyAssignment(parent) || isJsxAttribute(parent)) return nameOf(parent.name);
  return '';
}

/**
 * @param {Node} node
 * @returns {string}
 */
function nameOf(node) {
  if (isIdentifier(node) || isStringLiteral(node)) return node.text;
  const named = /** @type {{ name?: Node }} */ (/** @type {unknown} */ (node)).name;
  return named === undefined ? '' : nameOf(named);
}
