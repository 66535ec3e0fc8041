import { loadVectors } from './logVectors.ts';
import type { ReferenceTrust } from './referenceSignature.ts';
import type { SignedAcknowledgementCase } from '../vectors/signed/acknowledgements.ts';
import type { LogCase } from '../vectors/signed/batches.ts';
import type { CertificateCase } from '../vectors/signed/certificates.ts';
import { KEYS } from '../vectors/signed/keys.ts';
import type { KeyLabel } from '../vectors/signed/keys.ts';
import type { SignedReportCase } from '../vectors/signed/reports.ts';
import type { SignedSegmentCase } from '../vectors/signed/segments.ts';
import { LEDGER } from './forge.ts';

/** SignedVectors is signed.json, decoded. */
export interface SignedVectors {
  readonly certificates: readonly CertificateCase[];
  readonly segments: readonly SignedSegmentCase[];
  readonly logs: readonly LogCase[];
  readonly reports: readonly SignedReportCase[];
  readonly acknowledgements: readonly SignedAcknowledgementCase[];
}

type Stored<T, Name extends string> = Omit<T, Name> & Readonly<Record<Name, string>>;

interface File {
  readonly certificates: readonly CertificateCase[];
  readonly segments: readonly Stored<SignedSegmentCase, 'stored'>[];
  readonly logs: readonly (Omit<LogCase, 'objects'> & {
    readonly objects: readonly Stored<LogCase['objects'][number], 'bytes'>[];
  })[];
  readonly reports: readonly Stored<SignedReportCase, 'bytes'>[];
  readonly acknowledgements: readonly Stored<SignedAcknowledgementCase, 'bytes'>[];
}

/** signedVectors loads certificates and what is signed, good and bad. */
export function signedVectors(): SignedVectors {
  const { certificates, segments, logs, reports, acknowledgements } = loadVectors('signed.json') as File;
  return {
    certificates,
    segments: segments.map((it) => ({ ...it, stored: Buffer.from(it.stored, 'base64') })),
    logs: logs.map((log) => ({
      ...log,
      objects: log.objects.map((it) => ({ ...it, bytes: Buffer.from(it.bytes) })),
    })),
    reports: reports.map((it) => ({ ...it, bytes: Buffer.from(it.bytes) })),
    acknowledgements: acknowledgements.map((it) => ({ ...it, bytes: Buffer.from(it.bytes) })),
  };
}

/** trustOf is whose signatures count in a case; `null`: nobody's are looked at. */
export const trustOf = (trusted: readonly KeyLabel[] | null): ReferenceTrust => ({
  ledger: LEDGER,
  keys: trusted === null ? undefined : trusted.map((label) => KEYS[label]),
});
