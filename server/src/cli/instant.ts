/** Without its offset it would be a different instant on every machine. */
const momentForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)$/;
const dayForm = /^\d{4}-\d\d-\d\d$/;

/** An instant with its offset, as ISO 8601 writes it. @throws Error */
export function moment(text: string): Date {
  if (momentForm.test(text)) return read(text);
  throw new Error(`${JSON.stringify(text)} is no instant with its offset, such as 2026-11-20T10:15Z`);
}

/** The same, or a day, which begins at midnight UTC. @throws Error */
export function dayOrMoment(text: string): Date {
  if (dayForm.test(text) || momentForm.test(text)) return read(text);
  throw new Error(`${JSON.stringify(text)} is no time such as 2026-12-24 or 2026-12-24T18:00Z`);
}

/** `Date` takes 30 February for 2 March. */
function read(text: string): Date {
  const time = new Date(text);
  const noon = new Date(`${text.slice(0, 10)}T12:00Z`);
  if (!Number.isNaN(time.getTime()) && noon.getUTCDate() === Number(text.slice(8, 10))) return time;
  throw new Error(`${JSON.stringify(text)} is no time: no calendar or clock has it`);
}
