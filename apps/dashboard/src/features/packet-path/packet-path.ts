import type { InterfaceLedger, Ledger } from '@packetlog/common';
import { hubRows } from '../../node/fleet/hub-rows.ts';
import { ledgerSum } from '../../node/state/ledger-sum.ts';
import type { Loss } from '../../node/state/loss.ts';
import { counted, formatCount } from '../../text/number.ts';
import { VERDICT_TEXT } from '../../text/verdict-text.ts';

/** Packets or rows that leave the path at a step, or are counted separately there. */
export interface PathAmount {
  readonly label: string;
  readonly value: number;
  /** What it means, as a sentence. */
  readonly text: string;
  /**
   * 'part': passes on, and is counted separately. 'excluded': ends here on purpose (sampling, filter, pause), or is still
   * in transit. 'lost': ends here because something was full or slow.
   */
  readonly kind: 'part' | 'excluded' | 'lost';
  readonly verdict?: 'deny' | 'would_deny' | 'aborted';
}

export interface PathStep {
  readonly id: 'hook' | 'rules' | 'ring' | 'loader' | 'hub' | 'page';
  readonly title: string;
  readonly text: string;
  readonly entered: number;
  readonly amounts: readonly PathAmount[];
  readonly lost: number;
  readonly passed: number;
  /** Unit of what continues. */
  readonly unit: 'packet' | 'row';
}

export interface PathFacts {
  readonly ledger: Ledger;
  readonly loss: Loss;
  /** Packets marked by observe rules; null if no rules are known. */
  readonly wouldDeny: number | null;
  /** The kernel currently records 1 of this many packets. */
  readonly sampledOneOf: number;
  readonly rowLimit: number | null;
  readonly badMessages: number;
}

/**
 * Returns the path of packets and rows from the hook to this page. At each step `entered = passed + excluded + lost`;
 * 'part' amounts are included in `passed`.
 */
export function packetPath({ ledger, loss, wouldDeny, sampledOneOf, rowLimit, badMessages }: PathFacts): PathStep[] {
  const sum = (key: keyof InterfaceLedger) => ledgerSum(ledger, key);
  const { ring, queue, client, before = 0 } = ledger;
  const { permit, deny, would_deny, aborted } = VERDICT_TEXT;
  const hub = hubRows(ledger);
  const seen = sum('seen');
  const emitted = sum('emitted');
  const oneOf = sampledOneOf > 1 ? ` In the last second 1 of ${formatCount(sampledOneOf)}.` : '';
  return [
    step(
      'hook',
      'Seen',
      'packet',
      seen,
      'Ingress packets at the XDP hook, before the network stack. Outgoing packets are not seen.',
      [],
    ),
    step(
      'rules',
      'Rules',
      'packet',
      seen,
      `Each packet is permitted or denied${wouldDeny ? '; would deny is part of permitted' : ''}. Denied packets stop here, but are still recorded and shown.`,
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
    step('ring', 'Ring', 'row', seen, 'The kernel writes a record of each packet to its ring.', [
      ...some(
        excluded(
          'sampled out',
          sum('sampled_out'),
          `While the ring was filling up, only some packets were recorded; each row represents several.${oneOf}`,
        ),
      ),
      ...some(excluded('not recorded', sum('filtered_out'), 'The loader was started with --count-only.')),
      lost('ring full', sum('ring_full'), 'The ring was full: the loader did not read it fast enough.'),
    ]),
    step('loader', 'Loader', 'row', emitted, 'Reads records from the ring and sends them to its clients as rows.', [
      ...some(
        excluded('read by a previous process', before, 'Counters continue when one loader takes over from another.'),
      ),
      ...some(excluded('not requested', ring.withheld + queue.withheld, 'No client requested rows at that time.')),
      ...some(excluded('in transit', ring.pending + queue.pending, 'Waiting in the ring or in the loader.')),
      lost('loader too slow', ring.dropped + queue.dropped, 'The loader could not process them in time.'),
    ]),
    ...(hub === null
      ? []
      : [
          step('hub', 'Hub', 'row', hub.received, 'Passes the rows of this node on to this page.', [
            ...some(
              excluded(
                'withheld',
                hub.withheld,
                'This page or its connection read too slowly: the hub did not pass them on.',
              ),
            ),
          ]),
        ]),
    step(
      'page',
      'This page',
      'row',
      client.offered + client.filtered + loss.page - client.dropped - (hub?.withheld ?? 0),
      'Counted since this page connected.',
      [
        ...some(excluded('filtered', client.filtered, 'Excluded by your filter.')),
        ...some(
          excluded(
            'withheld',
            client.withheld,
            rowLimit === null
              ? 'Withheld while the page was paused.'
              : `Withheld: paused, or more than ${formatCount(rowLimit)} rows a second.`,
          ),
        ),
        ...some(excluded('in transit', client.pending, 'Sent with the next message.')),
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
  entered: number,
  text: string,
  amounts: readonly PathAmount[],
): PathStep {
  const sum = (kind: PathAmount['kind']) =>
    amounts.reduce((total, amount) => total + (amount.kind === kind ? amount.value : 0), 0);
  const missing = sum('lost');
  return { id, title, text, unit, entered, amounts, lost: missing, passed: entered - sum('excluded') - missing };
}

const part = (label: string, value: number, text: string): PathAmount => ({ label, value, text, kind: 'part' });
const excluded = (label: string, value: number, text: string): PathAmount => ({ label, value, text, kind: 'excluded' });
const lost = (label: string, value: number, text: string): PathAmount => ({ label, value, text, kind: 'lost' });

/** Returns the amount, or nothing if it is 0. */
function some(amount: PathAmount): PathAmount[] {
  return amount.value > 0 ? [amount] : [];
}

/** Sums up the losses in a sentence. */
export function lossSentence(steps: readonly PathStep[]): string {
  const places = steps.filter(({ lost }) => lost > 0);
  const seen = counted(steps[0]?.entered ?? 0, 'packet');
  if (places.length === 0) return `Nothing lost of ${seen}.`;
  const where = places.map(({ id, lost }) => `${counted(lost, 'row')} ${PLACES[id]}`);
  return `Lost of ${seen}: ${where.join(', ')}. The counters still include them.`;
}

const PLACES: Readonly<Record<PathStep['id'], string>> = {
  hook: 'at the hook',
  rules: 'at the rules',
  ring: 'because the ring was full',
  loader: 'in the loader',
  hub: 'at the hub',
  page: 'between the loader and this page',
};
