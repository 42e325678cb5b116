/** The error for a message that does not match the protocol. */
import { filterProblemSchema, type Rejection } from '@packetlog/common';
import type * as z from 'zod/mini';
import '../errors/schema-text.ts';

export function rejectedMessage(error: z.core.$ZodError): Rejection {
  const [issue] = error.issues;
  const message = `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not valid'}`;
  const filter = issue?.code === 'custom' ? filterProblemSchema.safeParse(issue.params?.['filter']).data : undefined;
  return filter === undefined ? { code: 'invalid', message } : { code: 'invalid', message, filter };
}
