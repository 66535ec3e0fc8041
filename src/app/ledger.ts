import { connectContainer } from '../adapters/blobConnection.ts';
import { BlobStore } from '../adapters/blobStore.ts';
import { BlobTileStore } from '../adapters/blobTileStore.ts';
import { openAuditorKeys, openLogKeys, requireSigners, sealingSigners } from '../adapters/logKeys.ts';
import type { Keys } from '../adapters/logKeys.ts';
import type { Config } from '../config/config.ts';
import { Certificates } from '../core/signed/certificate.ts';
import { Sessions } from '../ledger/session.ts';

/** Ledger is what the steps share: the stores and keys of a ledger, each opened at first use. */
export interface Ledger {
  readonly config: Config;
  readonly store: () => Promise<BlobStore>;
  readonly tiles: () => Promise<BlobTileStore>;
  readonly keys: () => Promise<Keys>;
  /** what the ledger's reports are signed with */
  readonly auditor: () => Promise<Keys>;
  /** what signs segments in this process, and says whose count */
  readonly sealing: () => Promise<{ readonly sessions: Sessions; readonly certificates: Certificates }>;
}

/** openLedger opens nothing yet. */
export function openLedger(config: Config): Ledger {
  const keys = once(() => openLogKeys(config));
  return {
    config,
    store: once(async () => new BlobStore(await connectContainer(config.ledger, config.container))),
    tiles: once(async () => new BlobTileStore(await connectContainer(config.tlog, config.tlogContainer))),
    keys,
    auditor: once(async () => openAuditorKeys(config, await keys())),
    sealing: once(async () => {
      requireSigners(config);
      const log = await keys();
      const { origin: ledger } = config;
      const signers = sealingSigners(log);
      const sessions = new Sessions({ ledger, role: 'segments', signers, random: Math.random });
      return { sessions, certificates: new Certificates(ledger, log.verifiers) };
    }),
  };
}

/** once runs an action at the first call, and again after a failure. */
export function once<T>(action: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= action().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}
