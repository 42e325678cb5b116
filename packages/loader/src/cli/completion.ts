/** Generates shell completion scripts from the commands: their options, arguments and values. */
import { RULE_ACTIONS } from '@packetlog/common';
import type { Command } from 'commander';
import { SetupError } from '../errors/setup-error.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** The values that an option or argument takes. */
type Value = { kind: 'words'; words: readonly string[] } | { kind: 'interface' } | { kind: 'file' } | { kind: 'free' };

interface OptionSpec {
  /** "--iface". */
  long: string;
  /** "-i". */
  short: string | undefined;
  description: string;
  /** Undefined: the option takes no value. */
  value: Value | undefined;
}

interface CommandSpec {
  /** ["rules", "add"]. */
  path: readonly string[];
  options: readonly OptionSpec[];
  /** Arguments after the path, in order. */
  arguments: readonly Value[];
}

const FILE_OPTIONS: ReadonlySet<string> = new Set([
  '--config',
  '--ui',
  '--geoip',
  '--write',
  '--rules',
  '--bpf-fs',
  '--dir',
  '--secret-file',
]);
const INTERFACE_OPTIONS: ReadonlySet<string> = new Set(['--iface', '--interface']);
/** The values of arguments, by argument name. */
const ARGUMENTS: Readonly<Record<string, Value>> = {
  action: { kind: 'words', words: RULE_ACTIONS },
  policy: { kind: 'words', words: ['permit', 'deny'] },
  shell: { kind: 'words', words: SHELLS },
  file: { kind: 'file' },
};
/** The command that runs if none is given. */
const DEFAULT_COMMAND = 'run';

/** Returns the completion script for `shell`. Throws SetupError if the shell is unknown. */
export function completionScript(shell: string, program: Command): string {
  const commands = specsOf(program);
  if (shell === 'bash') return bash(commands);
  if (shell === 'zsh') return zsh(commands);
  if (shell === 'fish') return fish(commands);
  throw new SetupError({
    step: 'generate completion for',
    target: JSON.stringify(shell),
    problem: 'unknown shell',
    next: `Known shells: ${SHELLS.join(', ')}.`,
    exit: 'usage',
  });
}

/** Returns every command that runs; a group such as `rules` appears only in the paths of its commands. */
function specsOf(program: Command, path: readonly string[] = []): CommandSpec[] {
  return program.commands.flatMap((command) => {
    const here = [...path, command.name()];
    if (command.commands.length > 0) return specsOf(command, here);
    return [
      {
        path: here,
        options: command.options
          .filter(({ hidden }) => !hidden)
          .map((option) => ({
            long: option.long ?? '',
            short: option.short,
            description: option.description,
            value: option.required ? optionValue(option.long ?? '', option.argChoices) : undefined,
          })),
        arguments: command.registeredArguments.map((argument) => ARGUMENTS[argument.name()] ?? { kind: 'free' }),
      },
    ];
  });
}

function optionValue(long: string, choices: readonly string[] | undefined): Value {
  if (choices) return { kind: 'words', words: choices };
  if (INTERFACE_OPTIONS.has(long)) return { kind: 'interface' };
  return { kind: FILE_OPTIONS.has(long) ? 'file' : 'free' };
}

const nameOf = ({ path }: CommandSpec) => path.join(' ');
const unique = (words: readonly string[]) => [...new Set(words)];
/** Returns the commands and groups that can be the first word. */
const firstNames = (commands: readonly CommandSpec[]) => unique(commands.map(({ path: [first = ''] }) => first));
const groupsOf = (commands: readonly CommandSpec[]) =>
  unique(commands.flatMap(({ path }) => (path.length > 1 ? [path[0] as string] : [])));
const membersOf = (commands: readonly CommandSpec[], group: string) =>
  commands.flatMap(({ path }) => (path[0] === group && path[1] !== undefined ? [path[1]] : []));

function bash(commands: readonly CommandSpec[]): string {
  const reply = (words: readonly string[]) => `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur"))`;
  const replyValue = (value: Value) => {
    if (value.kind === 'words') return reply(value.words);
    if (value.kind === 'interface') return '_packetlog_interfaces "$cur"';
    return value.kind === 'file' ? 'COMPREPLY=($(compgen -f -- "$cur"))' : ':';
  };
  // Options with the same values share one case.
  const patterns = new Map<string, string[]>();
  const add = (action: string, pattern: string) => patterns.set(action, [...(patterns.get(action) ?? []), pattern]);
  for (const command of commands) {
    for (const { long, short, value } of command.options) {
      if (value === undefined) continue;
      for (const flag of short ? [long, short] : [long]) add(replyValue(value), `"${nameOf(command)} ${flag}"`);
    }
  }
  const values = [...patterns].map(([action, which]) => `    ${which.join('|')}) ${action}; return ;;`);
  const positionals = commands.flatMap((command) =>
    command.arguments.flatMap((value, i) =>
      value.kind === 'free'
        ? []
        : [`    "${nameOf(command)} ${command.path.length + 1 + i}") ${replyValue(value)}; return ;;`],
    ),
  );
  const flags = (command: CommandSpec) => [...command.options.map(({ long }) => long), '--help'];
  const flagCases = commands.map((command) => `    "${nameOf(command)}") ${reply(flags(command))} ;;`);
  const run = commands.find((command) => nameOf(command) === DEFAULT_COMMAND);
  const start = [...firstNames(commands), ...(run ? flags(run) : []), '--version'];
  const groups = groupsOf(commands);
  const inGroup = groups.map((group) => `    ${group}) ${reply(membersOf(commands, group))}; return ;;`);
  const names = firstNames(commands).filter((name) => !groups.includes(name));
  // No compgen -W for interfaces: it would run code in a name, such as $(reboot).
  return `_packetlog_interfaces() {
  local each
  for each in /sys/class/net/*; do
    [[ -d $each && \${each##*/} == "$1"* ]] && COMPREPLY+=("$(printf %q "\${each##*/}")")
  done
}
_packetlog() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=${DEFAULT_COMMAND}
  case \${COMP_WORDS[1]} in
    ${names.join('|')}) command=\${COMP_WORDS[1]} ;;
    ${groups.join('|')}) command="\${COMP_WORDS[1]} \${COMP_WORDS[2]}" ;;
  esac
  [[ $COMP_CWORD == 2 ]] && case \${COMP_WORDS[1]} in
${inGroup.join('\n')}
  esac
  case "$command $prev" in
${values.join('\n')}
  esac
  [[ $cur != -* ]] && case "$command $COMP_CWORD" in
${positionals.join('\n')}
  esac
  if [[ $COMP_CWORD == 1 || $command == ${DEFAULT_COMMAND} && \${COMP_WORDS[1]} != ${DEFAULT_COMMAND} ]]; then
    ${reply(unique(start))}
    return
  fi
  case "$command" in
${flagCases.join('\n')}
  esac
}
complete -F _packetlog packetlog
`;
}

function zsh(commands: readonly CommandSpec[]): string {
  const quoted = (text: string) => text.replace(/[[\]:'\\]/g, ' ');
  const action = (value: Value) => {
    if (value.kind === 'words') return `(${value.words.join(' ')})`;
    if (value.kind === 'interface') return '($(ls /sys/class/net))';
    return value.kind === 'file' ? '_files' : ' ';
  };
  const specs = (command: CommandSpec) => [
    ...command.options.map(({ long, description, value }) =>
      value === undefined
        ? `'${long}[${quoted(description)}]'`
        : `'*${long}[${quoted(description)}]:value:${action(value)}'`,
    ),
    ...command.arguments.map((value, i) => `'${command.path.length + 1 + i}:argument:${action(value)}'`),
    `'--help[print help]'`,
  ];
  const groups = groupsOf(commands);
  const first = `'1:command:(${firstNames(commands).join(' ')})' '--version[print the version]'`;
  const cases = commands.map((command) => {
    const extra = nameOf(command) === DEFAULT_COMMAND ? [first] : [];
    return `    '${nameOf(command)}') _arguments \\\n      ${[...specs(command), ...extra].join(' \\\n      ')} ;;`;
  });
  const inGroup = groups.map(
    (group) => `    '${group} '*) _arguments '2:command:(${membersOf(commands, group).join(' ')})' ;;`,
  );
  const names = firstNames(commands).filter((name) => !groups.includes(name));
  return `#compdef packetlog
_packetlog() {
  local command=${DEFAULT_COMMAND}
  case $words[2] in
    ${names.join('|')}) command=$words[2] ;;
    ${groups.join('|')}) command="$words[2] $words[3]" ;;
  esac
  case $command in
${[...cases, ...inGroup].join('\n')}
  esac
}
_packetlog "$@"
`;
}

function fish(commands: readonly CommandSpec[]): string {
  const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const others = firstNames(commands).filter((name) => name !== DEFAULT_COMMAND);
  const condition = ({ path }: CommandSpec) =>
    path[0] === DEFAULT_COMMAND
      ? `not __fish_seen_subcommand_from ${others.join(' ')}`
      : path.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
  const action = (value: Value) => {
    if (value.kind === 'words') return ` -x -a ${quoted(value.words.join(' '))}`;
    if (value.kind === 'interface') return ` -x -a '(ls /sys/class/net)'`;
    return value.kind === 'file' ? ' -r -F' : ' -x';
  };
  const lines = commands.flatMap((command) => [
    ...command.options.map(
      ({ long, description, value }) =>
        `complete -c packetlog -n '${condition(command)}' -l ${long.slice(2)} -d ${quoted(description)}${value ? action(value) : ''}`,
    ),
    ...command.arguments.flatMap((value) => {
      if (value.kind === 'file') return [`complete -c packetlog -n '${condition(command)}' -F`];
      return value.kind === 'words'
        ? [`complete -c packetlog -f -n '${condition(command)}' -a ${quoted(value.words.join(' '))}`]
        : [];
    }),
  ]);
  const groups = groupsOf(commands).map((group) => {
    const members = membersOf(commands, group).join(' ');
    const until = `__fish_seen_subcommand_from ${group}; and not __fish_seen_subcommand_from ${members}`;
    return `complete -c packetlog -f -n '${until}' -a '${members}'`;
  });
  return `${[`complete -c packetlog -f -n __fish_use_subcommand -a '${firstNames(commands).join(' ')}'`, ...groups, ...lines].join('\n')}\n`;
}
