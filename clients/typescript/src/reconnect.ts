/** Close codes after which coming back by itself would only be refused again, or do harm (docs/close-codes.md). */
const finalCodes = new Set([1000, 1002, 1003, 1009, 4400, 4401, 4409, 4429, 4430, 4440]);

/** The session is over: log in again. */
const sessionCodes = new Set([4401, 4440]);

const firstWait = 1_000;
const longestWait = 30_000;

export function mayReconnect(code: number): boolean {
  return !finalCodes.has(code);
}

export function endsSession(code: number): boolean {
  return sessionCodes.has(code);
}

/** How long to wait before the next attempt: at least a second, twice as long after each failure, and spread by chance. */
export function reconnectWait(failures: number, random: () => number = Math.random): number {
  const wait = Math.min(firstWait * 2 ** failures, longestWait / 2);
  return wait + wait * random();
}
