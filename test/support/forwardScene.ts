import { deepStrictEqual as deepEqual } from 'node:assert';
import { createHash } from 'node:crypto';
import { LEDGER, TRUST, forgeChain, timeOf } from './forge.ts';
import type { Spec } from './forge.ts';
import { KeptLog } from './keptLog.ts';
import { AUDITOR, KEY, integrateOf, signerOf } from './logs.ts';
import { MemoryStore } from './memoryStore.ts';
import { MemoryTiles } from './memoryTiles.ts';
import { readReferenceSegment } from './referenceLedger.ts';
import { localCertificate } from '../../local/keyVault/certificate.ts';
import { startIngestion } from '../../local/ingestion/ingestion.ts';
import type { Ingestion } from '../../local/ingestion/ingestion.ts';
import COLUMNS from '../../infra/forwardColumns.json' with { type: 'json' };
import { STREAM, openIngestedRows } from '../../src/adapters/logsIngestion.ts';
import type { IngestedRows } from '../../src/adapters/logsIngestion.ts';
import { openPosition } from '../../src/forward/position.ts';
import { Forward } from '../../src/forward/forward.ts';
import type { ForwardDeps } from '../../src/forward/forward.ts';
import type { PositionBlob, PositionStore } from '../../src/ports/forward.ts';

const TOKEN = 'a-token';
export const MINUTE = 60_000;
/** When the scenes take place: behind all that is forged. */
export const START = Date.parse(timeOf(2_000_000));

/** MemoryPosition keeps a position in memory. */
class MemoryPosition implements PositionStore {
  bytes: Buffer | undefined;
  /** what was stored, each with how many rows there were then */
  readonly saves: { readonly bytes: Buffer; readonly rows: number }[] = [];
  /** beforeReplace may lose an answer, or fail, before or after bytes are stored. */
  beforeReplace: (replace: () => string | undefined) => string | undefined = (replace) => replace();
  #version = 0;
  readonly #rows: () => number;

  constructor(rows: () => number) {
    this.#rows = rows;
  }

  async read(): Promise<PositionBlob | undefined> {
    return this.bytes && { bytes: this.bytes, version: String(this.#version) };
  }

  async replace(version: string | undefined, bytes: Uint8Array): Promise<string | undefined> {
    return this.beforeReplace(() => {
      if (version !== (this.bytes && String(this.#version))) return undefined;
      this.put(Buffer.from(bytes));
      this.saves.push({ bytes: Buffer.from(bytes), rows: this.#rows() });
      return String(this.#version);
    });
  }

  /** put stores bytes as somebody would who has rights there. */
  put(bytes: Buffer | string): void {
    this.bytes = Buffer.from(bytes);
    this.#version += 1;
  }
}

/** ReferenceRow is what must come out for a record, derived from the stored bytes alone. */
export interface ReferenceRow {
  readonly key: string;
  readonly hash: string;
  readonly line: string;
}

/** Scene is a ledger, the service that its records are handed on to, and a clock that stands still unless somebody waits. */
export class ForwardScene {
  readonly store = new MemoryStore();
  readonly tiles = new MemoryTiles();
  readonly position = new MemoryPosition(() => this.service.rows.length);
  readonly log = new KeptLog();
  readonly service: Ingestion;
  readonly #certificate: string;
  now = START;
  waited = 0;

  private constructor(service: Ingestion, certificate: string) {
    this.service = service;
    this.#certificate = certificate;
  }

  static async begin(): Promise<ForwardScene> {
    const certificate = localCertificate();
    const isToken = (token: string, resource: string): boolean =>
      token === TOKEN && resource === 'https://monitor.azure.com';
    const service = await startIngestion({
      certificate,
      isToken,
      columns: COLUMNS,
      stream: STREAM,
      now: () => scene.now,
    });
    const scene: ForwardScene = new ForwardScene(service, certificate.cert);
    return scene;
  }

  end = (): Promise<void> => this.service.close();

  /** grow seals the first segments of chains, and takes them into the log. */
  async grow(...chains: readonly Map<string, Buffer>[]): Promise<void> {
    for (const chain of chains)
      for (const [name, bytes] of chain) if (!this.store.objects.has(name)) this.store.objects.set(name, bytes);
    await integrateOf(this.store, this.tiles, { now: () => this.now }).run(new KeptLog());
  }

  /** sink is the real client of the service. */
  sink(): IngestedRows {
    const credential = { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const { endpoint, rule } = this.service;
    const tlsOptions = { ca: this.#certificate };
    return openIngestedRows({ endpoint, rule }, credential, () => this.now, { tlsOptions });
  }

  /** forward makes what hands records on, as a process that has just started. */
  forward(changes: Partial<ForwardDeps> = {}): Forward {
    return new Forward({
      store: this.store,
      tiles: this.tiles,
      position: this.position,
      sink: this.sink(),
      target: { endpoint: this.service.endpoint, rule: this.service.rule },
      origin: LEDGER,
      verifiers: [KEY.verifierKey],
      auditors: [AUDITOR.verifierKey],
      signer: signerOf(AUDITOR),
      from: 'beginning',
      now: () => this.now,
      wait: async (milliseconds) => {
        this.now += milliseconds;
        this.waited += milliseconds;
      },
      budgetMs: 50_000,
      ...changes,
    });
  }

  run = (changes: Partial<ForwardDeps> = {}): Promise<void> => this.forward(changes).run(this.log);

  /** messages gives what was logged, and clears it. */
  messages(): string[] {
    return this.log.lines.splice(0).map(({ message }) => message);
  }

  /** whys gives why it was held up, and clears the log. */
  whys(): string[] {
    return this.log.lines.splice(0).flatMap(({ fields }) => ('why' in fields ? [String(fields['why'])] : []));
  }

  /** records gives the rows of records by their keys; more than one of a key must be the same. */
  records(): Map<string, Readonly<Record<string, unknown>>> {
    const found = new Map<string, Readonly<Record<string, unknown>>>();
    for (const row of this.service.rows) {
      if (row['Kind'] !== 'record') continue;
      const key = [row['Origin'], row['Partition'], row['Record']].join(' ');
      // The service dates what is older than two days by when it came.
      const { TimeGenerated: _, ...rest } = row;
      const { TimeGenerated: _before, ...before } = found.get(key) ?? row;
      deepEqual(rest, before);
      found.set(key, row);
    }
    return found;
  }

  /** reference gives what must come out for every record of the ledger. */
  reference(): ReferenceRow[] {
    return [...this.store.objects].flatMap(([name, stored]) => {
      if (!name.startsWith('segments/')) return [];
      const { header, records } = readReferenceSegment(stored, name, TRUST);
      return records.map(({ line, seal }) => ({
        key: [header.ledger, header.partition, seal.record].join(' '),
        hash: createHash('sha256')
          .update(Buffer.concat([Buffer.of(0), line]))
          .digest('hex'),
        line: line.toString('utf8'),
      }));
    });
  }

  /** expectClaims compares each position that was stored with the rows that were there then. All rows must have come since. */
  expectClaims(): void {
    const all = [...this.records().values()];
    if (this.position.saves.length === 0 || all.length === 0) throw new Error('there is nothing to compare with');
    for (const { bytes, rows } of this.position.saves) {
      const { next, record, owed, owedRecord } = openPosition(bytes, LEDGER, [AUDITOR.verifierKey]);
      const taken = new Set(this.service.rows.slice(0, rows).map((row) => row['RecordHash']));
      const isClaimed = ({ Entry: entry, Leaf: leaf }: Readonly<Record<string, unknown>>): boolean => {
        // The first line of a segment is its header.
        const place = Number(leaf) - 1;
        if (owed.includes(Number(entry))) return entry === owed[0] && place < owedRecord;
        return Number(entry) < next || (entry === next && place < record);
      };
      deepEqual(
        all.filter((row) => isClaimed(row) && !taken.has(row['RecordHash'])),
        [],
      );
    }
  }

  /** expectAll compares what came with all records of the ledger, but for some: nothing is missing, and nothing else is there. */
  expectAll(except: (key: string) => boolean = () => false): void {
    const wanted = this.reference().filter(({ key }) => !except(key));
    if (wanted.length === 0) throw new Error('there is nothing to compare with');
    const found = [...this.records()].map(([key, row]) => ({ key, hash: row['RecordHash'], line: row['Raw'] }));
    const order = (one: { readonly key: string }, other: { readonly key: string }): number =>
      one.key < other.key ? -1 : 1;
    deepEqual(found.toSorted(order), wanted.toSorted(order));
  }
}

/** chainOf makes a partition's chain of so many segments, with records of several events each. */
export const chainOf = (segments: number, partition = '0', records = 3): Map<string, Buffer> =>
  forgeChain(
    Array.from({ length: segments }, (_, i): Spec => ({
      events: Array.from({ length: records }, (_, n) => i * records + n),
    })),
    partition,
  );

/** bigChain makes a partition's chain of segments of which a request takes the rows of 14 or 15 records. */
export const bigChain = (segments: number, records: number, partition = '0'): Map<string, Buffer> => {
  const edit = (lines: string[]): string[] =>
    lines.map((line) => line.replace('{"n":', `{"filler":"${'x'.repeat(60_000)}","n":`));
  return forgeChain(
    Array.from({ length: segments }, (_, i): Spec => ({
      events: Array.from({ length: records }, (_unused, n) => i * records + n),
      edit,
    })),
    partition,
  );
};
