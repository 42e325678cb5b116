import { describe, expect, it } from 'vitest';
import { withSaved } from './filter-choice.ts';

describe('withSaved', () => {
  it('keeps 20 filters, newest first, each once', () => {
    expect(withSaved(['a', 'b'], 'b')).toEqual(['b', 'a']);
    expect(
      withSaved(
        Array.from({ length: 20 }, (_, i) => `f${i}`),
        'new',
      ),
    ).toHaveLength(20);
  });
});
