/**
 * Why a call failed.
 * - `refused`: the sub-service said no, and why.
 * - `gateway`: the gateway refused or failed the call; `code` is its `x-gateway-error`.
 * - `network`: no answer came.
 * - `cancelled`: the caller gave up.
 */
export type CallErrorKind = "refused" | "gateway" | "network" | "cancelled";

/** A failed call. The message is the answer's errmsg where there is one: a sentence for the user. */
export class CallError extends Error {
  readonly kind: CallErrorKind;
  /** The header `x-gateway-error`, such as `session-invalid`; empty unless the kind is `gateway`. */
  readonly code: string;

  constructor(kind: CallErrorKind, message: string, code = "", cause?: unknown) {
    super(message, { cause });
    this.name = "CallError";
    this.kind = kind;
    this.code = code;
  }

  /** Nobody is logged in with this session any more. */
  get isSessionInvalid(): boolean {
    return this.code === "session-invalid";
  }
}
