import { parseCheckpoint } from '../core/note/checkpoint.ts';
import { verifyCosignature } from '../core/note/cosignature.ts';
import { parseNote } from '../core/note/note.ts';
import { parseSignatureLine } from '../core/note/signatureLine.ts';
import type { SignatureLine } from '../core/note/signatureLine.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import { TREE_SIZE_TYPE, formatWitnessRequest } from '../core/note/witnessRequest.ts';
import { decodeText, parseDecimal } from '../core/text.ts';
import type { CosignRequest, Cosigned, RemoteWitness } from '../ports/signing.ts';

/** WitnessAddress is a witness that a log asks for cosignatures. */
export interface WitnessAddress {
  /** of type cosignature */
  readonly verifierKey: VerifierKey;
  /** its submission prefix */
  readonly url: string;
}

/** Bounds everything that one checkpoint takes. */
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** Another writer of the log may ask the same witness meanwhile, and then the size has changed once more. */
const MAX_ATTEMPTS = 3;

const failed = (why: string, witnessSize?: number): Cosigned & { readonly isCosigned: false } => ({
  isCosigned: false,
  why,
  ...(witnessSize !== undefined && { witnessSize }),
});

const contradicted = (why: string, witnessSize?: number): Cosigned => ({
  ...failed(why, witnessSize),
  isContradicted: true,
});

/** remoteWitness reaches a witness at its address; `timeoutMs` is for everything that one checkpoint takes. */
export const remoteWitness = (address: WitnessAddress, timeoutMs = TIMEOUT_MS): RemoteWitness => ({
  verifierKey: address.verifierKey,
  cosign: (request) => cosign(address, request, timeoutMs),
});

/**
 * cosign asks a witness to cosign a checkpoint, and gives cosignatures that verify under the witness's key, or a reason.
 *
 * It never rejects: a witness that is missing, slow or wrong must not stop the log.
 */
async function cosign(witness: WitnessAddress, request: CosignRequest, timeoutMs: number): Promise<Cosigned> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await untilAborted(signal, attempts(witness, request, signal));
  } catch (error) {
    if (signal.aborted) return failed('the witness did not answer in time');
    return failed(`the witness could not be asked: ${reasonOf(error)}`);
  }
}

async function attempts(witness: WitnessAddress, request: CosignRequest, signal: AbortSignal): Promise<Cosigned> {
  if (witness.verifierKey.type !== 'cosignature') return failed('the key is of a log, not of a witness');
  const { text } = parseNote(request.checkpoint);
  const { size } = parseCheckpoint(text);
  let oldSize = request.knownSize;
  for (let attempt = 1; ; attempt++) {
    if (oldSize > size)
      return contradicted(`the witness has cosigned ${oldSize} entries, and the log has ${size}`, oldSize);
    const proof = oldSize === 0 || oldSize === size ? [] : await request.proveConsistency(oldSize, size);
    const body = formatWitnessRequest({ oldSize, proof, checkpoint: request.checkpoint });
    const { status, contentType, answer } = await post(witness.url, body, signal);
    if (answer === undefined) return failed(`the witness answered ${status} with more than ${MAX_ANSWER_BYTES} bytes`);
    if (status === 200) return cosignaturesOf(witness.verifierKey, text, answer);
    // The proof is one that this program verified, so what doesn't fit it is what the witness saw before.
    if (status === 422) return contradicted('the witness refused the checkpoint: it answered 422');
    if (status !== 409) return failed(`the witness refused the checkpoint: it answered ${status}`);
    const found = contentType === TREE_SIZE_TYPE ? sizeOf(answer) : undefined;
    if (found === undefined) return failed('the witness answered 409 without the size that it knows');
    if (found === oldSize) return failed('the witness answered 409 with the size it was asked for', found);
    if (attempt === MAX_ATTEMPTS)
      return failed(`the witness answered 409 ${attempt} times, each with another size`, found);
    oldSize = found;
  }
}

async function post(
  url: string,
  body: Buffer,
  signal: AbortSignal,
): Promise<{ status: number; contentType: string | null; answer: Buffer | undefined }> {
  const response = await fetch(`${url.replace(/\/+$/, '')}/add-checkpoint`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'text/plain; charset=utf-8', 'accept-encoding': 'identity' },
    // The address of a witness is configured; an answer must not send the log elsewhere.
    redirect: 'error',
    signal,
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > MAX_ANSWER_BYTES) break;
    chunks.push(chunk);
  }
  const answer = length > MAX_ANSWER_BYTES ? undefined : Buffer.concat(chunks);
  return { status: response.status, contentType: response.headers.get('content-type'), answer };
}

function sizeOf(answer: Buffer): number | undefined {
  const text = answer.toString('latin1');
  return text.endsWith('\n') ? parseDecimal(text.slice(0, -1)) : undefined;
}

/** Lines by other keys are dropped; one by the witness's that doesn't verify spoils the answer. */
function cosignaturesOf(key: VerifierKey, text: string, answer: Buffer): Cosigned {
  const lines = decodeText(answer);
  if (lines === undefined || !lines.endsWith('\n')) return failed('the witness answered 200 without signature lines');
  let signatures: SignatureLine[];
  try {
    signatures = lines.slice(0, -1).split('\n').map(parseSignatureLine);
  } catch {
    return failed('the witness answered 200, but with lines that are not signature lines');
  }
  const cosignatures = signatures.filter(({ keyName, keyId }) => keyName === key.keyName && keyId === key.keyId);
  if (cosignatures.length === 0) return failed('the witness answered 200 without a signature by its key');
  if (!cosignatures.every(({ signature }) => verifyCosignature(key, text, signature))) {
    return failed("the witness's signature does not verify under its key");
  }
  return { isCosigned: true, cosignatures };
}

/** untilAborted settles as `work` does, or rejects once the signal aborts: what proves consistency knows no signal. */
function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

/** reasonOf says what happened to the connection: what fetch throws says little, its cause says it. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Partial<Error>;
  const { code, message: deeper } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return code ?? deeper ?? message ?? String(error);
}
