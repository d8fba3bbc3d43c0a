// A page of your own: `node server.mjs [port]`. What it does your ERP or your shop does, where it knows who is signed in.
import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const { id, secret, customer } = JSON.parse(read("embed-key.json"));
const port = Number(process.argv[2] ?? 8080);

// An embed token: a JWT by HS256, ten minutes at most, used once. `sub` is who pays: take it from the session, never from the page.
function embedToken(sub) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: id, aud: "pay", sub, iat: now, exp: now + 300, jti: randomUUID() };
  const parts = [{ alg: "HS256", typ: "JWT" }, claims];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

createServer(({ method, url }, answer) => {
  if (method === "POST" && url === "/pay-token") {
    answer.setHeader("content-type", "application/json").end(JSON.stringify({ token: embedToken(customer) }));
  } else if (method === "GET" && url === "/") {
    answer.setHeader("content-type", "text/html; charset=utf-8").end(read("index.html"));
  } else {
    answer.writeHead(404).end();
  }
}).listen(port, "localhost", () => console.log(`your page: http://localhost:${port}/`));
