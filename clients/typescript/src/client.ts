import { CallError } from "./errors.js";
import { randomId } from "./randomId.js";
import type { GatewaySession } from "./session.js";

const contentType = "application/x-protobuf";

/** What goes into a request besides what the caller says. */
export interface CallIds {
  readonly requestId: string;
  /** Empty while nobody is logged in. */
  readonly sessionId: string;
}

/** A call of the gateway: its path, and how its two messages are written and read. */
export interface Route<Request, Response> {
  readonly path: string;
  /** Writes the request, with the ids in the fields that it has for them. */
  encode(request: Request, ids: CallIds): Uint8Array;
  /** Reads the answer, also that of a failed call. */
  decode(answer: Uint8Array): Response;
}

/** Whether a call did what was asked, and the sentence for the user if not. */
export interface CallOutcome {
  readonly success: boolean;
  readonly text: string;
}

export interface GatewayClientOptions {
  /** Where the gateway takes requests, such as `https://chat.example.com`. */
  url: string;
  /** The session that goes into requests. Without one, only calls that need none succeed. */
  session?: GatewaySession;
  /** The language of the gateway's errmsg, such as `en` or `zh-CN`. Asked at every call. */
  language?(): string;
  /** How long a call may take, in milliseconds. Default 30 s. Uploads have no limit but the gateway's own. */
  timeout?: number;
  /** What an answer says of the call. Default: its `success` and `errmsg`. */
  outcome?(answer: unknown): CallOutcome;
  /** What sends the calls, such as one with `credentials: "include"`. Default: the global fetch. Uploads go by XMLHttpRequest. */
  fetch?: typeof fetch;
  /** Further headers, such as `Authorization` for gateways that take the session from there. */
  headers?(ids: CallIds): Record<string, string>;
}

export interface CallOptions {
  /** Gives the call up. */
  signal?: AbortSignal;
  /** Instead of the client's own timeout. */
  timeout?: number;
}

/** What came over HTTP. */
interface Answer {
  body: Uint8Array;
  status: number;
  code: string;
}

/**
 * Posts requests to the gateway and reads its answers. A call that is refused for its session is repeated once, with the session that the
 * provider gives instead: it had not reached any sub-service.
 */
export class GatewayClient {
  readonly #options: GatewayClientOptions;

  constructor(options: GatewayClientOptions) {
    this.#options = options;
  }

  /** @throws {CallError} The call did not succeed. */
  call<Request, Response>(route: Route<Request, Response>, request: Request, options: CallOptions = {}): Promise<Response> {
    return this.#call(route, request, async (body, headers) => {
      const timeout = AbortSignal.timeout(options.timeout ?? this.#options.timeout ?? 30_000);
      const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
      try {
        const answer = await (this.#options.fetch ?? fetch)(this.#options.url + route.path, { method: "POST", headers, body, signal });
        return { body: new Uint8Array(await answer.arrayBuffer()), status: answer.status, code: answer.headers.get("x-gateway-error") ?? "" };
      } catch (error) {
        throw options.signal?.aborted
          ? new CallError("cancelled", "The call was cancelled.", "", error)
          : new CallError("network", "The gateway cannot be reached.", "", error);
      }
    });
  }

  /**
   * The same for a request that carries a file: fetch does not tell how much has been sent, XMLHttpRequest does. For browsers alone.
   * @param onProgress How much has been sent, from 0 to 1.
   * @throws {CallError} The call did not succeed.
   */
  upload<Request, Response>(
    route: Route<Request, Response>,
    request: Request,
    onProgress: (sent: number) => void,
    signal?: AbortSignal,
  ): Promise<Response> {
    return this.#call(route, request, (body, headers) => new Promise<Answer>((resolve, reject) => {
      const cancelled = () => reject(new CallError("cancelled", "The upload was cancelled."));
      if (signal?.aborted) {
        cancelled();
        return;
      }

      const post = new XMLHttpRequest();
      post.open("POST", this.#options.url + route.path);
      post.responseType = "arraybuffer";
      for (const [name, value] of Object.entries(headers)) {
        post.setRequestHeader(name, value);
      }

      post.upload.onprogress = (progress) => onProgress(progress.loaded / progress.total);
      post.onerror = () => reject(new CallError("network", "The gateway cannot be reached."));
      post.onabort = cancelled;
      post.onload = () => resolve({
        body: new Uint8Array(post.response as ArrayBuffer), status: post.status, code: post.getResponseHeader("x-gateway-error") ?? "",
      });
      signal?.addEventListener("abort", () => post.abort());
      post.send(body);
    }));
  }

  async #call<Request, Response>(
    route: Route<Request, Response>,
    request: Request,
    post: (body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) => Promise<Answer>,
  ): Promise<Response> {
    const { session } = this.#options;
    for (let isRepeated = false; ; isRepeated = true) {
      const ids = { requestId: randomId(), sessionId: session?.id ?? "" };
      try {
        return this.#read(route, await post(route.encode(request, ids) as Uint8Array<ArrayBuffer>, this.#headers(ids)));
      } catch (error) {
        if (isRepeated || !(error instanceof CallError && error.isSessionInvalid) || !(await session?.replace(ids.sessionId))) {
          throw error;
        }
      }
    }
  }

  #headers(ids: CallIds): Record<string, string> {
    const { language, headers } = this.#options;
    return { "Content-Type": contentType, ...(language && { "Accept-Language": language() }), ...headers?.(ids) };
  }

  #read<Response>(route: Route<never, Response>, { body, status, code }: Answer): Response {
    let answer: Response;
    let outcome: CallOutcome;
    try {
      answer = route.decode(body);
      outcome = (this.#options.outcome ?? envelope)(answer);
    } catch (error) {
      throw new CallError("network", `The answer of ${route.path} (HTTP ${status}) cannot be read.`, "", error);
    }

    if (!outcome.success) {
      const text = outcome.text || `The gateway answered HTTP ${status}.`;
      throw code ? new CallError("gateway", text, code) : new CallError("refused", text);
    }

    return answer;
  }
}

/** What every answer of the wire contract begins with. */
function envelope(answer: unknown): CallOutcome {
  const { success, errmsg } = answer as { success?: boolean; errmsg?: string };
  return { success: success === true, text: errmsg ?? "" };
}
