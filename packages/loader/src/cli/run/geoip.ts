/** Reads the files of `--geoip` at start and on SIGHUP. */
import type { Logger } from 'pino';
import { Places } from '../../enrichment/places.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { RunOptions } from '../options/run-options.ts';

/** Opens the files. Returns undefined if there are none, or no server to use them. Throws SetupError. */
export async function openPlaces(options: RunOptions, log: Logger): Promise<Places | undefined> {
  if (options.geoip.length === 0 || options.listen === 'off') return undefined;
  const places = await Places.open([...new Set(options.geoip)]);
  report(places, log);
  return places;
}

/** Reads the files again. Keeps the current data if a file cannot be read. */
export async function reloadPlaces(places: Places, log: Logger): Promise<void> {
  try {
    await places.reload();
    report(places, log);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    log.warn(`${error.message} The data read before stays in use.`);
  }
}

function report(places: Places, log: Logger): void {
  log.info(`countries and networks from ${places.labels.join(', ')}`);
}
