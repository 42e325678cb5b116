import type { Ledger } from '@packetlog/common';
import type { Loss } from '../../node/state/loss.ts';
import { counted, formatCount } from '../../text/number.ts';
import { VERDICT_TEXT } from '../../text/verdict-text.ts';

/** Some of the packets, or of their rows, that part from the others at a step. */
export interface PathAmount {
  readonly label: string;
  readonly value: number;
  /** What that means, in a sentence. */
  readonly text: string;
  /** 'part': goes on all the same, told apart here. 'aside': ends here, as somebody wanted. 'lost': nobody did. */
  readonly kind: 'part' | 'aside' | 'lost';
  readonly verdict?: 'deny' | 'would_deny' | 'aborted';
}

export interface PathStep {
  readonly id: 'hook' | 'rules' | 'ring' | 'loader' | 'page';
  readonly title: string;
  readonly text: string;
  readonly comesIn: number;
  readonly amounts: readonly PathAmount[];
  readonly lost: number;
  readonly goesOn: number;
  /** What goes on is: packets or rows. */
  readonly unit: 'packet' | 'row';
}

export interface PathFacts {
  readonly ledger: Ledger;
  readonly loss: Loss;
  /** Packets that observing rules marked; null where no rules are known. */
  readonly wouldDeny: number | null;
  /** The kernel records 1 of so many just now. */
  readonly sampledOneOf: number;
  readonly rowLimit: number | null;
  readonly badMessages: number;
}

/**
 * Where packets and their rows went, from the hook to this page. At each step
 * `comesIn = goesOn + what was set aside + lost`; what is only told apart ('part') is in `goesOn`.
 */
export function packetPath({ ledger, loss, wouldDeny, sampledOneOf, rowLimit, badMessages }: PathFacts): PathStep[] {
  const sum = (key: keyof Ledger['interfaces'][number]['counters']) =>
    ledger.interfaces.reduce((total, { counters }) => total + counters[key], 0);
  const { ring, queue, client, before = 0 } = ledger;
  const { permit, deny, would_deny, aborted } = VERDICT_TEXT;
  const seen = sum('seen');
  const emitted = sum('emitted');
  const oneOf = sampledOneOf > 1 ? ` Currently 1 of ${formatCount(sampledOneOf)}.` : '';
  return [
    step(
      'hook',
      'Seen',
      'packet',
      seen,
      'Each packet that arrives, before the network stack sees it. Ingress only: packets that this server sends are not seen.',
      [],
    ),
    step(
      'rules',
      'Rules',
      'packet',
      seen,
      'Each packet is permitted or denied. Denied packets continue here and get a row, too.',
      [
        part(permit.label, sum('permitted'), permit.meaning),
        { ...part(deny.label, sum('denied'), deny.meaning), verdict: 'deny' },
        ...(wouldDeny
          ? [
              {
                ...part(would_deny.label, wouldDeny, would_deny.meaning),
                verdict: 'would_deny',
              } as const,
            ]
          : []),
        ...some({ ...part(aborted.label, sum('aborted'), aborted.meaning), verdict: 'aborted' }),
      ],
    ),
    step('ring', 'Ring', 'row', seen, 'The kernel writes a row for each packet into its ring.', [
      ...some(
        aside(
          'sampled out',
          sum('sampled_out'),
          `While the ring was filling up, only some packets were recorded; each row represents several.${oneOf}`,
        ),
      ),
      ...some(aside('not recorded', sum('filtered_out'), 'The loader was started with --count-only.')),
      lost('ring full', sum('ring_full'), 'The ring was full: the loader did not read it fast enough.'),
    ]),
    step('loader', 'Loader', 'row', emitted, 'Reads rows from the ring and sends them to its clients.', [
      ...some(
        aside('read by a previous process', before, 'Counters continue when one loader takes over from another.'),
      ),
      ...some(aside('not requested', ring.withheld + queue.withheld, 'No client asked for rows at that time.')),
      ...some(aside('in transit', ring.pending + queue.pending, 'Waiting in the ring or in the loader.')),
      lost('loader too slow', ring.dropped + queue.dropped, 'The loader could not process them in time.'),
    ]),
    step(
      'page',
      'This page',
      'row',
      client.offered + client.filtered + loss.page - client.dropped,
      'Counted since this page connected.',
      [
        ...some(aside('filtered', client.filtered, 'Excluded by your filter.')),
        ...some(
          aside(
            'withheld',
            client.withheld,
            rowLimit === null
              ? 'Not sent while the page was paused.'
              : `Not sent: paused, or more than ${formatCount(rowLimit)} rows a second.`,
          ),
        ),
        ...some(aside('in transit', client.pending, 'Sent with the next message.')),
        lost('client too slow', loss.page, 'This page or its connection was too slow.'),
        ...(badMessages > 0
          ? [
              part(
                'not understood',
                badMessages,
                `${counted(badMessages, 'message')} from the loader could not be read.`,
              ),
            ]
          : []),
      ],
    ),
  ];
}

function step(
  id: PathStep['id'],
  title: string,
  unit: PathStep['unit'],
  comesIn: number,
  text: string,
  amounts: readonly PathAmount[],
): PathStep {
  const sum = (kind: PathAmount['kind']) =>
    amounts.reduce((total, amount) => total + (amount.kind === kind ? amount.value : 0), 0);
  const gone = sum('lost');
  return { id, title, text, unit, comesIn, amounts, lost: gone, goesOn: comesIn - sum('aside') - gone };
}

const part = (label: string, value: number, text: string): PathAmount => ({ label, value, text, kind: 'part' });
const aside = (label: string, value: number, text: string): PathAmount => ({ label, value, text, kind: 'aside' });
const lost = (label: string, value: number, text: string): PathAmount => ({ label, value, text, kind: 'lost' });

/** Omitted while it is zero. */
function some(amount: PathAmount): PathAmount[] {
  return amount.value > 0 ? [amount] : [];
}

/** For who cannot see the state, and for who has one look. */
export function lossSentence(steps: readonly PathStep[]): string {
  const places = steps.filter(({ lost }) => lost > 0);
  const seen = counted(steps[0]?.comesIn ?? 0, 'packet');
  if (places.length === 0) return `Nothing lost of ${seen}.`;
  const where = places.map(({ id, lost }) => `${counted(lost, 'row')} ${PLACES[id]}`);
  return `Lost of ${seen}: ${where.join(', ')}. The counters still include them.`;
}

const PLACES: Readonly<Record<PathStep['id'], string>> = {
  hook: 'at the hook',
  rules: 'at the rules',
  ring: 'because the ring was full',
  loader: 'in the loader',
  page: 'between the loader and this page',
};
