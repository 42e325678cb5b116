import type { Tone } from './node-cells.ts';

/** Classes of the tones of cells. */
export const TONE: Readonly<Record<Tone, string>> = {
  plain: '',
  faint: 'text-faint',
  warn: 'text-warn',
  deny: 'text-deny',
};
