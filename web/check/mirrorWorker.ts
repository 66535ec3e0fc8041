import { verifyLedger } from '../verify/ledger/verifyLedger.ts';
import type { LedgerOutcome, Progress } from '../verify/ledger/verifyLedger.ts';
import { readKeys } from '../verify/verifierKey.ts';

/** MirrorRequest asks the worker to check a mirror. */
export interface MirrorRequest {
  /** by their paths within the mirror's folder */
  readonly files: readonly { readonly name: string; readonly file: File }[];
  /** verifier keys, one a line */
  readonly keys: string;
  /** what this device's clock says, in ms since the Unix epoch */
  readonly now: number;
}

/** MirrorAnswer is what the worker says: how far it is, or, once, the outcome or why there is none. */
export type MirrorAnswer =
  { readonly progress: Progress } | { readonly outcome: LedgerOutcome } | { readonly failed: string };

const PROGRESS_MS = 100;

const answer = (message: MirrorAnswer): void => self.postMessage(message, { transfer: [] });

async function check({ files, keys: text, now }: MirrorRequest): Promise<void> {
  const { keys } = await readKeys(text);
  let told = 0;
  const onProgress = (progress: Progress): void => {
    const time = Date.now();
    if (time - told < PROGRESS_MS) return;
    told = time;
    answer({ progress });
  };
  const stored = files.map(({ name, file }) => ({
    name,
    size: file.size,
    read: async () => new Uint8Array(await file.arrayBuffer()),
  }));
  answer({ outcome: await verifyLedger(stored, { keys, now, onProgress }) });
}

self.addEventListener('message', ({ data }: MessageEvent<MirrorRequest>) => {
  check(data).catch((error: unknown) => answer({ failed: String(error) }));
});
