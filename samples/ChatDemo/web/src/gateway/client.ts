import { create, fromBinary, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { CallError } from "./errors";
import type { Route } from "./routes";

const contentType = "application/x-protobuf";

export interface ClientOptions {
  /** Where the gateway takes requests, such as `http://127.0.0.1:9000`. */
  httpUrl: string;
  /** The language of the gateway's errmsg, such as `en` or `zh-CN`. Asked at every call. */
  language: () => string;
  /** How long a call may take, in milliseconds. Default 30 s. Transfers of files have none but the gateway's own. */
  timeout?: number;
}

/** What every answer begins with. */
interface Envelope {
  success: boolean;
  errmsg: string;
}

/** Posts requests to the gateway and reads its answers. Fills in the request id and the session id. */
export class GatewayClient {
  sessionId = "";

  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** @throws {CallError} The call did not succeed. */
  async call<Request extends DescMessage, Response extends DescMessage>(
    route: Route<Request, Response>,
    fields: MessageInitShape<Request>,
  ): Promise<MessageShape<Response>> {
    const signal = AbortSignal.timeout(this.#options.timeout ?? 30_000);
    let answer: globalThis.Response;
    let body: ArrayBuffer;
    try {
      answer = await fetch(this.#options.httpUrl + route.path, {
        method: "POST",
        headers: this.#headers(),
        body: this.#encode(route, fields),
        signal,
      });
      body = await answer.arrayBuffer();
    } catch {
      throw new CallError("network", "The gateway cannot be reached.");
    }

    return read(route, new Uint8Array(body), answer.status, answer.headers.get("x-gateway-error"));
  }

  /**
   * The same for a request that carries a file: fetch does not tell how much has been sent, XMLHttpRequest does.
   * @param onProgress How much has been sent, from 0 to 1.
   * @throws {CallError} The call did not succeed.
   */
  upload<Request extends DescMessage, Response extends DescMessage>(
    route: Route<Request, Response>,
    fields: MessageInitShape<Request>,
    onProgress: (sent: number) => void,
    signal?: AbortSignal,
  ): Promise<MessageShape<Response>> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.#options.httpUrl + route.path);
      request.responseType = "arraybuffer";
      for (const [name, value] of Object.entries(this.#headers())) {
        request.setRequestHeader(name, value);
      }

      request.upload.onprogress = (progress) => onProgress(progress.loaded / progress.total);
      request.onerror = () => reject(new CallError("network", "The gateway cannot be reached."));
      request.onabort = () => reject(new CallError("cancelled", "The upload was cancelled."));
      request.onload = () => {
        try {
          const body = new Uint8Array(request.response as ArrayBuffer);
          resolve(read(route, body, request.status, request.getResponseHeader("x-gateway-error")));
        } catch (error) {
          reject(error);
        }
      };
      signal?.addEventListener("abort", () => request.abort());
      request.send(this.#encode(route, fields));
    });
  }

  #headers(): Record<string, string> {
    return { "Content-Type": contentType, "Accept-Language": this.#options.language() };
  }

  #encode<Request extends DescMessage>(route: Route<Request, DescMessage>, fields: MessageInitShape<Request>): Uint8Array<ArrayBuffer> {
    const message = create(route.request, fields) as MessageShape<Request> & { requestId: string; sessionId?: string };
    message.requestId = randomId();
    if (message.sessionId !== undefined) {
      message.sessionId = this.sessionId;
    }

    return toBinary(route.request, message) as Uint8Array<ArrayBuffer>;
  }
}

function read<Response extends DescMessage>(
  route: Route<DescMessage, Response>,
  body: Uint8Array,
  status: number,
  code: string | null,
): MessageShape<Response> {
  let message: MessageShape<Response> & Envelope;
  try {
    message = fromBinary(route.response, body) as MessageShape<Response> & Envelope;
  } catch {
    throw new CallError("network", `The answer of ${route.path} (HTTP ${status}) cannot be read.`);
  }

  if (!message.success) {
    const text = message.errmsg || `The gateway answered HTTP ${status}.`;
    throw code ? new CallError("gateway", text, code) : new CallError("refused", text);
  }

  return message;
}

// Not crypto.randomUUID, which pages without TLS lack on every host but localhost.
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
