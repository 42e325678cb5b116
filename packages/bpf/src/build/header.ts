/**
 * Writes src/xdp/packet_log.h from the layout table of @packetlog/common.
 * `--check`: writes nothing, exit code 1 when the file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderCHeader } from '@packetlog/common/c-header';

const path = fileURLToPath(new URL('../../src/xdp/packet_log.h', import.meta.url));
const wanted = renderCHeader();
const present = readOrEmpty();

if (present === wanted) {
  process.exitCode = 0;
} else if (process.argv.includes('--check')) {
  process.stderr.write(`${path}: stale. Run "pnpm --filter @packetlog/bpf build" and commit the file.\n`);
  process.exitCode = 1;
} else {
  writeFileSync(path, wanted);
  process.stderr.write(`${path}: written\n`);
}

function readOrEmpty(): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
