/** The findings that the page lists, from the messages of one or several nodes. */
import { FINDING_KINDS, type Finding, type Findings } from '@packetlog/common';
import { isCount, isList, isNumber, isOneOf, isRecord, isShape, isText, mayBe } from '../../node/messages/shape.ts';
import type { NodeMessage } from '../../node/state/figures.ts';

const isFinding = isShape<Finding>({
  id: isCount,
  kind: isOneOf(...FINDING_KINDS),
  opened_at_ms: isNumber,
  first_at_ms: isNumber,
  last_at_ms: isNumber,
  closed_at_ms: mayBe(isNumber),
  source: mayBe(isText),
  destination: mayBe(isText),
  port: mayBe(isCount),
  packets: isCount,
  ports: mayBe(isCount),
  addresses: mayBe(isCount),
  sources: mayBe(isCount),
  new_share: mayBe(isNumber),
  per_second: mayBe(isCount),
  per_minute: mayBe(isCount),
  filter: isText,
  rule: mayBe(
    isShape<NonNullable<Finding['rule']>>({
      action: isOneOf('deny'),
      source: isText,
      expires_in: isText,
      reason: isText,
    }),
  ),
});

const isFindings = isShape<Findings>({
  at_ms: isNumber,
  open: isList(isFinding),
  closed: isList(isFinding),
  opened: isRecord(isCount) as typeof isOpened,
  untracked: isCount,
});

declare const isOpened: (value: unknown) => value is Findings['opened'];

export interface ShownFinding {
  readonly key: string;
  /** '' where one node is shown. */
  readonly node: string;
  readonly finding: Finding;
}

export interface ShownFindings {
  /** Newest first. */
  readonly open: readonly ShownFinding[];
  readonly closed: readonly ShownFinding[];
  readonly untracked: number;
}

/** Messages that fail their check are not shown. */
export function shownFindings(messages: readonly NodeMessage[]): ShownFindings {
  const all = messages.flatMap(({ node, message }) => (isFindings(message) ? [{ node, ...message }] : []));
  const shown = (which: 'open' | 'closed') =>
    all
      .flatMap(({ node, [which]: findings }) =>
        findings.map((finding) => ({ key: `${node} ${finding.id}`, node, finding })),
      )
      .sort((a, b) => timeOf(b.finding) - timeOf(a.finding));
  return {
    open: shown('open'),
    closed: shown('closed'),
    untracked: all.reduce((sum, each) => sum + each.untracked, 0),
  };
}

function timeOf({ closed_at_ms, opened_at_ms }: Finding): number {
  return closed_at_ms ?? opened_at_ms;
}
