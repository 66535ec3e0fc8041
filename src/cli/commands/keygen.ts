import { openCredential } from '../../adapters/credential.ts';
import { openKeyVaultSigner } from '../../adapters/keyVaultSigner.ts';
import { parseVaultKeyUrl } from '../../config/azureIds.ts';
import { faultIn } from '../../core/errors.ts';
import { formatSignerKey, generateSignerKey } from '../../core/note/signerKey.ts';
import { formatVerifierKey, isKeyName } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { operatorName } from '../../core/signed/acknowledgementSignature.ts';
import { LEDGER_NAME_RULE, isLedgerName } from '../../core/signed/ledgerName.ts';
import { auditorName } from '../../core/signed/reportSignature.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { createFile } from '../files.ts';
import { print } from '../output.ts';
import { usageError } from '../usage.ts';

const OWNER_ONLY = 0o600;
const MAX_NAME_CHARACTERS = 200;

export const command = defineCommand(
  {
    name: 'keygen',
    arguments: [],
    usage: ['--name ORIGIN [--auditor|--operator] --out FILE', '--name ORIGIN [--auditor|--operator] --vault-key URL'],
    description: [
      "Makes an Ed25519 key for a ledger's log to sign with or, with --auditor, for its auditor, or, with --operator, " +
        'for who acknowledges findings. The private key goes into FILE, which only you can read, and is never printed. The verifier key is printed: give it to everybody who checks ' +
        'the ledger. Make a key for each: a key has one role.',
      '',
      'With --vault-key, no key is made: the verifier key of a key that is already in Azure Key Vault is printed, read for ' +
        'the account that you are signed in with. Keep the printed key, so that nobody has to ask the vault again.',
    ],
    options: {
      name: {
        type: 'text',
        placeholder: 'ORIGIN',
        meaning: "the ledger's name: a URL without scheme, and without spaces and plus signs",
      },
      auditor: { type: 'flag', meaning: 'for the auditor, who signs reports: the name of the key is ORIGIN/auditor' },
      operator: {
        type: 'flag',
        meaning: 'for an operator, who acknowledges findings: the name of the key is ORIGIN/operator',
      },
      out: {
        type: 'file',
        placeholder: 'FILE',
        meaning: 'the file for the private key; it must not exist yet',
      },
      'vault-key': {
        type: 'text',
        placeholder: 'URL',
        meaning: 'one version of an EC key on the curve P-256: https://NAME.vault.azure.net/keys/KEY/VERSION',
      },
    },
    exits: {
      fine: 'the verifier key was printed',
      unknown: "FILE exists or can't be written, or the vault doesn't give the key",
    },
    examples: [
      'auditseal keygen --name logs.example.com/prod --out log.key',
      'auditseal keygen --name logs.example.com/prod --auditor --out auditor.key',
      'auditseal keygen --name logs.example.com/prod --operator --out operator.key',
      'auditseal keygen --name logs.example.com/prod --vault-key https://NAME.vault.azure.net/keys/KEY/VERSION',
    ],
  },
  async ({ options: { name, auditor, operator, out, 'vault-key': keyUrl } }) => {
    if (name === undefined) throw usageError('give --name');
    if ((out === undefined) === (keyUrl === undefined)) throw usageError('give --out or --vault-key, one of the two');
    if (auditor && operator) throw usageError('--auditor and --operator exclude each other: a key has one role');
    if (!isKeyName(name) || name.includes('://') || name.length > MAX_NAME_CHARACTERS)
      throw usageError('--name must be a URL without scheme, such as logs.example.com/prod');
    if (!isLedgerName(name))
      throw usageError(
        `--name: ${LEDGER_NAME_RULE}; for the key of an auditor add --auditor, of an operator --operator`,
      );
    const keyName = auditor ? auditorName(name) : operator ? operatorName(name) : name;
    print(
      formatVerifierKey(out === undefined ? await vaultKey(keyUrl as string, keyName) : await newKey(out, keyName)),
    );
    return EXIT.fine;
  },
);

async function newKey(out: string, name: string): Promise<VerifierKey> {
  const key = generateSignerKey(name);
  await createFile(out, Buffer.from(`${formatSignerKey(key)}\n`), OWNER_ONLY);
  return key.verifierKey;
}

async function vaultKey(keyUrl: string, name: string): Promise<VerifierKey> {
  try {
    parseVaultKeyUrl(keyUrl);
  } catch (error) {
    throw usageError(`--vault-key: ${faultIn(error, 'malformed').message}`);
  }
  return (await openKeyVaultSigner(keyUrl, name, await openCredential({ managed: false }))).verifierKey;
}
