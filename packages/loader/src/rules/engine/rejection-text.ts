/** Builds the messages of the rules service. */
import { ruleSentence } from '@packetlog/common';
import { SetupError } from '../../errors/setup-error.ts';
import { RulesCompileError } from '../compiler/compile-error.ts';
import { RulesRejection } from '../ruleset/rejection.ts';
import type { ExpiryLockout } from '../safety/lockout-guard.ts';
import type { Protected } from '../safety/protected-sources.ts';
import type { Change, Outcome } from './change.ts';

/** Maximum addresses named in a message. */
const MAX_NAMED = 3;

export function lockoutRejection(lockedOut: readonly Protected[]): RulesRejection {
  const [first] = lockedOut;
  const names = lockedOut.map(({ kind, address }) => `${PROTECTED_TEXT[kind]} ${address}`);
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  const message =
    `This would lock out ${names.slice(0, MAX_NAMED).join(', ')}${more}. ` +
    'Permit that address first, narrow the rule, or apply the change with --force.';
  return new RulesRejection({
    code: 'lockout',
    message,
    ...(first && { protected: { kind: first.kind, address: first.address } }),
  });
}

const PROTECTED_TEXT: Readonly<Record<Protected['kind'], string>> = {
  operator: 'the operator’s own address',
  ssh_peer: 'the SSH session from',
  gateway: 'the default gateway',
  dns: 'the name server',
  protect: 'the protected',
};

/** Describes the lockout that an expiring permit rule will cause, and how to prevent it. */
export function expiryLockoutText({ atMs, ruleId, lockedOut: { kind, address } }: ExpiryLockout): string {
  return (
    `When rule ${ruleId} expires at ${new Date(atMs).toISOString()}, ${PROTECTED_TEXT[kind]} ${address} will be ` +
    `locked out. Extend that rule first (packetlog rules edit ${ruleId} --until none), or narrow the rule that denies it.`
  );
}

export function compileRejection(cause: RulesCompileError): RulesRejection {
  const { code, message, limit } = cause;
  return new RulesRejection({ code, message, ...(limit === undefined ? {} : { limit }) }, { cause });
}

/**
 * Builds the rejection for rules that the kernel rejected. `isAsBefore`: the kernel still has the rules that were
 * published last.
 */
export function kernelRejection(cause: unknown, isAsBefore: boolean): RulesRejection {
  const remains = isAsBefore
    ? 'The rules before this change are in force.'
    : 'The kernel does not have the rules before this change either: see packetlog rules list, then restart packetlog.';
  return new RulesRejection(
    { code: 'internal', message: `The kernel rejected the rules: ${sentence(cause)} ${remains}` },
    { cause },
  );
}

/** Describes rules that are in force but not on the disk. `isCurrent`: whether the kernel has them. */
export function unwrittenText(disk: unknown, kernel: unknown, isCurrent: boolean | undefined): string {
  const inForce = isCurrent === false ? 'Neither is in force in the kernel' : 'The new rules are in force';
  return (
    `The rules cannot be written: ${sentence(disk)} The kernel rejected the previous rules: ${sentence(kernel)} ` +
    `${inForce}, and the rules file has the previous ones. Free space on the disk, or make the file writable: the next ` +
    'change writes the rules. To return to the rules file, reload (kill -HUP).'
  );
}

/** The pending change should have ended but is still in force. */
export const STAYS_IN_FRONT =
  'The kernel did not remove the unconfirmed change: it stays in force until its time runs out, and can no longer ' +
  'be confirmed. To try again: packetlog rules revert.';

/** Builds the rejection for a revert that the kernel rejected. */
export function stillInFront(cause: unknown): RulesRejection {
  const message =
    `The kernel rejected the revert: ${sentence(cause)} The change stays in force until its time runs out, then ` +
    'reverts. To try again: packetlog rules revert.';
  return new RulesRejection({ code: 'internal', message }, { cause });
}

/** Describes a pending change that reverted because the kernel rejected it together with another one. */
export function endedText(cause: unknown): string {
  return `The unconfirmed change has reverted: ${messageOf(cause)}`;
}

/** Builds the error of a start whose stored rules the kernel rejects: capturing as if they applied would mislead. */
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

/** Builds the error of a start whose rules are rejected while no earlier rules exist; returns other errors as is. */
export function cannotStart(rulesFile: string, error: unknown): unknown {
  if (!(error instanceof RulesRejection) && !(error instanceof RulesCompileError)) return error;
  return new SetupError({
    step: 'accept rules of',
    target: rulesFile,
    problem: error.message.replace(/\.$/, ''),
    next: 'No rules were in force before, so the loader does not start. Correct the file.',
    exit: error instanceof RulesRejection && error.error.code === 'lockout' ? 'lockout' : 'usage',
    cause: error,
  });
}

export function asRejection(error: unknown): unknown {
  return error instanceof RulesCompileError ? compileRejection(error) : error;
}

/** Describes what undo would undo: 'deny 1.1.1.1', 'removal of deny 1.1.1.1', 'default policy deny'. */
export function changeText({ what, description }: Change<unknown>, { before, after }: Outcome<unknown>): string {
  if (description !== undefined) return description;
  const [set] = after?.sets ?? [];
  if (what === 'import' && set) return `import of set ${set.name}`;
  const policy = after?.default_policy;
  const rules = after?.rules ?? before?.rules ?? [];
  if (what === 'policy' && policy) return `default policy ${policy}${permitsText(rules.length)}`;
  const [rule] = rules;
  if (rule === undefined) return what;
  const { expires_at: _, ...match } = rule;
  const changed = rules.length > 1 ? `${rules.length} rules` : ruleSentence({ ...match, reason: '' }, Date.now());
  return `${CHANGE[what] ?? ''}${changed}`;
}

function permitsText(rules: number): string {
  return rules === 0 ? '' : ` with ${rules} permit ${rules === 1 ? 'rule' : 'rules'}`;
}

const CHANGE: { readonly [What in Change<unknown>['what']]?: string } = {
  edit: 'change to ',
  remove: 'removal of ',
};

function sentence(error: unknown): string {
  return messageOf(error).replace(/[^.]$/, '$&.');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
