/** What the rules service says to people. */
import { ruleSentence } from '@packetlog/common';
import { SetupError } from '../../setup-error.ts';
import { RulesCompileError } from '../index.ts';
import type { LaterLockout } from '../protect/lockout.ts';
import type { Protected } from '../protect/protected.ts';
import { RulesRefusal } from '../refusal.ts';
import type { Change, Outcome } from './change.ts';

const NAMED = 3;

export function lockoutRefusal(shutOut: readonly Protected[]): RulesRefusal {
  const [first] = shutOut;
  const names = shutOut.map(({ kind, address }) => `${WHO[kind]} ${address}`);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const message =
    `This would lock out ${names.slice(0, NAMED).join(', ')}${more}. ` +
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

/** What the end of a permit will do, and what to do about it. */
export function laterLockoutWords({ atMs, ruleId, lockedOut: { kind, address } }: LaterLockout): string {
  return (
    `When rule ${ruleId} expires at ${new Date(atMs).toISOString()}, ${WHO[kind]} ${address} is denied. Extend that ` +
    `rule before (packetlog rules edit ${ruleId} --until none), or narrow what denies.`
  );
}

export function compileRefusal(cause: RulesCompileError): RulesRefusal {
  const { code, message, limit } = cause;
  return new RulesRefusal({ code, message, ...(limit === undefined ? {} : { limit }) }, { cause });
}

/** The kernel rejected compiled rules; `remains`: a sentence on what is in force now. */
export function kernelRefusal(cause: unknown, remains: string): RulesRefusal {
  const said = messageOf(cause);
  const message = `The kernel rejected the rules: ${said}${said.endsWith('.') ? '' : '.'} ${remains}`;
  return new RulesRefusal({ code: 'internal', message }, { cause });
}

/** Why a start ends when the kernel does not take the stored rules: capturing as if they were in force would mislead. */
export function cannotEnforce(rulesFile: string, cause: SetupError): SetupError {
  const { problem, errno, exit } = cause.facts;
  return new SetupError({
    step: 'enforce rules of',
    target: rulesFile,
    problem: problem ?? cause.message.replace(/\.$/, ''),
    ...(errno === undefined ? {} : { errno }),
    next:
      `Nothing was attached, and what was in force before this start stays in force. ${cause.facts.next ?? ''} ` +
      'To capture without rules meanwhile, start with PACKETLOG_STATE_DIR naming an empty directory.',
    exit,
    cause,
  });
}

/** Why a start ends when the rules are rejected and none were in force before that could take their place. */
export function cannotStart(rulesFile: string, error: unknown): unknown {
  if (!(error instanceof RulesRefusal) && !(error instanceof RulesCompileError)) return error;
  return new SetupError({
    step: 'accept rules of',
    target: rulesFile,
    problem: error.message.replace(/\.$/, ''),
    next: 'No rules were in force before, so the loader does not start. Correct the file.',
    exit: error instanceof RulesRefusal && error.error.code === 'lockout' ? 'lockout' : 'usage',
    cause: error,
  });
}

export function asRefusal(error: unknown): unknown {
  return error instanceof RulesCompileError ? compileRefusal(error) : error;
}

/** What undo would undo: 'deny 1.1.1.1', 'removal of deny 1.1.1.1', 'default policy deny'. */
export function changeWords({ what, words }: Change<unknown>, { before, after }: Outcome<unknown>): string {
  if (words !== undefined) return words;
  const [set] = after?.sets ?? [];
  if (what === 'import' && set) return `import of set ${set.name}`;
  const policy = after?.default_policy;
  if (what === 'policy' && policy) return `default policy ${policy}`;
  const rules = after?.rules ?? before?.rules ?? [];
  const [rule] = rules;
  if (rule === undefined) return what;
  const { expires_at: _, ...match } = rule;
  const changed = rules.length > 1 ? `${rules.length} rules` : ruleSentence({ ...match, reason: '' }, Date.now());
  return `${CHANGE[what] ?? ''}${changed}`;
}

const CHANGE: { readonly [What in Change<unknown>['what']]?: string } = {
  edit: 'change to ',
  remove: 'removal of ',
};

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
