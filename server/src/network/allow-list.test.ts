import { expect, test } from "vitest";
import { AllowListInvalid, parseAllowList } from "./allow-list.ts";

test.each([
  ["10.20.0.0/16", "10.20.3.4", 443, true],
  ["10.20.0.0/16", "10.21.3.4", 443, false],
  ["10.20.3.4", "10.20.3.4", 8443, true],
  ["10.20.3.4:8443", "10.20.3.4", 8443, true],
  ["10.20.3.4:8443", "10.20.3.4", 443, false],
  ["[fd00:1::/64]:443", "fd00:1::7", 443, true],
  ["fd00:1::/64", "fd00:1::7", 8443, true],
  ["fd00:1::/64", "fd00:2::7", 8443, false],
  ["127.0.0.0/8", "::1", 80, false],
])("%s lets %s at port %d: %s", (list, address, port, expected) => {
  expect(parseAllowList(list).allowsAddress(address, port)).toBe(expected);
});

test.each([
  ["erp.internal", "erp.internal", 443, true],
  ["ERP.internal:8443, other", "erp.INTERNAL", 8443, true],
  ["erp.internal:8443", "erp.internal", 443, false],
  ["erp.internal", "evil-erp.internal", 443, false],
  ["erp.internal", "erp.internal.evil.test", 443, false],
  ["127.0.0.1", "127.0.0.1.nip.io", 443, false],
])("%s lets the name %s at port %d: %s", (list, name, port, expected) => {
  expect(parseAllowList(list).allowsName(name, port)).toBe(expected);
});

test.each([
  "*.internal",
  "http://erp.internal",
  "0.0.0.0/0",
  "::/0",
  "10.0.0.0/33",
  "erp.internal:0",
  "a b:99999",
  "[::1",
])("an operator is told that %s is no entry", (list) => {
  expect(() => parseAllowList(list)).toThrow(AllowListInvalid);
});
