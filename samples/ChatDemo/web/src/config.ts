/** Where the gateway is. The demo serves it as config.json beside the page. */
export interface Config {
  httpUrl: string;
  webSocketUrl: string;
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("config.json", { signal: AbortSignal.timeout(10_000) });
  return (await answer.json()) as Config;
}
