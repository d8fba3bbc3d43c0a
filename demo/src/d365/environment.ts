import { defineEnvironment, kinds } from "@clarity/server/contract/environment";
import { z } from "zod";
import { databaseOfItsOwn, listening } from "../shared/variables.ts";

export const d365Environment = defineEnvironment({
  program: "d365",
  about: "The stand-in Dynamics 365 environment.",
  variables: {
    ...listening("4004"),
    ...databaseOfItsOwn,
    EDGE_ORIGIN: { kind: kinds.origin, help: "the tenant's, as browsers reach it", required: true },
    LOADER_PATH: { kind: kinds.path, help: "of loader.js at the edge", required: true },
    LOADER_INTEGRITY: { kind: kinds.text, help: "of loader.js", required: true },
    EMBED_KEY_ID: { kind: kinds.text, help: "signs embed tokens", required: true },
    EMBED_PRIVATE_JWK: {
      kind: kinds.json("a private key as a JWK", z.looseObject({ kty: z.string() })),
      help: "signs embed tokens",
      required: true,
      secret: true,
    },
    CLIENT_ID: { kind: kinds.text, help: "a client that may ask for tokens" },
    CLIENT_SECRET: { kind: kinds.text, help: "of that client", secret: true },
    POSTING_DELAY_MS: {
      kind: kinds.wholeNumber({ most: 600_000, unit: "ms" }),
      help: "until the batch job posts a journal",
      default: "1500",
    },
    RATE_LIMIT: {
      kind: kinds.wholeNumber({ least: 1, most: 1_000_000 }),
      help: "requests a window",
      default: "6000",
    },
    RATE_WINDOW_MS: {
      kind: kinds.wholeNumber({ least: 1, most: 86_400_000, unit: "ms" }),
      help: "the window",
      default: "300000",
    },
    PAGE_SIZE: {
      kind: kinds.wholeNumber({ least: 1, most: 1_000_000 }),
      help: "rows an answer",
      default: "10000",
    },
    LATENCY_MS: {
      kind: kinds.wholeNumber({ most: 600_000, unit: "ms" }),
      help: "of every answer",
      default: "30",
    },
    DEFAULT_COMPANY: {
      kind: kinds.text,
      help: "the company of the integration's user, for writes that name none",
      default: "dat",
    },
    TOUR_URL: { kind: kinds.text, help: "where pages lead back to", default: "/" },
  },
  rules: ({ CLIENT_ID, CLIENT_SECRET }) =>
    Boolean(CLIENT_ID) === Boolean(CLIENT_SECRET) ? [] : ["CLIENT_ID and CLIENT_SECRET go together"],
});
