import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localCertificate } from './certificate.ts';
import { startKeyVault } from './keyVault.ts';
import type { KeyVault } from './keyVault.ts';
import { startManagedIdentity } from './managedIdentity.ts';

/** AppVault is a vault that the app reaches as it reaches Azure's: over TLS, and with a managed identity. */
export interface AppVault {
  readonly vault: KeyVault;
  /** what the app needs in its environment from its start, to sign with the newest version of the key `log` */
  readonly settings: Readonly<Record<string, string>>;
  /** verifierKey prints that version as a log of this name is verified with it. c2sp.org/signed-note. */
  verifierKey(logName: string): string;
  close(): Promise<void>;
}

const KEY = 'log';

/** startAppVault starts a vault that has the key `log`. With dataDir its keys are kept there. */
export async function startAppVault(dataDir?: string): Promise<AppVault> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    // Node takes further roots from a file, and only at its start.
    const folder = await mkdtemp(join(tmpdir(), 'auditseal-vault-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const certificate = localCertificate();
    const file = join(folder, 'vault.pem');
    await writeFile(file, certificate.cert);
    const identity = await startManagedIdentity();
    closers.push(() => identity.close());
    const { isToken } = identity;
    const vault = await startKeyVault({ certificate, isToken, ...(dataDir !== undefined && { dataDir }) });
    closers.push(() => vault.close());
    if (!vault.hasKey(KEY)) await vault.createKey(KEY);
    const settings = {
      SIGNER__keyUrl: vault.keyUrl(KEY),
      SIGNER__credential: 'managedidentity',
      NODE_EXTRA_CA_CERTS: file,
      ...identity.settings,
    };
    return { vault, settings, verifierKey: (logName) => vault.verifierKey(KEY, logName), close };
  } catch (error) {
    await close();
    throw error;
  }
}
