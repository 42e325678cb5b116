/** Sends one HTTP request for the core, and reads the beginning of the answer. */
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type * as tls from 'node:tls';
import { type DeliveryResult, type OutgoingRequest, outgoingRequestSchema } from '../../ipc/alerts/outgoing-request.ts';
import { trustedAuthorities } from '../http/trusted-authorities.ts';

/** Read of the answer. */
const MAX_ANSWER_BYTES = 512;
const MAX_TEXT = 200;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Sends the request once: redirects are not followed, the certificate is checked, and connections are not reused. Never
 * rejects; without an answer in `timeout_ms` the result has no status.
 */
export function sendRequest(given: OutgoingRequest): Promise<DeliveryResult> {
  const parsed = outgoingRequestSchema.safeParse(given);
  if (!parsed.success) return Promise.resolve({ text: 'the core requested an invalid request' });
  const { url, headers, body, timeout_ms } = parsed.data;
  return new Promise((resolve) => {
    const options: RequestOptions & tls.ConnectionOptions = {
      method: 'POST',
      headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
      agent: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      ...(url.startsWith('https:') && { secureContext: trustedAuthorities() }),
    };
    let ending: DeliveryResult | undefined;
    const end = (result: DeliveryResult) => {
      ending ??= { ...result, text: result.text.slice(0, MAX_TEXT) };
      clearTimeout(timer);
      outgoing.destroy();
      resolve(ending);
    };
    const timer = setTimeout(() => end({ text: `no answer within ${timeout_ms / 1000} s` }), timeout_ms);
    const outgoing = (url.startsWith('https:') ? tlsRequest : plainRequest)(url, options, (response) =>
      readBeginning(response, (text) => end({ status: response.statusCode ?? 0, text })),
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => end({ text: error.message || (error.code ?? 'it failed') }));
    outgoing.end(body);
  });
}

/** Calls `done` once, with the first bytes of the body, when it has enough or the answer ends in any way. */
function readBeginning(response: IncomingMessage, done: (text: string) => void): void {
  let beginning = Buffer.alloc(0);
  const finish = () => done(beginning.toString('utf8', 0, MAX_ANSWER_BYTES));
  response.on('data', (piece: Buffer) => {
    beginning = Buffer.concat([beginning, piece]);
    if (beginning.length >= MAX_ANSWER_BYTES) finish();
  });
  for (const event of ['end', 'close', 'error']) response.on(event, finish);
}
