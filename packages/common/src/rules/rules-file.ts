/** The file that rules are kept in, as people and programs write it. */
import { z } from 'zod';
import { NetworkError, parseNetwork } from '../network.ts';
import { defaultPolicySchema, fileRuleSchema, MAX_RULE_ID, setNameSchema } from './rule.ts';

const network = z
  .string()
  .max(64)
  .superRefine((text, context) => {
    try {
      parseNetwork(text);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });

/** Where the networks of a set come from. Neither given: a copy that the loader keeps. */
export const fileSetSchema = z.strictObject({
  /** A list that is read at each start, and again when it changes. */
  file: z.string().min(1).max(4096).optional(),
  /** A few, written right here. */
  entries: z.array(network).optional(),
  loaded_at: z.iso.datetime().optional(),
});
export type FileSet = z.infer<typeof fileSetSchema>;

export const rulesFileSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1),
  /** `sha256:…` over the rest; it tells a file that somebody edited from one that the loader wrote. */
  checksum: z.string().optional(),
  default_policy: defaultPolicySchema.default('permit'),
  rules: z.array(fileRuleSchema).default([]),
  sets: z.record(setNameSchema, fileSetSchema).default({}),
  /** Addresses and networks that no rule may deny. */
  protect: z.array(network).default([]),
  next_id: z
    .number()
    .int()
    .min(1)
    .max(MAX_RULE_ID + 1)
    .optional(),
});
export type RulesFile = z.output<typeof rulesFileSchema>;
