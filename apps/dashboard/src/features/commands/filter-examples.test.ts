import { expect, it } from 'vitest';
import { readFilterText } from '../../text/filter-text.ts';
import { FILTER_EXAMPLES } from './filter-examples.ts';

it.each(FILTER_EXAMPLES.map(([text]) => text))('the example “%s” is a valid filter', (text) => {
  expect(readFilterText(text).trouble).toBeNull();
});
