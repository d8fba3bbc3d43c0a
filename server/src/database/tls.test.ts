import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeWorkerUtils } from "graphile-worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPrograms } from "../operations/backup/programs/find-programs.ts";
import { runProgram, targetOf } from "../operations/backup/programs/run-program.ts";
import { type PostgresCluster, startCluster } from "../testing/postgres-cluster.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { connect } from "./connect.ts";
import { serverUser } from "./embedded/server-user.ts";
import { libpqTls, nodePostgresUrl, remoteTls } from "./tls.ts";

const folder = temporaryFolders();
let cluster: PostgresCluster;
let files = "";

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: files, stdio: "pipe" });

function makeAuthority(name: string) {
  const subject = ["-subj", `/CN=${name}`, "-days", "2"];
  openssl("req", "-x509", ...newKey, "-nodes", "-keyout", `${name}.key`, "-out", `${name}.crt`, ...subject);
}
function certify(name: string, { by, names }: { by: string; names: string }) {
  writeFileSync(join(files, "ext"), `subjectAltName=${names}`);
  openssl(
    "req",
    "-new",
    ...newKey,
    "-nodes",
    "-keyout",
    `${name}.key`,
    "-out",
    "csr",
    "-subj",
    `/CN=${name}`,
  );
  const signer = [
    "-CA",
    `${by}.crt`,
    "-CAkey",
    `${by}.key`,
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    "ext",
  ];
  openssl("x509", "-req", "-in", "csr", ...signer, "-out", `${name}.crt`);
}

beforeAll(async () => {
  files = folder();
  chmodSync(files, 0o755);
  makeAuthority("ours");
  makeAuthority("other");
  certify("server", { by: "ours", names: "DNS:localhost" });
  certify("postgres", { by: "ours", names: "DNS:client" });
  const home = folder();
  const user = serverUser(join(home, "data"));
  if (user) chownSync(join(files, "server.key"), user.uid, user.gid);
  cluster = await startCluster({
    folder: home,
    settings: {
      ssl: "on",
      ssl_cert_file: join(files, "server.crt"),
      ssl_key_file: join(files, "server.key"),
      ssl_ca_file: join(files, "ours.crt"),
    },
  });
  const admin = connect({ url: cluster.url, max: 1 });
  await admin`create database certified`;
  writeFileSync(
    join(home, "data", "pg_hba.conf"),
    "hostssl certified all all scram-sha-256 clientcert=verify-ca\nhostssl all all all scram-sha-256\n",
  );
  await admin`select pg_reload_conf()`;
  await admin.end();
});
afterAll(() => cluster.stop());

function urlOf(host: string, query: string, database = "postgres") {
  const url = new URL(cluster.url);
  Object.assign(url, { hostname: host, pathname: `/${database}` });
  return `${url.href}?${query.replaceAll("$", `${files}/`)}`;
}

/** All who connect by a URL: whether they do. */
const clients: Record<string, (url: string) => Promise<boolean>> = {
  async "our driver"(url) {
    const sql = connect({ url, max: 1 });
    const rows = await sql<
      { ssl: boolean }[]
    >`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.catch(() => []);
    await sql.end({ timeout: 1 });
    return rows[0]?.ssl ?? false;
  },
  async "the job queue's"(url) {
    const utils = await makeWorkerUtils({ connectionString: nodePostgresUrl(url) }).catch(() => null);
    await utils?.release();
    return utils !== null;
  },
  async "PostgreSQL's programs"(url) {
    const { folder: bin } = findPrograms({ major: 15, pgBin: null });
    return runProgram({
      program: join(bin, "pg_dump"),
      args: ["--schema-only", new URL(url).pathname.slice(1)],
      target: targetOf(url),
    }).then(
      () => true,
      () => false,
    );
  },
};

const cases: [query: string, host: string, connects: boolean][] = [
  ["sslmode=disable", "localhost", false],
  ["sslmode=prefer", "localhost", true],
  ["sslmode=require", "localhost", true],
  ["sslmode=require", "127.0.0.1", true],
  ["sslmode=require&sslrootcert=$ours.crt", "127.0.0.1", true],
  ["sslmode=require&sslrootcert=$other.crt", "localhost", false],
  ["sslmode=verify-ca&sslrootcert=$ours.crt", "127.0.0.1", true],
  ["sslmode=verify-ca&sslrootcert=$other.crt", "localhost", false],
  ["sslmode=verify-full&sslrootcert=$ours.crt", "localhost", true],
  ["sslmode=verify-full&sslrootcert=$ours.crt", "127.0.0.1", false],
  ["sslmode=verify-full&sslrootcert=$other.crt", "localhost", false],
  ["sslmode=require&ssl_min_protocol_version=TLSv1.3", "localhost", true],
];
describe.each(Object.entries(clients))("%s", (_, connects) => {
  test.each(cases)("%s at %s: connects is %s", async (query, host, expected) => {
    expect(await connects(urlOf(host, query))).toBe(expected);
  });

  test("a certificate of one's own is shown where the server wants one", async () => {
    const query = "sslmode=verify-full&sslrootcert=$ours.crt";
    expect(await connects(urlOf("localhost", query, "certified"))).toBe(false);
    const shown = `${query}&sslcert=$postgres.crt&sslkey=$postgres.key`;
    expect(await connects(urlOf("localhost", shown, "certified"))).toBe(true);
  });
});

test("an authority that is renewed counts for a pool's next connection; one that is missing is said at once", async () => {
  const file = join(files, "renewed.crt");
  copyFileSync(join(files, "other.crt"), file);
  const sql = connect({ url: urlOf("localhost", "sslmode=verify-full&sslrootcert=$renewed.crt"), max: 1 });
  await expect(sql`select 1`).rejects.toThrow(/certificate|signature/);
  copyFileSync(join(files, "ours.crt"), `${file}.new`);
  renameSync(`${file}.new`, file);
  await expect(sql`select 1`).resolves.toHaveLength(1);
  await sql.end();
  expect(() => connect({ url: urlOf("localhost", "sslmode=verify-full&sslrootcert=$none.crt") })).toThrow(
    "none.crt",
  );
});

test("a path that is not absolute is the same file for programs that run elsewhere", () => {
  expect(libpqTls("postgres://h/d?sslmode=verify-full&sslrootcert=ca.crt")).toEqual({
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: join(process.cwd(), "ca.crt"),
  });
  expect(libpqTls("postgres://h/d?sslrootcert=system")).toEqual({ PGSSLROOTCERT: "system" });
});

test("another server is told what holds there, too, and never a file of this machine", () => {
  expect(remoteTls("postgres://h/d?sslmode=verify-full&sslrootcert=system")).toEqual({
    sslmode: "verify-full",
    sslrootcert: "system",
  });
  expect(remoteTls("postgres://h/d")).toEqual({});
  expect(remoteTls("postgres://h/d?sslmode=verify-full&sslrootcert=/ca.crt")).toBeNull();
});
