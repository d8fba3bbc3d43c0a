import { expect, test } from "vitest";
import { readAuthority } from "./authority.ts";

const several = "several Host headers";
const none = "no Host header";
const wrong = "the Host header is no host name with a port";
const other = "the request target is of another host than the Host header";
const noPath = "the request target is no path";

test.each<[string[], string]>([
  [[], none],
  [["acme.test", "acme.test"], several],
  [["acme.test", "globex.test"], several],
  [[""], wrong],
  [[" "], wrong],
  [[":4000"], wrong],
  [["acme.test:"], wrong],
  [["acme.test:0"], wrong],
  [["acme.test:080"], wrong],
  [["acme.test:65536"], wrong],
  [["acme.test:99999"], wrong],
  [["acme.test:4000:4000"], wrong],
  [["acme.test:port"], wrong],
  [["acme.test."], wrong],
  [["acme.test.:4000"], wrong],
  [[".acme.test"], wrong],
  [["acme..test"], wrong],
  [["acme.test/"], wrong],
  [["acme.test/path"], wrong],
  [["acme.test?x"], wrong],
  [["acme.test#x"], wrong],
  [["acme.test\\x"], wrong],
  [["user@acme.test"], wrong],
  [["user:secret@acme.test"], wrong],
  [["acme.test, globex.test"], wrong],
  [["acme.test globex.test"], wrong],
  [["acme .test"], wrong],
  [["acme%2etest"], wrong],
  [["b\u00fccher.test"], wrong],
  [["b\u00c3\u00bccher.test"], wrong],
  [["acme.test\u0000"], wrong],
  [["0x7f.1"], wrong],
  [["2130706433"], wrong],
  [["127.1"], wrong],
  [["256.0.0.1"], wrong],
  [["[::1"], wrong],
  [["[::1%25eth0]"], wrong],
  [["[1::2::3]"], wrong],
  [["::1"], wrong],
  [[`${"a".repeat(260)}`], wrong],
  [["http://acme.test"], wrong],
])("Hosts %j are refused: %s", (hosts, fault) => {
  expect(readAuthority("/v1/invoices", hosts)).toEqual({ fault });
});

test.each([
  ["acme.test", "acme.test"],
  ["ACME.Test:4000", "acme.test:4000"],
  ["acme-2.pay_ments.test:443", "acme-2.pay_ments.test:443"],
  ["xn--bcher-kva.test", "xn--bcher-kva.test"],
  ["127.0.0.1:4000", "127.0.0.1:4000"],
  ["[::1]:4000", "[::1]:4000"],
  ["localhost:65535", "localhost:65535"],
])("Host %s is %s", (written, host) => {
  expect(readAuthority("/a?b", [written])).toEqual({ host, path: "/a?b" });
});

test.each<[string, string]>([
  ["http://acme.test:4000/a?b", "/a?b"],
  ["HTTP://ACME.test:4000/a", "/a"],
  ["http://acme.test:4000", "/"],
  ["http://acme.test:4000?b", "/?b"],
  ["https://acme.test:4000/a", "/a"],
  ["/http://other.test/", "/http://other.test/"],
  ["//other.test/a", "//other.test/a"],
  ["/a?\\", "/a?\\"],
])("the target %s is the path %s", (target, path) => {
  expect(readAuthority(target, ["acme.test:4000"])).toEqual({ host: "acme.test:4000", path });
});

test.each<[string, string]>([
  ["http://other.test/", other],
  ["http://acme.test/", other],
  ["http://acme.test:80/", other],
  ["http://acme.test:4001/", other],
  ["http://user@acme.test:4000/", other],
  ["http://acme.test:4000@other.test/", other],
  ["http://acme.test:4000.other.test/", other],
  ["http:///a", other],
  ["http://", other],
  ["http://acme.test:4000\\@other.test/", other],
  ["ftp://acme.test:4000/", noPath],
  ["acme.test:4000", noPath],
  ["*", noPath],
  ["", noPath],
  ["a", noPath],
  ["?a", noPath],
  ["/a\\b", "a backslash in the path"],
  ["http://acme.test:4000/a\\b", "a backslash in the path"],
])("the target %s is refused: %s", (target, fault) => {
  expect(readAuthority(target, ["acme.test:4000"])).toEqual({ fault });
});

test("a port that is usual for the target's scheme may be written or left out", () => {
  expect(readAuthority("http://acme.test/a", ["acme.test:80"])).toMatchObject({ path: "/a" });
  expect(readAuthority("https://acme.test:443/a", ["acme.test"])).toMatchObject({ path: "/a" });
  expect(readAuthority("http://acme.test:443/a", ["acme.test"])).toHaveProperty("fault");
});
