import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { findPlatform, NotConfigured, writeInstance } from "./config.ts";

const dataDir = temporaryFolders();
const instance = {
  adminUrl: "postgres://postgres:p@127.0.0.1:1/postgres",
  registryUrl: "postgres://pay_registry:p@127.0.0.1:1/pay_registry",
  masterKeyFile: "/keys/master.key",
  namespace: "pay",
};

test("what the launcher wrote is what the command line finds, readable by its owner only", () => {
  const directory = dataDir();
  writeInstance(directory, instance);
  expect(findPlatform({ CLARITY_DATA_DIR: directory })).toEqual(instance);
  expect(statSync(join(directory, "instance.json")).mode & 0o777).toBe(0o600);
});

test("the environment comes first, when it is whole", () => {
  const directory = dataDir();
  writeInstance(directory, instance);
  const environment = {
    CLARITY_DATA_DIR: directory,
    DATABASE_URL: "postgres://admin@db.example/postgres",
    CLARITY_REGISTRY_URL: "postgres://registry@db.example/registry",
  };
  expect(findPlatform(environment)).toEqual(instance);
  expect(findPlatform({ ...environment, CLARITY_MASTER_KEY_FILE: "/k" })).toEqual({
    adminUrl: environment.DATABASE_URL,
    registryUrl: environment.CLARITY_REGISTRY_URL,
    masterKeyFile: "/k",
    namespace: "pay",
  });
  expect(findPlatform({ ...environment, CLARITY_MASTER_KEY: "file:/k" })).toMatchObject({
    masterKeyFile: "/k",
  });
  const service = "aws-kms:alias/pay";
  expect(findPlatform({ ...environment, CLARITY_MASTER_KEY: service })).toMatchObject({
    masterKey: service,
    masterKeyFile: join(directory, "keys", "master.key"),
  });
  const two = { CLARITY_MASTER_KEY: "file:/k", CLARITY_MASTER_KEY_FILE: "/other" };
  expect(() => findPlatform({ ...environment, ...two })).toThrow("two master keys");
});

test("nothing there, or a damaged file, is said so", () => {
  const directory = dataDir();
  expect(() => findPlatform({ CLARITY_DATA_DIR: directory })).toThrow(NotConfigured);
  const file = join(directory, "instance.json");
  for (const damaged of ['{"adminUrl":"mysql://x"}', '{"adminUrl', ""]) {
    writeFileSync(file, damaged);
    expect(() => findPlatform({ CLARITY_DATA_DIR: directory })).toThrow(
      `${file} is damaged: npm start writes it anew`,
    );
  }
});
