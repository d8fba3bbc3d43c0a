import { defineEnvironment } from "../../contract/environment/index.ts";
import { twoMasterKeys } from "../crypto/master-key-variables.ts";
import { backupVariables } from "../operations/backup/settings.ts";
import { platformVariables } from "../operations/config.ts";
import { operatorVariable } from "./operator-name.ts";

/** What the command line reads. */
export const commandLineEnvironment = defineEnvironment({
  program: "clarity",
  about: "Operates the payment platform that npm start runs, or the one the environment names.",
  variables: { ...platformVariables, ...operatorVariable, ...backupVariables },
  rules: twoMasterKeys,
});
