import { defineEnvironment, kinds, type ValuesOf } from "@clarity/server/contract/environment";
import { databaseOfItsOwn } from "../shared/variables.ts";

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
  /** CSP sources that may frame /card and /3ds of accounts that have never said. */
  frameAncestors: string[];
}

export const providerEnvironment = defineEnvironment({
  program: "provider",
  about: "The sandbox card processor.",
  variables: {
    PORT: { kind: kinds.port, help: "where to listen", required: true },
    HOST: { kind: kinds.host, help: "where to listen", default: "127.0.0.1" },
    ...databaseOfItsOwn,
    ADMIN_KEY: { kind: kinds.text, help: "opens accounts and makes faults", required: true, secret: true },
    PUBLIC_ORIGIN: { kind: kinds.origin, help: "where browsers reach it", required: true },
    CARD_FRAME_DIR: { kind: kinds.path, help: "holds the built card-frame.js", required: true },
    FRAME_ANCESTORS: {
      // One of these would end the directive and let the variable add others.
      kind: kinds.textLike("CSP sources with spaces between them, without ; or ,", /^[^;,]+$/),
      help: "who may frame the pages of accounts that have never said",
      required: true,
    },
  },
});

export const configFrom = (values: ValuesOf<typeof providerEnvironment.variables>): ProviderConfig => ({
  host: values.HOST,
  port: values.PORT,
  databaseUrl: values.DATABASE_URL,
  adminKey: values.ADMIN_KEY,
  publicOrigin: values.PUBLIC_ORIGIN,
  cardFrameDir: values.CARD_FRAME_DIR,
  frameAncestors: values.FRAME_ANCESTORS.split(/\s+/),
});
