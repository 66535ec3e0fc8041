import { checkpointOf, handLog, keyHex } from '../support/handLog.ts';
import type { Json } from '../support/handLog.ts';
import { handAnswer, provedTerm, termLeaf } from '../support/handAnswer.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { ACTOR, ALICE, RIGHT, ROWS, change, check, fault, record, termOf, unitTerms } from './answers.ts';

describe('a lie of whoever gives the answer is refuted', () => {
  test.each<[string, () => Json, string]>([
    [
      'a posting dropped',
      () =>
        change((it) => {
          termOf(it, 1, ALICE).postings = Buffer.of(1, 0, 1, 0).toString('base64');
          it.records.pop();
          it.segments.pop();
        }),
      'unit 1 of the index: the postings of actor "alice": a leaf does not lead to the unit\'s root',
    ],
    [
      'a unit dropped',
      () =>
        change((it) => {
          it.units.pop();
          it.segments.splice(2);
          it.records.splice(4);
        }),
      'unit 1 of the index reaches into the interval, and the answer leaves it out',
    ],
    [
      'all units dropped',
      () => change((it) => (it.units = it.segments = it.records = [])),
      'unit 0 of the index reaches',
    ],
    [
      'a unit that does not reach into the interval',
      () => change((it) => (it.query.from = timeOf(100))),
      'unit 0 is in the answer, and is not the next that reaches',
    ],
    ['a unit twice', () => change((it) => it.units.push(it.units[1])), 'unit 1 is in the answer, and is not the next'],
    [
      'a term dropped',
      () => change((it) => (it.units[0].terms = it.units[0].terms.filter(({ key }: Json) => key !== ALICE))),
      'unit 0 of the index: it says nothing of actor "alice"',
    ],
    [
      'what is not JSON dropped',
      () =>
        change((it) => (it.units[0].terms = it.units[0].terms.filter(({ key }: Json) => key !== keyHex('_notJson')))),
      'it says nothing of _notJson',
    ],
    [
      'a term that nobody asked for',
      () =>
        change((it) => {
          it.units[0].terms.push(provedTerm(unitTerms(0), keyHex('actor', 'bob')));
          it.units[0].terms.sort((a: Json, b: Json) => (a.key < b.key ? -1 : 1));
        }),
      `it shows the term with key ${keyHex('actor', 'bob')}, which nobody asked for`,
    ],
    [
      'terms in another order',
      () => change((it) => (it.units[0].terms = it.units[0].terms.toReversed())),
      'not in ascending order of keys',
    ],
    ['a term twice', () => change((it) => it.units[0].terms.unshift(it.units[0].terms[0])), 'not in ascending order'],
    [
      "another unit's terms",
      () => change((it) => (it.units[0].terms = it.units[1].terms)),
      "a leaf does not lead to the unit's root",
    ],
    [
      'another query than was answered',
      () => change((it) => (it.query.terms[0].values = ['bob'])),
      'it says nothing of actor "bob"',
    ],
    [
      'neighbours that are not adjacent',
      () =>
        change((it) => {
          const term = termOf(it, 0, keyHex('actor', 'nobody'));
          term.before = termLeaf(unitTerms(0), term.before.index - 1);
        }, ACTOR('nobody')),
      'the absence of actor "nobody" is shown by two leaves that are not neighbours',
    ],
    [
      'the number of a neighbour changed',
      () => change((it) => termOf(it, 0, keyHex('actor', 'nobody')).before.index--, ACTOR('nobody')),
      'the absence of actor "nobody": a leaf does not lead to the unit\'s root',
    ],
    [
      'an absent term with the neighbour behind it only',
      () => change((it) => (termOf(it, 0, keyHex('actor', 'nobody')).before = null), ACTOR('nobody')),
      'lacks the leaf before it',
    ],
    [
      'an absent term with the neighbour before it only',
      () => change((it) => (termOf(it, 0, keyHex('actor', 'nobody')).after = null), ACTOR('nobody')),
      'lacks the leaf behind it',
    ],
    [
      'an absent term without neighbours',
      () =>
        change((it) => {
          const term = termOf(it, 0, keyHex('actor', 'nobody'));
          term.before = term.after = null;
        }, ACTOR('nobody')),
      'is shown by no leaf',
    ],
    [
      'a term that is there, as if it stood between others',
      () =>
        change((it) => {
          const at = [...unitTerms(0).keys()].indexOf(ALICE);
          const leaves = { before: termLeaf(unitTerms(0), at - 1), after: termLeaf(unitTerms(0), at + 1) };
          it.units[0].terms = it.units[0].terms.map((term: Json) =>
            term.key === ALICE ? { key: ALICE, ...leaves } : term,
          );
        }),
      'two leaves that are not neighbours',
    ],
    [
      'a term that is there, beside itself',
      () =>
        change((it) => {
          const at = [...unitTerms(0).keys()].indexOf(ALICE);
          const leaves = { before: termLeaf(unitTerms(0), at), after: termLeaf(unitTerms(0), at + 1) };
          it.units[0].terms = it.units[0].terms.map((term: Json) =>
            term.key === ALICE ? { key: ALICE, ...leaves } : term,
          );
        }),
      'does not stand before it',
    ],
    [
      'a term that is there, before itself',
      () =>
        change((it) => {
          const at = [...unitTerms(0).keys()].indexOf(ALICE);
          const leaves = { before: termLeaf(unitTerms(0), at - 1), after: termLeaf(unitTerms(0), at) };
          it.units[0].terms = it.units[0].terms.map((term: Json) =>
            term.key === ALICE ? { key: ALICE, ...leaves } : term,
          );
        }),
      'does not stand behind it',
    ],
    [
      'a record missing',
      () => change((it) => it.records.splice(1, 1)),
      'record 2 of segments/0/000000000000.jsonl.zst (entry 1) was asked for, and the index has it: it is missing',
    ],
    ['the last record missing', () => change((it) => it.records.pop()), '(entry 35) was asked for'],
    [
      'a record twice',
      () => change((it) => it.records.splice(1, 0, it.records[0])),
      'segment of entry 1 is in the answer twice',
    ],
    [
      'the last record twice',
      () => change((it) => it.records.push(it.records[5])),
      'of entry 35 is in the answer twice',
    ],
    [
      'a record too much',
      () => change((it) => it.records.splice(1, 0, record(0, 1, 0))),
      'leaf 2 of the segment of entry 1 is in the answer, and by the index it is not one',
    ],
    [
      'a record too much at the end',
      () => change((it) => it.records.push(record(5, 1, 0)), { ...ACTOR('carol'), partitions: ['1'] }),
      'is in the answer, and by the index it is not one',
    ],
    ['records in another order', () => change((it) => (it.records = it.records.toReversed())), 'it is missing'],
    [
      "a segment's header for a record",
      () => change((it) => it.records.unshift({ ...record(0, 0, 0), index: 0 })),
      "is the segment's header, and no record",
    ],
    [
      'a record of another line',
      () => change((it) => (it.records[0].line = it.records[0].line.replace('read', 'list'))),
      "record 0 of segments/0/000000000000.jsonl.zst: its line does not lead to the segment's root",
    ],
    ['a record in a segment of another size', () => change((it) => it.records[0].size++), 'another number of records'],
    [
      'a record of no segment',
      () => change((it) => (it.records[0].segment = 9)),
      'of segment 9 of the answer, which has 4',
    ],
    ["a segment's entry missing", () => change((it) => it.segments.pop()), 'of segment 3 of the answer, which has 3'],
    [
      'a segment without records',
      () =>
        change((it) => {
          it.segments.splice(2, 0, handAnswer(RIGHT, ACTOR('bob')).segments[2]);
          for (const it2 of it.records.slice(4)) it2.segment++;
        }),
      'segment 2 of the answer is one of which it has no record',
    ],
    [
      'a segment without records at the end',
      () =>
        change((it) => it.segments.push(handAnswer(RIGHT, ACTOR('carol')).segments[1]), {
          ...ACTOR('alice'),
          to: timeOf(104),
          partitions: ['0'],
        }),
      'is one of which it has no record',
    ],
    [
      "a row's time changed",
      () =>
        change((it) => {
          const rows = Buffer.from(termOf(it, 0, ROWS).postings, 'base64');
          rows[rows.length - 1] = 1;
          termOf(it, 0, ROWS).postings = rows.toString('base64');
        }),
      "a leaf does not lead to the unit's root",
    ],
    [
      'a block of rows missing',
      () => change((it) => (it.units[0].terms = it.units[0].terms.filter(({ key }: Json) => key !== ROWS))),
      'unit 0 of the index: block 0 of its rows is missing',
    ],
    [
      'a block of rows missing, where all records were asked for',
      () => change((it) => (it.units[1].terms = it.units[1].terms.filter(({ key }: Json) => key !== ROWS)), {}),
      'unit 1 of the index: block 0 of its rows is missing',
    ],
    [
      'a block of rows that is not needed',
      () =>
        change((it) => {
          it.units[0].terms.push(provedTerm(unitTerms(0), ROWS));
          it.units[0].terms.sort((a: Json, b: Json) => (a.key < b.key ? -1 : 1));
        }, ACTOR('nobody')),
      'which nobody asked for',
    ],
    [
      'a stale checkpoint',
      () => change((it) => (it.checkpoint = checkpointOf(RIGHT.entries.slice(0, 42)))),
      'the heads',
    ],
    [
      'a checkpoint without its signature line',
      () => change((it) => (it.checkpoint = it.checkpoint.split('\u2014')[0])),
      'the checkpoint carries no signature',
    ],
    [
      'the number of the heads changed',
      () => change((it) => it.heads.index++),
      'does not lead from the heads, entry 42',
    ],
    [
      'the number of a segment changed',
      () => change((it) => it.segments[0].index--),
      'the entry of a segment, entry 0',
    ],
    ['another entry for heads', () => change((it) => (it.heads = it.segments[0])), 'entry 1 is not of heads'],
    [
      'a stale manifest',
      () => change((it) => (it.manifest = handLog({ segments: (all) => all.slice(0, 5) }).manifest)),
      'the manifest of the index is not the one that the log states',
    ],
  ])('%s', async (_name, answer, says) => {
    expect(await fault(answer())).toContain(says);
  });

  test("another log's key, and another log", async () => {
    for (const [seed, origin] of [
      [9, LEDGER],
      [1, 'logs.example.com/other'],
    ] as const) {
      const { fault, steps } = await check(change((it) => (it.checkpoint = checkpointOf(RIGHT.entries, origin, seed))));
      expect(fault?.message).toBe(`no given key of ${origin} signed the checkpoint`);
      expect(steps[0]).toMatchObject({ name: 'signature', state: 'fails' });
    }
  });

  test('a signature of the log that is wrong', async () => {
    const stale = checkpointOf(RIGHT.entries.slice(0, 42)).split('\n\n')[1];
    const { fault } = await check(change((it) => (it.checkpoint = `${it.checkpoint.split('\n\n')[0]}\n\n${stale}`)));
    expect(fault?.message).toContain('the signature under the name logs.example.com/audit');
  });

  test("an auditor's key signs no checkpoint", async () => {
    const { fault } = await check(
      change((it) => (it.checkpoint = checkpointOf(RIGHT.entries, `${LEDGER}/auditor`, 100))),
    );
    expect(fault?.code).toBe('SIGNATURE_INVALID');
  });
});
