import type { VerifierKey } from '../verifierKey.ts';

const AUDITOR = '/auditor';

/** isAuditor tells by its name whether a key signs reports: it certifies nobody, and signs no checkpoint. */
export const isAuditor = ({ keyName }: VerifierKey): boolean => keyName.endsWith(AUDITOR);
