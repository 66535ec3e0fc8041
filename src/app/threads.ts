/** How many segments each thread that hashes may have waiting. */
export const SEGMENTS_A_THREAD = 3;
