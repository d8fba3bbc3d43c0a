-- phase: expand
-- Public keys whose signatures are believed: this platform's own, of now and of before, and those of other platforms
-- that an operator has looked at and named. A certificate or an export carries the key that signed it, and whoever
-- forges one carries another.
create table signing_keys (
  -- RFC 7638 thumbprint.
  id text primary key,
  public_jwk jsonb not null,
  -- What an operator calls the platform that signs with it; null: our own.
  platform text check (platform ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
  added_by text not null,
  added_at timestamptz not null default clock_timestamp(),
  -- Not believed since; kept, since it says what was believed before.
  distrusted_at timestamptz
);
