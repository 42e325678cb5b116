import { expect, it } from 'vitest';
import { FILTER_EXAMPLES } from './filter-examples.ts';
import { readFilterText } from './filter-text.ts';

it.each(FILTER_EXAMPLES.map(([text]) => text))('the example “%s” is a filter', (text) => {
  expect(readFilterText(text).trouble).toBeNull();
});
