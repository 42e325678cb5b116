/** The files of `--geoip`, read when the loader starts and again when it is told to. */
import type { Logger } from 'pino';
import { Places } from '../../enrichment/places.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { RunOptions } from '../options/run-options.ts';

/** Undefined if nobody could ask. Throws SetupError. */
export async function openPlaces(options: RunOptions, log: Logger): Promise<Places | undefined> {
  if (options.geoip.length === 0 || options.listen === 'off') return undefined;
  const places = await Places.open([...new Set(options.geoip)]);
  tell(places, log);
  return places;
}

/** What cannot be read leaves in use what was read before. */
export async function reloadPlaces(places: Places, log: Logger): Promise<void> {
  try {
    await places.reload();
    tell(places, log);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    log.warn(`${error.message} What was read before stays in use.`);
  }
}

function tell(places: Places, log: Logger): void {
  log.info(`countries and networks from ${places.labels.join(', ')}`);
}
