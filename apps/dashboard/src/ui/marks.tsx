import type { Verdict } from '../text/verdict-text.ts';

/** The logo: a log with one denied row. */
export function Logo() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" className="shrink-0">
      <path fill="currentColor" d="M1 2h3v3H1zM5 2h10v3H5zM5 6.5h7v3H5zM1 11h3v3H1zM5 11h10v3H5z" />
      <path fill="var(--deny)" d="M1 6.5h3v3H1z" />
    </svg>
  );
}

const VERDICT_COLOR: Record<Verdict, string> = {
  permit: 'text-faint',
  deny: 'text-deny',
  would_deny: 'text-warn',
  malformed: 'text-malformed',
  aborted: 'text-malformed',
};

/** The mark of a verdict: each has its own shape, which the colour repeats. */
export function VerdictMark({ verdict }: { verdict: Verdict }) {
  return (
    <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true" className={`shrink-0 ${VERDICT_COLOR[verdict]}`}>
      {verdict === 'permit' && <circle cx="4" cy="4" r="1.5" fill="currentColor" />}
      {verdict === 'deny' && <rect width="8" height="8" fill="currentColor" />}
      {verdict === 'would_deny' && (
        <>
          <rect x=".5" y=".5" width="7" height="7" fill="none" stroke="currentColor" />
          <rect width="4" height="8" fill="currentColor" />
        </>
      )}
      {verdict === 'malformed' && <path d="M4 .7 7.3 4 4 7.3.7 4z" fill="none" stroke="currentColor" />}
      {verdict === 'aborted' && <path d="m1 1 6 6m0-6L1 7" stroke="currentColor" strokeWidth="1.5" />}
    </svg>
  );
}

/** Loss: a hatched square, empty while nothing is lost. */
export function LossMark({ lost }: { lost: boolean }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true" className="shrink-0">
      <rect x=".5" y=".5" width="9" height="9" fill="none" stroke="currentColor" />
      {lost && <path d="M0 5 5 0M0 10 10 0M5 10l5-5" stroke="currentColor" strokeWidth="1.25" />}
    </svg>
  );
}
