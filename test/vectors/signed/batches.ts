import { LEDGER, ZEROS, nameOf } from '../../support/forge.ts';
import { referenceRoot } from '../../support/referenceLedger.ts';
import { certificateOf, dayOf, noticeOf, signLines, signSaid, signedNote } from '../../support/sign.ts';
import type { HandKey, HandSession } from '../../support/sign.ts';
import { KEYS, NEW, OLD, OTHER, STRANGER } from './keys.ts';
import type { KeyLabel } from './keys.ts';

/** BatchCase is one object of a log: what stands under a batch's name, and what comes of it behind those before. */
export interface BatchCase {
  readonly name: string;
  readonly expect: 'valid' | 'void' | 'version-unknown';
  readonly object: string;
  readonly bytes: Buffer;
  /** of valid ones: entries of the log up to this batch, and the root over them */
  readonly size?: number;
  readonly root?: string;
}

/** LogCase is one of `logs` in signed.json: objects with names of batches, in order, and who may begin the log. */
export interface LogCase {
  readonly name: string;
  readonly trusted: readonly KeyLabel[] | null;
  readonly objects: readonly BatchCase[];
}

interface Claim {
  readonly version?: number;
  readonly previous: number;
  readonly size: number;
  readonly root: string;
}

const nameOfBatch = (number: number): string => `batches/${String(number).padStart(12, '0')}.jsonl`;
const timeOf = (number: number): string => new Date(Date.UTC(2026, 11, 3, 12, number)).toISOString();
const keyEntry = (key: KeyLabel, by: readonly HandKey[] = [OLD], ledger = LEDGER): string =>
  JSON.stringify({ type: 'key', note: noticeOf(ledger, KEYS[key], by) });
const REVOKED = 'auditseal operator revoked';
const operatorEntry = (key: KeyLabel, word = 'auditseal operator', by: readonly HandKey[] = [OLD]): string =>
  JSON.stringify({ type: 'operator', note: signedNote(`${LEDGER}/sealer\n${word}\n${KEYS[key]}\n`, by) });
const foreignEntry = JSON.stringify({ type: 'foreign', name: nameOf(0) });
const laterEntry = '{"type":"hold","of":"a later release"}';

/** LogMaker makes the objects of a log one after the other. */
class LogMaker {
  readonly objects: BatchCase[] = [];
  #entries: string[] = [];
  #keys: string[] = [];
  #operators: readonly object[] | undefined;
  #previous = -1;

  get next(): number {
    return this.objects.length;
  }

  /** What the last line of the next batch has to say. */
  get claim(): Claim {
    return { previous: this.#previous, size: this.#entries.length, root: rootOf(this.#entries) };
  }

  heads(keys = this.#keys, time = timeOf(this.next), operators = this.#operators): string {
    return JSON.stringify({ type: 'heads', time, keys, operators, reports: 0, actions: 0, partitions: {} });
  }

  /** withOperators signs entries as the next batch, whose heads list these operators. */
  withOperators(entries: readonly string[], operators: readonly object[] | undefined): Buffer {
    const heads = this.heads().replace(/"operators":\[.*?\],/, '');
    const listed = operators === undefined ? '' : `"operators":${JSON.stringify(operators)},`;
    return this.signed([...entries, heads.replace('"reports"', `${listed}"reports"`)]);
  }

  /** addOperators adds a batch that is in the log, and says something of operators. */
  addOperators(name: string, entry: string, operators: readonly object[]): void {
    this.#operators = operators;
    this.add(name, [entry]);
  }

  /** add adds a batch that is in the log. */
  add(name: string, entries: readonly string[], changes: Partial<HandSession> = {}): void {
    this.#keys.push(...entries.filter((line) => line.startsWith('{"type":"key"')).map(keyIn));
    const lines = [...entries, this.heads()];
    const bytes = this.signed(lines, {}, changes);
    this.#previous = this.next;
    this.#entries.push(...lines);
    const more = { size: this.#entries.length, root: rootOf(this.#entries) };
    this.objects.push({ name, expect: 'valid', object: nameOfBatch(this.next), bytes, ...more });
  }

  /** plant adds what is under the name of a batch and is not in the log. */
  plant(name: string, bytes: Buffer, expect: BatchCase['expect'] = 'void'): void {
    this.objects.push({ name, expect, object: nameOfBatch(this.next), bytes });
  }

  /** signed signs lines as the next batch, right unless it is told otherwise. */
  signed(
    lines: readonly string[] = [this.heads()],
    claim: Partial<Claim> = {},
    changes: Partial<HandSession> = {},
    name = nameOfBatch(this.next),
  ): Buffer {
    const session = { ledger: LEDGER, ...dayOf(timeOf(0)), ...changes };
    return signLines(linesOf(lines), name, { ...this.claim, ...claim }, session);
  }

  /** said signs the last line of the next batch after a change of it. */
  said(from: string | RegExp, to: string): Buffer {
    const session = { ledger: LEDGER, ...dayOf(timeOf(0)) };
    const certificate = certificateOf({ role: 'batches', ...session });
    const said = `{"batch":${JSON.stringify({ version: 1, ...this.claim, certificate })}`;
    if (said.replace(from, to) === said) throw new Error(`nothing to change: ${String(from)}`);
    return signSaid(linesOf([this.heads()]), nameOfBatch(this.next), said.replace(from, to), session);
  }
}

const rootOf = (entries: readonly string[]): string => referenceRoot(entries.map((line) => Buffer.from(line)));
const linesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const keyIn = (line: string): string => (JSON.parse(line) as { note: string }).note.split('\n')[2] as string;

/** What makes the last line of a batch, with a signature that is right, none. */
const LAST_LINES: readonly (readonly [name: string, from: string | RegExp, to: string])[] = [
  ['with a space', ',"size"', ', "size"'],
  ['with a member twice', '"size":', '"size":0,"size":'],
  ['with members in another order', /("previous":\d+),("size":\d+)/, '$2,$1'],
  ['with a member that is not known', ',"certificate"', ',"more":1,"certificate"'],
  ...['version', 'previous', 'size', 'root', 'certificate'].map(
    (member) => [`without ${member}`, new RegExp(`,?"${member}":("(?:[^"\\\\]|\\\\.)*"|-?\\d+)`), ''] as const,
  ),
  ['of version 0', '"version":1', '"version":0'],
  ['with a size that is a text', /"size":(\d+)/, '"size":"$1"'],
  ['with a size with a fraction', /"size":(\d+)/, '"size":$1.0'],
  ['with a size above 2^53 - 1', /"size":\d+/, '"size":9007199254740993'],
  ['with a previous below -1', /"previous":\d+/, '"previous":-2'],
  ['with a root in capitals', /"root":"[0-9a-f]*"/, `"root":"${'A'.repeat(64)}"`],
  ['with a certificate that is escaped otherwise', '"certificate":"logs', '"certificate":"\\u006cogs'],
  ['with another name for its object', '{"batch":{', '{"Batch":{'],
];

/** logCases builds the objects of logs. */
export function logCases(): LogCase[] {
  return [keysThatChange(), plantedBatches(), laterVersion(), withoutKeys(), operatorsOfLog()];
}

function operatorsOfLog(): LogCase {
  const log = new LogMaker();
  const one = { key: KEYS.operator, from: 0 };
  const revoked = { ...one, until: 0 };
  const [register, revoke] = [operatorEntry('operator'), operatorEntry('operator', REVOKED)];
  log.add('the first', [keyEntry('old')]);
  log.plant('whose heads list an operator whom nothing registers', log.withOperators([], [one]));
  log.plant('whose heads list operators, and none', log.withOperators([], []));
  log.plant('that registers an operator, and whose heads list none', log.withOperators([register], undefined));
  log.plant('that registers an operator by a note that no key of the log signed', log.withOperators([operatorEntry('operator', undefined, [STRANGER])], [one]));
  log.plant('that registers an operator of another ledger', log.withOperators([operatorEntry('otherOperator')], [{ key: KEYS.otherOperator, from: 0 }]));
  log.plant('that registers a key of the log as an operator', log.withOperators([operatorEntry('new')], [{ key: KEYS.new, from: 0 }]));
  log.plant('that registers an operator by the note of a key', log.withOperators([operatorEntry('operator', 'auditseal key')], [one]));
  log.plant('whose operator counts from a later action on', log.withOperators([register], [{ ...one, from: 1 }]));
  log.plant('that registers an operator twice', log.withOperators([register, register], [one]));
  log.plant('that revokes an operator who is not registered', log.withOperators([revoke], [revoked]));
  log.addOperators('registers an operator', register, [one]);
  log.plant('that registers him again', log.withOperators([register], [one]));
  log.plant('whose heads leave him out', log.withOperators([], undefined));
  log.plant('whose heads have him revoked, which nothing says', log.withOperators([], [revoked]));
  log.add('that says nothing of operators', []);
  log.addOperators('revokes him', revoke, [revoked]);
  log.plant('that revokes him again', log.withOperators([revoke], [revoked]));
  log.plant('that registers him though he is revoked', log.withOperators([register], [one]));
  return { name: 'operators are registered and revoked', trusted: ['old'], objects: log.objects };
}

function keysThatChange(): LogCase {
  const log = new LogMaker();
  log.plant('certified by a key that nobody trusts', log.signed([keyEntry('stranger', [STRANGER]), log.heads([KEYS.stranger])], {}, { keys: [STRANGER] }));
  log.plant('certified by a key that will be announced later', log.signed([keyEntry('new', [NEW]), log.heads([KEYS.new])], {}, { keys: [NEW] }));
  log.add('the first, by the key that was given', [keyEntry('old')], { keys: [OLD] });
  log.plant('certified by a key that is not announced yet', log.signed(undefined, {}, { keys: [NEW] }));
  log.plant('certified by such a key, which it announces itself', log.signed([keyEntry('new', [NEW]), log.heads([KEYS.old, KEYS.new])], {}, { keys: [NEW] }));
  // What who took a session from memory could make.
  const twice = [keyEntry('new'), keyEntry('new'), log.heads([KEYS.old, KEYS.new, KEYS.new])];
  const announcing = (entry: string, ...keys: KeyLabel[]): Buffer =>
    log.signed([entry, log.heads(['old' as const, ...keys].map((key) => KEYS[key]))]);
  log.plant('announces a key that no key of the log signed', announcing(keyEntry('stranger', [STRANGER]), 'stranger'));
  log.plant('announces a key of another ledger', announcing(keyEntry('other', [OLD], OTHER.name), 'other'));
  log.plant('announces a key of a witness', announcing(keyEntry('witness'), 'witness'));
  log.plant('announces a key that it has no notice of', announcing(JSON.stringify({ type: 'key', note: KEYS.new }), 'new'));
  log.plant('announces a key by a certificate', announcing(JSON.stringify({ type: 'key', note: certificateOf({ ledger: LEDGER }) }), 'new'));
  log.plant('announces a key and does not count it', announcing(keyEntry('new')));
  log.plant('announces a key twice', log.signed(twice));
  log.plant('announces a key that the log has', announcing(keyEntry('old'), 'old'));
  log.plant('counts a key that it does not announce', announcing(foreignEntry, 'stranger'));
  log.add('announces the new key, certified by the old one', [keyEntry('new')], { keys: [OLD] });
  log.add('certified by both', [foreignEntry], { keys: [OLD, NEW] });
  log.add('certified by the new key alone', [laterEntry], { keys: [NEW] });
  log.plant('certified by the new key, and wrongly by the old one', wrongByOld(log));
  log.add('certified by the old key alone: it stays one', [], { keys: [OLD] });
  return { name: 'keys that change', trusted: ['old'], objects: log.objects };
}

/** The certificate of the next batch has the new key's signature, and an old key's over another text. */
function wrongByOld(log: LogMaker): Buffer {
  const session = { ledger: LEDGER, ...dayOf(timeOf(0)), role: 'batches' };
  const lineBy = (note: string): string => note.slice(note.lastIndexOf('\n\n') + 2);
  const wrong = lineBy(certificateOf({ ...session, keys: [OLD], until: timeOf(100) }));
  const certificate = `${certificateOf({ ...session, keys: [NEW] })}${wrong}`;
  const said = `{"batch":${JSON.stringify({ version: 1, ...log.claim, certificate })}`;
  return signSaid(linesOf([log.heads()]), nameOfBatch(log.next), said, session);
}

function plantedBatches(): LogCase {
  const log = new LogMaker();
  log.add('the first', [keyEntry('old'), foreignEntry]);
  log.plant('nothing', Buffer.alloc(0));
  log.plant('text', Buffer.from('text\n'));
  const [first] = log.objects;
  log.plant('the first one again', first?.bytes as Buffer);
  log.plant('signed for the name of another number', log.signed(undefined, {}, {}, nameOfBatch(1)));
  log.plant('without a last line that is signed', linesOf([log.heads()]));
  log.plant('that follows no batch', log.signed(undefined, { previous: -1 }));
  log.plant('that follows a batch that is void', log.signed(undefined, { previous: 1 }));
  log.plant('that follows a batch of a time to come', log.signed(undefined, { previous: 99 }));
  log.plant('with another size', log.signed(undefined, { size: log.claim.size + 1 }));
  log.plant('with another root', log.signed(undefined, { root: ZEROS }));
  log.plant('dated before the one that it follows', log.signed([log.heads(undefined, '2026-12-03T11:59:59.999Z')]));
  log.plant('dated before its certificate', log.signed(undefined, {}, { from: timeOf(50), until: timeOf(60) }));
  log.plant('dated after its certificate', log.signed(undefined, {}, { from: timeOf(0), until: timeOf(1) }));
  log.plant('certified for segments', log.signed(undefined, {}, { role: 'segments' }));
  log.plant('certified by a stranger', log.signed(undefined, {}, { keys: [STRANGER] }));
  log.plant('of another ledger', log.signed(undefined, {}, { ledger: OTHER.name, keys: [OTHER] }));
  log.plant('signed by a session that its certificate is not of', otherSession(log));
  log.plant('without heads', log.signed([foreignEntry]));
  log.plant('without any line', log.signed([]));
  log.plant('with heads that are not the last', log.signed([log.heads(), foreignEntry]));
  log.plant('with heads that are not as printed', log.signed([log.heads().replace('{"type":"heads",', '{"type":"heads", ')]));
  log.plant('with an empty line', log.signed(['', log.heads()]));
  log.plant('with a line of 65,536 bytes', log.signed([`{"type":"a","b":"${'c'.repeat(65_536 - 19)}"}`, log.heads()]));
  const good = log.signed();
  log.plant('without LF at the end', good.subarray(0, -1));
  log.plant('with an LF more', Buffer.concat([good, Buffer.from('\n')]));
  log.plant('with a line more before its last', Buffer.concat([linesOf([foreignEntry]), log.signed()]));
  log.plant('with a changed byte in an entry', Buffer.from(log.signed().toString('latin1').replace('"reports":0', '"reports":1'), 'latin1'));
  log.plant('with a changed signature', Buffer.from(log.signed().toString('latin1').replace(/"signature":"./, '"signature":"+'), 'latin1'));
  log.plant('with lines that end in CR LF', Buffer.from(log.signed().toString('latin1').replaceAll('\n', '\r\n'), 'latin1'));
  log.plant('with a last line of more than 16 KiB', log.signed(undefined, {}, { keys: [OLD, { name: "a".repeat(17_000), seed: 3 }] }));
  for (const [name, from, to] of LAST_LINES) log.plant(`with a last line ${name}`, log.said(from, to));
  log.add('the second, behind all of them', []);
  return { name: 'batches that were planted', trusted: ['old'], objects: log.objects };
}

const otherSession = (log: LogMaker): Buffer => {
  const session = { ledger: LEDGER, ...dayOf(timeOf(0)), role: 'batches' };
  const said = `{"batch":${JSON.stringify({ version: 1, ...log.claim, certificate: certificateOf(session) })}`;
  return signSaid(linesOf([log.heads()]), nameOfBatch(log.next), said, { ...session, seed: 201 });
};

function laterVersion(): LogCase {
  const log = new LogMaker();
  log.add('the first', [keyEntry('old')]);
  log.plant('of version 2, certified by a stranger', log.signed(undefined, { version: 2 }, { keys: [STRANGER] }));
  log.plant('of version 2, by a session that is certified for version 1', log.signed(undefined, { version: 2 }, { version: 1 }));
  log.plant('of version 1, by a session that is certified for version 2', log.signed(undefined, {}, { version: 2 }));
  log.plant('of version 2', log.signed(undefined, { version: 2 }), 'version-unknown');
  return { name: 'a later release writes the log', trusted: ['old'], objects: log.objects };
}

/** Of the first batch those keys count then that it announces itself: they certify it, and sign the notes of them. */
function withoutKeys(): LogCase {
  const log = new LogMaker();
  const mine = { keys: [STRANGER] };
  log.plant('certified by nobody', log.signed([keyEntry('old'), log.heads([KEYS.old])], {}, { keys: [] }));
  log.plant('that announces no key', log.signed(undefined, {}, mine));
  log.plant('that announces another key', log.signed([keyEntry('old'), log.heads([KEYS.old])], {}, mine));
  log.plant(
    'whose notice another key signed',
    log.signed([keyEntry('stranger'), log.heads([KEYS.stranger])], {}, mine),
  );
  log.add('the first, by whoever it was', [keyEntry('stranger', [STRANGER])], mine);
  log.plant('by a key that is not announced', log.signed());
  log.add('by the key that the first one announces', [], mine);
  return { name: 'a checker without keys', trusted: null, objects: log.objects };
}
