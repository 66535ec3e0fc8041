import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KeptLog } from './keptLog.ts';
import { timeOf } from './forge.ts';
import { SECOND } from './loggedLedger.ts';
import type { Ledger } from './loggedLedger.ts';
import { KEY, integrateOf, logDeps } from './logs.ts';
import { remoteWitness } from '../../src/adapters/witnessClient.ts';
import { listenAsWitness } from '../../src/adapters/witnessServer.ts';
import { cosignatureKey } from '../../src/core/note/cosignature.ts';
import { createSignerKey } from '../../src/core/note/signerKey.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { parsePolicy } from '../../src/core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../../src/core/note/witnessPolicy.ts';
import { Cosigning } from '../../src/integrate/cosigning.ts';
import type { RemoteWitness } from '../../src/ports/signing.ts';
import { Witness } from '../../src/witness/witness.ts';

/** witnessKey makes a witness's key, always the same one for a number. */
export const witnessKey = (number: number): SignerKey =>
  createSignerKey(`w${number}.example`, Buffer.alloc(32, 100 + number));

/** Witnesses runs witnesses, real ones and others, until all are closed. */
export class Witnesses {
  readonly #closing: (() => Promise<void>)[] = [];
  /** how often the real ones were asked */
  requests = 0;
  #seconds = Date.parse(timeOf(SECOND + 10)) / 1000;

  /** start runs a real witness of the test log, and gives how a log reaches it. */
  async start(number: number): Promise<RemoteWitness> {
    const signerKey = witnessKey(number);
    const kept = new Map<string, Buffer>();
    const witness = new Witness({
      signerKey,
      logs: [KEY.verifierKey],
      now: () => this.#seconds++ * 1000,
      state: {
        read: async (origin) => {
          this.requests += 1;
          return kept.get(origin);
        },
        async replace(origin, before, next) {
          if (kept.get(origin) !== before) return 'changed';
          kept.set(origin, next);
          return 'replaced';
        },
      },
    });
    const server = await listenAsWitness(witness, { host: '127.0.0.1', port: 0 }, new KeptLog());
    this.#closing.push(() => server.close());
    return remoteWitness({ verifierKey: witness.verifierKey, url: server.url });
  }

  /** fake runs what only looks like a witness. */
  async fake(number: number, answer: RequestListener, timeoutMs?: number): Promise<RemoteWitness> {
    const server = createServer(answer);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    this.#closing.push(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return remoteWitness({ verifierKey: cosignatureKey(witnessKey(number).verifierKey), url }, timeoutMs);
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.splice(0).map((close) => close()));
  }
}

/** policyText demands so many of the witnesses of these numbers. */
export const policyText = (numbers: readonly number[], threshold: number): string =>
  [
    ...numbers.map(
      (number) => `witness w${number} ${formatVerifierKey(cosignatureKey(witnessKey(number).verifierKey))}`,
    ),
    `group all-of-them ${threshold} ${numbers.map((number) => `w${number}`).join(' ')}`,
    'quorum all-of-them',
    '',
  ].join('\n');

export const policyOf = (numbers: readonly number[], threshold: number): WitnessPolicy =>
  parsePolicy(Buffer.from(policyText(numbers, threshold)));

/** cosigningOf makes a Cosigning as a process that has just started. */
export const cosigningOf = ({ store, tiles }: Ledger, witnesses: readonly RemoteWitness[]): Cosigning =>
  new Cosigning({ ...logDeps(store, tiles), witnesses });

/** cosignNewest integrates what is new and has it cosigned, as a process that has just started. */
export async function cosignNewest(
  ledger: Ledger,
  witnesses: readonly RemoteWitness[],
  changes: Parameters<typeof logDeps>[2] = {},
): Promise<KeptLog> {
  const log = new KeptLog();
  const integrate = integrateOf(ledger.store, ledger.tiles, changes);
  await integrate.run(log);
  if (integrate.newest !== undefined) await cosigningOf(ledger, witnesses).run(integrate.newest, log);
  return log;
}

/** cosignaturesIn gives the names of the cosignatures of a ledger up to their hashes, in order and each once. */
export const cosignaturesIn = ({ store }: Ledger): string[] => {
  const names = [...store.objects.keys()].filter((name) => name.startsWith('cosignatures/'));
  return [...new Set(names.map((name) => name.slice(0, -17)))].sort();
};

/** cosignatureIn gives the name of a witness's first cosignature of a checkpoint. */
export const cosignatureIn = ({ store }: Ledger, number: number, witness: number): string =>
  [...store.objects.keys()].sort().find((name) => name.startsWith(`${cosignature(number, witness)}-`)) ?? '';

/** cosignature begins the names of a witness's cosignatures of a checkpoint: behind it stand a hyphen and a hash. */
export const cosignature = (number: number, witness: number): string =>
  `cosignatures/${String(number).padStart(12, '0')}/${cosignatureKey(witnessKey(witness).verifierKey).keyId}`;
