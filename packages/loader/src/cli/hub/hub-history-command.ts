/** Defines `packetlog hub history`. */
import type { Command } from 'commander';
import { print } from '../process/print.ts';
import { jsonOption, placeOf, socketOption, stateOption } from './hub-command-options.ts';

export function addHistoryCommand(hub: Command, done: (code: number) => void): void {
  hub
    .command('history')
    .description('print what became of the recorded packets that nodes shipped')
    .addOption(stateOption())
    .addOption(socketOption())
    .addOption(jsonOption())
    .action(async (_, command: Command) => {
      const { jsonLine, printAnswer } = await import('./hub-client.ts');
      const { historyText } = await import('./history-text.ts');
      const { json = false } = command.opts<{ json?: boolean }>();
      done(await printAnswer(placeOf(command), 'history', {}, print, json ? jsonLine : historyText));
    });
}
