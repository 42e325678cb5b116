/** Top sources by AS and country, from the files of `--geoip`. */
import { openPlaceDatabase } from '../../enrichment/place-database.ts';
import { readPlaceFiles } from '../../enrichment/place-files.ts';
import { type PlaceGroup, SourcePlaces } from '../../enrichment/source-places.ts';
import type { TopKind } from './top-names.ts';

/** Returns the kind with the group of each address, from files of `--geoip`. Throws SetupError. */
export async function withPlaces(kind: TopKind, by: PlaceGroup, files: readonly string[]): Promise<TopKind> {
  const databases = (await readPlaceFiles(files)).map(({ path, bytes }) => openPlaceDatabase(path, bytes));
  const places = new SourcePlaces(databases, by);
  return {
    ...kind,
    groupOf: (address) => {
      const { name, title } = places.find(address);
      return name === '' ? { value: 'unknown' } : { value: name, ...(title !== undefined && { title }) };
    },
  };
}
