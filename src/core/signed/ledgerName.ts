import { AUDITOR, SEALER } from './certificate.ts';

/** isLedgerName tells whether a ledger may have this name: those of sealers and auditors end in what no ledger's does. */
export const isLedgerName = (name: string): boolean => !name.endsWith(SEALER) && !name.endsWith(AUDITOR);

/** LEDGER_NAME_RULE says what isLedgerName demands. */
export const LEDGER_NAME_RULE = `the name of a ledger ends neither in ${SEALER} nor in ${AUDITOR}`;
