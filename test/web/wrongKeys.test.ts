import { formatVerifierKey, parseVerifierKey } from '../../src/core/note/verifierKey.ts';
import type { Report } from '../../src/core/objects/report.ts';
import { saidOf } from '../support/checking.ts';
import { LEDGER } from '../support/forge.ts';
import { SECOND, batch, checkLedger } from '../support/loggedLedger.ts';
import { keyOf } from '../support/logs.ts';
import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import {
  AUDITOR_KEY,
  MIRROR_KEY,
  TLOG,
  coreVerdict,
  mirrorOf,
  pageOutcome,
  pageVerdict,
  verdictOf,
} from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

// What is said to who has a wrong key, or none, is true; and page and core say the same.

const good = await mirrorOf();
const WRONG = formatVerifierKey(keyOf(9).verifierKey);
const OTHER_LOG = formatVerifierKey(keyOf(9, 'other.example').verifierKey);
const WRONG_AUDITOR = formatVerifierKey(keyOf(9, `${LEDGER}/auditor`).verifierKey);
const ID = parseVerifierKey(MIRROR_KEY).keyId;

/** reportOf is what the core says with a key of the log, and one of an auditor. */
async function reportOf(mirror: Mirror, key: string, auditor?: string): Promise<Report> {
  const store = new MemoryStore([...mirror].filter(([name]) => !name.startsWith(TLOG)));
  const tiles = new MemoryTiles();
  for (const [name, bytes] of mirror) if (name.startsWith(TLOG)) tiles.objects.set(name.slice(TLOG.length), bytes);
  const auditors =
    auditor === undefined ? {} : { auditors: { ledger: LEDGER, verifiers: [parseVerifierKey(auditor)] } };
  return checkLedger({ store, tiles }, { verifiers: [parseVerifierKey(key)], ...auditors }, SECOND + 2000);
}

test.each([WRONG, OTHER_LOG])('a wrong key of the log: both say so, and what the log announces', async (key) => {
  const report = await reportOf(good, key);
  const page = await pageOutcome(good, key);
  expect(verdictOf(page)).toEqual({ status: 'violated', found: [...new Set(saidOf(report))].sort() });
  for (const said of [report.notChecked.join('\n'), page.notChecked.join('\n')]) {
    expect(said).toMatch(/none of the given keys signed for/i);
    expect(said).toContain(ID);
    expect(said).not.toMatch(/no segment was found|holds no log|there is no log/i);
  }
  const invalid = report.findings.filter(({ code }) => code === 'checkpoint-invalid');
  expect(invalid.length).toBeGreaterThan(0);
  for (const { detail } of invalid) expect(detail).toContain('none of the given keys signed it');
});

test('a wrong key of the auditor: of a report and its page nothing is said but that this key did not sign', async () => {
  const report = await reportOf(good, MIRROR_KEY, WRONG_AUDITOR);
  const page = await pageOutcome(good, `${MIRROR_KEY}\n${WRONG_AUDITOR}`);
  expect(verdictOf(page)).toEqual({ status: 'violated', found: [...new Set(saidOf(report))].sort() });
  for (const { detail } of [...report.findings, ...page.findings]) expect(detail).toMatch(/auditor.s key.* signed it/);
});

test.each<[string, (mirror: Mirror) => unknown]>([
  ['is whole', () => {}],
  ['lacks its first batch', (mirror) => mirror.delete(batch(0))],
  ['lacks a batch in the middle', (mirror) => mirror.delete(batch(1))],
  ['has a report far ahead', (mirror) => mirror.set('reports/999999999999.json', Buffer.from('x'))],
])('with any keys, page and core find the same in a mirror that %s', async (_what, change) => {
  const mirror = new Map(good);
  change(mirror);
  for (const keys of ['', MIRROR_KEY, AUDITOR_KEY, `${MIRROR_KEY}\n${AUDITOR_KEY}`, WRONG])
    expect({ keys, ...(await pageVerdict(mirror, keys)) }).toEqual({ keys, ...(await coreVerdict(mirror, keys)) });
});

test('a report far ahead that nobody signed has one fault', async () => {
  const mirror = new Map(good).set('reports/999999999999.json', Buffer.from('x'));
  expect((await pageOutcome(mirror)).findings).toHaveLength(1);
});
