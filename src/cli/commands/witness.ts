import { WitnessFile } from '../../adapters/witnessFile.ts';
import { listenAsWitness } from '../../adapters/witnessServer.ts';
import type { WitnessServer } from '../../adapters/witnessServer.ts';
import { cosignatureKey } from '../../core/note/cosignature.ts';
import { formatVerifierKey } from '../../core/note/verifierKey.ts';
import type { VerifierKey } from '../../core/note/verifierKey.ts';
import { LEDGER_NAME_RULE, isLedgerName } from '../../core/signed/ledgerName.ts';
import type { Logger, LogFields } from '../../ports/host.ts';
import { Witness } from '../../witness/witness.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { callersPath, codeOf } from '../files.ts';
import { readSignerKey, refuseShared, verifierKeys } from '../keys.ts';
import { print, warn } from '../output.ts';
import { unusable, usageError, wholeNumber } from '../usage.ts';

const toStandardError = (message: string, fields: LogFields = {}): void =>
  warn([message, ...Object.values(fields)].join(': '));
const log: Logger = { info: toStandardError, warn: toStandardError, error: toStandardError };

export const command = defineCommand(
  {
    name: 'witness',
    arguments: [],
    usage: ['--key FILE --log KEY --state FILE [options]'],
    description: [
      'Cosigns the checkpoints of logs (c2sp.org/tlog-witness), each only if it continues the one cosigned before. It prints ' +
        'its verifier key and its URL, and runs until SIGTERM or SIGINT.',
    ],
    options: {
      key: {
        type: 'file',
        placeholder: 'FILE',
        meaning: "the witness's signer key: PRIVATE+KEY+name+ID+base64. Nothing else may use this key",
      },
      log: {
        type: 'texts',
        placeholder: 'KEY',
        meaning: "the verifier key of a log to cosign; its name is the log's origin",
      },
      state: {
        type: 'file',
        placeholder: 'FILE',
        meaning:
          "what was cosigned; made if it doesn't exist, as is FILE.lock, which keeps a second witness from starting. Never " +
          'put back an older copy while the key is in use',
      },
      listen: {
        type: 'text',
        placeholder: 'HOST:PORT',
        meaning:
          'where to listen (default: 127.0.0.1:0, a free port that only this machine reaches). It speaks HTTP: where others ' +
          'have to reach it, put a proxy with TLS before it',
      },
    },
    notes: [
      'POST URL/add-checkpoint cosigns a checkpoint. GET URL/HASH/checkpoint gives the newest one of a log, where HASH is ' +
        'SHA-256 of its origin in hex.',
    ],
    exits: { fine: 'stopped by a signal', unknown: "it can't start: also while another process uses the state file" },
    examples: ['auditseal witness --key witness.key --state witness.state --log logs.example.com/prod+22e6b51e+AeMP…'],
  },
  async ({ options: { key, log: logTexts, state: statePath, listen = '127.0.0.1:0' } }) => {
    if (key === undefined || statePath === undefined || logTexts.length === 0)
      throw usageError('--key, --state and at least one --log are needed');
    const address = parseAddress(listen);
    const logs = logKeys(logTexts);
    const signerKey = await readSignerKey(key);
    const ownKey = cosignatureKey(signerKey.verifierKey);
    refuseShared([
      { place: '--key', role: 'witness', keys: [ownKey] },
      { place: '--log', role: 'log', keys: logs },
    ]);
    const { state, isNew } = await WitnessFile.open(callersPath(statePath), ownKey);
    if (isNew) warn('the state file is new: this witness has cosigned nothing yet');
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
    await state.close();
    return EXIT.fine;
  },
);

async function listenOn(witness: Witness, address: { host: string; port: number }): Promise<WitnessServer> {
  try {
    return await listenAsWitness(witness, address, log);
  } catch (error) {
    throw unusable(`--listen: can't listen on ${address.host}:${address.port} (${codeOf(error)})`, error);
  }
}

function parseAddress(text: string): { host: string; port: number } {
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw usageError('--listen must be HOST:PORT, such as 127.0.0.1:8080');
  return { host: host.replace(/^\[|\]$/g, ''), port: wholeNumber(port, 'the port of --listen', 0, 65_535) };
}

function logKeys(texts: readonly string[]): VerifierKey[] {
  const keys = verifierKeys(texts, '--log');
  if (keys.some(({ type }) => type === 'cosignature')) throw usageError('--log: the key is of a witness, not of a log');
  for (const { keyName } of keys)
    if (!isLedgerName(keyName)) throw usageError(`--log: the key is of ${keyName}, and ${LEDGER_NAME_RULE}`);
  return keys;
}
