// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** setpriv(1) by path: busybox's shell prefers its own, which has fewer options. */
export const SETPRIV =
  (process.env['PATH'] ?? '')
    .split(':')
    .map((each) => join(each, 'setpriv'))
    .find(existsSync) ?? 'setpriv';
