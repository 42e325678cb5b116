/** What the server process gets to dial hubs, from the options of a run. */
import { X509Certificate } from 'node:crypto';
import { SetupError } from '../../errors/setup-error.ts';
import type { FleetSettings } from '../../ipc/fleet/fleet-settings.ts';
import { readGivenFile } from '../../ipc/helpers/given-files.ts';
import type { HubOptions } from './hub-options.ts';

/** Reads the file of the authorities. Throws SetupError. */
export function fleetSettings({ urls, ca, fingerprints }: HubOptions): FleetSettings {
  return {
    hubs: urls.map((url) => ({ url })),
    ca: ca === undefined ? undefined : readAuthorities(ca),
    fingerprints,
  };
}

function readAuthorities(path: string): string {
  try {
    const pem = readGivenFile(path).toString('utf8');
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = { ENOENT: 'no such file', EACCES: 'permission denied' }[code ?? ''] ?? 'it has no PEM certificate';
    const next = 'Give the PEM file of the authority that signed the certificate of the hub.';
    throw new SetupError({ step: 'use the authorities in', target: path, problem, next, exit: 'usage', cause });
  }
}
