import { isKeyName } from '../core/verifierKey.ts';
import { formatVerifierKey } from '../core/verifierKey.ts';
import { formatSignerKey, generateSignerKey } from '../core/signerKey.ts';
import { createFile } from './newFile.ts';
import { print } from './output.ts';
import { parseCommand, usageError } from './usage.ts';

export const keygenHelp = `auditseal keygen --name ORIGIN --out FILE

Makes an Ed25519 key for a log to sign with. The private key goes into FILE, which must not exist and which only you can
read; it is never printed. The verifier key is printed: give it to everybody who checks the log.

  --name ORIGIN    the ledger's name: a URL without scheme, without space and plus sign
  --out FILE       where the private key goes

Exit status: 0 made, 2 FILE can't be written or is there already, 64 wrong usage.

  auditseal keygen --name logs.example.com/prod --out log.key
`;

const OWNER_ONLY = 0o600;
const MAX_NAME_CHARACTERS = 200;

export async function keygenCommand(args: readonly string[]): Promise<number> {
  const { options } = parseCommand(args, [], { name: 'string', out: 'string' });
  const { name, out } = options;
  if (name === undefined || out === undefined) throw usageError('give --name and --out');
  if (!isKeyName(name) || name.includes('://') || name.length > MAX_NAME_CHARACTERS) {
    throw usageError('--name must be a URL without scheme, such as logs.example.com/prod');
  }
  const key = generateSignerKey(name);
  await createFile(out, Buffer.from(`${formatSignerKey(key)}\n`), OWNER_ONLY);
  print(formatVerifierKey(key.verifierKey));
  return 0;
}
