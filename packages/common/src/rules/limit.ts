// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** The numbers of a limit rule: rate, burst, what is measured, what has a bucket, and what follows. */
import { parseDuration } from './duration.ts';
import { RuleValueError } from './rule-value-error.ts';

export const LIMIT_MEASURES = ['packets', 'bytes', 'syn'] as const;
export type LimitMeasure = (typeof LIMIT_MEASURES)[number];

/** What has a bucket. `bits4`, `bits6`: prefix of a source. */
export type LimitPer =
  | { readonly kind: 'source'; readonly bits4: number; readonly bits6: number }
  | { readonly kind: 'rule' }
  | { readonly kind: 'port' };

export interface LimitNumbers {
  readonly measure: LimitMeasure;
  /** Packets or bytes in `seconds`. */
  readonly count: number;
  readonly seconds: number;
  readonly burst: number;
  readonly per: LimitPer;
  /** 0: none. */
  readonly blockMs: number;
}

/** The fields of a limit rule, as text. */
export interface LimitFields {
  readonly rate?: string | undefined;
  readonly measure?: LimitMeasure | undefined;
  readonly burst?: number | undefined;
  readonly per?: string | undefined;
  readonly then?: string | undefined;
}

const SECONDS = { s: 1, min: 60, h: 3600 } as const;
const FACTORS = { '': 1, k: 1e3, M: 1e6, G: 1e9 } as const;
const RATE = /^([1-9]\d{0,11})([kMG]?)\/(s|min|h)$/;
const MAX_COUNT = { packets: 1e9, bytes: 1e11, syn: 1e9 } as const;
/** A packet may have 64 kB, so the time for a smaller amount has no use. */
const MIN_BYTES = 1000;
const MAX_BLOCK_MS = 600_000;
const BITS = { ipv4: 32, ipv6: 64 } as const;
const PER_SOURCE = /^source(?:\/(\d{1,2})(?:,(\d{1,2}))?)?$/;

/**
 * Parses `20/min`, `1000/s` or `10M/s`.
 * @throws RuleValueError for anything else
 */
export function parseRate(text: string): { count: number; seconds: number } {
  const [, digits, factor, unit] = RATE.exec(text) ?? [];
  if (digits === undefined) throw new RuleValueError(text, 'is not a rate: write 20/min, 1000/s, 5/h or 10M/s');
  return {
    count: Number(digits) * FACTORS[factor as keyof typeof FACTORS],
    seconds: SECONDS[unit as keyof typeof SECONDS],
  };
}

/**
 * Parses `source`, `source/24` (IPv4; IPv6 has /64), `source/24,48`, `rule` or `port`.
 * @throws RuleValueError for anything else
 */
export function parsePer(text: string): LimitPer {
  if (text === 'rule' || text === 'port') return { kind: text };
  const match = PER_SOURCE.exec(text);
  const [bits4, bits6] = [Number(match?.[1] ?? BITS.ipv4), Number(match?.[2] ?? BITS.ipv6)];
  if (match === null || bits4 < 1 || bits4 > BITS.ipv4 || bits6 < 1 || bits6 > BITS.ipv6) {
    throw new RuleValueError(
      text,
      'is not a bucket: write source, source/24 (IPv4 prefix of 1 to 32), source/24,48 (and IPv6 prefix of 1 to 64), rule or port',
    );
  }
  return { kind: 'source', bits4, bits6 };
}

/**
 * Parses `block:60s` to milliseconds.
 * @throws RuleValueError for anything else, and more than 10 minutes
 */
export function parseThen(text: string): number {
  if (text.startsWith('ban:')) throw new RuleValueError(text, 'is not available yet: write block:60s, up to block:10m');
  if (!text.startsWith('block:')) throw new RuleValueError(text, 'is not a consequence: write block:60s');
  const ms = parseDuration(text.slice('block:'.length));
  if (ms > MAX_BLOCK_MS) throw new RuleValueError(text, 'is longer than 10 minutes: write block:10m or less');
  return ms;
}

/** Returns the numbers of a valid limit rule. */
export function limitNumbers({ rate, measure = 'packets', burst, per = 'source', then }: LimitFields): LimitNumbers {
  const { count, seconds } = parseRate(rate ?? '');
  return {
    measure,
    count,
    seconds,
    burst: burst ?? count,
    per: parsePer(per),
    blockMs: then === undefined ? 0 : parseThen(then),
  };
}

export interface LimitProblem {
  readonly field: 'rate' | 'measure' | 'burst' | 'per' | 'then' | 'enforce';
  readonly message: string;
}

type Checked = LimitFields & {
  readonly action?: string | undefined;
  readonly protocol?: string | number | undefined;
  readonly enforce?: boolean | undefined;
};

/** Returns why the fields of a rule do not fit together; undefined if they do. Their values are valid. */
export function limitProblem(rule: Checked): LimitProblem | undefined {
  if (rule.action !== 'limit') {
    const field = (['rate', 'measure', 'burst', 'per', 'then', 'enforce'] as const).find(
      (each) => rule[each] !== undefined,
    );
    return field && { field, message: 'Only limit rules have this: leave it out, or write the action limit.' };
  }
  if (rule.rate === undefined)
    return { field: 'rate', message: 'A limit needs a rate: write 20/min, 1000/s or 10M/s.' };
  const { measure, count, burst, blockMs } = limitNumbers(rule);
  if (count > MAX_COUNT[measure]) return { field: 'rate', message: `Write at most ${MAX_COUNT[measure]} ${measure}.` };
  if (measure === 'bytes' && count < MIN_BYTES) return { field: 'rate', message: `Write at least ${MIN_BYTES} bytes.` };
  if (burst > MAX_COUNT[measure]) return { field: 'burst', message: `Write at most ${MAX_COUNT[measure]} ${measure}.` };
  if (measure === 'syn' && rule.protocol !== undefined && rule.protocol !== 'tcp')
    return { field: 'measure', message: 'Only TCP has SYN: write the protocol tcp, or measure packets.' };
  // A block denies what the limit measures, and must not end connections that are open.
  if (blockMs > 0 && measure !== 'syn' && (rule.protocol === undefined || rule.protocol === 'tcp'))
    return {
      field: 'then',
      message: 'A block would end open TCP connections: measure syn, or write another protocol such as udp.',
    };
  return undefined;
}

const MEASURE_TEXT = { packets: 'packets', bytes: 'bytes', syn: 'SYN' } as const;

/** Returns `20 SYN/min per source (/64) [observing]`. */
export function limitText(rule: LimitFields & { readonly enforce?: boolean | undefined }): string {
  const { measure, burst, count, per, blockMs } = limitNumbers(rule);
  const [amount = '', unit = ''] = (rule.rate ?? '').split('/');
  const burstText = burst === count ? '' : `, burst ${burst}`;
  const block = blockMs === 0 ? '' : `, then block for ${blockMs / 1000} s`;
  const state = rule.enforce === true ? '' : ' [observing]';
  return `${amount} ${MEASURE_TEXT[measure]}/${unit} ${perText(per)}${burstText}${block}${state}`;
}

function perText(per: LimitPer): string {
  if (per.kind === 'rule') return 'in all';
  if (per.kind === 'port') return 'per port';
  return per.bits4 === BITS.ipv4 ? `per source (/${per.bits6})` : `per source (/${per.bits4}, IPv6 /${per.bits6})`;
}
