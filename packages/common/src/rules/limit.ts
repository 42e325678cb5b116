// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** The numbers of a limit rule: rate, burst, what is measured, what has a bucket, and what follows. */
import { parseDuration } from './duration.ts';
import { RuleValueError } from './rule-value-error.ts';

/**
 * `syn`: TCP packets with SYN and without ACK. `connections`: TCP connections that the kernel verified. `ports`: distinct
 * destination ports of such SYN, and of UDP datagrams.
 */
export const LIMIT_MEASURES = ['packets', 'bytes', 'syn', 'connections', 'ports'] as const;
export type LimitMeasure = (typeof LIMIT_MEASURES)[number];

/** What has a bucket. `bits4`, `bits6`: prefix of a source. */
export type LimitPer =
  | { readonly kind: 'source'; readonly bits4: number; readonly bits6: number }
  | { readonly kind: 'rule' }
  | { readonly kind: 'port' };

export interface LimitNumbers {
  readonly measure: LimitMeasure;
  /** What is measured, in `seconds`. */
  readonly count: number;
  readonly seconds: number;
  readonly burst: number;
  readonly per: LimitPer;
  /** 0: none. */
  readonly blockMs: number;
  /** Undefined: none. */
  readonly ban: BanTimes | undefined;
}

/** How long bans last: the first one of a source, and at most. */
export interface BanTimes {
  readonly firstMs: number;
  readonly maxMs: number;
}

export type LimitConsequence = { readonly kind: 'block'; readonly ms: number } | ({ readonly kind: 'ban' } & BanTimes);

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
/** Most of a rate, and of a burst. The kernel remembers the last 24 ports of a source. */
const MAX_COUNT = { packets: 1e9, bytes: 1e11, syn: 1e9, connections: 1e9, ports: 24 } as const;
/** A packet may have 64 kB, so the time for a smaller amount has no use. */
const MIN_BYTES = 1000;
const MAX_BLOCK_MS = 600_000;
const MIN_BAN_MS = 60_000;
const MAX_BAN_MS = 30 * 86_400_000;
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
 * Parses `block:60s`, `ban:1h` and `ban:1h..24h`.
 * @throws RuleValueError for anything else, for blocks of more than 10 minutes, and for bans of less than a minute or more
 *   than 30 days
 */
export function parseThen(text: string): LimitConsequence {
  if (text.startsWith('ban:')) return { kind: 'ban', ...parseBan(text) };
  if (!text.startsWith('block:'))
    throw new RuleValueError(text, 'is not a consequence: write block:60s, ban:1h or ban:1h..24h');
  const ms = parseDuration(text.slice('block:'.length));
  if (ms > MAX_BLOCK_MS) throw new RuleValueError(text, 'is longer than 10 minutes: write block:10m or less');
  return { kind: 'block', ms };
}

function parseBan(text: string): BanTimes {
  const [first = '', most = first, ...more] = text.slice('ban:'.length).split('..');
  if (more.length > 0) throw new RuleValueError(text, 'is not a ban: write ban:1h, or ban:1h..24h');
  const [firstMs, maxMs] = [parseDuration(first), parseDuration(most)];
  if (firstMs < MIN_BAN_MS || maxMs > MAX_BAN_MS)
    throw new RuleValueError(text, 'is not between 1 minute and 30 days: write ban:1h..24h');
  if (maxMs < firstMs)
    throw new RuleValueError(text, 'ends below its begin: write the shorter time first, as ban:1h..24h');
  return { firstMs, maxMs };
}

/** Returns the numbers of a valid limit rule. */
export function limitNumbers({ rate, measure = 'packets', burst, per = 'source', then }: LimitFields): LimitNumbers {
  const { count, seconds } = parseRate(rate ?? '');
  const consequence = then === undefined ? undefined : parseThen(then);
  return {
    measure,
    count,
    seconds,
    burst: burst ?? count,
    per: parsePer(per),
    blockMs: consequence?.kind === 'block' ? consequence.ms : 0,
    ban: consequence?.kind === 'ban' ? { firstMs: consequence.firstMs, maxMs: consequence.maxMs } : undefined,
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
  const numbers = limitNumbers(rule);
  return amountProblem(numbers) ?? measureProblem(rule, numbers) ?? consequenceProblem(rule, numbers);
}

function amountProblem({ measure, count, burst }: LimitNumbers): LimitProblem | undefined {
  const most = MAX_COUNT[measure];
  const message =
    measure === 'ports'
      ? `Write at most ${most} ports: the kernel remembers as many.`
      : `Write at most ${most} ${measure}.`;
  if (count > most) return { field: 'rate', message };
  if (burst > most) return { field: 'burst', message };
  if (measure === 'bytes' && count < MIN_BYTES) return { field: 'rate', message: `Write at least ${MIN_BYTES} bytes.` };
  return undefined;
}

function measureProblem({ protocol }: Checked, { measure, per }: LimitNumbers): LimitProblem | undefined {
  const isTcp = protocol === undefined || protocol === 'tcp';
  if (measure === 'syn' && !isTcp)
    return { field: 'measure', message: 'Only TCP has SYN: write the protocol tcp, or measure packets.' };
  if (measure === 'connections' && !isTcp)
    return {
      field: 'measure',
      message: 'Only connections of TCP are verified: write the protocol tcp, or measure packets.',
    };
  if (measure === 'ports' && !isTcp && protocol !== 'udp')
    return {
      field: 'measure',
      message: 'Ports are counted of TCP and UDP: write the protocol tcp or udp, or measure packets.',
    };
  if (measure === 'ports' && per.kind === 'port')
    return { field: 'per', message: 'A port has one port: write the bucket source or rule, or measure packets.' };
  return undefined;
}

function consequenceProblem({ protocol }: Checked, numbers: LimitNumbers): LimitProblem | undefined {
  const { measure, per, blockMs, ban } = numbers;
  // A block denies what the limit measures, and must not end connections that are open.
  const endsConnections = measure === 'packets' || measure === 'bytes';
  if (blockMs > 0 && endsConnections && (protocol === undefined || protocol === 'tcp'))
    return {
      field: 'then',
      message:
        'A block would end open TCP connections: measure syn or connections, or write another protocol such as udp.',
    };
  if (ban !== undefined && measure !== 'connections')
    return {
      field: 'then',
      message: 'A forged source could be banned: measure connections, which are verified, or write block:60s.',
    };
  if (ban !== undefined && per.kind !== 'source')
    return { field: 'then', message: 'Only a source can be banned: write the bucket source, or block:60s.' };
  return undefined;
}

const MEASURE_TEXT = {
  packets: 'packets',
  bytes: 'bytes',
  syn: 'SYN',
  connections: 'connections',
  ports: 'ports',
} as const;

/** Returns `20 SYN/min per source (/64) [observing]`. */
export function limitText(rule: LimitFields & { readonly enforce?: boolean | undefined }): string {
  const { measure, burst, count, per, blockMs } = limitNumbers(rule);
  const [amount = '', unit = ''] = (rule.rate ?? '').split('/');
  const burstText = burst === count ? '' : `, burst ${burst}`;
  const block = blockMs === 0 ? '' : `, then block for ${blockMs / 1000} s`;
  const state = rule.enforce === true ? '' : ' [observing]';
  return `${amount} ${MEASURE_TEXT[measure]}/${unit} ${perText(per)}${burstText}${block}${banText(rule.then)}${state}`;
}

/** Returns the times as they were written: `24 h`, not a day. */
function banText(then: string | undefined): string {
  if (then?.startsWith('ban:') !== true) return '';
  const [first = '', most] = then
    .slice('ban:'.length)
    .split('..')
    .map((time) => time.replaceAll(/(\d+)([dhms])/g, (_, number, unit) => ` ${number} ${unit === 'm' ? 'min' : unit}`));
  return `, then ban for${first}${most === undefined ? '' : `, up to${most}`}`;
}

function perText(per: LimitPer): string {
  if (per.kind === 'rule') return 'in all';
  if (per.kind === 'port') return 'per port';
  return per.bits4 === BITS.ipv4 ? `per source (/${per.bits6})` : `per source (/${per.bits4}, IPv6 /${per.bits6})`;
}
