/** Asks a loader's server on port 7411 whether all is well. */
import type { Namespace } from '../lab/namespace.ts';

const ASK = "const got = await fetch('http://127.0.0.1:7411/healthz'); console.log(got.status, await got.text())";

/** Resolves with status and text, such as `200 ok`. Rejects if no server answers in this namespace. */
export async function healthz(namespace: Namespace): Promise<string> {
  return (await namespace.exec(process.execPath, '--input-type=module', '-e', ASK)).trim();
}
