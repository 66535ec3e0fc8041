import { AuditsealError } from '../../src/core/errors.ts';
import { formatHash, sha256 } from '../../src/core/hash.ts';
import { openCheckpoint } from '../../src/core/note/checkpoint.ts';
import { cosignatureKey, signCosignature } from '../../src/core/note/cosignature.ts';
import { MAX_NOTE_BYTES, formatNote, parseNote } from '../../src/core/note/note.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { formatWitnessRequest } from '../../src/core/note/witnessRequest.ts';
import { formatBase64Hash } from '../../src/core/text.ts';
import type { WitnessAnswer, WitnessState } from '../../src/ports/signing.ts';
import { Witness } from '../../src/witness/witness.ts';
import { damaged } from '../support/logVectors.ts';
import { LOG_KEY, TestLog, WITNESS_KEY } from '../support/witnessLog.ts';

const ORIGIN = LOG_KEY.verifierKey.keyName;
const ORIGIN_HASH = formatHash(sha256(Buffer.from(ORIGIN)));
const OTHER_KEY = createSignerKey(ORIGIN, Buffer.alloc(32, 9));
const VECTOR_LINE =
  '— witness.example.com/w1 Vku2MQAAAABlU/EAAs70Fh/JFHY8twoxhrDK9rWOhYvafVheMpm5mUXt55+syl9FEG9BmvxCjqMtNgzwzdyMJyYprJbmA8BW43ITBA==\n';

/** Each step takes a turn of the event loop, so that requests get between one another's. */
class SlowState implements WitnessState {
  readonly notes = new Map<string, Buffer>();
  /** sizes in the order in which they were kept */
  readonly history: string[] = [];
  fault: AuditsealError | undefined;

  async read(origin: string): Promise<Buffer | undefined> {
    const note = this.notes.get(origin);
    await new Promise(setImmediate);
    return note;
  }

  async replace(origin: string, before: Buffer | undefined, next: Buffer): Promise<'replaced' | 'changed'> {
    await new Promise(setImmediate);
    if (this.fault !== undefined) throw this.fault;
    if (this.notes.get(origin) !== before) return 'changed';
    this.notes.set(origin, next);
    this.history.push(parseNote(next).text.split('\n')[1] as string);
    return 'replaced';
  }
}

const log = new TestLog();
const fork = new TestLog(LOG_KEY, 2);
let state: SlowState;
let witness: Witness;

beforeEach(() => {
  state = new SlowState();
  witness = new Witness({
    signerKey: WITNESS_KEY,
    logs: [LOG_KEY.verifierKey],
    state,
    now: () => 1_700_000_000_999,
  });
});

const ask = (body: Buffer): Promise<WitnessAnswer> => witness.addCheckpoint(body);
const statusOf = async (body: Buffer): Promise<number> => (await ask(body)).status;
const requestOf = (checkpoint: Buffer, oldSize = 0): Buffer => formatWitnessRequest({ oldSize, proof: [], checkpoint });
const conflict = (size: number): WitnessAnswer => ({
  status: 409,
  contentType: 'text/x.tlog.size',
  body: `${size}\n`,
});

describe('a witness', () => {
  test('cosigns the checkpoint of the vectors, and shows it', async () => {
    expect(formatVerifierKey(witness.verifierKey)).toBe(
      'witness.example.com/w1+564bb631+BNqH7hDtmL18oACVeH+R+E8DXKKZF1xFfakoniFdmwcA',
    );
    expect((await witness.newestCheckpoint(ORIGIN_HASH)).status).toBe(404);
    const contentType = 'text/plain; charset=utf-8';
    expect(await ask(log.request(0, 5))).toEqual({ status: 200, contentType, body: VECTOR_LINE });
    const note = Buffer.concat([log.checkpoint(5), Buffer.from(VECTOR_LINE)]);
    expect(await witness.newestCheckpoint(ORIGIN_HASH)).toEqual({ status: 200, contentType, body: note });
    const { cosignatures } = openCheckpoint(note, ORIGIN, [LOG_KEY.verifierKey, witness.verifierKey]);
    expect(cosignatures.map(({ timestamp }) => timestamp)).toEqual([1_700_000_000]);
    for (const hash of ['0'.repeat(64), ORIGIN, ORIGIN_HASH.toUpperCase(), '']) {
      expect((await witness.newestCheckpoint(hash)).status).toBe(404);
    }
  });

  test('follows a log as it grows, from every size to every size', async () => {
    for (let to = 0; to <= 9; to++) {
      for (let from = 0; from <= to; from++) {
        state.notes.clear();
        expect(await statusOf(log.request(0, from))).toBe(200);
        expect(await statusOf(log.request(from, to))).toBe(200);
        // The answer was lost: asking again is no harm.
        expect(await statusOf(log.request(to, to))).toBe(200);
      }
    }
  });

  test('refuses a fork, whatever its size', async () => {
    await ask(log.request(0, 5));
    const before = state.notes.get(ORIGIN);
    for (let size = 5; size < 12; size++) {
      expect(await statusOf(fork.request(5, size))).toBe(422);
      const { text } = parseNote(fork.checkpoint(size));
      expect((await ask(requestOf(fork.checkpoint(size)))).body).toBe('5\n');
      expect(text.startsWith(ORIGIN)).toBe(true);
    }
    expect(state.notes.get(ORIGIN)).toBe(before);
  });

  test('refuses to go back', async () => {
    await ask(log.request(0, 5));
    for (let size = 0; size < 5; size++) {
      for (let old = 0; old <= size; old++) expect(await ask(log.request(old, size))).toEqual(conflict(5));
      expect(await statusOf(requestOf(log.checkpoint(size), 5))).toBe(400);
    }
    expect(state.history).toEqual(['5']);
  });

  test('says what it knows to who does not', async () => {
    expect(await ask(log.request(3, 5))).toEqual(conflict(0));
    await ask(log.request(0, 3));
    expect(await ask(requestOf(log.checkpoint(5)))).toEqual(conflict(3));
    expect(await ask(requestOf(log.checkpoint(5), 4))).toEqual(conflict(3));
  });

  test('refuses proofs that prove nothing', async () => {
    const proof = log.proof(3, 5);
    const checkpoint = log.checkpoint(5);
    expect(await statusOf(formatWitnessRequest({ oldSize: 0, proof, checkpoint }))).toBe(422);
    await ask(log.request(0, 3));
    for (const wrong of [
      [],
      proof.slice(1),
      proof.slice(0, -1),
      proof.toReversed(),
      [...proof, ...proof.slice(0, 1)],
    ]) {
      expect(await statusOf(formatWitnessRequest({ oldSize: 3, proof: wrong, checkpoint }))).toBe(422);
    }
    expect(await statusOf(formatWitnessRequest({ oldSize: 3, proof, checkpoint }))).toBe(200);
    expect(await statusOf(formatWitnessRequest({ oldSize: 5, proof, checkpoint }))).toBe(422);
  });

  test('knows no other log', async () => {
    const other = new TestLog(createSignerKey('audit.example.com/log2', Buffer.alloc(32, 1)));
    expect(await statusOf(other.request(0, 5))).toBe(404);
  });

  const text = log.text(5);
  const own = signNote(text, LOG_KEY);
  const stranger = signNote(text, OTHER_KEY);
  const wrong = { ...own, signature: Buffer.alloc(64) };
  test.each([
    ['the log and strangers', [stranger, own, signCosignature(text, WITNESS_KEY, 5)], 200],
    ['a stranger with the name of the log', [stranger], 403],
    ['a witness only', [signCosignature(text, WITNESS_KEY, 5)], 403],
    ['the log, wrongly', [wrong], 403],
    ['the log, rightly and wrongly', [own, wrong], 403],
  ])('looks at who signed: %s', async (_who, signatures, status) => {
    expect(await statusOf(requestOf(formatNote({ text, signatures })))).toBe(status);
    const kept = state.notes.get(ORIGIN);
    // What strangers added isn't passed on.
    expect(kept?.toString()).toBe(status === 200 ? `${log.checkpoint(5).toString()}${VECTOR_LINE}` : undefined);
  });

  test('takes a log with two keys by either, and keeps both signatures', async () => {
    const logs = [LOG_KEY.verifierKey, OTHER_KEY.verifierKey];
    witness = new Witness({ signerKey: WITNESS_KEY, logs, state, now: () => 1_700_000_000_000 });
    expect(await statusOf(new TestLog(OTHER_KEY).request(0, 3))).toBe(200);
    const proof = log.proof(3, 5);
    const checkpoint = formatNote({ text, signatures: [own, stranger] });
    expect(await statusOf(formatWitnessRequest({ oldSize: 3, proof, checkpoint }))).toBe(200);
    expect(parseNote(state.notes.get(ORIGIN) as Buffer).signatures).toHaveLength(3);
  });

  const signed = (it: string): Buffer => formatNote({ text: it, signatures: [signNote(it, LOG_KEY)] });
  const root = formatBase64Hash(sha256(Buffer.from('x')));
  test.each([
    ['no request', Buffer.from('hello'), 400],
    ['no note', requestOf(Buffer.from('hello\n')), 400],
    ['no checkpoint', requestOf(signed(`${ORIGIN}\n`)), 400],
    ['a size with a leading zero', requestOf(signed(`${ORIGIN}\n05\n${root}\n`)), 400],
    ['an empty tree with another root', requestOf(signed(`${ORIGIN}\n0\n${root}\n`)), 422],
    ['an empty tree with half a root', requestOf(signed(`${ORIGIN}\n0\n${root.slice(4)}\n`)), 400],
    ['an empty tree without root', requestOf(signed(`${ORIGIN}\n0\n`)), 400],
    ['an empty tree with another root and an empty line', requestOf(signed(`${ORIGIN}\n0\n${root}\n\n`)), 400],
    ['an extension line', requestOf(log.checkpoint(5, ['x'])), 200],
    ['a note without room', requestOf(log.checkpoint(5, ['x'.repeat(MAX_NOTE_BYTES - 1000)])), 400],
  ])('answers to %s', async (_what, body, status) => {
    expect(await statusOf(body)).toBe(status);
    expect(state.history).toHaveLength(status === 200 ? 1 : 0);
  });

  test('cosigns nothing that is damaged', async () => {
    await ask(log.request(0, 3));
    const good = log.request(3, 5);
    for (const body of damaged(good, 3, 500)) {
      if ((await statusOf(body)) !== 200) continue;
      expect(body.toString()).toContain(`\n\n${text}\n`);
      state.notes.clear();
      await ask(log.request(0, 3));
    }
  });

  test('never rolls back, however requests race', async () => {
    await ask(log.request(0, 1));
    const requests = [2, 3, 4, 5, 6, 7].map((size) => log.request(1, size));
    const answers = await Promise.all([...requests, ...requests.toReversed()].map(ask));
    // The winner is cosigned, once or twice; the others are told its size.
    const sizes = state.history.map(Number);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    const newest = sizes.at(-1) as number;
    expect(new Set(sizes)).toEqual(new Set([1, newest]));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(sizes.length - 1);
    for (const answer of answers.filter(({ status }) => status !== 200)) expect(answer).toEqual(conflict(newest));
  });

  test('of two forks that race, cosigns one', async () => {
    const [one, other] = await Promise.all([ask(log.request(0, 5)), ask(fork.request(0, 5))]);
    expect(new Set([one.status, other.status])).toEqual(new Set([200, 409]));
  });

  test('racing requests for one tree are all cosigned', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(log.request(0, 0))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  test('gives no cosignature that it could not keep', async () => {
    state.fault = new AuditsealError('STORE_UNAVAILABLE', 'the disk is full');
    await expect(ask(log.request(0, 5))).rejects.toBe(state.fault);
    state.fault = undefined;
    expect(await statusOf(fork.request(0, 5))).toBe(200);
  });

  test('cosigns under the key that a log would configure', () => {
    expect(witness.verifierKey).toEqual(cosignatureKey(WITNESS_KEY.verifierKey));
  });
});
