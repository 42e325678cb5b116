/** Validates the text of a filter from an untrusted source. */
import * as z from 'zod/mini';
import { FilterError } from './filter-error.ts';
import { parseFilter } from './parse.ts';

/** Where in a filter's text the problem is, for display. */
export const filterProblemSchema = z.object({
  /** From 1, in UTF-16 units. */
  column: z.int().check(z.positive()),
  /** 0: something is missing there. */
  length: z.int().check(z.nonnegative()),
  /** Replacement for the text there. */
  fix: z.optional(z.string()),
});
export type FilterProblem = z.infer<typeof filterProblemSchema>;

export function filterProblem({ column, from, to, fix }: FilterError): FilterProblem {
  return { column, length: to - from, ...(fix === undefined ? {} : { fix }) };
}

/** A text that `parseFilter` accepts. An issue has the FilterProblem as `params.filter`. */
export const filterTextSchema = z.string().check(
  z.superRefine((text, context) => {
    try {
      parseFilter(text);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, params: { filter: filterProblem(error) } });
    }
  }),
);
