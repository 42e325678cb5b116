/** Completion scripts, made from the commands themselves. */
import type { Command } from 'commander';
import { SetupError } from '../setup-error.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

interface Word {
  long: string;
  description: string;
  choices: readonly string[];
  /** Values are interfaces of this machine. */
  isInterface: boolean;
  isFile: boolean;
  takesValue: boolean;
}

export function completionScript(shell: string, program: Command): string {
  const commands = program.commands.map((command) => command.name());
  const run = program.commands.find((command) => command.name() === 'run');
  const words: Word[] = (run?.options ?? []).map((option) => ({
    long: option.long ?? '',
    description: option.description,
    choices: option.argChoices ?? [],
    isInterface: option.long === '--iface',
    isFile: ['--config', '--ui', '--geoip'].includes(option.long ?? ''),
    takesValue: option.required,
  }));
  const rules = program.commands.find((command) => command.name() === 'rules')?.commands ?? [];
  if (shell === 'bash') return bash(commands, words, rules);
  if (shell === 'zsh') return zsh(commands, words, rules);
  if (shell === 'fish') return fish(commands, words, rules);
  throw new SetupError({
    step: 'complete for',
    target: JSON.stringify(shell),
    problem: 'unknown shell',
    next: `Known are: ${SHELLS.join(', ')}.`,
    exit: 'usage',
  });
}

const names = (commands: readonly Command[]) => commands.map((command) => command.name()).join(' ');
const flags = (command: Command) => command.options.map(({ long }) => long ?? '').join(' ');

function bash(commands: readonly string[], words: readonly Word[], rules: readonly Command[]): string {
  const cases = words.flatMap((word) => {
    if (word.isInterface) return [`    ${word.long}) _packetlog_interfaces "$word"; return ;;`];
    if (word.isFile) return [`    ${word.long}) COMPREPLY=($(compgen -f -- "$word")); return ;;`];
    if (word.choices.length === 0) return [];
    return [`    ${word.long}) COMPREPLY=($(compgen -W "${word.choices.join(' ')}" -- "$word")); return ;;`];
  });
  // Not compgen -W: it would run what stands in an interface's name, such as $(reboot).
  return `_packetlog_interfaces() {
  local each
  for each in /sys/class/net/*; do
    [[ -d $each && \${each##*/} == "$1"* ]] && COMPREPLY+=("$(printf %q "\${each##*/}")")
  done
}
_packetlog() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  case $before in
${cases.join('\n')}
    rules) COMPREPLY=($(compgen -W "${names(rules)}" -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$word")); return ;;
  esac
  if [[ \${COMP_WORDS[1]} == rules ]]; then
    case \${COMP_WORDS[2]} in
${rules.map((each) => `      ${each.name()}) COMPREPLY=($(compgen -W "${flags(each)} --help" -- "$word")); return ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "${[...commands, ...words.map((w) => w.long), '--help', '--version'].join(' ')}" -- "$word"))
}
complete -F _packetlog packetlog
`;
}

function zsh(commands: readonly string[], words: readonly Word[], rules: readonly Command[]): string {
  const quoted = (text: string) => text.replace(/[[\]:'\\]/g, ' ');
  const lines = words.map((word) => {
    if (!word.takesValue) return `    '${word.long}[${quoted(word.description)}]' \\`;
    let values = ' ';
    if (word.isInterface) values = '($(ls /sys/class/net))';
    else if (word.isFile) values = '_files';
    else if (word.choices.length > 0) values = `(${word.choices.join(' ')})`;
    return `    '*${word.long}[${quoted(word.description)}]:value:${values}' \\`;
  });
  return `#compdef packetlog
_packetlog() {
  if [[ $words[2] == rules ]]; then
    _arguments '2:command:(${names(rules)})' '*:file:_files'
    return
  fi
  _arguments \\
${lines.join('\n')}
    '1:command:(${commands.join(' ')})' \\
    '--help[print help]' '--version[print the version]'
}
_packetlog "$@"
`;
}

function fish(commands: readonly string[], words: readonly Word[], rules: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const lines = words.map((word) => {
    const base = `complete -c packetlog -l ${word.long.slice(2)} -d ${quoted(word.description)}`;
    if (!word.takesValue) return base;
    if (word.isInterface) return `${base} -x -a '(ls /sys/class/net)'`;
    if (word.isFile) return `${base} -r`;
    return word.choices.length > 0 ? `${base} -x -a ${quoted(word.choices.join(' '))}` : `${base} -x`;
  });
  const first = [
    `complete -c packetlog -f -n __fish_use_subcommand -a '${commands.join(' ')}'`,
    `complete -c packetlog -f -n '__fish_seen_subcommand_from rules' -a '${names(rules)}'`,
  ];
  return `${[...first, ...lines].join('\n')}\n`;
}
