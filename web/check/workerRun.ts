import type { AnswerWork, MirrorWork, Said } from './worker.ts';

/** The worker's code, which the build puts here. */
declare const WORKER_SOURCE: string;

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** Running is something that another thread does, so that the page stays usable and it can be stopped at once. */
export interface Running<T> {
  /** what comes of it; nothing ever does once it is stopped */
  readonly outcome: Promise<T>;
  stop(): void;
}

/** runWorker has another thread do something. `take` is given what it says, and gives what comes of it once that is known. */
export function runWorker<T>(work: MirrorWork | AnswerWork, take: (said: Said) => T | undefined): Running<T> {
  const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: 'text/javascript' }));
  const worker = new Worker(trusted(url));
  const stop = (): void => worker.terminate();
  const outcome = new Promise<T>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<Said>) => {
      try {
        if ('failed' in data) throw new Error(data.failed);
        const taken = take(data);
        if (taken === undefined) return;
        resolve(taken);
      } catch (error) {
        reject(error);
      }
      stop();
    });
    worker.addEventListener('error', ({ message }) => {
      stop();
      reject(new Error(message || 'the browser starts no worker for this page'));
    });
  });
  worker.postMessage(work, []);
  outcome.finally(() => URL.revokeObjectURL(url)).catch(() => undefined);
  return { outcome, stop };
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** The page's policy lets a script be loaded from nowhere but an address that this makes. */
function trusted(url: string): string {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('auditseal', { createScriptURL: (url) => url });
  return policy?.createScriptURL(url) ?? url;
}
