import { startAppIdentity } from './appIdentity.ts';
import type { AppIdentity } from './appIdentity.ts';
import { startKeyVault } from './keyVault.ts';
import type { KeyVault } from './keyVault.ts';

/** AppVault is a vault that the app reaches as it reaches Azure's: over TLS, and with a managed identity. */
export interface AppVault {
  readonly vault: KeyVault;
  /** what the app needs in its environment from its start, to sign with the newest versions of the keys `log` and `auditor` */
  readonly settings: Readonly<Record<string, string>>;
  /** verifierKey prints the one of these versions as a key of this name. c2sp.org/signed-note. */
  verifierKey(key: 'log' | 'auditor', name: string): string;
  close(): Promise<void>;
}

/** startAppVault starts a vault that has the keys `log` and `auditor`. With dataDir they are kept there. The app has an identity of its own, if none is given. */
export async function startAppVault(dataDir?: string, given?: AppIdentity): Promise<AppVault> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    const identity = given ?? (await startAppIdentity());
    if (given === undefined) closers.push(() => identity.close());
    const { certificate, isToken } = identity;
    const vault = await startKeyVault({ certificate, isToken, ...(dataDir !== undefined && { dataDir }) });
    closers.push(() => vault.close());
    for (const key of ['log', 'auditor']) if (!vault.hasKey(key)) await vault.createKey(key);
    const settings = {
      SIGNER__keyUrl: vault.keyUrl('log'),
      SIGNER__credential: 'managedidentity',
      AUDITOR__keyUrl: vault.keyUrl('auditor'),
      AUDITOR__credential: 'managedidentity',
      ...identity.settings,
    };
    return { vault, settings, verifierKey: (key, name) => vault.verifierKey(key, name), close };
  } catch (error) {
    await close();
    throw error;
  }
}
