import { defineVariables, kinds } from "../../contract/environment/index.ts";
import { type MasterKeyPlace, masterKeyFileOf } from "./open-master-key.ts";

/** Where the master key is, for every process that opens tenants' secrets. */
export const masterKeyVariables = defineVariables({
  CLARITY_MASTER_KEY: {
    kind: kinds.textLike("file:<path> or aws-kms:<key ARN or alias>", /^(file|aws-kms):./),
    help: "opens the tenants' secrets",
    otherwise: "CLARITY_MASTER_KEY_FILE",
  },
  CLARITY_MASTER_KEY_FILE: {
    kind: kinds.path,
    help: "the same as a file; beside a key service, what it wrapped before",
    otherwise: "CLARITY_MASTER_KEY",
  },
});

interface MasterKeyValues {
  readonly CLARITY_MASTER_KEY?: string | undefined;
  readonly CLARITY_MASTER_KEY_FILE?: string | undefined;
}

export const masterKeyPlace = (values: MasterKeyValues): MasterKeyPlace => ({
  masterKey: values.CLARITY_MASTER_KEY,
  masterKeyFile: values.CLARITY_MASTER_KEY_FILE,
});

/** One line when the two name different files. */
export function twoMasterKeys(values: MasterKeyValues): string[] {
  try {
    masterKeyFileOf(masterKeyPlace(values));
    return [];
  } catch {
    return ["CLARITY_MASTER_KEY and CLARITY_MASTER_KEY_FILE name two master keys: name one"];
  }
}
