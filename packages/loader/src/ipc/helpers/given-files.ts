/** Files that only root can read: a helper reads them for the core, at the start and whenever it reads them again. */
import { readFileSync, statSync } from 'node:fs';
import { handover } from './handover.ts';
import { HelperExchange } from './helper-exchange.ts';

const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'ENOENT']);
const OCTAL = 8;

interface GivenFile {
  readonly bytes: Buffer<ArrayBuffer>;
  /** Permission bits. */
  readonly mode: number;
}

/** Returns the content of the file, read by this process or by the helper. Throws the file system's error. */
export function readGivenFile(path: string): Buffer<ArrayBuffer> {
  return withHelper(
    path,
    () => readFileSync(path),
    ({ bytes }) => bytes,
  );
}

/** Returns the mode bits of the file. Throws the file system's error. */
export function modeOfGivenFile(path: string): number {
  return withHelper(
    path,
    () => statSync(path).mode,
    ({ mode }) => mode,
  );
}

function withHelper<T>(path: string, here: () => T, received: (file: GivenFile) => T): T {
  try {
    return here();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const index = handover()?.read_files?.paths.indexOf(path) ?? -1;
    if (index < 0 || !DENIED.has(code)) throw error;
    const file = askForFile(index, path);
    // The same error has the words of Node.js, which `packetlog doctor` prints too.
    if (file instanceof Error) throw file.code === code ? error : file;
    return received(file);
  }
}

let exchange: HelperExchange | undefined;

/** Returns the file, or the reason why the helper cannot read it. See READ_SCRIPT for the answers. */
function askForFile(index: number, path: string): GivenFile | NodeJS.ErrnoException {
  const helper = handover()?.read_files;
  if (helper === undefined) throw new Error(`read ${path}: there is no helper`);
  exchange ??= new HelperExchange(helper);
  const answer = exchange.ask(`read ${index + 1}`);
  const [size, mode] = answer.split(' ');
  if (/^\d+ [0-7]+$/.test(answer)) {
    return { bytes: exchange.receive(Number(size)), mode: Number.parseInt(mode ?? '', OCTAL) };
  }
  return Object.assign(new Error(`read ${path}: ${answer}`), { code: CODES[answer], path });
}

const CODES: Readonly<Record<string, string>> = { 'no such file': 'ENOENT', 'it is a directory': 'EISDIR' };
