import { signNote } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { MAX_CERTIFICATE_MS } from '../../src/core/signed/certificate.ts';
import type { Session } from '../../src/core/signed/session.ts';
import { Sessions } from '../../src/ledger/session.ts';
import type { SessionDeps } from '../../src/ledger/session.ts';
import { LEDGER, TRUST } from '../support/forge.ts';
import { KEY, keyOf, sessionsOf, signerOf } from '../support/logs.ts';
import { coded } from '../support/logVectors.ts';
import { openReferenceCertificate } from '../support/referenceSignature.ts';

const START = Date.parse('2026-12-03T00:00:00.000Z');
const HOUR = 3_600_000;
const at = (hours: number): string => new Date(START + hours * HOUR).toISOString();

/** Sessions whose signer counts what it signs, and fails when it is told to. */
function counted(random = 0): { sessions: Sessions; signer: { asked: number; signed: number; isAway: boolean } } {
  const signer = { asked: 0, signed: 0, isAway: false };
  const sign: SessionDeps['signers'][number]['sign'] = async (text) => {
    signer.asked++;
    if (signer.isAway) throw new AuditsealError('SIGNER_UNAVAILABLE', 'away');
    signer.signed++;
    return signNote(text, KEY);
  };
  const signers = [{ verifierKey: KEY.verifierKey, sign }];
  return { sessions: new Sessions({ ledger: LEDGER, role: 'segments', signers, random: () => random }), signer };
}

const seedOf = ({ privateKey }: Session): string => String(privateKey.export({ format: 'jwk' }).d);

test.each(['segments', 'batches'] as const)(
  'a session for %s has a certificate for 24 hours, of each key',
  async (role) => {
    const keys = [KEY, keyOf(2)];
    const { certificate, note } = await sessionsOf(role, keys).at(at(0));
    for (const key of keys) {
      const trust = { ledger: LEDGER, keys: [formatVerifierKey(key.verifierKey)] };
      expect(openReferenceCertificate(note, role, trust)).toMatchObject({ from: at(0), until: at(24) });
    }
    expect(certificate).toMatchObject({ ledger: LEDGER, role, from: at(0), until: at(24) });
    expect(Date.parse(certificate.until) - Date.parse(certificate.from)).toBe(MAX_CERTIFICATE_MS);
  },
);

test('one session is enough until half of its time, a little less by chance; then there is another one, with another key', async () => {
  for (const [random, renewal] of [
    [0, 12],
    [0.5, 10.8],
    [1, 9.6],
  ] as const) {
    const { sessions, signer } = counted(random);
    const first = await sessions.at(at(0));
    expect(await sessions.at(at(renewal - 0.001))).toBe(first);
    expect(signer.signed).toBe(1);
    const second = await sessions.at(at(renewal));
    expect(second.certificate).toMatchObject({ from: at(renewal), until: at(renewal + 24) });
    expect(seedOf(second)).not.toBe(seedOf(first));
    expect(signer.signed).toBe(2);
  }
});

test('who asks at once gets the same session', async () => {
  const { sessions, signer } = counted();
  const all = await Promise.all(Array.from({ length: 20 }, () => sessions.at(at(0))));
  expect([new Set(all).size, signer.signed]).toEqual([1, 1]);
});

test('who asks at once for times that no one certificate has gets one for each', async () => {
  const { sessions } = counted();
  const times = [at(0), at(100), at(-100)];
  const all = await Promise.all(times.map((time) => sessions.at(time)));
  all.forEach(({ certificate: { from, until } }, i) => {
    expect(from <= (times[i] as string) && (times[i] as string) <= until).toBe(true);
  });
});

test('a time before the certificate has another one: a clock may go back', async () => {
  const { sessions } = counted();
  await sessions.at(at(0));
  expect((await sessions.at(at(-1))).certificate).toMatchObject({ from: at(-1), until: at(23) });
});

test('without a key there is no session; while the old certificate lasts, it serves', async () => {
  const { sessions, signer } = counted();
  signer.isAway = true;
  await expect(sessions.at(at(0))).rejects.toThrow(coded('SIGNER_UNAVAILABLE'));
  signer.isAway = false;
  const first = await sessions.at(at(0));
  signer.isAway = true;
  for (const hours of [12, 20, 24]) expect(await sessions.at(at(hours))).toBe(first);
  await expect(sessions.at(at(24.001))).rejects.toThrow(coded('SIGNER_UNAVAILABLE'));
  signer.isAway = false;
  expect((await sessions.at(at(24.001))).certificate.from).toBe(at(24.001));
});

test('a key that is away is not asked each time while the old certificate serves: that may take a minute', async () => {
  const { sessions, signer } = counted();
  const first = await sessions.at(at(0));
  signer.isAway = true;
  for (const hours of [12, 12.01, 12.05]) expect(await sessions.at(at(hours))).toBe(first);
  expect(signer.asked).toBe(2);
  signer.isAway = false;
  expect(await sessions.at(at(12.08))).toBe(first);
  expect(await sessions.at(at(12.09))).not.toBe(first);
});

test.each([
  ['of another key', KEY.verifierKey, keyOf(9)],
  ['of another name', keyOf(1, 'other.example.com/x').verifierKey, keyOf(1, 'other.example.com/x')],
])('a certificate with a signature %s is not used: what it signs would be foreign', async (_name, verifierKey, key) => {
  const signers = [{ ...signerOf(key), verifierKey }];
  const sessions = new Sessions({ ledger: LEDGER, role: 'segments', signers, random: () => 0 });
  await expect(sessions.at(at(0))).rejects.toThrow(coded('SIGNATURE_INVALID'));
});

test('the tests’ own sessions are those that forged segments are trusted with', async () => {
  const { note } = await sessionsOf('segments').at(at(0));
  expect(openReferenceCertificate(note, 'segments', TRUST).from).toBe(at(0));
});
