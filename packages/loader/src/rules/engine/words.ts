/** What the rules service says to people. */
import { ruleSentence } from '@packetlog/common';
import { RulesCompileError } from '../index.ts';
import type { Protected } from '../protect/protected.ts';
import { RulesRefusal } from '../refusal.ts';
import type { Change, Outcome } from './change.ts';

const NAMED = 3;

export function lockoutRefusal(shutOut: readonly Protected[]): RulesRefusal {
  const [first] = shutOut;
  const names = shutOut.map(({ kind, address }) => `${WHO[kind]} ${address}`);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const message =
    `This would shut out ${names.slice(0, NAMED).join(', ')}${more}. ` +
    'Permit that first, make the rule narrower, or do it anyway with --force.';
  return new RulesRefusal({
    code: 'lockout',
    message,
    ...(first && { protected: { kind: first.kind, address: first.address } }),
  });
}

const WHO: Readonly<Record<Protected['kind'], string>> = {
  operator: 'the operator’s own address',
  ssh_peer: 'the ssh session from',
  gateway: 'the default gateway',
  dns: 'the name server',
  protect: 'the protected',
};

export function compileRefusal(cause: RulesCompileError): RulesRefusal {
  const { code, message, limit } = cause;
  return new RulesRefusal({ code, message, ...(limit === undefined ? {} : { limit }) }, { cause });
}

export function asRefusal(error: unknown): unknown {
  return error instanceof RulesCompileError ? compileRefusal(error) : error;
}

/** "add: deny 1.1.1.1, because: noise". */
export function changeWords({ what }: Change<unknown>, { before, after }: Outcome<unknown>): string {
  const [rule] = after?.rules ?? before?.rules ?? [];
  if (rule) return `${what}: ${ruleSentence(rule, Date.now())}`;
  const policy = after?.default_policy;
  return policy === undefined ? what : `${what}: the default policy is ${policy}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
