export interface ProviderConfig {
  host: string;
  port: number;
  /** A PostgreSQL database of the provider's own; its tables are made on start. */
  databaseUrl: string;
  /** Bearer of POST /v1/accounts and /v1/faults. */
  adminKey: string;
  /** The origin browsers reach this process at. */
  publicOrigin: string;
  /** Folder that holds the built `card-frame.js`. */
  cardFrameDir: string;
  /** CSP sources that may frame /card and /3ds. */
  frameAncestors: string[];
}

/**
 * Reads the environment of main.ts.
 * @throws Error naming the variable that is missing or wrong.
 */
export function readConfig(env: NodeJS.ProcessEnv): ProviderConfig {
  return {
    host: env.HOST || "127.0.0.1",
    port: portOf(required(env, "PORT")),
    databaseUrl: required(env, "DATABASE_URL"),
    adminKey: required(env, "ADMIN_KEY"),
    publicOrigin: originOf(required(env, "PUBLIC_ORIGIN")),
    cardFrameDir: required(env, "CARD_FRAME_DIR"),
    frameAncestors: sourcesOf(required(env, "FRAME_ANCESTORS")),
  };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]?.trim();
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error("PORT is no port number");
  return port;
}

function originOf(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new Error("PUBLIC_ORIGIN is no origin such as http://sandbox.localhost:4002");
  }
  return text;
}

/** A `;` or `,` would end the directive and let the variable add others. */
function sourcesOf(text: string): string[] {
  const sources = text.split(/\s+/);
  if (sources.some((source) => /[;,]/.test(source))) throw new Error("FRAME_ANCESTORS holds ; or ,");
  return sources;
}
