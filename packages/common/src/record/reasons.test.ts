import { describe, expect, it } from 'vitest';
import { REASONS } from './layout.ts';
import { reasonSentence } from './reasons.ts';

describe('reasonSentence', () => {
  it('has a different sentence for each reason', () => {
    const sentences = Object.values(REASONS).map(reasonSentence);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(new Set(sentences).size).toBe(sentences.length);
    expect(sentences.join()).not.toContain('does not know');
  });

  it.each([Object.keys(REASONS).length, 255])('describes reason %i as unknown', (code) => {
    expect(reasonSentence(code)).toBe(`A reason (${code}) unknown to this version.`);
  });
});
