/** `packetlog hub backup` and `restore`: the state of a hub as one file. */
import { chmodSync, createWriteStream, readFileSync, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { backupLines, readBackup, restoreBackup } from '@packetlog/hub';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { grouped } from '../../past/reading/report-text.ts';
import type { HubPlace } from './hub-command-options.ts';
import { askSocket } from './hub-socket.ts';
import { controlSocketOf, openHubState } from './hub-state.ts';

const OWNER_ONLY = 0o600;

/** Writes the file at once when it is whole. Resolves with the exit code; throws SetupError or the file system's error. */
export async function backupHub(place: HubPlace, file: string, print: (text: string) => void): Promise<number> {
  const part = `${file}.part`;
  const running = await askSocket(controlSocketOf(place), '/backup', '');
  try {
    if (running !== undefined) await pipeline(running, newFile(part));
    else {
      const state = await openHubState(place.state);
      try {
        await pipeline(Readable.from(backupLines(state, Date.now())), newFile(part));
      } finally {
        await state.close();
      }
    }
    const { values } = readBackup(readFileSync(part, 'utf8'));
    chmodSync(part, OWNER_ONLY);
    renameSync(part, file);
    print(`${file} has ${grouped(values.size)} values, among them the private key of the hub: keep it secret.\n`);
    return EXIT.ok;
  } finally {
    rmSync(part, { force: true });
  }
}

/** Fills an empty state. Resolves with the exit code; throws SetupError or the file system's error. */
export async function restoreHub(place: HubPlace, file: string, print: (text: string) => void): Promise<number> {
  const text = readFileSync(file, 'utf8');
  const state = await openHubState(place.state);
  try {
    const backup = readBackup(text);
    await restoreBackup(state, backup);
    print(
      `Restored ${grouped(backup.values.size)} values. Start the hub: its nodes and people are those of the backup.\n`,
    );
    return EXIT.ok;
  } catch (cause) {
    const next = 'Give a file of packetlog hub backup, and a state that no hub has used.';
    throw new SetupError({ step: 'restore', target: file, next, exit: 'failed', cause });
  } finally {
    await state.close();
  }
}

function newFile(path: string) {
  return createWriteStream(path, { mode: OWNER_ONLY });
}
