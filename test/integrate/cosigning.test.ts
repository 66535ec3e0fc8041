import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { cosignatureKey, signCosignature } from '../../src/core/note/cosignature.ts';
import { parseNote } from '../../src/core/note/note.ts';
import { formatSignatureLine } from '../../src/core/note/signatureLine.ts';
import { rebuildTiles } from '../../src/integrate/rebuildTiles.ts';
import type { RemoteWitness } from '../../src/ports/signing.ts';
import { proveRecord } from '../../src/prove/prove.ts';
import { LEDGER, forgeChain } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { checkLedger, checkpoint, ledgerOf, read, textOf } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { KEY, integrateOf, logDeps } from '../support/logs.ts';
import { ProcessDied } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { Random } from '../support/random.ts';
import {
  Witnesses,
  cosignNewest,
  cosignature,
  cosignatureIn,
  cosignaturesIn,
  cosigningOf,
  policyOf,
  witnessKey,
} from '../support/witnesses.ts';

const WITNESS_KEYS = [1, 2, 3].map((number) => cosignatureKey(witnessKey(number).verifierKey));

let witnesses: Witnesses;
let all: RemoteWitness[];
beforeEach(async () => {
  witnesses = new Witnesses();
  all = await Promise.all([1, 2, 3].map((number) => witnesses.start(number)));
});
afterEach(() => witnesses.close());

/** grow adds segments to a ledger. */
function grow({ store }: Ledger, length: number): void {
  for (const [name, bytes] of forgeChain(length)) if (!store.objects.has(name)) store.objects.set(name, bytes);
}

/** cosignersOf gives the names of the witnesses whose cosignatures of a note verify. */
const cosignersOf = (note: Buffer): string[] =>
  openCheckpoint(note, LEDGER, [KEY.verifierKey, ...WITNESS_KEYS])
    .cosignatures.map(({ keyName }) => keyName)
    .sort();

const published = ({ tiles }: Ledger): Buffer => read(tiles, 'checkpoint');
const namesOf = (...of: readonly (readonly [number, number])[]): string[] =>
  of.map(([number, witness]) => cosignature(number, witness)).sort();
const warned = ({ lines }: KeptLog): string[] =>
  lines.filter(({ level }) => level === 'warn').map(({ fields }) => `${fields['witness']}: ${fields['why']}`);

describe('witnesses cosign', () => {
  test('each checkpoint of a log that grows, and what they say is stored and published', async () => {
    const ledger = await ledgerOf(2);
    const integrate = integrateOf(ledger.store, ledger.tiles);
    const cosigning = cosigningOf(ledger, all);
    for (const [length, number] of [
      [12, 1],
      [20, 2],
      // In three batches, of which the last one's checkpoint is cosigned.
      [300, 5],
    ] as const) {
      grow(ledger, length);
      await integrate.run(new KeptLog());
      const note = read(ledger.store, checkpoint(number));
      expect(published(ledger)).toEqual(note);
      await cosigning.run(integrate.newest as NonNullable<typeof integrate.newest>, new KeptLog());
      for (const witness of [1, 2, 3]) {
        const line = read(ledger.store, cosignatureIn(ledger, number, witness)).toString('utf8');
        expect(line).toMatch(/^— w\d\.example [A-Za-z0-9+/=]+\n$/);
        expect(published(ledger).toString('utf8')).toContain(line);
      }
      expect(published(ledger).subarray(0, note.length)).toEqual(note);
      expect(cosignersOf(published(ledger))).toEqual(['w1.example', 'w2.example', 'w3.example']);
      expect(read(ledger.store, checkpoint(number))).toEqual(note);
    }
  });

  test('once: neither the same process nor another one asks again, or writes again', async () => {
    const ledger = await ledgerOf(2);
    const integrate = integrateOf(ledger.store, ledger.tiles);
    const cosigning = cosigningOf(ledger, all);
    await integrate.run(new KeptLog());
    const run = (): Promise<void> =>
      cosigning.run(integrate.newest as NonNullable<typeof integrate.newest>, new KeptLog());
    await run();
    const requests = { ...ledger.store.requests };
    const [asked, writes, before] = [witnesses.requests, ledger.tiles.requests.write, published(ledger)];
    await run();
    expect(ledger.store.requests).toEqual(requests);
    const log = await cosignNewest(ledger, all);
    expect([witnesses.requests, ledger.tiles.requests.write, published(ledger)]).toEqual([asked, writes, before]);
    expect(warned(log)).toEqual([]);
  });

  test('a log that does not know how far a witness is, at the cost of one question more', async () => {
    const ledger = await ledgerOf(2);
    await cosignNewest(ledger, all);
    grow(ledger, 300);
    const asked = witnesses.requests;
    await cosignNewest(ledger, all);
    expect(witnesses.requests - asked).toBe(6);
    expect(cosignaturesIn(ledger)).toEqual(namesOf([1, 1], [1, 2], [1, 3], [4, 1], [4, 2], [4, 3]));
  });

  test('what the rebuilt tiles and the evidence carry', async () => {
    const ledger = await ledgerOf(2);
    await cosignNewest(ledger, all);
    const rebuilt = new MemoryTiles();
    await rebuildTiles(logDeps(ledger.store, rebuilt));
    expect(rebuilt.objects).toEqual(ledger.tiles.objects);
    const cosignersIn = async (): Promise<string[]> => {
      const { store, tiles } = ledger;
      const proved = await proveRecord({ store, tiles, verifiers: [KEY.verifierKey] }, { partition: '0', record: 3 });
      if (!proved.ok) throw new Error(proved.why);
      return cosignersOf(Buffer.from(proved.evidence.proof.slice(proved.evidence.proof.indexOf('\n\n') + 2)));
    };
    expect(await cosignersIn()).toEqual(['w1.example', 'w2.example', 'w3.example']);
    ledger.tiles.objects.delete('checkpoint');
    expect(await cosignersIn()).toEqual(['w1.example', 'w2.example', 'w3.example']);
  });
});

describe('a witness that gives no cosignature', () => {
  test.each<[string, Parameters<Witnesses['fake']>[1], string]>([
    ['never answers', () => {}, 'the witness did not answer in time'],
    ['answers garbage', (_, response) => void response.end('<html>\n'), 'lines that are not signature lines'],
    ['answers nothing', (_, response) => void response.end(), 'without signature lines'],
    ['breaks off', ({ socket }) => void socket.destroy(), 'the witness could not be asked'],
    ['answers 500', (_, response) => void response.writeHead(500).end(), 'it answered 500'],
    [
      'answers with the line of an unknown key',
      (_, response) => void response.end(`${formatSignatureLine(signCosignature('x\n', witnessKey(9), 1))}\n`),
      'without a signature by its key',
    ],
    [
      'answers with a signature of another text',
      (_, response) => void response.end(`${formatSignatureLine(signCosignature('x\n', witnessKey(2), 1))}\n`),
      "the witness's signature does not verify under its key",
    ],
    [
      'says again and again that it is elsewhere',
      (_, response) => void response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('0\n'),
      'with the size it was asked for',
    ],
  ])('because it %s holds up nothing, is warned of, and is asked again', async (_what, answer, why) => {
    const ledger = await ledgerOf(2);
    let publishedFirst = false;
    const watched = await witnesses.fake(
      2,
      (request, response) => {
        publishedFirst = published(ledger).equals(read(ledger.store, checkpoint(1)));
        request.resume().on('end', () => answer(request, response));
      },
      200,
    );
    const [first, second, third] = all as [RemoteWitness, RemoteWitness, RemoteWitness];
    const log = await cosignNewest(ledger, [watched, first, third]);
    expect(publishedFirst).toBe(true);
    expect(warned(log)).toEqual([expect.stringMatching(`^w2\\.example: .*${why}`)]);
    expect(log.errors).toEqual([]);
    expect(cosignaturesIn(ledger)).toEqual(namesOf([1, 1], [1, 3]));
    expect(cosignersOf(published(ledger))).toEqual(['w1.example', 'w3.example']);
    await cosignNewest(ledger, [first, second, third]);
    expect(cosignersOf(published(ledger))).toEqual(['w1.example', 'w2.example', 'w3.example']);
  });

  test('because it is down', async () => {
    const ledger = await ledgerOf(2);
    await witnesses.close();
    const log = await cosignNewest(ledger, all);
    expect(warned(log)).toHaveLength(3);
    expect(warned(log)[0]).toContain('ECONNREFUSED');
    expect(published(ledger)).toEqual(read(ledger.store, checkpoint(1)));
    expect(cosignaturesIn(ledger)).toEqual([]);
  });

  test('because the tiles do not fit the log', async () => {
    const ledger = await ledgerOf(2);
    await cosignNewest(ledger, all);
    grow(ledger, 300);
    const integrate = integrateOf(ledger.store, ledger.tiles);
    await integrate.run(new KeptLog());
    const log = new KeptLog();
    const [first, ...others] = [...ledger.tiles.objects].filter(([name]) => /^tile\/0\/000$/.test(name));
    expect(others).toEqual([]);
    const [name, good] = first as [string, Buffer];
    ledger.tiles.objects.set(name, Buffer.from(good).fill(1, 0, 32));
    const newest = integrate.newest as NonNullable<typeof integrate.newest>;
    const cosigning = cosigningOf(ledger, all);
    await cosigning.run(newest, log);
    expect(warned(log)).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('the tiles do not fit')));
    ledger.tiles.objects.set(name, good);
    await cosigning.run(newest, log);
    expect(cosignersOf(published(ledger))).toHaveLength(3);
  });
});

describe('two histories', () => {
  test('a fork is refused by the witness, and is an error in the log', async () => {
    const [ledger, other] = [await ledgerOf(2), await ledgerOf(3)];
    await cosignNewest(ledger, all);
    const log = await cosignNewest(other, all);
    expect(log.errors).toEqual(Array.from({ length: 3 }, () => 'a witness has seen another log'));
    expect(log.lines.find(({ level }) => level === 'error')?.fields['why']).toContain('422');
    expect(cosignaturesIn(other)).toEqual([]);
    expect(published(other)).toEqual(read(other.store, checkpoint(2)));
  });

  test('a witness that has cosigned more than the log has is an error in the log', async () => {
    const ledger = await ledgerOf(3);
    await cosignNewest(ledger, all);
    const log = await cosignNewest(await ledgerOf(2, 8), all);
    expect(log.errors).toHaveLength(3);
    expect(log.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({ witnessSize: 28 });
  });

  test('unless another integration went on with the same log meanwhile', async () => {
    const ledger = await ledgerOf(2);
    const late = integrateOf(ledger.store, ledger.tiles);
    await late.run(new KeptLog());
    grow(ledger, 20);
    await cosignNewest(ledger, all);
    const log = new KeptLog();
    await cosigningOf(ledger, all).run(late.newest as NonNullable<typeof late.newest>, log);
    expect(log.errors).toEqual([]);
    expect(warned(log)).toHaveLength(3);
    expect(cosignaturesIn(ledger)).toEqual(namesOf([2, 1], [2, 2], [2, 3]));
    expect(cosignersOf(published(ledger))).toHaveLength(3);
    expect(parseNote(published(ledger)).text).toBe(textOf(ledger, 2));
  });
});

test('cosignatures that come late are stored, and a later checkpoint stays published', async () => {
  const ledger = await ledgerOf(2);
  const late = integrateOf(ledger.store, ledger.tiles);
  await late.run(new KeptLog());
  grow(ledger, 20);
  await cosignNewest(ledger, []);
  await cosigningOf(ledger, all).run(late.newest as NonNullable<typeof late.newest>, new KeptLog());
  expect(cosignaturesIn(ledger)).toEqual(namesOf([1, 1], [1, 2], [1, 3]));
  expect(published(ledger)).toEqual(read(ledger.store, checkpoint(2)));
});

describe('crashes and races', () => {
  test.each(['dieBefore', 'dieAfter', 'loseResponse'] as const)(
    '%s at any write, and the next run completes it',
    async (kind) => {
      for (const witness of [1, 2, 3]) {
        const ledger = await ledgerOf(2, 2);
        const own = await Promise.all([1, 2, 3].map((number) => witnesses.start(number)));
        let died = 0;
        ledger.store.faultOf = (name) => (name.startsWith(cosignature(1, witness)) && died++ === 0 ? kind : undefined);
        const first = cosignNewest(ledger, own);
        if (kind === 'loseResponse') await first;
        else await expect(first).rejects.toThrow(ProcessDied);
        expect(died).toBe(1);
        await cosignNewest(ledger, own);
        expect(cosignaturesIn(ledger)).toEqual(namesOf([1, 1], [1, 2], [1, 3]));
        expect(cosignersOf(published(ledger))).toHaveLength(3);
      }
    },
  );

  test('a death before the publishing, and the next run completes it', async () => {
    const ledger = await ledgerOf(2);
    let died = 0;
    ledger.tiles.faultOf = (name) => (name === 'checkpoint' && died++ === 0 ? 'dieBefore' : undefined);
    await expect(cosignNewest(ledger, all)).rejects.toThrow(ProcessDied);
    expect(cosignersOf(published(ledger))).toEqual([]);
    await cosignNewest(ledger, all);
    expect(cosignersOf(published(ledger))).toHaveLength(3);
  });

  test('two integrators at once make one history, and each cosignature once', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed);
      const ledger = await ledgerOf(1, 2);
      const own = await Promise.all([1, 2].map((number) => witnesses.start(number)));
      ledger.store.turn = ledger.tiles.turn = async () => {
        for (let turns = random.below(4); turns > 0; turns--) await new Promise(setImmediate);
      };
      const created = new Map<string, Buffer>();
      const logs: KeptLog[] = [];
      const live = async (): Promise<void> => {
        const integrate = integrateOf(ledger.store, ledger.tiles);
        const cosigning = cosigningOf(ledger, own);
        for (const length of [4, 6, 8, 8, 8]) {
          grow(ledger, length);
          const log = new KeptLog();
          logs.push(log);
          await integrate.run(log);
          await cosigning.run(integrate.newest as NonNullable<typeof integrate.newest>, log);
          for (const name of cosignaturesIn(ledger)) {
            const bytes = read(ledger.store, name);
            expect(created.get(name) ?? bytes).toEqual(bytes);
            created.set(name, bytes);
          }
        }
      };
      await Promise.all([live(), live()]);
      expect(logs.flatMap((log) => log.errors)).toEqual([]);
      const last = Math.max(
        ...[...ledger.store.objects.keys()].map((name) => Number(/^checkpoints\/(\d+)/.exec(name)?.[1] ?? 0)),
      );
      expect(cosignaturesIn(ledger)).toEqual(expect.arrayContaining(namesOf([last, 1], [last, 2])));
      expect(parseNote(published(ledger)).text).toBe(textOf(ledger, last));
      expect(cosignersOf(published(ledger))).toEqual(['w1.example', 'w2.example']);
      // Among others, that what is published is what is stored.
      const report = await checkLedger(ledger, { policy: policyOf([1, 2], 2) });
      expect(report).toMatchObject({
        status: 'verified',
        findings: [],
        log: { cosignatures: { quorum: { number: last } } },
      });
    }
  });

  test('who comes second with a cosignature publishes the one that is stored', async () => {
    const ledger = await ledgerOf(2);
    const [witness] = all as [RemoteWitness];
    const overtaken: RemoteWitness = {
      ...witness,
      async cosign(request) {
        await cosignNewest(ledger, [witness]);
        ledger.tiles.objects.delete('checkpoint');
        return witness.cosign(request);
      },
    };
    await cosignNewest(ledger, [overtaken]);
    const line = read(ledger.store, cosignatureIn(ledger, 1, 1));
    expect(published(ledger)).toEqual(Buffer.concat([read(ledger.store, checkpoint(1)), line]));
  });

  test('what stands in the place of a cosignature is an error in the log, and is not published', async () => {
    const ledger = await ledgerOf(2);
    const foreign = [
      Buffer.from('junk'),
      Buffer.from(`${formatSignatureLine(signCosignature('x\n', witnessKey(2), 1))}\n`),
    ];
    foreign.forEach((bytes, i) => ledger.store.objects.set(`${cosignature(1, i + 1)}-${'0'.repeat(16)}`, bytes));
    const log = await cosignNewest(ledger, all);
    expect(log.errors).toEqual(Array.from({ length: 2 }, () => 'foreign object in the place of a cosignature'));
    // Nobody can take the name of a cosignature before it is made.
    expect(cosignersOf(published(ledger))).toEqual(['w1.example', 'w2.example', 'w3.example']);
    expect(parseNote(published(ledger)).signatures).toHaveLength(4);
  });

  test('a store that is away is a fault, after the other witnesses were heard', async () => {
    const ledger = await ledgerOf(2);
    ledger.store.faultOf = (name) => (name.startsWith(cosignature(1, 1)) ? 'fail' : undefined);
    await expect(cosignNewest(ledger, all)).rejects.toThrow('injected fault');
    expect(cosignaturesIn(ledger)).toEqual(namesOf([1, 2], [1, 3]));
    expect(cosignersOf(published(ledger))).toEqual(['w2.example', 'w3.example']);
  });
});
