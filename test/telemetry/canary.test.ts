import { zstdCompressSync } from 'node:zlib';
import { hostLog } from '../../src/adapters/hostLog.ts';
import type { Logger } from '../../src/ports/host.ts';
import { LEDGER, forge, nameOf, timeOf } from '../support/forge.ts';
import { ingestOf } from '../support/hub.ts';
import { runJob } from '../support/loggedLedger.ts';
import { integrateOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';

/** It stands in everything hostile below. Nothing that the app says may have it, not even a part of it. */
const CANARY = 'C4n4ry/secret@example.org';
const PARTS = [CANARY, 'C4n4ry', 'secret@', Buffer.from(CANARY).toString('base64').slice(0, 20)];

const BODIES = [
  `{"records":[{"user":"${CANARY}"},{"${CANARY}":1}]}`,
  `{"records":[{"user":"${CANARY}"}],"${CANARY}":"${CANARY}"}`,
  `{"records":"${CANARY}"}`,
  `{"records":[{"user":"${CANARY}`,
  `[1,{"x":${CANARY}}]`,
  `{"a":1,"a":"${CANARY}","_seal":{"record":"${CANARY}"}}`,
  CANARY,
  `${CANARY}\n{"message":"verified"}\r\n\u2028\u001b[31m`,
  `\ufeff{"time":"${CANARY}","category":"${CANARY}","resourceId":"${CANARY}"}`,
  `{"n":1e${CANARY}}`,
  '['.repeat(2000) + CANARY,
];

/** The place behind the bodies: what is forged there is signed for it, so that its lines are looked at. */
const NEXT = {
  index: BODIES.length,
  name: nameOf(BODIES.length),
  statement: { sealed: timeOf(2_000_000) },
};

/** Objects that no sealer wrote, or a lying one. */
const FOREIGN: readonly Buffer[] = [
  Buffer.from(CANARY),
  zstdCompressSync(Buffer.from(CANARY)),
  zstdCompressSync(Buffer.from(`{"_segment":{"version":"${CANARY}"}}\n`)),
  zstdCompressSync(Buffer.from(`{"_segment":{"version":1,"${CANARY}":"${CANARY}"}}\n{"x":"${CANARY}"}\n`)),
  zstdCompressSync(Buffer.from(`{"_segment":{"version":2},"${CANARY}":1}\n`)),
  forge({ ...NEXT, edit: (lines) => [...lines.slice(0, 1), `{"${CANARY}`] }).stored,
  forge({ ...NEXT, edit: ([head = '']) => [head, `{"a":1,"_seal":{"record":"${CANARY}"}}`] }).stored,
  forge({ ...NEXT, end: `{"_end":"${CANARY}"}` }).stored,
  forge({ ...NEXT, header: { sealed: CANARY } }).stored,
  forge({ ...NEXT, header: { kind: CANARY } }).stored,
  forge({ ...NEXT, header: { prev: CANARY } }).stored,
  forge({ ...NEXT, header: { partition: CANARY } }).stored,
  forge({ ...NEXT, header: { gaps: [{ first: 1, last: 2, reason: CANARY }] } }).stored,
];

/** Said keeps everything that leaves the app: lines of its log, and what its functions throw, which the host logs. */
class Said {
  readonly lines: string[] = [];
  readonly thrown: string[] = [];
  readonly log: Logger;

  constructor() {
    const keep = (text: string): void => void this.lines.push(text);
    this.log = hostLog({ info: keep, warn: keep, error: keep, functionName: 'f', invocationId: 'i' });
  }

  async run(action: () => Promise<unknown>): Promise<void> {
    await action().catch((error: unknown) => {
      if (!(error instanceof Error)) throw new TypeError('what is thrown is not an error', { cause: error });
      for (let at: unknown = error; at instanceof Error; at = at.cause)
        this.thrown.push(`${at.stack ?? ''} ${at.message}`);
    });
  }

  get leaks(): string[] {
    return [...this.lines, ...this.thrown].filter((text) => PARTS.some((part) => text.includes(part)));
  }
}

/** sealed seals the bodies, one delivery each. */
async function sealed(store: MemoryStore, said: Said): Promise<void> {
  const ingest = ingestOf(store);
  for (const [n, body] of BODIES.entries()) {
    const event = { body: Buffer.from(body), sequenceNumber: n, enqueued: timeOf(n) };
    await said.run(() => ingest.seal({ partition: '0', events: [event] }, said.log));
  }
}

async function integrateAndVerify(store: MemoryStore, said: Said): Promise<void> {
  const tiles = new MemoryTiles();
  await said.run(() => integrateOf(store, tiles).run(said.log));
  for (const second of [2_000_010, 2_000_020]) {
    await said.run(() => runJob({ store, tiles }, second, { log: said.log }));
  }
}

const messages = (said: Said): unknown[] =>
  said.lines.map((line) => (JSON.parse(line) as { message: unknown }).message);

test('records of any kind are sealed, ordered and checked, and no log line has anything of them', async () => {
  const [store, said] = [new MemoryStore(), new Said()];
  await sealed(store, said);
  await integrateAndVerify(store, said);
  expect(messages(said)).toEqual([...BODIES.map(() => 'sealed'), 'integrated', 'verified', 'verified']);
  expect(said.thrown).toEqual([]);
  expect(said.leaks).toEqual([]);
});

test.each(FOREIGN.map((bytes, i) => [i, bytes] as const))(
  'foreign object %# in the place of a segment: it is reported, and nothing of it',
  async (_, bytes) => {
    const [store, said] = [new MemoryStore(), new Said()];
    await sealed(store, said);
    store.objects.set(nameOf(BODIES.length), bytes);
    const event = { body: Buffer.from(CANARY), sequenceNumber: BODIES.length, enqueued: timeOf(BODIES.length) };
    await said.run(() => ingestOf(store).seal({ partition: '0', events: [event] }, said.log));
    await integrateAndVerify(store, said);
    expect(said.lines.length + said.thrown.length).toBeGreaterThan(BODIES.length);
    expect(messages(said)).toContain('finding');
    expect(said.leaks).toEqual([]);
  },
);

test.each(['batches/000000000000.jsonl', 'checkpoints/000000000000', 'reports/000000000000.json'])(
  'something else in the place of %s: nothing of it is told',
  async (name) => {
    for (const text of [
      CANARY,
      `{"${CANARY}":1}\n`,
      `{"version":1,"kind":"${CANARY}","x":`,
      `${LEDGER}\n1\n${CANARY}\n`,
    ]) {
      const [store, said] = [new MemoryStore(), new Said()];
      await sealed(store, said);
      store.objects.set(name, Buffer.from(text));
      await integrateAndVerify(store, said);
      expect(said.leaks).toEqual([]);
    }
  },
);
