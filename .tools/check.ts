/** `npm run check`: everything that needs no database and no browser. */
import { checks, runStep } from "./steps.ts";

const failed = checks.filter((step) => !runStep(step));
if (failed.length > 0) process.exit(1);
