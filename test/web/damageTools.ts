import { LEDGER } from '../support/forge.ts';
import { batch, checkpoint } from '../support/loggedLedger.ts';
import { dayOf, keyText, noticeOf, signLines } from '../support/sign.ts';
import type { HandKey, HandSession } from '../support/sign.ts';
import { TLOG } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

// What damages of mirrors are made with.

export const flip = (mirror: Mirror, name: string, at: number): void => {
  const bytes = Buffer.from(mirror.get(name) as Buffer);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  mirror.set(name, bytes);
};
export const swap = (mirror: Mirror, a: string, b: string): void => {
  const [first, second] = [mirror.get(a) as Buffer, mirror.get(b) as Buffer];
  mirror.set(a, second).set(b, first);
};
export const named = (mirror: Mirror, start: string, end = ''): string[] =>
  [...mirror.keys()].filter((name) => name.startsWith(start) && name.endsWith(end)).sort();

/** widestTile is the tile that the published checkpoint implies; others of its place are of earlier ones. */
export const widestTile = (mirror: Mirror): string => {
  const widthOf = (name: string): number => Number(name.split('.p/')[1] ?? 256);
  return named(mirror, 'tlog/tile/0/').toSorted((a, b) => widthOf(b) - widthOf(a))[0] as string;
};
export const segment = (partition: number, index: number): string =>
  `segments/${partition}/${String(index).padStart(12, '0')}.jsonl.zst`;

/** unsign takes all away that came after a batch was made, so that nothing vouches for it. */
export function unsign(mirror: Mirror, number: number): void {
  const later = (name: string): boolean => Number(/\/(\d{12})/.exec(name)?.[1]) > number;
  for (const name of named(mirror, 'batches/')) if (later(name)) mirror.delete(name);
  for (const name of named(mirror, 'checkpoints/')) if (later(name)) mirror.delete(name);
  for (const folder of ['cosignatures/', 'reports/', TLOG])
    for (const name of named(mirror, folder)) mirror.delete(name);
  mirror.delete(checkpoint(number));
}

/** A frame of 192 MiB and more, in blocks that repeat one byte. */
export const BOMB = Buffer.concat([
  Buffer.from('28b52ffd0068', 'hex'),
  ...Array.from({ length: 1600 }, (_, i) => Buffer.of(i === 1599 ? 3 : 2, 0, 16, 0)),
]);

/** edit changes an object as text. */
export function edit(mirror: Mirror, name: string, change: (text: string) => string): void {
  const text = (mirror.get(name) as Buffer).toString();
  if (change(text) === text) throw new Error(`nothing in ${name} was changed`);
  mirror.set(name, Buffer.from(change(text)));
}

/** resign changes the entries of a batch, and signs it anew as a session that the log's key certified for then. */
export function resign(
  mirror: Mirror,
  number: number,
  change: (text: string) => string,
  session: Partial<HandSession> = {},
): void {
  const text = (mirror.get(batch(number)) as Buffer).toString();
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  const lines = change(text.slice(0, start));
  if (lines === text.slice(0, start)) throw new Error(`nothing in ${batch(number)} was changed`);
  const time = /"type":"heads","time":"([^"]*)"/.exec(lines)?.[1] as string;
  const own = time.startsWith('9') ? { from: time, until: time } : dayOf(time);
  const { batch: claim } = JSON.parse(text.slice(start)) as { batch: { previous: number; size: number; root: string } };
  const signed = signLines(Buffer.from(lines), batch(number), claim, { ledger: LEDGER, ...own, ...session });
  mirror.set(batch(number), signed);
}

/** editNewest changes the newest batch, of which no checkpoint is left, nor what came after it. */
export function editNewest(mirror: Mirror, change: (text: string) => string): void {
  for (const name of [...named(mirror, 'cosignatures/000000000003/'), ...named(mirror, TLOG), checkpoint(3)])
    mirror.delete(name);
  resign(mirror, 3, change);
}

/** claimBehind plants a batch of a stolen session, which says that it goes on from one that is not in the log, and knows a key more. */
export function claimBehind(mirror: Mirror, number: number, previous: number, stranger: HandKey): void {
  const text = (mirror.get(batch(3)) as Buffer).toString();
  const heads = text.split('\n').at(-3) as string;
  const lines = [
    JSON.stringify({ type: 'key', note: noticeOf(LEDGER, keyText(stranger), [stranger]) }),
    heads.replace(/("keys":\["[^"]+")/, `$1,"${keyText(stranger)}"`),
  ];
  const time = /"time":"([^"]*)"/.exec(heads)?.[1] as string;
  const claim = { previous, size: 1000, root: '0'.repeat(64) };
  const session = { ledger: LEDGER, ...dayOf(time) };
  mirror.set(
    batch(number),
    signLines(Buffer.from(lines.map((line) => `${line}\n`).join('')), batch(number), claim, session),
  );
}

/** Damage is something that may be done to a mirror. */
export interface Damage {
  readonly name: string;
  readonly damage: (mirror: Mirror) => unknown;
  /** none, where nothing is wrong */
  readonly finds?: string;
  /** what is found is a warning, and leaves the mirror verified */
  readonly isHarmless?: boolean;
}

/** dateAhead leaves a batch as the newest, without its checkpoint, and dates it far ahead. */
export function dateAhead(mirror: Mirror, number: number): void {
  unsign(mirror, number);
  resign(mirror, number, (text) => text.replace(/("type":"heads","time":")\d{4}/, '$19999'));
}
