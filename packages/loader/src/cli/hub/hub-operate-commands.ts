/** Defines the commands of `packetlog hub` that operate a hub: status, backup, restore. */
import { type Command, Option } from 'commander';
import { fileName } from '../options/values.ts';
import { print } from '../process/print.ts';
import { placeOf, withJson, withPlace } from './hub-command-options.ts';
import type { Done } from './run-verb.ts';

export function addOperateCommands(hub: Command, done: Done): void {
  withJson(
    hub
      .command('status')
      .description('print whether the hub runs, how old the data of its nodes is, and what is wrong'),
  ).action(async (_, command: Command) => {
    const { hubStatus } = await import('./hub-status.ts');
    done(await hubStatus(placeOf(command), command.opts<{ json?: boolean }>().json ?? false, print));
  });

  withPlace(
    hub
      .command('backup')
      .description('write the state of the hub to a file, also while it runs; the file has the hub’s private key')
      .addOption(new Option('-w, --write <file>', 'file to write').argParser(fileName).makeOptionMandatory()),
  ).action(async (_, command: Command) => {
    const { backupHub } = await import('./hub-backup.ts');
    done(await backupHub(placeOf(command), command.opts<{ write: string }>().write, print));
  });

  withPlace(
    hub
      .command('restore')
      .argument('<file>', 'file of packetlog hub backup', fileName)
      .description('fill an empty state from a backup, before the hub starts'),
  ).action(async (file: string, _, command: Command) => {
    const { restoreHub } = await import('./hub-backup.ts');
    done(await restoreHub(placeOf(command), file, print));
  });
}
