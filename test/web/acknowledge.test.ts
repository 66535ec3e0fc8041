import { formatHash, sha256 } from '../../src/core/hash.ts';
import { actionName } from '../../src/core/objects/names.ts';
import { parseFiledAction } from '../../src/core/objects/acknowledgement.ts';
import { attempt } from '../../src/core/errors.ts';
import { parseAction } from '../../web/verify/ledger/action.ts';
import {
  FOREIGN,
  REGISTERED,
  acknowledge,
  integrate,
  planted,
  signedAcknowledgement,
  unsignedAcknowledgement,
} from '../support/acknowledged.ts';
import { forgeAction } from '../support/actions.ts';
import { LEDGER } from '../support/forge.ts';
import { damaged } from '../support/logVectors.ts';
import { SECOND, ledgerOf } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { OPERATOR, keyOf } from '../support/logs.ts';
import { coreVerdict, pageOutcome, pageVerdict } from './mirrors.ts';
import type { Mirror } from './mirrors.ts';

function mirrorOf({ store, tiles }: Ledger): Mirror {
  const mirror: Mirror = new Map(store.objects);
  for (const [name, bytes] of tiles.objects) mirror.set(`tlog/${name}`, bytes);
  return mirror;
}

const both = async (mirror: Mirror): Promise<{ status: string; found: readonly string[] }> => {
  const page = await pageVerdict(mirror);
  expect(page).toEqual(await coreVerdict(mirror));
  return page;
};

const by = (number: number): string =>
  ` acknowledged by ann at 2025-12-15T03:33:40.000Z in ${actionName(number)}: the hub was full`;

describe('the page and the command line conclude the same of', () => {
  test('an acknowledged finding, before and after its entry', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    expect(await both(mirrorOf(ledger))).toEqual({ status: 'violated', found: [`foreign-object ${FOREIGN}`] });
    expect((await pageOutcome(mirrorOf(ledger))).notChecked.join()).toContain(`${actionName(0)} is the first`);
    await integrate(ledger, SECOND + 21);
    const mirror = mirrorOf(ledger);
    expect(await both(mirror)).toEqual({ status: 'verified', found: [`foreign-object ${FOREIGN}${by(0)}`] });
    mirror.set(FOREIGN, Buffer.from('other'));
    expect(await both(mirror)).toEqual({ status: 'violated', found: [`foreign-object ${FOREIGN}`] });
  });

  test('one that is acknowledged twice, and an acknowledgement of what is no finding', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await acknowledge(ledger, 'hub-recreated', FOREIGN);
    await integrate(ledger, SECOND + 21);
    const mirror = mirrorOf(ledger);
    expect(await both(mirror)).toEqual({ status: 'verified', found: [`foreign-object ${FOREIGN}${by(1)}`] });
    expect((await pageOutcome(mirror)).notChecked.join()).toContain(
      `Acknowledgements that fit no finding which this page lists: 1; ${actionName(2)} is the first.`,
    );
  });

  test('one whose object a mirror keeps apart', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    const mirror = mirrorOf(ledger);
    const file = `foreign/${formatHash(sha256(Buffer.from(FOREIGN)))}`;
    mirror.set(file, mirror.get(FOREIGN) as Buffer).set(`${file}.name`, Buffer.from(FOREIGN));
    mirror.delete(FOREIGN);
    expect(await pageVerdict(mirror)).toEqual({ status: 'verified', found: [`foreign-object ${FOREIGN}${by(0)}`] });
  });

  test('what is dated ahead, and an attempt without outcome', async () => {
    const ledger = await ledgerOf(2, 4, { operators: REGISTERED });
    for (const [number, second] of [SECOND - 9000, SECOND + 100_000, SECOND + 100_000].entries())
      ledger.store.objects.set(...forgeAction(number, { kind: 'lock', days: 365 }, 'attempted', second));
    await acknowledge(ledger, 'action-unfinished', actionName(0));
    await acknowledge(ledger, 'clock-ahead', actionName(1));
    await integrate(ledger, SECOND + 21);
    expect((await both(mirrorOf(ledger))).found).toEqual([
      `action-unfinished ${actionName(0)}${by(3)}`,
      `clock-ahead ${actionName(1)}${by(4)}`,
      `clock-ahead ${actionName(2)}`,
    ]);
  });

  test('operators who are revoked, unknown, or of another ledger, and copies', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    const copy = ledger.store.objects.get(actionName(0)) as Buffer;
    const others = [keyOf(77, `${LEDGER}/operator`), keyOf(101, 'logs.example.com/other/operator')];
    ledger.store.objects.set(actionName(1), copy);
    for (const [i, key] of others.entries())
      ledger.store.objects.set(actionName(2 + i), signedAcknowledgement(actionName(2 + i), key));
    await integrate(ledger, SECOND + 21);
    await integrate(ledger, SECOND + 22, { registered: [], revoked: [OPERATOR.verifierKey] });
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 23);
    expect(await both(mirrorOf(ledger))).toEqual({
      status: 'violated',
      found: [
        ...[1, 2, 3, 4].map((number) => `foreign-object ${actionName(number)}`),
        `foreign-object ${FOREIGN}${by(0)}`,
      ],
    });
  });

  test('an action of the log that another acknowledgement replaces in a copy: neither counts', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'cosignature-invalid', FOREIGN);
    await integrate(ledger, SECOND + 21);
    await integrate(ledger, SECOND + 22, { registered: [], revoked: [OPERATOR.verifierKey] });
    const mirror = mirrorOf(ledger).set(actionName(0), signedAcknowledgement(actionName(0), OPERATOR));
    expect(await both(mirror)).toEqual({
      status: 'violated',
      found: [`entry-mismatch ${actionName(0)}`, `foreign-object ${FOREIGN}`],
    });
  });

  test('a foreign object of the log that an acknowledgement replaces in a copy: it has no entry of its own', async () => {
    const ledger = await planted();
    ledger.store.objects.set(actionName(0), Buffer.from('junk'));
    await integrate(ledger, SECOND + 21);
    const mirror = mirrorOf(ledger).set(actionName(0), signedAcknowledgement(actionName(0), OPERATOR));
    expect(await both(mirror)).toEqual({
      status: 'violated',
      found: [`entry-mismatch ${actionName(0)}`, `foreign-object ${FOREIGN}`],
    });
    expect((await pageOutcome(mirror)).notChecked.join()).toContain(`${actionName(0)} is the first`);
  });

  test('a log that entries are lost of: nothing counts as acknowledged', async () => {
    const ledger = await planted();
    await acknowledge(ledger, 'foreign-object', FOREIGN);
    await integrate(ledger, SECOND + 21);
    const mirror = mirrorOf(ledger);
    mirror.delete('batches/000000000001.jsonl');
    expect((await both(mirror)).found.join()).not.toContain('acknowledged');
  });
});

test('both take the same bytes for an acknowledgement', () => {
  const good = signedAcknowledgement(actionName(0), OPERATOR);
  const isOne = (bytes: Buffer): boolean => attempt(() => parseFiledAction(bytes), 'malformed') !== undefined;
  expect(isOne(good)).toBe(true);
  let taken = 0;
  for (const bytes of [
    ...damaged(good, 1, 3000),
    Buffer.concat([unsignedAcknowledgement(), Buffer.from('}\n')]),
    Buffer.from(good.toString().replace('foreign-object', 'chain-broken')),
    Buffer.from(good.toString().replace(/"sha256":"\w+"/, '"sha256":null')),
    Buffer.from(good.toString().replace(FOREIGN, 'x'.repeat(3073))),
    Buffer.from(good.toString().replace(FOREIGN, 'x'.repeat(3072))),
    Buffer.from(good.toString().replace('"ann"', '"a\u2028b"')),
  ]) {
    const wanted = isOne(bytes);
    if ((parseAction(new Uint8Array(bytes)) !== undefined) !== wanted)
      expect({ bytes: bytes.toString() }).toEqual({ wanted });
    taken += Number(wanted);
  }
  expect(taken).toBeGreaterThan(2);
});
