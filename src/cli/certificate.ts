import { EXIT } from './exits.ts';
import { createFile } from './files.ts';
import type { TrustedKeys } from './keys.ts';
import { warn } from './output.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { AuditsealError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { renderCertificate } from '../page/certificate.ts';
import type { CertificateKey, CertificateOutcome } from '../page/certificate.ts';

/** Result is what came of a check: its exit status, and what a certificate says of it. */
export interface Result {
  readonly exit: number;
  /** made only where somebody asks for it */
  readonly outcome: () => CertificateOutcome;
}

const keysOf = ({ logKeys, policy, auditors }: TrustedKeys): CertificateKey[] => [
  ...logKeys.map((key): CertificateKey => ({ of: key.type === 'cosignature' ? 'a witness' : 'a log', key })),
  ...(auditors?.verifiers ?? []).map((key): CertificateKey => ({ of: 'an auditor', key })),
  ...(policy?.witnesses ?? []).map(({ verifierKey: key }): CertificateKey => ({ of: 'a witness', key })),
];

/**
 * fileCertificate writes the certificate of a check, and gives the exit status. Where it can't be written, what was refuted stays refuted,
 * and all else ends as unknown, because who asked for a certificate has none.
 */
export async function fileCertificate(
  path: string,
  { name, bytes }: { readonly name: string; readonly bytes: Buffer },
  trust: TrustedKeys,
  { exit, outcome }: Result,
): Promise<number> {
  const facts = {
    file: { name, bytes: bytes.length, sha256: sha256(bytes) },
    at: new Date(),
    program: `auditseal ${packageJson.version}, Node.js ${process.version}`,
    keys: keysOf(trust),
  };
  try {
    await createFile(path, Buffer.from(renderCertificate(facts, outcome())), undefined, '--html');
    return exit;
  } catch (error) {
    if (!(error instanceof AuditsealError)) throw error;
    warn(error.message);
    return exit === EXIT.wrong ? exit : EXIT.unknown;
  }
}
