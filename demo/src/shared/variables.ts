import { defineVariables, kinds } from "@clarity/server/contract/environment";

/** @param port its default */
export const listening = <const Port extends string>(port: Port) =>
  defineVariables({
    PORT: { kind: kinds.port, help: "where to listen", default: port },
    HOST: { kind: kinds.host, help: "where to listen", default: "127.0.0.1" },
  });

export const databaseOfItsOwn = defineVariables({
  DATABASE_URL: {
    kind: kinds.postgresUrl,
    help: "a database of its own; its tables are made on start",
    required: true,
    secret: true,
  },
});
