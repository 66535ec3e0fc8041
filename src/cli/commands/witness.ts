import { readFile } from 'node:fs/promises';
import { WitnessFile } from '../../adapters/witnessFile.ts';
import { listenAsWitness } from '../../adapters/witnessServer.ts';
import type { WitnessServer } from '../../adapters/witnessServer.ts';
import { AuditsealError } from '../../core/errors.ts';
import { cosignatureKey } from '../../core/note/cosignature.ts';
import { parseSignerKey } from '../../core/note/signerKey.ts';
import type { SignerKey } from '../../core/note/signerKey.ts';
import { formatVerifierKey, parseVerifierKey } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import type { Logger, LogFields } from '../../ports/host.ts';
import { Witness } from '../../witness/witness.ts';
import { callersPath } from '../files.ts';
import { print, printable, tell } from '../output.ts';
import { parseCommand, usageError, wholeNumber } from '../usage.ts';

export const witnessHelp = `auditseal witness --key FILE --log KEY [--log KEY]... --state FILE [--listen HOST:PORT]

Cosigns the checkpoints of logs (c2sp.org/tlog-witness), each only if it continues the one cosigned before. It prints
its verifier key and its URL, and runs until SIGTERM or SIGINT.

  --key FILE            the witness's signer key: PRIVATE+KEY+name+ID+base64; nothing else may use this key
  --log KEY             the verifier key of a log to cosign; its name is the log's origin
  --state FILE          what was cosigned; made if it isn't there. Never put back an older copy while the key is in use
  --listen HOST:PORT    where to listen (default: 127.0.0.1:0, a free port of this machine only). It speaks HTTP: put
                        a proxy with TLS before it where others have to reach it

POST URL/add-checkpoint cosigns; GET URL/HASH/checkpoint gives the newest, where HASH is SHA-256 of the origin in hex.

Exit status: 0 stopped, 2 it can't start or go on, 64 wrong usage.

  auditseal witness --key witness.key --state witness.state --log logs.example.com/prod+22e6b51e+AeMP…
`;

/** A key is a short line; a larger file is another one. */
const MAX_KEY_FILE_CHARACTERS = 4096;

const toStandardError = (message: string, fields: LogFields = {}): void =>
  tell(printable(`auditseal: ${[message, ...Object.values(fields)].join(': ')}`));
const log: Logger = { info: toStandardError, warn: toStandardError, error: toStandardError };

export async function witnessCommand(args: readonly string[]): Promise<number> {
  const { options } = parseCommand(args, [], { key: 'string', log: 'strings', state: 'string', listen: 'string' });
  const { key, log: logTexts = [], state: statePath, listen = '127.0.0.1:0' } = options;
  if (key === undefined || statePath === undefined || logTexts.length === 0) {
    throw usageError('--key, --state and at least one --log are needed');
  }
  const address = parseAddress(listen);
  const logs = logTexts.map(parseLogKey);
  const signerKey = await readSignerKey(key);
  const { state, isNew } = await WitnessFile.open(callersPath(statePath), cosignatureKey(signerKey.verifierKey));
  if (isNew) tell('auditseal: a new state file: this witness has cosigned nothing yet');
  const witness = new Witness({ signerKey, logs, state, now: Date.now });
  // Signals count from before the first line is printed, so that whoever reads it can stop us.
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const server = await listenOn(witness, address);
  print(`key  ${formatVerifierKey(witness.verifierKey)}`);
  print(`url  ${server.url}`);
  await stopped;
  await server.close();
  return 0;
}

async function listenOn(witness: Witness, address: { host: string; port: number }): Promise<WitnessServer> {
  try {
    return await listenAsWitness(witness, address, log);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'fault';
    throw new AuditsealError('TARGET_INVALID', `--listen: ${address.host}:${address.port} can't be had (${code})`, {
      cause: error,
    });
  }
}

function parseAddress(text: string): { host: string; port: number } {
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw usageError('--listen must be HOST:PORT, such as 127.0.0.1:8080');
  return { host: host.replace(/^\[|\]$/g, ''), port: wholeNumber(port, 'the port of --listen', 0, 65_535) };
}

function parseLogKey(text: string): VerifierKey {
  let key: VerifierKey;
  try {
    key = parseVerifierKey(text);
  } catch (error) {
    throw usageError(`--log: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (key.type === 'cosignature') throw usageError('--log: the key is of a witness, not of a log');
  return key;
}

async function readSignerKey(path: string): Promise<SignerKey> {
  let text: string;
  try {
    text = await readFile(callersPath(path), 'utf8');
  } catch (error) {
    throw new AuditsealError('TARGET_INVALID', `--key: ${path} can't be read`, { cause: error });
  }
  if (text.length > MAX_KEY_FILE_CHARACTERS) throw new AuditsealError('TARGET_INVALID', `--key: ${path} holds no key`);
  return parseSignerKey(text.replace(/\r?\n$/, ''));
}
