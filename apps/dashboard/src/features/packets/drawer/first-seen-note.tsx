'use client';

import { useSnapshot } from '../../../node/live-context.tsx';
import { usePastAnswer } from '../../../node/recorded/use-past-answer.ts';
import { useRecorder } from '../../../node/recorded/use-recorder.ts';
import { momentText } from '../../../text/calendar-text.ts';

/** When the first packet of a source was recorded. */
export function FirstSeenNote({ address }: { address: string }) {
  const recorder = useRecorder();
  const isRecorded = recorder === 'on' || recorder === 'some';
  const minute = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const { value, isCurrent } = usePastAnswer(
    'past:first_seen',
    isRecorded ? { key: address, request: () => ({ addresses: [address] }), againAfter: () => null } : null,
  );
  if (!isRecorded || !isCurrent || value === null) return null;
  const first = value[address];
  return (
    <span className="packet-sentence" data-testid="first-seen">
      {first === undefined
        ? 'No recorded packet has this source yet.'
        : `First seen ${momentText(first, minute)}, as far back as packets are recorded.`}
    </span>
  );
}
