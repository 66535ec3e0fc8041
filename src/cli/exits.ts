/** EXIT is what the command line ends with. A fault never ends with 0 or 1: those are the answers to what was asked. */
export const EXIT = { fine: 0, wrong: 1, unknown: 2, usage: 64 } as const;
