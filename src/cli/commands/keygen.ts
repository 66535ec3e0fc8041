import { openCredential } from '../../adapters/credential.ts';
import { openKeyVaultSigner } from '../../adapters/keyVaultSigner.ts';
import { AuditsealError } from '../../core/errors.ts';
import { formatSignerKey, generateSignerKey } from '../../core/note/signerKey.ts';
import { parseVaultKeyUrl } from '../../config/azureIds.ts';
import { formatVerifierKey, isKeyName } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { createFile } from '../files.ts';
import { print } from '../output.ts';
import { parseCommand, usageError } from '../usage.ts';

export const keygenHelp = `auditseal keygen --name ORIGIN --out FILE
auditseal keygen --name ORIGIN --vault-key URL

Makes an Ed25519 key for a log to sign with. The private key goes into FILE, which must not exist and which only you can
read; it is never printed. The verifier key is printed: give it to everybody who checks the log.

With --vault-key it makes nothing: it prints the verifier key of a key that is in Azure Key Vault already, an EC key on
P-256, as whoever is signed in on this machine. The text is what the vault shows; keep it, and nobody has to ask again.

  --name ORIGIN    the ledger's name: a URL without scheme, without space and plus sign
  --out FILE       where the private key goes
  --vault-key URL  a version of a key: https://NAME.vault.azure.net/keys/KEY/VERSION

Exit status: 0 printed, 2 FILE can't be written or is there already, or the vault doesn't give the key, 64 wrong usage.

  auditseal keygen --name logs.example.com/prod --out log.key
  auditseal keygen --name logs.example.com/prod --vault-key https://NAME.vault.azure.net/keys/KEY/VERSION
`;

const OWNER_ONLY = 0o600;
const MAX_NAME_CHARACTERS = 200;

export async function keygenCommand(args: readonly string[]): Promise<number> {
  const { options } = parseCommand(args, [], { name: 'string', out: 'string', 'vault-key': 'string' });
  const { name, out, 'vault-key': keyUrl } = options;
  if (name === undefined || (out === undefined) === (keyUrl === undefined))
    throw usageError('give --name, and --out or --vault-key');
  if (!isKeyName(name) || name.includes('://') || name.length > MAX_NAME_CHARACTERS) {
    throw usageError('--name must be a URL without scheme, such as logs.example.com/prod');
  }
  print(formatVerifierKey(out === undefined ? await vaultKey(keyUrl as string, name) : await newKey(out, name)));
  return 0;
}

async function newKey(out: string, name: string): Promise<VerifierKey> {
  const key = generateSignerKey(name);
  await createFile(out, Buffer.from(`${formatSignerKey(key)}\n`), OWNER_ONLY);
  return key.verifierKey;
}

async function vaultKey(keyUrl: string, name: string): Promise<VerifierKey> {
  try {
    parseVaultKeyUrl(keyUrl);
  } catch (error) {
    if (!(error instanceof AuditsealError)) throw error;
    throw usageError(`--vault-key: ${error.message}`);
  }
  return (await openKeyVaultSigner(keyUrl, name, await openCredential({ managed: false }))).verifierKey;
}
