/** Answers the queries from segment files, as `packetlog query` does: {"do":"open","directory":path}, {"do":"query",…}. */
import { parseFilter } from '../../../packages/common/dist/index.js';
import { countOf, sumsByStep, topOf } from '../../../packages/loader/dist/cli/query/sums.js';
import { topOption } from '../../../packages/loader/dist/cli/query/top-names.js';
import { PastBlocks } from '../../../packages/loader/dist/past/reading/past-blocks.js';
import { InterfaceHistory, readJournal } from '../../../packages/loader/dist/recorder/format/index.js';
import { measured, serve } from './serve.mjs';

let directory = '';

/** @param {import('./queries.mjs').Query} query */
function rowsOf({ name, from_ns, to_ns, network }) {
  const blocks = new PastBlocks(directory, new InterfaceHistory(readJournal(directory).entries));
  const filter = network === undefined ? undefined : parseFilter(`src net ${network.text}`);
  const request = { range: { fromNs: BigInt(from_ns), toNs: BigInt(to_ns) }, filter };
  switch (name) {
    case 'by_minute':
      return sumsByStep(blocks, request, 'minute').steps.map(({ start_ns, packets, bytes, denied }) => [
        Number(start_ns / 60_000_000_000n),
        ...[packets, bytes, denied],
      ]);
    case 'top_sources':
      return topOf(blocks, request, topOption('source'), 10).entries.map(({ value, packets, bytes }) => [
        value,
        ...[packets, bytes],
      ]);
    case 'network': {
      const { packets, records } = countOf(blocks, request);
      return [[packets, records]];
    }
  }
}

await serve({
  open: (request) => {
    directory = request.directory;
    return {};
  },
  query: async (query) => {
    const { value, ...cost } = await measured(() => rowsOf(query));
    return { rows: value, ...cost };
  },
});
