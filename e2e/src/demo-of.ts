/**
 * Where a worker's demo is: the first of its eight ports, and its data. `E2E_PORT` and `E2E_DATA_DIR`, which the
 * configuration sets, are the first worker's and the folder of all.
 *
 * @param worker from 0
 */
export const demoOf = (worker: number) => ({
  port: Number(process.env.E2E_PORT) + 100 * worker,
  dataDir: `${process.env.E2E_DATA_DIR}/${worker}`,
});
