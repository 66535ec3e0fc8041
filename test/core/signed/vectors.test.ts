import type { ReferenceOperator } from '../../support/referenceSignature.ts';
import { attempt } from '../../../src/core/errors.ts';
import { parseFiledAction } from '../../../src/core/objects/acknowledgement.ts';
import { isAcknowledgedBy } from '../../../src/core/signed/acknowledgementSignature.ts';
import { formatHash } from '../../../src/core/hash.ts';
import { LogTree } from '../../../src/core/merkle/logTree.ts';
import { parseVerifierKey } from '../../../src/core/note/verifierKey.ts';
import { NO_LOG, openNextBatch } from '../../../src/core/objects/batch.ts';
import type { LogSoFar } from '../../../src/core/objects/batch.ts';
import { parseBatchName } from '../../../src/core/objects/names.ts';
import { summarizeSegment } from '../../../src/core/segment/summary.ts';
import { Certificates } from '../../../src/core/signed/certificate.ts';
import type { Trust } from '../../../src/core/signed/certificate.ts';
import { openReportSignature } from '../../../src/core/signed/reportSignature.ts';
import { LEDGER } from '../../support/forge.ts';
import { readReferenceSegment, referenceRoot } from '../../support/referenceLedger.ts';
import {
  Foreign,
  OfLater,
  openReferenceBatch,
  openReferenceCertificate,
  openReferenceReport,
  openReferenceAcknowledgement,
  referenceKeys,
  referenceOperators,
} from '../../support/referenceSignature.ts';
import { signedVectors as loadSigned, trustOf } from '../../support/signedVectors.ts';
import { signedVectors } from '../../vectors/generate.ts';
import { KEYS } from '../../vectors/signed/keys.ts';
import type { KeyLabel } from '../../vectors/signed/keys.ts';
import { BatchOrder } from '../../../src/verify/log/batchOrder.ts';
import { logAfter } from '../../../src/ledger/batches.ts';
import { AuditsealError } from '../../../src/core/errors.ts';

const { certificates, segments, logs, reports, acknowledgements } = loadSigned();

/** What `act` comes to, in the words of signed.json. */
function outcomeOf(act: () => unknown): string {
  try {
    act();
    return 'valid';
  } catch (error) {
    if (error instanceof AuditsealError) return error.code.toLowerCase().replace('_object', '').replace('_', '-');
    if (error instanceof Foreign) return 'foreign';
    return error instanceof OfLater ? 'version-unknown' : 'malformed';
  }
}

const coreTrust = (trusted: readonly KeyLabel[] | null): Trust => {
  const { ledger, keys } = trustOf(trusted);
  return { ledger, ...(keys !== undefined && { keys }) };
};

describe('signed.json: certificates', () => {
  test.each(certificates)('$name: $expect', ({ note, role, trusted, expect: expected }) => {
    const { ledger, keys } = trustOf(trusted);
    const own = new Certificates(ledger, keys?.map(parseVerifierKey));
    expect(outcomeOf(() => own.open(note, role))).toBe(expected);
    expect(outcomeOf(() => own.open(note, role))).toBe(expected);
    expect(outcomeOf(() => openReferenceCertificate(note, role, trustOf(trusted)))).toBe(expected);
  });
});

describe('signed.json: segments', () => {
  test.each(segments)('$name: $expect', ({ object, stored, trusted, expect: expected, root }) => {
    const summary = summarizeSegment(stored, { name: object, trust: coreTrust(trusted) });
    if (root !== undefined) expect(summary.ok && formatHash(summary.root)).toBe(root);
    expect(verdictOf(summary)).toBe(expected);
    expect(outcomeOf(() => readReferenceSegment(stored, object, trustOf(trusted)))).toBe(expected);
    // Only what was signed has a SHA-256: nothing else was looked at.
    expect(!summary.ok && summary.sha256 !== undefined).toBe(expected === 'malformed' && !summary.ok);
  });
});

function verdictOf(summary: ReturnType<typeof summarizeSegment>): string {
  if (summary.ok) return summary.endDiffers || summary.contradiction !== undefined ? 'malformed' : 'valid';
  if (summary.isForeign) return 'foreign';
  return summary.isOfLater ? 'version-unknown' : 'malformed';
}

describe('signed.json: logs', () => {
  test.each(logs)('$name', ({ objects, trusted }) => {
    const wanted = objects.map(({ object, expect, size, root }) => ({ object, expect, ...(size && { size, root }) }));
    expect(trusted === null ? keylessLog(objects) : coreLog(objects, trusted)).toEqual(wanted);
    expect(referenceLog(objects, trusted)).toEqual(wanted);
  });
});

type LogObjects = (typeof logs)[number]['objects'];

/** What a writer takes for the log. */
function coreLog(objects: LogObjects, trusted: readonly KeyLabel[]): object[] {
  let log: LogSoFar = NO_LOG;
  const tree = new LogTree();
  return objects.map(({ object, bytes }) => {
    const number = parseBatchName(object) as number;
    const outcome = outcomeOf(() => {
      const { entries, heads } = openNextBatch(bytes, number, log, coreTrust(trusted));
      tree.append(entries);
      log = logAfter({ number, entries, heads }, tree);
    });
    const isVoid = ['foreign', 'batch-malformed'].includes(outcome);
    return { object, expect: isVoid ? 'void' : outcome, ...(outcome === 'valid' && sizeOf(log)) };
  });
}

/** What a checker without keys takes for the log. */
function keylessLog(objects: LogObjects): object[] {
  const order = new BatchOrder({ name: LEDGER, keys: undefined }, []);
  const tree = new LogTree();
  return objects.map(({ object, bytes }) => {
    const batch = order.take(bytes, parseBatchName(object) as number);
    if (!('entries' in batch)) return { object, expect: 'void' };
    tree.append(batch.entries);
    order.add(batch, tree.head);
    return { object, expect: 'valid', ...sizeOf(order.log) };
  });
}

const sizeOf = ({ head }: LogSoFar): object => ({ size: head.size, root: formatHash(head.rootHash) });

/** The same by the independent reader: docs/format.md, section 9.1, word for word. */
function referenceLog(objects: LogObjects, trusted: readonly KeyLabel[] | null): object[] {
  const entries: Buffer[] = [];
  const given = trustOf(trusted).keys;
  let [previous, time, keys] = [-1, '', [] as readonly string[]];
  let operators: readonly ReferenceOperator[] = [];
  return objects.map(({ object, bytes }) => {
    const outcome = outcomeOf(() => {
      const trust = { ledger: LEDGER, keys: previous < 0 ? (given ?? announced(bytes)) : keys };
      const batch = openReferenceBatch(bytes, object, trust);
      const isNext = batch.previous === previous && batch.size === entries.length;
      if (!isNext || batch.root !== referenceRoot(entries)) throw new Foreign('of another place');
      const lines = batch.lines.toString().split('\n').slice(0, -1);
      const { from, until } = batch.certificate;
      const heads = JSON.parse(lines.at(-1) ?? '{}') as {
        type: string;
        time: string;
        keys: string[];
        operators?: object[];
      };
      const { type, reports: n, actions, partitions } = heads as typeof heads & Record<string, number>;
      const said = { time: heads.time, keys: heads.keys, operators: heads.operators };
      const printed = JSON.stringify({ type, ...said, reports: n, actions, partitions });
      if (type !== 'heads' || printed !== lines.at(-1)) throw new Foreign('no heads');
      if (heads.time < time || heads.time < from || heads.time > until) throw new Foreign('of another time');
      if (lines.some((line) => line === '' || Buffer.byteLength(line) > 65_535)) throw new Foreign('a line');
      const own = referenceOperators(lines, operators, 0, trust);
      if (heads.operators?.length === 0) throw new Foreign('operators that are none');
      [keys, previous, time] = [referenceKeys(lines, keys, trust), Number(object.slice(8, 20)), heads.time];
      operators = own;
      entries.push(...lines.map((line) => Buffer.from(line)));
    });
    const more = outcome === 'valid' && { size: entries.length, root: referenceRoot(entries) };
    return { object, expect: outcome === 'foreign' ? 'void' : outcome, ...more };
  });
}

/** The keys that a batch announces by its heads: without others, those count of the first one. */
function announced(bytes: Buffer): readonly string[] {
  const heads = bytes.toString().split('\n').at(-3) ?? '';
  return heads.startsWith('{"type":"heads",') ? (JSON.parse(heads) as { keys: string[] }).keys : [];
}

describe('signed.json: reports', () => {
  test.each(reports)('$name: $expect', ({ object, bytes, auditors, expect: expected }) => {
    const keys = auditors.map((label) => KEYS[label]);
    const open = (): Buffer => openReportSignature(bytes, LEDGER, object, keys.map(parseVerifierKey));
    expect(outcomeOf(open)).toBe(expected);
    expect(outcomeOf(() => openReferenceReport(bytes, object, LEDGER, keys))).toBe(expected);
    if (expected === 'valid') expect(open()).toEqual(bytes.subarray(0, open().length));
  });
});

describe('signed.json: acknowledgements', () => {
  test.each(acknowledgements)('$name: $expect', ({ object, bytes, operators, expect: expected }) => {
    const action = attempt(() => parseFiledAction(bytes), 'malformed');
    const isSigned = operators.some((label) => isAcknowledgedBy(parseVerifierKey(KEYS[label]), bytes, object));
    expect(action === undefined ? 'malformed' : isSigned ? 'valid' : 'foreign').toBe(expected);
    const keys = operators.map((label) => KEYS[label]);
    const byHand = outcomeOf(() => openReferenceAcknowledgement(bytes, object, LEDGER, keys));
    if (expected !== 'malformed') expect(byHand).toBe(expected);
  });
});

test('signed.json is what generate.ts makes', () => {
  expect(JSON.parse(JSON.stringify(signedVectors()))).toEqual(loadVectorsAgain());
});

const loadVectorsAgain = (): unknown => ({
  ledger: LEDGER,
  keys: KEYS,
  certificates,
  segments: segments.map((it) => ({ ...it, stored: it.stored.toString('base64') })),
  logs: logs.map((log) => ({ ...log, objects: log.objects.map((it) => ({ ...it, bytes: it.bytes.toString() })) })),
  reports: reports.map((it) => ({ ...it, bytes: it.bytes.toString() })),
  acknowledgements: acknowledgements.map((it) => ({ ...it, bytes: it.bytes.toString() })),
});
