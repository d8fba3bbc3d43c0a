import { defineEnvironment, kinds } from "@clarity/server/contract/environment";
import { lastBase } from "./ports.ts";

export const launcherEnvironment = defineEnvironment({
  program: "npm start",
  about: "Builds what is stale, starts everything on 127.0.0.1, keeps it running, stops it cleanly.",
  variables: {
    CLARITY_PORT: {
      kind: kinds.portWithin(1024, lastBase),
      help: "the edge's port; the others follow it",
      default: "4000",
    },
    CLARITY_DATA_DIR: {
      kind: kinds.path,
      help: "where everything is kept",
      otherwise: ".data in the repository",
    },
    DATABASE_URL: {
      kind: kinds.postgresUrl,
      help: "administrator of a PostgreSQL 15 or newer to use",
      otherwise: "one of its own",
      secret: true,
    },
  },
});
