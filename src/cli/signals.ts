/** ENDING_SIGNALS are what people and systems end a program with: Ctrl-C, a service that is stopped, a terminal that is closed. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
