// Requests to the gateway, with the operator's token.

/** So many milliseconds pass between two looks at the gateway. */
export const interval = 2000;

/** An answer may take so many milliseconds; after as many without one the page says that the gateway is silent. */
export const patience = 5000;

const key = "gateway-management-token";

/** Kept for this tab alone. */
export const token = {
  isKnown: () => sessionStorage.getItem(key) !== null,
  keep: (value) => sessionStorage.setItem(key, value),
  forget: () => sessionStorage.removeItem(key),
};

/** An answer that says why the gateway does not do what it was asked. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export async function ask(path, { method = "GET", body, limit = patience } = {}) {
  const known = sessionStorage.getItem(key);
  const response = await fetch(path, {
    method,
    body,
    cache: "no-store",
    headers: known ? { Authorization: `Bearer ${known}` } : {},
    signal: AbortSignal.timeout(limit),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refused(response.status, answer.error ?? `The gateway answered ${response.status}.`);
  }

  return answer;
}

export const post = (path, query = {}, body) => ask(`${path}?${new URLSearchParams(query)}`, { method: "POST", body, limit: 15_000 });
