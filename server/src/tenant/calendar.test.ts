import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect, type Sql } from "../database/connect.ts";
import { type TestDatabase, testDatabase } from "../testing/postgres.ts";
import { dayIn, isTimeZone } from "./calendar.ts";
import { settingDefinitions } from "./settings.ts";

let database: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  database = await testDatabase();
  sql = connect({ url: database.url, max: 1 });
});
afterAll(async () => {
  await sql.end();
  await database.close();
});

/** Ends of the world, half and quarter hours, summer times of half an hour, at midnight and in winter, a day left out. */
const zones = [
  ...[
    "UTC",
    "Etc/GMT+12",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Asia/Kathmandu",
    "Asia/Kolkata",
  ],
  ...[
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
  ],
  ...[
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "America/New_York",
    "America/Los_Angeles",
    "Africa/Casablanca",
  ],
  ...["Asia/Tehran", "America/Nuuk", "Antarctica/Troll", "Asia/Tokyo", "America/Asuncion"],
];

test("an instant's day is the one PostgreSQL finds, in every zone, through every change of the clock", async () => {
  for (const zone of zones) {
    // A prime step of minutes meets every time of day and every season.
    const rows = await sql<{ at: Date; day: string }[]>`
      select at, (at at time zone ${zone})::date::text as day
      from generate_series('1990-01-01T00:00Z'::timestamptz, '2024-12-31', '4481 min') as t(at)`;
    expect(
      rows.filter(({ at, day }) => dayIn(at, zone) !== day),
      zone,
    ).toEqual([]);
    expect(rows.length).toBeGreaterThan(4_000);
  }
});

test("days follow one another as instants do, the next one begins within 26 hours, and none is empty but one in Samoa", () => {
  const at = fc.date({ min: new Date("1990-01-01"), max: new Date("2090-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      at,
      fc.integer({ min: 0, max: 26 * 60 }),
      (zone, instant, minutes) => {
        const later = new Date(instant.getTime() + minutes * 60_000);
        expect(dayIn(later, zone) >= dayIn(instant, zone)).toBe(true);
        const next = new Date(instant.getTime() + 26 * 3_600_000);
        expect(dayIn(next, zone) > dayIn(instant, zone)).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
  expect([
    dayIn(new Date("2011-12-30T09:59:59Z"), "Pacific/Apia"),
    dayIn(new Date("2011-12-30T10:00:00Z"), "Pacific/Apia"),
  ]).toEqual(["2011-12-29", "2011-12-31"]);
});

test.each([
  ["2026-03-29T00:59:59Z", "Europe/Berlin", "2026-03-29"],
  ["2026-10-24T21:59:59Z", "Europe/Berlin", "2026-10-24"],
  ["2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25"],
  ["2026-11-02T04:59:59Z", "America/New_York", "2026-11-01"],
  ["2026-11-02T05:00:00Z", "America/New_York", "2026-11-02"],
  ["2026-12-31T10:00:00Z", "Pacific/Kiritimati", "2027-01-01"],
  ["2027-01-01T11:59:59Z", "Etc/GMT+12", "2026-12-31"],
])("%s is in %s the %s", (instant, zone, day) => {
  expect(dayIn(new Date(instant), zone)).toBe(day);
});

test.each([
  "UTC",
  "Europe/Berlin",
  "America/Argentina/Buenos_Aires",
  "Etc/GMT+12",
  "US/Eastern",
  "Asia/Calcutta",
])("%s is a time zone", (zone) => {
  expect(isTimeZone(zone)).toBe(true);
  expect(settingDefinitions["seller.timeZone"].schema.parse(zone)).toBe(zone);
});

test.each([
  "",
  "Berlin",
  "Europe/Atlantis",
  "+02:00",
  "-05",
  "GMT+2",
  "CET/CEST",
  "Europe/Berlin\n",
  " UTC",
  "europe/berlin'",
  "U".repeat(200),
])("%j is none, and no setting", (zone) => {
  expect(isTimeZone(zone)).toBe(false);
  expect(settingDefinitions["seller.timeZone"].schema.safeParse(zone).success).toBe(false);
});
