/** TCP flags that a rule requires: some set, others not set, the rest whatever they are. */
import { RuleValueError } from './rule-value-error.ts';

export interface FlagCondition {
  /** The flags that matter, as bits of the header's byte. */
  readonly mask: number;
  /** Those of them that must be set. */
  readonly value: number;
}

/** By bit, from FIN on (RFC 9293, 3.1). */
const WORDS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'];
const ALL = 0xff;
const NONE = 'none';
const HINT = `write syn, syn,!ack (SYN without ACK), ${NONE} (no flag), or others of ${WORDS.join(', ')}`;

/**
 * Parses `syn` (SYN is set), `syn,!ack` (and ACK is not), `fin,psh,urg` (all three are), `none` (no flag is set).
 * @throws RuleValueError for anything else, and for a flag that is named twice
 */
export function parseTcpFlags(text: string): FlagCondition {
  const words = text.toLowerCase().split(',');
  if (words.length === 1 && words[0]?.trim() === NONE) return { mask: ALL, value: 0 };
  let [mask, value] = [0, 0];
  for (const word of words) {
    const [, not, name] = /^\s*(!?)([a-z]+)\s*$/.exec(word) ?? [];
    const bit = 1 << WORDS.indexOf(name ?? '');
    if (name === NONE) throw new RuleValueError(text, `has ${NONE} beside flags: write ${NONE} alone`);
    if (bit < 0 || bit > ALL) throw new RuleValueError(text, `has no TCP flags: ${HINT}`);
    if ((mask & bit) !== 0) throw new RuleValueError(text, `names ${name} twice: write it once, with or without !`);
    mask |= bit;
    if (not === '') value |= bit;
  }
  return { mask, value };
}

/** Returns the same text for the same condition, however it was written: `syn,!ack`. */
export function formatTcpFlags(condition: FlagCondition): string {
  if (condition.mask === ALL && condition.value === 0) return NONE;
  const { set, unset } = flagNames(condition);
  return [...set, ...unset.map((name) => `!${name}`)].join();
}

/** Returns `SYN and not ACK`, or `no flags`. */
export function flagConditionText(text: string): string {
  const condition = parseTcpFlags(text);
  if (condition.mask === ALL && condition.value === 0) return 'no flags';
  const { set, unset } = flagNames(condition);
  const words = [...set.map((name) => name.toUpperCase()), ...unset.map((name) => `not ${name.toUpperCase()}`)];
  const last = words.pop() ?? '';
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`;
}

function flagNames({ mask, value }: FlagCondition): { set: string[]; unset: string[] } {
  const named = WORDS.map((name, place) => ({ name, bit: 1 << place })).filter(({ bit }) => (mask & bit) !== 0);
  const names = (isSet: boolean) => named.filter(({ bit }) => ((value & bit) !== 0) === isSet).map(({ name }) => name);
  return { set: names(true), unset: names(false) };
}
