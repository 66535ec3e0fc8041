import { AUDITOR, OPERATOR, RESERVED_ENDS, SEALER } from './certificate.ts';

/**
 * isLedgerName tells whether a ledger may have this name: those of sealers, auditors and operators end in what no ledger's
 * does.
 */
export const isLedgerName = (name: string): boolean => !RESERVED_ENDS.some((end) => name.endsWith(end));

/** LEDGER_NAME_RULE says what isLedgerName demands. */
export const LEDGER_NAME_RULE = `the name of a ledger ends neither in ${SEALER} nor in ${AUDITOR} nor in ${OPERATOR}`;
