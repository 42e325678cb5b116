/** Appends to the log of denied packets through the helper. */
import { write } from 'node:fs';
import { promisify } from 'node:util';
import { handover } from '../../ipc/helpers/handover.ts';
import { HelperLink } from '../../ipc/helpers/helper-link.ts';

const writePart = promisify(write);

/** Returns a function that appends and rejects if that failed; undefined without a helper. Call it once. */
export function logAppender(): ((bytes: Buffer) => Promise<void>) | undefined {
  const pipes = handover()?.log_file;
  if (pipes === undefined) return undefined;
  const helper = new HelperLink(pipes);
  return async (bytes) => {
    const answer = helper.ask(String(bytes.length));
    // In the thread pool: the pipe blocks while the disk does.
    for (let at = 0; at < bytes.length; ) at += (await writePart(pipes.requests, bytes, at)).bytesWritten;
    const [result] = await answer;
    if (result !== 'done') throw new Error(result?.replace(/^failed /, '') ?? 'the helper that writes it has ended');
  };
}
