import { describe, expect, test } from "vitest";
import { edgeOf, framedOrigin } from "./addresses.ts";

const page = "https://erp.test/app/card.nl?id=1";
const edge = "https://pay.acme.test";
const local = "http://acme.localhost:4000";

describe("the edge", () => {
  const of = (written: string, more: { resolved?: string; page?: string } = {}) =>
    edgeOf(
      { written, resolved: more.resolved ?? URL.parse(written, page)?.href ?? "", page: more.page ?? page },
      "pay-form.js",
    );

  test.each([
    [`${edge}/v/0.1.0/pay-form.js`, edge],
    [`${edge}:8443/v/0.1.0/pay-form.js`, `${edge}:8443`],
    [`${edge}/v/9f86d081884c7d65/pay-form.js`, edge],
    [`${edge}/v/0.1.0/pay-form.js?cache=1#x`, edge],
    ["//pay.acme.test/v/0.1.0/pay-form.js", edge],
    ["/v/0.1.0/pay-form.js", "https://erp.test"],
    [`${local}/v/0.1.0/pay-form.js`, local],
    ["http://127.0.0.1:4000/v/0.1.0/pay-form.js", "http://127.0.0.1:4000"],
  ])("of %s is %s", (written, origin) => {
    expect(of(written)).toBe(origin);
  });

  test.each([
    "",
    `${edge}/pay-form.js`,
    `${edge}/v/pay-form.js`,
    `${edge}/v//pay-form.js`,
    `${edge}/x/v/0.1.0/pay-form.js`,
    `${edge}/v/0.1.0/pay-form.js/`,
    `${edge}/v/0.1.0/x/pay-form.js`,
    `${edge}/v/0.1.0/loader.js`,
    `${edge}/v/0.1.0/xpay-form.js`,
    `${edge}/v/0.1.0/x?/v/0.1.0/pay-form.js`,
    `${edge}/#/v/0.1.0/pay-form.js`,
    "http://pay.acme.test/v/0.1.0/pay-form.js",
    "https://user:word@pay.acme.test/v/0.1.0/pay-form.js",
    "data:text/javascript,/v/0.1.0/pay-form.js",
    "blob:https://pay.acme.test/v/0.1.0/pay-form.js",
    "javascript:/v/0.1.0/pay-form.js",
    "https:///v/0.1.0/pay-form.js",
  ])("is not told by %j", (written) => {
    expect(of(written)).toBe(null);
  });

  test("is not told by a <base>, whichever way it turns the address", () => {
    const stolen = "https://evil.test/v/0.1.0/pay-form.js";
    expect(of("/v/0.1.0/pay-form.js", { resolved: stolen })).toBe(null);
    expect(of("v/0.1.0/pay-form.js", { resolved: stolen })).toBe(null);
    expect(of("/v/0.1.0/pay-form.js", { resolved: stolen, page: "about:srcdoc" })).toBe(null);
    expect(of(`${edge}/v/0.1.0/pay-form.js`, { resolved: stolen })).toBe(null);
    expect(of(`${edge}/v/0.1.0/pay-form.js`, { page: "about:srcdoc" })).toBe(edge);
  });
});

describe("a page to be framed", () => {
  test.each([
    ["https://bank.test/3ds?a=b", edge, "https://bank.test"],
    ["https://bank.test:8443/3ds", local, "https://bank.test:8443"],
    ["http://localhost:4002/3ds", local, "http://localhost:4002"],
    ["http://sandbox.localhost:4002/3ds", local, "http://sandbox.localhost:4002"],
    ["http://127.0.0.1:4002/3ds", "http://[::1]:4000", "http://127.0.0.1:4002"],
    ["http://[::1]:4002/3ds", local, "http://[::1]:4002"],
  ])("%s of the edge %s is", (address, from, origin) => {
    expect(framedOrigin(address, from)).toBe(origin);
  });

  test.each([
    ["javascript:alert(1)", edge],
    ["JAVASCRIPT://bank.test/%0aalert(1)", local],
    [" javascript:alert(1)", edge],
    ["java\tscript:alert(1)", edge],
    ["data:text/html,x", edge],
    ["blob:https://bank.test/9115d58c", edge],
    ["blob:http://localhost/9115d58c", local],
    ["filesystem:https://bank.test/x", edge],
    ["about:blank", edge],
    ["about:srcdoc", local],
    ["file:///etc/passwd", local],
    ["ws://localhost/", local],
    ["http://bank.test/3ds", edge],
    ["http://bank.test/3ds", local],
    ["http://localhost:4002/3ds", edge],
    ["http://localhost.bank.test/3ds", local],
    ["http://127.0.0.1.bank.test/3ds", local],
    ["http://0.0.0.0/3ds", local],
    ["http://10.0.0.1/3ds", local],
    ["https://user@bank.test/3ds", edge],
    ["https:\\\\bank.test/3ds", edge],
    ["/3ds", edge],
    ["", edge],
  ])("%j of the edge %s is not", (address, from) => {
    expect(framedOrigin(address, from)).toBe(null);
  });
});
