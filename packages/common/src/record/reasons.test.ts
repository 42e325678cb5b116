import { describe, expect, it } from 'vitest';
import { REASONS } from './layout.ts';
import { reasonSentence } from './reasons.ts';

describe('reasonSentence', () => {
  it('explains each reason in a separate sentence', () => {
    const sentences = Object.values(REASONS).map(reasonSentence);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
    expect(new Set(sentences).size).toBe(sentences.length);
    expect(sentences.join()).not.toContain('does not know');
  });

  it.each([Object.keys(REASONS).length, 255])('admits that it does not know reason %i', (code) => {
    expect(reasonSentence(code)).toBe(`A reason (${code}) that this version does not know.`);
  });
});
