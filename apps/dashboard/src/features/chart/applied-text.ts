import type { RecorderState } from '../../node/recorded/use-recorder.ts';

/** Says which parts of the page a range and a filter apply to, where they do not apply to all of it; '' if they do. */
export function appliedText({
  isPast,
  isFiltered,
  recorder,
}: {
  isPast: boolean;
  isFiltered: boolean;
  recorder: RecorderState;
}): string {
  if (recorder === 'unknown' || (!isPast && !isFiltered)) return '';
  if (recorder === 'on') return isPast ? '' : 'Chart, rows and top lists show only packets that match.';
  if (recorder === 'some' || !isPast) return '';
  if (isFiltered) return 'The rows are live, because nothing is recorded.';
  return 'Chart and top lists only: the rows are live, because nothing is recorded.';
}
