import { defineConfig } from "vitest/config";

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    include: ["{widget,bff,themes,server,demo,.tools}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup: ["server/src/testing/global-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    // A landing must not hang on one slow moment of a shared machine; at your desk a failure is a failure.
    retry: process.env.CI ? 1 : 0,
  },
});
