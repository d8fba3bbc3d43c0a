import { defineVariables, kinds } from "../../contract/environment/index.ts";

/** Where `npm start` keeps everything, and what runs beside it finds it. */
export const dataFolderVariable = defineVariables({
  CLARITY_DATA_DIR: { kind: kinds.path, help: "the data folder of npm start", default: ".data" },
});
