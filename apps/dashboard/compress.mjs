/** Beside each text of the built dashboard the same compressed, once and as well as it can be: the loader sends those. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIRECTORY = new URL('./out', import.meta.url).pathname;
const TEXT = /\.(html|js|css|svg|txt)$/;
/** Smaller ones fit into one packet anyway. */
const WORTH_IT = 1000;

for (const name of readdirSync(DIRECTORY, { recursive: true, encoding: 'utf8' })) {
  if (!TEXT.test(name)) continue;
  const path = join(DIRECTORY, name);
  const content = readFileSync(path);
  if (content.length < WORTH_IT) continue;
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
