import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** flock(1) locks the open file that it inherits, and the lock stays with it. */
export function lockFile(fileDescriptor: number): boolean {
  return (
    spawnSync('flock', ['--nonblock', '3'], { stdio: ['ignore', 'ignore', 'ignore', fileDescriptor] }).status === 0
  );
}

/** Returns a path that does not exist; it is removed after the test. */
export function newDirectory(): string {
  const parent = mkdtempSync(join(tmpdir(), 'packetlog-hub-state-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  return join(parent, 'hub');
}
