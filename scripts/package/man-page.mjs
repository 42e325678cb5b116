/** packetlog(1), made from the command definitions, so that it has the options and defaults of --help. */

/** @typedef {import('commander').Command} Command */

/**
 * Escapes text for roff: backslashes and hyphens, and a dot or quote that begins a line.
 * @param {string} text
 */
export function escapeRoff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replaceAll('…', '...')
    .replace(/^([.'])/gm, '\\&$1');
}

/**
 * Returns a sentence for a help text, which begins in lower case. A list such as "auto: …; off: …" stays as it is.
 * @param {string} text
 */
function paragraph(text) {
  const begin = /^\S+: /.test(text) ? text.charAt(0) : text.charAt(0).toUpperCase();
  return escapeRoff(begin + text.slice(1)) + (/[.!?]$/.test(text) ? '' : '.');
}

/** @param {string} text */
const verbatim = (text) => `.PP\n.nf\n${escapeRoff(text.trim())}\n.fi\n`;

/** @param {Command} command */
function optionsOf(command) {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .map((option) => `.TP\n.B ${escapeRoff(help.optionTerm(option))}\n${paragraph(help.optionDescription(option))}\n`)
    .join('');
}

/**
 * Returns what a command prints below its options: examples and notes.
 * @param {Command} command
 */
function notesOf(command) {
  let text = '';
  const help = command.helpInformation();
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text.slice(help.length).trim();
}

/** @param {Command} command @param {readonly string[]} path @returns {string} */
function sections(command, path) {
  const here = [...path, command.name()];
  const visible = command.commands.filter((each) => each.name() !== 'help');
  const notes = notesOf(command);
  const own = `.SS ${escapeRoff([...here.slice(1), ...(visible.length > 0 ? [] : [command.usage()])].join(' '))}\n${paragraph(command.description())}\n${optionsOf(command)}${notes === '' ? '' : verbatim(notes)}`;
  return own + visible.map((each) => sections(each, here)).join('');
}

/**
 * @param {Command} program
 * @param {{ version: string, date: string }} release date: YYYY-MM-DD
 * @returns {string} roff with the macros of man(7)
 */
export function manPage(program, { version, date }) {
  const commands = program.commands.filter((each) => each.name() !== 'help');
  return `.TH PACKETLOG 1 ${date} "packetlog ${escapeRoff(version)}" "System administration"
.SH NAME
packetlog \\- show, permit and deny packets at XDP
.SH SYNOPSIS
.B packetlog
.RI [ command ]
.RI [ options ]
.SH DESCRIPTION
${paragraph(program.description())}
Without a command, packetlog runs
.BR run .
.SH COMMANDS
${commands.map((each) => sections(each, ['packetlog'])).join('')}.SH FILES
.TP
.I /etc/packetlog/packetlog.json
Options of the service, see
.BR packetlog.json (5).
.TP
.I /etc/packetlog/rules.json
The rules, see
.BR packetlog\\-rules (5).
.TP
.I /var/lib/packetlog
State: counters, sets, audit file, control socket.
.TP
.I /usr/share/doc/packetlog
Guides, licenses, list of components (SBOM).
.SH SEE ALSO
.BR packetlog.json (5),
.BR packetlog\\-rules (5),
.BR tcpdump (8),
.BR nft (8),
.BR bpftool (8)
`;
}
