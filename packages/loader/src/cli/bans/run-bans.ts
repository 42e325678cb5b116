/** `packetlog bans list`, `why` and `export`. */
import { type Ban, MAX_BANS_AT_ONCE } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import type { StatePaths } from '../../rules/store/state-directory.ts';
import { printableName } from '../../system/interface-name.ts';
import { terminalJson } from '../process/terminal-text.ts';
import { asked, type Print, rejected } from './ask-bans.ts';
import { bansText, decisionLines } from './bans-text.ts';

/** Decisions about one source that are printed. */
const MAX_EXPLAINED = 10;
const NUMBER = /^\d+$/;

export async function listBans(
  paths: StatePaths,
  source: string | undefined,
  json: boolean,
  print: Print,
): Promise<number> {
  const answer = await asked(paths, 'list', source === undefined ? {} : { source });
  if (!answer.ok) return rejected(answer.error, json, print);
  const lines = json ? answer.value.bans.map(terminalJson) : bansText(answer.value, Date.now()).map(printableName);
  print(lines.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
}

export async function explainBans(paths: StatePaths, which: string, json: boolean, print: Print): Promise<number> {
  const request = NUMBER.test(which) ? { id: Number(which) } : { source: which, limit: MAX_EXPLAINED };
  const answer = await asked(paths, 'decisions', request);
  if (!answer.ok) return rejected(answer.error, json, print);
  const { decisions } = answer.value;
  if (decisions.length === 0) {
    const message = NUMBER.test(which)
      ? `There is no decision ${which}: it is older than 90 days, or there was none. See: packetlog bans list.`
      : `There is no decision about ${which} of the last 90 days.`;
    return rejected({ code: 'not_found', message }, json, print);
  }
  const lines = json ? decisions.map(terminalJson) : decisionLines(decisions, Date.now()).map(printableName);
  print(lines.map((line) => `${line}\n`).join(''));
  return EXIT.ok;
}

export async function exportBans(paths: StatePaths, format: 'text' | 'json', print: Print): Promise<number> {
  for (let before: number | undefined; ; ) {
    const answer = await asked(paths, 'list', before === undefined ? {} : { before_decision: before });
    if (!answer.ok) return rejected(answer.error, format === 'json', print);
    const { bans } = answer.value;
    print(bans.map((ban) => `${format === 'json' ? terminalJson(exported(ban)) : ban.source}\n`).join(''));
    if (bans.length < MAX_BANS_AT_ONCE) return EXIT.ok;
    before = bans.at(-1)?.decision;
  }
}

function exported({ source, ends_at_ms, decision }: Ban): object {
  return { source, ends_at: new Date(ends_at_ms).toISOString(), decision };
}
