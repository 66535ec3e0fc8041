import { RestError } from '@azure/storage-blob';
import type { BlobLeaseClient, ContainerClient } from '@azure/storage-blob';
import { messageOf } from './refusal.ts';
import { pause } from './pause.ts';

// The shortest lease Azure Storage grants: the time until a killed host's timers move to another.
const LEASE_SECONDS = 15;
const RENEW_MS = 5000;
const RETRY_MS = 1000;

/**
 * runAsSingleton runs work while this host holds the lease of a blob, on one host at a time.
 * The signal given to work aborts when the lease is lost or signal aborts; the lease is given back when work has ended.
 */
export async function runAsSingleton(options: {
  readonly container: ContainerClient;
  readonly blobName: string;
  readonly signal: AbortSignal;
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly onError: (message: string) => void;
}): Promise<void> {
  const { container, blobName, signal, work, onError } = options;
  while (!signal.aborted) {
    let lease: BlobLeaseClient | undefined;
    try {
      lease = await acquire(container, blobName);
    } catch (error) {
      onError(`lease of ${blobName}: ${messageOf(error)}`);
    }
    if (lease === undefined) {
      await pause(RETRY_MS, signal);
      continue;
    }
    const held = new AbortController();
    const ended = new AbortController();
    const renewing = renew(lease, ended.signal, () => held.abort());
    try {
      await work(AbortSignal.any([signal, held.signal]));
    } catch (error) {
      onError(messageOf(error));
      await pause(RETRY_MS, signal);
    } finally {
      ended.abort();
      await renewing;
      // A lease that can't be released is lost already, or expires by itself.
      await lease.releaseLease().catch((error: unknown) => {
        if (!held.signal.aborted) onError(`lease of ${blobName}: ${messageOf(error)}`);
      });
    }
  }
}

async function acquire(container: ContainerClient, blobName: string): Promise<BlobLeaseClient | undefined> {
  const blob = container.getBlockBlobClient(blobName);
  const lease = blob.getBlobLeaseClient();
  for (;;) {
    try {
      await lease.acquireLease(LEASE_SECONDS);
      return lease;
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      if (error.statusCode === 409) return undefined;
      if (error.statusCode !== 404) throw error;
    }
    try {
      await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } });
    } catch (error) {
      // 409: another host has just created it; 412: and leased it.
      if (!(error instanceof RestError) || (error.statusCode !== 409 && error.statusCode !== 412)) throw error;
    }
  }
}

async function renew(lease: BlobLeaseClient, ended: AbortSignal, onLost: () => void): Promise<void> {
  let heldUntilMs = Date.now() + LEASE_SECONDS * 1000;
  for (;;) {
    await pause(RENEW_MS, ended);
    if (ended.aborted) return;
    try {
      await lease.renewLease({ abortSignal: ended });
      heldUntilMs = Date.now() + LEASE_SECONDS * 1000;
    } catch (error) {
      const isRefused = error instanceof RestError && error.statusCode !== undefined && error.statusCode < 500;
      if (isRefused || Date.now() + RENEW_MS >= heldUntilMs) {
        onLost();
        return;
      }
    }
  }
}
