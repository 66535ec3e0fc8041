import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { startManagedIdentity } from './managedIdentity.ts';

/** AppIdentity is what the app and services that it signs in to need of each other: a managed identity, and TLS that it trusts. */
export interface AppIdentity {
  readonly certificate: Certificate;
  readonly isToken: (token: string, resource: string) => boolean;
  /** what the app needs in its environment from its start */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** startAppIdentity makes a certificate and starts a managed identity. */
export async function startAppIdentity(): Promise<AppIdentity> {
  // Node takes further roots from a file, and only at its start.
  const folder = await mkdtemp(join(tmpdir(), 'auditseal-tls-'));
  try {
    const certificate = localCertificate();
    const file = join(folder, 'local.pem');
    await writeFile(file, certificate.cert);
    const identity = await startManagedIdentity();
    return {
      certificate,
      isToken: identity.isToken,
      settings: { NODE_EXTRA_CA_CERTS: file, ...identity.settings },
      close: async () => {
        await identity.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
