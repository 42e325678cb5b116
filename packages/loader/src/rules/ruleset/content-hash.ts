/**
 * `contentHash` identifies the effect of a ruleset: equal hashes mean equal verdicts. It ignores ids, reasons,
 * creators, the order of rules and the layout of the file; it includes the lists of the sets, byte by byte.
 */
import { createHash } from 'node:crypto';
import { hasPacketCondition, limitText, packetCondition } from '@packetlog/common';
import { perRule } from './per-rule.ts';
import { type NamedSet, type Ruleset, setOf } from './ruleset.ts';

export function contentHash(ruleset: Ruleset): string {
  const cached = rulesetHashes.get(ruleset);
  if (cached !== undefined) return cached;
  const hash = hashOf(ruleset);
  rulesetHashes.set(ruleset, hash);
  return hash;
}

/** Cached: a ruleset never changes. */
const rulesetHashes = new WeakMap<Ruleset, string>();

const lineOf = perRule((rule) => {
  const { action, source, protocol, destination_port, interface: name, expires_at } = rule;
  const line = [action, source, protocol ?? '', destination_port ?? '', name ?? '', expires_at ?? ''];
  const numbers = action === 'limit' ? [limitText(rule), rule.per ?? ''] : [];
  // Rules without conditions keep the hashes that files of earlier versions have.
  const condition = hasPacketCondition(rule) ? [packetCondition(rule)] : [];
  return JSON.stringify([...line, ...numbers, ...condition]);
});

function hashOf({ defaultPolicy, rules, sets, protect }: Ruleset): string {
  const lines = rules.map(lineOf);
  const used = [...new Set(rules.flatMap((rule) => setOf(rule) ?? []))].sort();
  const lists = used.map((name) => `${name} ${listHash(sets.get(name))}`);
  const parts = [defaultPolicy, lines.sort(), lists, [...protect].sort()];
  return `sha256:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

/** Cached: a text never changes, and hashing a long one is expensive. */
const textHashes = new WeakMap<Uint8Array, string>();

function listHash(set: NamedSet | undefined): string {
  if (set === undefined) return 'none';
  const text = set.origin.kind === 'inline' ? Buffer.from(set.origin.entries.join('\n')) : set.text;
  return text === undefined ? 'none' : textHash(text);
}

/** Returns the SHA-256 of a text, in hexadecimal. */
export function textHash(text: Uint8Array): string {
  const cached = textHashes.get(text);
  if (cached !== undefined) return cached;
  const hash = createHash('sha256').update(text).digest('hex');
  textHashes.set(text, hash);
  return hash;
}
