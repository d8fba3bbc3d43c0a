import { expect, test } from "vitest";
import { createRateLimit } from "./rate-limit.ts";

test.each([
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1"],
  ["2001:db8::1", "2001:0DB8:0:0:1::", "2001:db8:0:1::1"],
  ["::1", "0:0:0:0:1::2", "1::1"],
  ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"],
])("what %s spent, %s has spent, and not %s", async (one, same, other) => {
  const limit = createRateLimit({ limits: { address: 1 } });
  await limit.count({ kind: "address", key: one });
  await expect(limit.count({ kind: "address", key: same })).rejects.toMatchObject({ code: "rate_limited" });
  await limit.count({ kind: "address", key: other });
});
