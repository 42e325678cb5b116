/** Splits lines of standard input into arguments: words, quotes as in a shell, comments after `#`. */
import type { RulesError } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';

export interface InputLine {
  /** From 1. */
  readonly line: number;
  readonly words: readonly string[];
}

const MAX_QUOTE = 80;
/** A word, a part in quotes (where a backslash protects a quote), or a comment to the end of the line. */
const PART = /\s+|#.*|"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"'#][^\s"']*)/gy;

/** Returns the lines that are neither empty nor comments. Throws SetupError for an open quote. */
export function inputLines(text: string): InputLine[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((content, i) => ({ line: i + 1, words: wordsOf(content, i + 1) }))
    .filter(({ words }) => words.length > 0);
}

function wordsOf(content: string, line: number): string[] {
  const words: string[] = [];
  let isOpen = false;
  let end = 0;
  for (const [part, double, single, plain] of content.matchAll(PART)) {
    end += part.length;
    const text = double?.replace(/\\(.)/g, '$1') ?? single ?? plain;
    if (text !== undefined) words.push(isOpen ? `${words.pop()}${text}` : text);
    isOpen = text !== undefined;
  }
  if (end < content.length) throw lineError({ line, words: [content] }, 'a quote is not closed');
  return words;
}

export function lineError({ line, words }: InputLine, problem: string): SetupError {
  return new SetupError({
    step: 'read',
    target: `line ${line} (${words.join(' ').slice(0, MAX_QUOTE)})`,
    problem,
    next: 'Nothing was changed. Correct the line, then send all lines again.',
    exit: 'usage',
  });
}

/** Replaces the index in an error's field with the line number. `lines`: line number of each entry. */
export function withLine<Answer extends { ok: true } | { ok: false; error: RulesError }>(
  answer: Answer,
  list: string,
  lines: readonly number[],
): Answer {
  if (answer.ok) return answer;
  const index = new RegExp(`^${list}\\.(\\d+)`).exec(answer.error.field ?? '')?.[1];
  const line = index === undefined ? undefined : lines[Number(index)];
  if (line === undefined) return answer;
  const message = answer.error.message.replace(new RegExp(`^${list}\\.\\d+\\.?`), '');
  return { ...answer, error: { ...answer.error, message: `line ${line}: ${message} Nothing was changed.` } };
}
