import type { Missing } from '@packetlog/common';
import type { NodesAnswered, NodeWithout, PastCoverage } from '../../node/messages/past-events.ts';
import type { TimeSpan } from '../../node/past/past.ts';
import { ageText, clockText } from '../../text/clock.ts';
import { counted, formatCompact, formatCount, quantityText } from '../../text/number.ts';

/** What is missing, in a few words, with the recorder's whole sentence. */
export interface MissingPart {
  readonly text: string;
  readonly sentence: string;
  /** Whether packets that should have been recorded are missing. */
  readonly isLoss: boolean;
}

const SHORTENED_FROM = 100_000;

/** Counts the packets of a range: '1.20 M packets', 'no packets'. */
export function packetsText({ packets }: Pick<PastCoverage, 'packets'>): string {
  if (packets === 0) return 'no packets';
  return packets < SHORTENED_FROM ? counted(packets, 'packet') : `${quantityText(formatCompact(packets))} packets`;
}

/** Lists what is missing in a range; empty if the figures are complete. */
export function missingParts(
  { packets, records, missing, nodes, by_node }: PastCoverage,
  span: TimeSpan,
): MissingPart[] {
  return [
    ...(by_node ?? [{ name: undefined, packets, records }]).flatMap(sampledParts),
    ...(nodes?.without ?? []).map(withoutPart),
    ...missing.map((each) => ({
      text: ofNode(each.node, partText(each, span)),
      sentence: ofNode(each.node, each.message),
      isLoss: each.kind === 'lost' || each.kind === 'damaged' || each.kind === 'unchecked',
    })),
  ];
}

/** Says how many nodes the packets are of: ' on 2 of 3 nodes'; '' for one node. */
export function nodesText(nodes: NodesAnswered | undefined): string {
  if (nodes === undefined) return '';
  const [of, all] = [nodes.answered.length, nodes.answered.length + nodes.without.length];
  return of === all ? ` on all ${all} nodes` : ` on ${of} of ${all} nodes`;
}

const WITHOUT_TEXT: Readonly<Record<NodeWithout['why'], string>> = {
  no_recorder: 'has no recorder',
  unreachable: 'is not reachable',
  failed: 'could not answer',
};

function withoutPart({ name, why, message }: NodeWithout): MissingPart {
  return { text: `${name} ${WITHOUT_TEXT[why]}`, sentence: ofNode(name, message), isLoss: why !== 'no_recorder' };
}

function ofNode(name: string | undefined, text: string): string {
  return name === undefined ? text : `${name}: ${text}`;
}

function sampledParts({ name, packets, records }: { name: string | undefined; packets: number; records: number }) {
  if (packets <= records || records === 0) return [];
  const part: MissingPart = {
    text: ofNode(name, `sampled ${sampledText(packets / records)}`),
    sentence: ofNode(name, `${formatCount(records)} recorded packets stand for ${formatCount(packets)}.`),
    isLoss: false,
  };
  return [part];
}

/** Returns the share of packets that were recorded: '1 of 8', or '90.9 %' where most were. */
function sampledText(ratio: number): string {
  return ratio >= 1.5 ? `1 of ${formatCount(Math.round(ratio))}` : `${Math.max(1, Math.floor(1000 / ratio) / 10)} %`;
}

function partText(missing: Missing, span: TimeSpan): string {
  return sumsPartText(missing) ?? recordedPartText(missing, span);
}

/** What only live sums miss. */
function sumsPartText({ kind, to_ms, count }: Missing): string | null {
  if (kind === 'unchecked') return `${formatCount(count ?? 0)} not checked`;
  if (kind === 'not_counted')
    return to_ms === undefined ? 'partly not counted' : `not counted before ${clockText(to_ms)}`;
  return kind === 'not_recorded' && count !== undefined ? `${formatCount(count)} not recorded` : null;
}

function recordedPartText({ kind, from_ms, to_ms, count, message }: Missing, span: TimeSpan): string {
  const number = count === undefined ? '' : ` ${formatCount(count)}`;
  const gapMs = Math.min(to_ms ?? span.toMs, span.toMs) - Math.max(from_ms ?? span.fromMs, span.fromMs);
  const gap = gapMs > 0 ? ageText(gapMs) : '';
  const isGap = gap !== '' && from_ms !== undefined && to_ms !== undefined;
  switch (kind) {
    case 'lost':
      return (
        [number === '' ? '' : `lost${number}`, isGap ? `gap of ${gap}` : ''].filter(Boolean).join(', ') ||
        'packets lost'
      );
    case 'expired':
      return gap === '' ? 'the oldest deleted' : `${gap} deleted by age or size`;
    case 'forgotten':
      return `${number.trim() || 'some'} removed on request`;
    case 'not_recorded':
      return gap === '' ? 'partly not recorded' : `not recorded for ${gap}`;
    case 'damaged':
      return `${count === undefined ? 'a segment' : counted(count, 'segment')} damaged`;
    case 'uncounted':
      return 'too many values to list all';
    default:
      return message;
  }
}
