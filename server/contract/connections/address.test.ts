import fc from "fast-check";
import { expect, test } from "vitest";
import { networkOf, readAddress, truncatedAddress } from "./address.ts";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["192.0.2.7:51000", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:c000:0207", "192.0.2.7"],
  ["[::ffff:192.0.2.7]:443", "192.0.2.7"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["[2001:db8::1]:51000", "2001:db8::1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["::1", "::1"],
  ["", null],
  ["unknown", null],
  ["192.0.2", null],
  ["192.0.2.256", null],
  ["192.0.2.7, 192.0.2.8", null],
  ["2001:db8::1::2", null],
  ["[2001:db8::1", null],
  ["for=192.0.2.7", null],
])("%s is the address %s", (written, address) => {
  expect(readAddress(written)).toBe(address);
});

test.each([
  ["192.0.2.7", "192.0.2.7", "192.0.2.0/24"],
  ["::ffff:c000:207", "192.0.2.7", "192.0.2.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"],
  ["2001:db8::1", "2001:db8:0:0::/64", "2001:db8:0::/48"],
  ["::1", "0:0:0:0::/64", "0:0:0::/48"],
  ["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64", "64:ff9b:0::/48"],
  ["no address", "no address", "unknown"],
])("%s is counted as %s and logged as %s", (written, network, truncated) => {
  expect(networkOf(written)).toBe(network);
  expect(truncatedAddress(written)).toBe(truncated);
});

test("however an address is spelled it is counted and logged as one", () => {
  fc.assert(
    fc.property(fc.ipV6(), (written) => {
      const spellings = [written, written.toUpperCase(), `[${written}]:443`, readAddress(written) ?? ""];
      expect(new Set(spellings.map(networkOf)).size).toBe(1);
      expect(new Set(spellings.map(truncatedAddress)).size).toBe(1);
    }),
  );
});

test("a log never holds the last 8 bits of an IPv4, nor the last 80 of an IPv6 address", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.nat(255), (address, other) => {
      expect(truncatedAddress(address)).toBe(truncatedAddress(address.replace(/\d+$/, String(other))));
    }),
  );
});
