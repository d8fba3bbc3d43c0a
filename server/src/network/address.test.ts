import { expect, test } from "vitest";
import { isPublic } from "./address.ts";

test.each([
  ["93.184.216.34", true],
  ["168.63.129.15", true],
  ["2606:2800:220:1::1", true],
  ["0.0.0.0", false],
  ["10.1.2.3", false],
  ["100.64.0.1", false],
  // Alibaba's and Oracle's metadata services, then Azure's platform, then everybody else's metadata
  ["100.100.100.200", false],
  ["192.0.0.192", false],
  ["168.63.129.16", false],
  ["169.254.169.254", false],
  ["127.9.9.9", false],
  ["172.31.255.255", false],
  ["192.168.1.1", false],
  ["192.88.99.1", false],
  ["198.19.0.1", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["fc00::1", false],
  ["fd00:ec2::254", false],
  ["fe80::1", false],
  ["ff02::1", false],
  ["::ffff:127.0.0.1", false],
  ["::ffff:10.0.0.1", false],
  ["::127.0.0.1", false],
  ["64:ff9b::a00:1", false],
  ["2001::1", false],
  ["2001:db8::1", false],
  ["2002:a00:1::", false],
  ["localhost", false],
  ["", false],
])("the address %s is public: %s", (address, expected) => {
  expect(isPublic(address)).toBe(expected);
});
