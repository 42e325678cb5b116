/** The rules file, as people and programs write it. */
import * as z from 'zod/mini';
import { formatNetworkProblem, readNetwork } from '../address/network.ts';
import { defaultPolicySchema, fileRuleSchema, setNameSchema } from './rule.ts';
import { MAX_RULE_ID } from './rule-limits.ts';

const network = z.string().check(
  z.maxLength(64),
  z.superRefine((text, context) => {
    const read = readNetwork(text);
    if (!('problem' in read)) return;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} ${formatNetworkProblem(read)}` });
  }),
);

/** The origin of a set's networks. With neither: a copy that the loader stores. */
export const fileSetSchema = z.strictObject({
  /** A list that is read at each start, and again when it changes. */
  file: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))),
  /** A short list, in the rules file itself. */
  entries: z.optional(z.array(network)),
  loaded_at: z.optional(z.iso.datetime()),
});
export type FileSet = z.infer<typeof fileSetSchema>;

export const rulesFileSchema = z.strictObject({
  $schema: z.optional(z.string()),
  version: z.literal(1),
  /** `sha256:…` over the rest; distinguishes an edited file from one that the loader wrote. */
  checksum: z.optional(z.string()),
  default_policy: z._default(defaultPolicySchema, 'permit'),
  /** The node's own default policy, while a generation of its fleet sets `default_policy`. */
  own_default_policy: z.optional(defaultPolicySchema),
  rules: z._default(z.array(fileRuleSchema), []),
  sets: z._default(z.record(setNameSchema, fileSetSchema), {}),
  /** Addresses and networks that no rule may deny. */
  protect: z._default(z.array(network), []),
  next_id: z.optional(z.int().check(z.minimum(1), z.maximum(MAX_RULE_ID + 1))),
});
export type RulesFile = z.output<typeof rulesFileSchema>;
