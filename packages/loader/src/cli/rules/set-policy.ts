/** `packetlog rules policy`: sets the default policy; before deny, prints what it denies and what it needs. */
import type { PermitProposals, RulesRequest, RulesResults } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { Connection } from './connection.ts';
import type { Handler } from './handlers.ts';
import { permitsText } from './permits-text.ts';
import type { Printer } from './printer.ts';
import { force } from './rule-options.ts';
import { one } from './rules-text.ts';

interface Given {
  readonly check?: true;
  readonly withPermits?: true;
  readonly withReplies?: true;
}

export const setPolicy: Handler = async (connection, printer, options, [policy = '']) => {
  const given = options as Given;
  const request = { default_policy: policy, ...force(options) } as RulesRequest<'policy'>;
  if (policy !== 'deny') {
    if (given.check || given.withPermits || given.withReplies) throw onlyForDeny(policy);
    return printer.changed(await connection.ask('policy', request), doneText);
  }
  const proposed = await connection.ask('propose_permits', {});
  if (!proposed.ok) {
    if (given.check || given.withPermits || given.withReplies) return printer.answer(proposed, () => []);
    // A loader of an earlier version proposes nothing; the change reverts all the same unless it is confirmed.
    const { message } = proposed.error;
    if (!printer.isJson) printer.text([`Warning: The permit rules that this machine needs are not known: ${message}`]);
    return printer.changed(await connection.ask('policy', request), doneText, { proposals: null });
  }
  const { value: proposals } = proposed;
  if (given.check && printer.isJson) return printer.answer({ ok: true, value: {} }, () => [], { proposals });
  if (!printer.isJson) warn(connection, printer, proposals, given);
  if (given.check) return EXIT.ok;
  const permits = chosenOf(proposals, given);
  const answer = await connection.ask('policy', { ...request, ...(permits.length > 0 && { permits }) });
  return printer.changed(answer, doneText, { proposals });
};

/** Prints the warning before the change, unless the command holds the lock on the rules. */
function warn(connection: Connection, printer: Printer, proposals: PermitProposals, given: Given): void {
  const isAdding = given.withPermits === true || given.withReplies === true;
  printer.text([...permitsText(proposals, { isAdding }), '']);
  if (!connection.isOffline) printer.flush();
}

function chosenOf({ rules }: PermitProposals, { withPermits, withReplies }: Given) {
  return rules.filter(({ is_wide }) => (is_wide ? withReplies : withPermits)).map(({ rule }) => rule);
}

function doneText({ default_policy, rules = [] }: RulesResults['policy']): string {
  const added = rules.filter(({ was }) => was === undefined).length;
  const permits = added === 0 ? '' : ` Added ${one(added, 'permit rule')}.`;
  return `The default policy is ${default_policy}.${permits}`;
}

function onlyForDeny(policy: string): SetupError {
  return new SetupError({
    step: 'set the default policy',
    target: policy,
    problem: '--check, --with-permits and --with-replies are only for the policy deny',
    next: 'Leave them out.',
    exit: 'usage',
  });
}
