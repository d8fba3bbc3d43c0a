import { defineEnvironment, kinds } from "@clarity/server/contract/environment";
import { z } from "zod";
import { databaseOfItsOwn, listening } from "../shared/variables.ts";

export const netsuiteEnvironment = defineEnvironment({
  program: "netsuite",
  about: "The stand-in NetSuite account.",
  variables: {
    ...listening("4003"),
    ...databaseOfItsOwn,
    EDGE_ORIGIN: { kind: kinds.origin, help: "the tenant's, as browsers reach it", required: true },
    PROVIDER_ORIGIN: { kind: kinds.origin, help: "of the card frame", required: true },
    SNIPPET_PATH: { kind: kinds.path, help: "of pay-form.js at the edge", required: true },
    SNIPPET_INTEGRITY: { kind: kinds.text, help: "of pay-form.js", required: true },
    EMBED_KEY_ID: { kind: kinds.text, help: "signs embed tokens", required: true },
    EMBED_SECRET: { kind: kinds.text, help: "signs embed tokens, HS256", required: true, secret: true },
    INTEGRATION_CLIENT_ID: { kind: kinds.text, help: "a client that may ask for tokens" },
    INTEGRATION_CERT_ID: { kind: kinds.text, help: "its certificate's id" },
    INTEGRATION_PUBLIC_JWK: {
      kind: kinds.json("a public key as a JWK", z.record(z.string(), z.unknown())),
      help: "its public key",
    },
    CONCURRENCY_LIMIT: {
      kind: kinds.wholeNumber({ least: 1, most: 1_000 }),
      help: "requests at once",
      default: "5",
    },
    LATENCY_MS: {
      kind: kinds.wholeNumber({ most: 600_000, unit: "ms" }),
      help: "of every answer",
      default: "30",
    },
    TOUR_URL: { kind: kinds.text, help: "where pages lead back to", default: "/" },
  },
  rules: ({ INTEGRATION_CLIENT_ID, INTEGRATION_CERT_ID, INTEGRATION_PUBLIC_JWK }) => {
    const set = [INTEGRATION_CLIENT_ID, INTEGRATION_CERT_ID, INTEGRATION_PUBLIC_JWK].filter(Boolean);
    return set.length % 3 === 0 ? [] : ["INTEGRATION_CLIENT_ID, _CERT_ID and _PUBLIC_JWK go together"];
  },
});
