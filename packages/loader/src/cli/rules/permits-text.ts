/** Formats what the default policy deny denies, and the permit rules that it needs as commands. */
import { kindName, type OwnPeer, type PermitProposals, protocolName, type WideListener } from '@packetlog/common';
import { commandsText } from './learned-text.ts';
import { one } from './rules-text.ts';

/** `isAdding`: the command adds rules, so no command that does it is named. */
export function permitsText(proposals: PermitProposals, { isAdding }: { isAdding: boolean }): string[] {
  const { warnings, rules, wide_listeners, stopping } = proposals;
  const commands = (isWide: boolean) =>
    commandsText(
      rules.filter(({ is_wide }) => is_wide === isWide).map(({ rule }) => rule),
      '',
    ).map((line) => `  ${line}`);
  const [needed, wide] = [commands(false), commands(true)];
  const lines = warnings.map((warning) => `Warning: ${warning}`);
  lines.push(
    '',
    needed.length === 0
      ? 'The rules in force permit what listens, resolves, routes and gives time here now.'
      : 'Permit rules for what listens, resolves, routes and gives time here now:',
    ...needed,
  );
  if (wide.length > 0) {
    lines.push(
      '',
      'Wide rule, for replies to connections that this machine opens. It also permits new connections to these ports:',
      ...wide,
      listening(wide_listeners),
      ...stoppingText(stopping),
    );
  }
  if (!isAdding && rules.length > 0) {
    const withReplies = wide.length > 0 ? '; --with-replies adds the wide one' : '';
    lines.push(
      '',
      `To add the rules and set the policy in one change: packetlog rules policy deny --with-permits${withReplies}.`,
    );
  }
  return lines;
}

function listening(listeners: readonly WideListener[]): string {
  if (listeners.length === 0) return '  No service listens on them now.';
  const names = listeners.map(
    ({ process, ...kind }) => `${kindName(kind)}${process === undefined ? '' : ` (${process})`}`,
  );
  return `  Listening on them now: ${names.join(', ')}.`;
}

function stoppingText({ total, examples }: PermitProposals['stopping']): string[] {
  if (total === 0) return [];
  const more = total > examples.length ? ', for example' : '';
  return [
    `  Without it, replies to ${one(total, 'open connection')} stop${more}:`,
    ...examples.map((peer) => `    ${peerText(peer)}`),
  ];
}

function peerText({ ip_protocol, addr, port, process }: OwnPeer): string {
  const endpoint = addr.includes(':') ? `[${addr}]:${port}` : `${addr}:${port}`;
  const to = process === undefined ? '' : ` to ${process}`;
  return `replies from ${endpoint}${to} (${protocolName(ip_protocol)})`;
}
