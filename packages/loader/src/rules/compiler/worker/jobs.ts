/** The jobs that run in this thread or in another, and the messages between them. */
import type { AddressList } from '../../lists/address-list.ts';
import { type ParsedAddressList, parseAddressList } from '../../lists/parse-address-list.ts';
import { compileRules, type RulesToCompile } from '../compile.ts';
import { RulesCompileError } from '../compile-error.ts';

export type CompileJob = Omit<RulesToCompile, 'untilMonoNs' | 'allocate' | 'rootBits'>;

export interface CompiledImage {
  readonly image: SharedArrayBuffer;
  readonly counterSlots: ReadonlyMap<number, number>;
}

export type Job = { kind: 'parse'; text: Uint8Array } | { kind: 'compile'; job: CompileJob };

export type Result =
  | { kind: 'parsed'; parsed: ParsedAddressList }
  | { kind: 'compiled'; compiled: CompiledImage }
  | { kind: 'rejected'; code: RulesCompileError['code']; message: string; limit: number | undefined };

export function resultOf(job: Job): Result {
  if (job.kind === 'parse') return { kind: 'parsed', parsed: parseJob(job.text) };
  try {
    return { kind: 'compiled', compiled: compileJob(job.job) };
  } catch (error) {
    if (!(error instanceof RulesCompileError)) throw error;
    return { kind: 'rejected', code: error.code, message: error.message, limit: error.limit };
  }
}

/** Puts the list into shared memory, because it is compiled repeatedly, here or in the thread. */
export function parseJob(text: Uint8Array): ParsedAddressList {
  const { list, ...rest } = parseAddressList(text);
  return { list: sharedList(list), ...rest };
}

export function compileJob(job: CompileJob): CompiledImage {
  let image = new SharedArrayBuffer(0);
  const { counterSlots } = compileRules({
    ...job,
    allocate: (bytes) => {
      image = new SharedArrayBuffer(bytes);
      return new Uint8Array(image);
    },
  });
  return { image, counterSlots };
}

function sharedList({ ipv4, ipv6 }: AddressList): AddressList {
  return {
    ipv4: { starts: sharedWords(ipv4.starts), bits: sharedBytes(ipv4.bits) },
    ipv6: { words: sharedWords(ipv6.words), bits: sharedBytes(ipv6.bits) },
  };
}

function sharedWords(words: Uint32Array): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(words.byteLength));
  copy.set(words);
  return copy;
}

function sharedBytes(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  copy.set(bytes);
  return copy;
}
