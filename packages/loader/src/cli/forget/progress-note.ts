/** Keeps progress.json true when records are removed from the hot file. */
import { closeSync, openSync } from 'node:fs';
import { readProgress, writeProgress } from '../../recorder/writer/progress.ts';
import { progressPath } from '../../recorder/writer/progress-file.ts';

/** The next recorder compares the file with the position in the rings: removed records are not missing ones. */
export function noteInProgress(directory: string, hot: number, before: number, after: number): void {
  const path = progressPath(directory);
  const progress = readProgress(path);
  if (progress?.hot !== hot) return;
  const fd = openSync(path, 'r+');
  try {
    // Records that were written after the last note of a recorder that was killed.
    const written = Math.max(0, before - progress.hot_records);
    writeProgress(fd, { ...progress, position: progress.position + written, hot_records: after });
  } finally {
    closeSync(fd);
  }
}
